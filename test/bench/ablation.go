package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// trial is what one variant reaches at each factor on the bar.
type trial struct{ nab, cloud []figures }

func mean(at []figures) figures {
	var sum figures
	for _, f := range at {
		sum = sum.plus(f)
	}
	return sum.times(1 / float64(len(at)))
}

// ablationBlock scores the detector without each of its parts, on every source.
func ablationBlock(ctx context.Context, o options) (string, error) {
	sets, why, err := scoredSets(o.data)
	if err != nil || why != "" {
		return why, err
	}
	module, err := moduleFolder(ctx)
	if err != nil {
		return "", err
	}
	dir, remove, err := rowsFolder(o.keep)
	if err != nil {
		return "", err
	}
	defer remove()
	list := append([]part{{name: "as shipped"}}, parts()...)
	trials := make([]trial, len(list))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i, p := range list {
		g.Go(func() error {
			slog.Info("trying", "part", p.name)
			at := filepath.Join(dir, fmt.Sprintf("part-%02d", i))
			if err := os.MkdirAll(at, 0o755); err != nil {
				return err
			}
			d, err := buildVariant(ctx, module, at, append(factorEdits(), p.edits...))
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			defer os.Remove(d.binary)
			trials[i], err = try(ctx, d, o.data, sets, filepath.Join(at, "rows"))
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	return ablationTable(list, trials), nil
}

// scoredSet is a source that is there.
type scoredSet struct {
	name, folder string
	series       []string
}

// scoredSets are all sources, or a text that says what is missing.
func scoredSets(data string) (sets []scoredSet, missed string, err error) {
	var text strings.Builder
	for _, m := range missing(data) {
		slog.Warn(m)
		fmt.Fprintf(&text, "Left out: %s.\n\n", m)
	}
	if text.Len() > 0 {
		return nil, text.String(), nil
	}
	for _, s := range sources {
		folder, _ := s.folder(data)
		series, err := s.series(data)
		if err != nil {
			return nil, "", err
		}
		sets = append(sets, scoredSet{s.name, folder, series})
	}
	return sets, "", nil
}

// try scores a variant at every factor.
func try(ctx context.Context, v variant, data string, sets []scoredSet, dir string) (trial, error) {
	var t trial
	for _, s := range sets {
		out := filepath.Join(dir, s.name)
		if err := v.decide(ctx, s.folder, out); err != nil {
			return t, err
		}
		var outs []string
		for _, preset := range factorPresets {
			outs = append(outs, filepath.Join(out, preset))
		}
		all, err := scoreDecided(ctx, data, s.folder, outs)
		if err != nil {
			return t, err
		}
		if s.name == "nab" {
			t.nab = all
		} else {
			t.cloud = all
		}
	}
	return t, nil
}

// ablationTable writes means over the factors, and what they differ by from the
// first, which is the shipped detector.
func ablationTable(list []part, trials []trial) string {
	rows := [][]string{{"without, or instead", "nab: standard", "low FP", "low FN", "false alarms", "cloud: standard", "low FP"}}
	nab, cloud := mean(trials[0].nab), mean(trials[0].cloud)
	for i, t := range trials {
		n, c := mean(t.nab), mean(t.cloud)
		cell := func(value, shipped float64) string {
			if i == 0 {
				return fmt.Sprintf("%.1f", value)
			}
			return fmt.Sprintf("%.1f (%+.1f)", value, value-shipped)
		}
		rows = append(rows, []string{
			list[i].name, cell(n.standard, nab.standard), cell(n.lowFP, nab.lowFP), cell(n.lowFN, nab.lowFN),
			fmt.Sprintf("%.0f", n.alarms), cell(c.standard, cloud.standard), cell(c.lowFP, cloud.lowFP),
		})
	}
	var atEach []string
	for i, factor := range factors {
		atEach = append(atEach, fmt.Sprintf("%g: nab %.1f, cloud %.1f", factor, trials[0].nab[i].standard, trials[0].cloud[i].standard))
	}
	return table(rows) + "\nAs shipped, standard profile, at each factor on the bar: " + strings.Join(atEach, "; ") + ".\n"
}
