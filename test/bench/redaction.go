package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/test/redaction"
)

// corpusFolder holds the labelled lines that the redactor's test scores, too.
var corpusFolder = filepath.Join("internal", "redact", "rules", "testdata", "corpus")

const (
	redactSeeds = 20       // times that every value of the corpus is drawn afresh
	redactBytes = 16 << 20 // a run of the speed, about
)

// redactionBlock scores redaction on labelled lines and measures its speed.
func redactionBlock(ctx context.Context, _ options) (string, error) {
	known, err := corpusPart(".")
	if err != nil {
		return "", err
	}
	heldOut, err := corpusPart("heldout")
	if err != nil {
		return "", err
	}
	r := rules.Default()
	stored, held, fresh := redaction.NewScore(), redaction.NewScore(), redaction.NewScore()
	addTo := func(score *redaction.Score, s redaction.Sample) { score.Add(s, r.Redact(s.Text)) }
	for _, l := range known {
		addTo(stored, l.Stored())
		for seed := range uint64(redactSeeds) {
			addTo(fresh, l.Drawn(seed))
		}
	}
	for _, l := range heldOut {
		addTo(held, l.Stored())
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	parts := []*redaction.Score{stored, fresh, held}
	head := []string{"", fmt.Sprintf("corpus (%d lines)", len(known)), fmt.Sprintf("the same, values drawn afresh %d times", redactSeeds), fmt.Sprintf("held out (%d lines)", len(heldOut))}
	totals := [][]string{
		head,
		tallies("recall", parts, func(s *redaction.Score) redaction.Tally { return redaction.Total(s.Recall) }),
		tallies("precision", parts, func(s *redaction.Score) redaction.Tally { return redaction.Total(s.Precision) }),
	}
	recall := kindRows("recall by what the value is", head, parts, func(s *redaction.Score) map[string]*redaction.Tally { return s.Recall })
	precision := kindRows("precision by what the mark says", head, parts, func(s *redaction.Score) map[string]*redaction.Tally { return s.Precision })
	speed, err := redactionSpeed(ctx, r, known)
	if err != nil {
		return "", err
	}
	return table(totals) + "\n" + table(recall) + "\n" + table(precision) + "\n" + speed, nil
}

func corpusPart(name string) ([]redaction.Line, error) {
	folder, err := fs.Sub(os.DirFS(corpusFolder), name)
	if err != nil {
		return nil, fmt.Errorf("open the corpus: %w", err)
	}
	lines, err := redaction.ReadCorpus(folder)
	if err == nil && len(lines) == 0 {
		err = fmt.Errorf("no lines in %s; run it in the folder of the checkout", filepath.Join(corpusFolder, name))
	}
	return lines, err
}

func tallies(name string, parts []*redaction.Score, of func(*redaction.Score) redaction.Tally) []string {
	row := []string{name}
	for _, p := range parts {
		t := of(p)
		if t.All == 0 {
			row = append(row, "-")
			continue
		}
		row = append(row, fmt.Sprintf("%.3f (%d of %d)", t.Rate(), t.Right, t.All))
	}
	return row
}

func kindRows(name string, head []string, parts []*redaction.Score, of func(*redaction.Score) map[string]*redaction.Tally) [][]string {
	kinds := map[string]bool{}
	for _, p := range parts {
		for kind := range of(p) {
			kinds[kind] = true
		}
	}
	rows := [][]string{append([]string{name}, head[1:]...)}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		rows = append(rows, tallies(kind, parts, func(s *redaction.Score) redaction.Tally {
			if t := of(s)[kind]; t != nil {
				return *t
			}
			return redaction.Tally{}
		}))
	}
	return rows
}

// redactionSpeed measures texts of several kinds, on one core.
func redactionSpeed(ctx context.Context, r redact.Redactor, lines []redaction.Line) (string, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var all, harmless []string
	for _, l := range lines {
		s := l.Stored()
		all = append(all, s.Text)
		if len(s.Labels) == 0 {
			harmless = append(harmless, s.Text)
		}
	}
	rows := [][]string{{"redacting, one core", "MiB a second", "us a text", "allocations a text"}}
	for _, c := range []struct {
		what  string
		texts []string
	}{
		{"all lines of the corpus, of which every third holds a value", all},
		{"its lines with nothing to redact", harmless},
		{"its lines by 100, as one text", hundreds(all)},
		{"64 KiB of digits and blanks", []string{strings.Repeat("4111 ", 64<<10/5)}},
		{"64 KiB of letters without a break", []string{strings.Repeat("aB3x", 64<<10/4)}},
		{"64 KiB of escapes", []string{strings.Repeat(`%5C\u005c\\`, 64<<10/11)}},
	} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		size := 0
		for _, t := range c.texts {
			size += len(t)
		}
		took, allocations := medians(func(watch func(work func())) int {
			rounds := max(1, redactBytes/size)
			watch(func() {
				for range rounds {
					for _, t := range c.texts {
						r.Redact(t)
					}
				}
			})
			return rounds * len(c.texts)
		})
		mean := float64(size) / float64(len(c.texts))
		rows = append(rows, []string{c.what, fmt.Sprintf("%.1f", mean*1e9/took/(1<<20)), fmt.Sprintf("%.1f", took/1e3), fmt.Sprintf("%.2f", allocations)})
	}
	return machine() + fmt.Sprintf(" Middle one of %d runs of about %d MiB each, in processor time.\n\n", speedRuns, redactBytes>>20) + table(rows), nil
}

// hundreds joins lines by a hundred.
func hundreds(lines []string) []string {
	var out []string
	for part := range slices.Chunk(lines, 100) {
		out = append(out, strings.Join(part, "\n"))
	}
	return out
}
