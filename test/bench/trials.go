package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// trial is what one variant reaches at each factor on the bar.
type trial struct{ nab, cloud []figures }

// tried is what became of a list of variants, in its order, and from what.
type tried struct {
	trials []trial
	sets   []scoredSet
	module string // folder of the sources
}

// tryAll builds every variant of a list at all factors on the bar, and scores it
// on every source. A variant's rows stay in its rowsOf dir. Where a source or a
// scorer is not there, missed says so and nothing is tried.
func tryAll(ctx context.Context, data, dir string, list []part) (all tried, missed string, err error) {
	if missed = missingText(missing(data)); missed != "" {
		return all, missed, nil
	}
	if all.sets, err = scoredSets(data); err != nil {
		return all, "", err
	}
	if all.module, err = moduleFolder(ctx); err != nil {
		return all, "", err
	}
	all.trials = make([]trial, len(list))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i, p := range list {
		g.Go(func() error {
			slog.Info("trying", "variant", p.name)
			v, err := buildVariant(ctx, all.module, variantFolder(dir, i), append(factorEdits(), p.edits...))
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			defer os.Remove(v.binary)
			if all.trials[i], err = try(ctx, v, data, all.sets, rowsOf(dir, i)); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
	}
	return all, "", g.Wait()
}

// variantFolder is where the variant at a place in the list is built.
func variantFolder(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("variant-%02d", i))
}

// rowsOf is where the rows of the variant at a place in the list are, as
// <source>/<preset>/<category>/<file>.csv.
func rowsOf(dir string, i int) string { return filepath.Join(variantFolder(dir, i), "rows") }

// scoredSet is a source that is there.
type scoredSet struct {
	name, folder string
	series       []string
}

// scoredSets are all sources, which have to be there.
func scoredSets(data string) ([]scoredSet, error) {
	var sets []scoredSet
	for _, s := range sources {
		folder, _ := s.folder(data)
		series, err := s.series(data)
		if err != nil {
			return nil, err
		}
		sets = append(sets, scoredSet{s.name, folder, series})
	}
	return sets, nil
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
