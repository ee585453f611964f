package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Labelled logs are read as <data>/data/loghub2k/<system>/{messages.log,truth.csv}.
const (
	logSource = "loghub2k"
	logScorer = "logscore.py"
	logFrom   = "github.com/logpai/loghub, its 2,000 lines each of some systems (the message without its header, one a line, as messages.log) with corrected templates (line,template_id,template as truth.csv) from github.com/logpai/logparser at commit db27223"
)

// templateScore is one system in the scorer's report.
type templateScore struct {
	GA, FGA, PA, FTA float64
	Found            int `json:"found"`
	True             int `json:"true"`
}

func (t templateScore) cells() []string {
	return []string{fmt.Sprintf("%.3f", t.GA), fmt.Sprintf("%.3f", t.FGA), fmt.Sprintf("%.3f", t.PA), fmt.Sprintf("%.3f", t.FTA)}
}

// templatesBlock scores the templates that the command line finds in logs whose
// templates are known.
func templatesBlock(ctx context.Context, o options) (string, error) {
	if left := missingText(missingForTemplates(o.data)); left != "" {
		return left, nil
	}
	systems, err := logSystems(o.data)
	if err != nil {
		return "", err
	}
	dir, remove, err := rowsFolder(o.keep)
	if err != nil {
		return "", err
	}
	defer remove()
	d, err := buildDetector(ctx, dir)
	if err != nil {
		return "", err
	}
	found := filepath.Join(dir, logSource)
	for _, s := range systems {
		if err := d.mine(ctx, messagesOf(o.data, s), filepath.Join(found, s+".csv")); err != nil {
			return "", err
		}
	}
	var scores map[string]templateScore
	script := filepath.Join(o.data, "tools", logScorer)
	if err := runPython(ctx, &scores, script, filepath.Join(o.data, "data", logSource), found, "--json"); err != nil {
		return "", fmt.Errorf("run %s: %w", logScorer, err)
	}
	rows := [][]string{{"system", "GA", "FGA", "PA", "FTA", "templates found", "true ones"}}
	for _, s := range systems {
		t, ok := scores[s]
		if !ok {
			return "", fmt.Errorf("run %s: its report does not have %s", logScorer, s)
		}
		rows = append(rows, append(append([]string{s}, t.cells()...), fmt.Sprint(t.Found), fmt.Sprint(t.True)))
	}
	rows = append(rows, append(append([]string{"**mean**"}, scores["mean"].cells()...), "", ""))
	return table(rows), nil
}

// mine finds the templates of one log.
func (d detector) mine(ctx context.Context, in, out string) error {
	if said, err := exec.CommandContext(ctx, d.binary, "detect", "logs", "--in", in, "--out", out).CombinedOutput(); err != nil {
		return fmt.Errorf("find templates of %s: %w: %s", in, err, strings.TrimSpace(string(said)))
	}
	return nil
}

func messagesOf(data, system string) string {
	return filepath.Join(data, "data", logSource, system, "messages.log")
}

// logSystems lists the systems that are there, sorted.
func logSystems(data string) ([]string, error) {
	folders, err := os.ReadDir(filepath.Join(data, "data", logSource))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list labelled logs: %w", err)
	}
	var systems []string
	for _, f := range folders {
		if _, err := os.Stat(messagesOf(data, f.Name())); err == nil {
			systems = append(systems, f.Name())
		}
	}
	return systems, nil
}

// missingForTemplates says in words what templates cannot be scored without.
func missingForTemplates(data string) []string {
	var out []string
	if _, err := exec.LookPath("python3"); err != nil {
		out = append(out, "python3, which the scorers need, is not installed: no accuracy of templates")
	}
	if _, err := os.Stat(filepath.Join(data, "tools", logScorer)); err != nil {
		out = append(out, fmt.Sprintf("the scorer tools/%s is not in the data folder (--data or FIREBREAK_BENCH_DATA): no accuracy of templates", logScorer))
	}
	if systems, err := logSystems(data); err != nil || len(systems) == 0 {
		out = append(out, missingLogs())
	}
	return out
}

func missingLogs() string {
	return fmt.Sprintf("data/%s is not in the data folder (--data or FIREBREAK_BENCH_DATA): get it from %s", logSource, logFrom)
}
