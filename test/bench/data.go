package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// dataFolder is where the public data and its scorers are looked for.
func dataFolder() string {
	if folder := os.Getenv("FIREBREAK_BENCH_DATA"); folder != "" {
		return folder
	}
	return filepath.Join("..", "shared")
}

// source is a set of labelled series and where it comes from.
type source struct {
	name  string
	from  string
	parts string
}

// sources are read as <data>/data/<name>/data/<category>/<file>.csv with
// <data>/data/<name>/labels/combined_windows.json.
var sources = []source{
	{
		name: "nab", from: "github.com/numenta/NAB at commit ea702d7",
		parts: "its folders data and labels, of the categories realTweets, realTraffic, realAdExchange, artificialWithAnomaly and artificialNoAnomaly",
	},
	{
		name: "cloud", from: "github.com/microsoft/cloud-monitoring-dataset at commit 6a07a53",
		parts: "application-crash-rate-1, consumer-purchase-rate and mongodb-application-rps as timestamp,value, and windows made from their point labels",
	},
}

// scorers are <data>/tools/<name>, plain Python 3.
const (
	nabScorer = "nabscore.py"
	vusScorer = "vuspr.py"
)

// folder is where a source's series are, and whether they are there.
func (s source) folder(data string) (string, bool) {
	folder := filepath.Join(data, "data", s.name)
	_, err := os.Stat(filepath.Join(folder, "labels", "combined_windows.json"))
	return folder, err == nil
}

// series lists the files of a source, <category>/<file>.csv.
func (s source) series(data string) ([]string, error) {
	folder, _ := s.folder(data)
	var names []string
	err := filepath.WalkDir(filepath.Join(folder, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".csv" {
			return err
		}
		name, err := filepath.Rel(filepath.Join(folder, "data"), path)
		names = append(names, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the series of %s: %w", s.name, err)
	}
	slices.Sort(names)
	return names, nil
}

// missing says in words what accuracy cannot be measured without; empty when
// everything is there.
func missing(data string) []string {
	var out []string
	if _, err := exec.LookPath("python3"); err != nil {
		out = append(out, "python3, which the scorers need, is not installed: no accuracy")
	}
	for _, tool := range []string{nabScorer, vusScorer} {
		if _, err := os.Stat(filepath.Join(data, "tools", tool)); err != nil {
			out = append(out, fmt.Sprintf("the scorer tools/%s is not in the data folder (--data or FIREBREAK_BENCH_DATA): what it measures is left out", tool))
		}
	}
	for _, s := range sources {
		if _, ok := s.folder(data); !ok {
			out = append(out, fmt.Sprintf("data/%s is not in the data folder (--data or FIREBREAK_BENCH_DATA): get it from %s (%s)", s.name, s.from, s.parts))
		}
	}
	return out
}

// missingText says in the document, and in the log, what is left out for want of
// something; empty when nothing is.
func missingText(left []string) string {
	var text strings.Builder
	for _, m := range left {
		slog.Warn(m)
		fmt.Fprintf(&text, "Left out: %s.\n\n", m)
	}
	return text.String()
}
