package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"firebreak/internal/incident"
)

// runDetectFolder scores every series below a folder. A file that fails does
// not keep the others from being scored.
func runDetectFolder(cmd *cobra.Command, o detectOptions) error {
	files, err := filesBelow(o.in, o.out, isSeriesName)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("nothing to score: no *.csv in or below %s", o.in)
	}
	if err := refuseOverwriting(o, files); err != nil {
		return err
	}
	var bytes int64
	for _, f := range files {
		bytes += sizeOf(filepath.Join(o.in, f))
	}
	track := newTracker(cmd.ErrOrStderr(), len(files), bytes)
	reports, pictures := make([]seriesReport, len(files)), make([]*smallPicture, len(files))
	group, ctx := errgroup.WithContext(cmd.Context())
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range files {
		group.Go(func() error {
			reports[i], pictures[i] = scoreOfFolder(ctx, o, name, track)
			return ctx.Err()
		})
	}
	err = group.Wait()
	track.finish()
	if err != nil {
		return err
	}
	page := filepath.Join(o.out, pageName)
	if err := writeWhole(page, func(w io.Writer) error { return writePage(w, o, reports, pictures) }); err != nil {
		return fmt.Errorf("write %s: %w", page, err)
	}
	return newDetectReport(o, reports).print(cmd, o)
}

// scoreOfFolder scores one of the folder's files, name, into the same place in
// the output folder, and draws it.
func scoreOfFolder(ctx context.Context, o detectOptions, name string, track *tracker) (seriesReport, *smallPicture) {
	s := newScorer(filepath.Join(o.in, name), o)
	s.curve = newCurve(smallColumns)
	target := filepath.Join(o.out, name)
	err := writeWhole(target, func(out io.Writer) error { return s.scoreFile(ctx, strings.NewReader(""), out, track) })
	if err != nil {
		s.report.Error = err.Error()
		return s.report, nil
	}
	s.report.Out = target
	picture := drawSmall(s.report, s.curve, o)
	return s.report, &picture
}

func isSeriesName(name string) bool { return strings.EqualFold(filepath.Ext(name), ".csv") }

// filesBelow lists the files in and below a folder whose names are wanted, as
// paths within it, sorted. What lies in the output folder is passed over: scores
// of an earlier run are no series.
func filesBelow(folder, out string, wanted func(name string) bool) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if sameFile(path, out) {
				return fs.SkipDir
			}
			return nil
		}
		if !wanted(entry.Name()) {
			return nil
		}
		// A link to a file is one; a pipe would wait for ever.
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		files = append(files, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what is in %s: %w", folder, err)
	}
	slices.Sort(files)
	return files, nil
}

// refuseOverwriting refuses an output folder in which a series' scores would
// take the place of another series.
func refuseOverwriting(o detectOptions, files []string) error {
	sources := realPaths(o.in, files)
	for _, name := range files {
		target := filepath.Join(o.out, name)
		if path, err := filepath.EvalSymlinks(target); err == nil && sources[absolute(path)] {
			return usagef("--out %s: the scores of %s would overwrite the series %s", o.out, filepath.Join(o.in, name), path)
		}
	}
	return nil
}

// realPaths are the absolute paths of files below a folder, links followed.
func realPaths(folder string, files []string) map[string]bool {
	paths := map[string]bool{}
	for _, name := range files {
		if path, err := filepath.EvalSymlinks(filepath.Join(folder, name)); err == nil {
			paths[absolute(path)] = true
		}
	}
	return paths
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// failures tells how many series failed, and the first of them.
func failures(reports []seriesReport) error {
	failed := slices.DeleteFunc(slices.Clone(reports), func(r seriesReport) bool { return r.Error == "" })
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%s of %d failed, the first: %s: %s", incident.Count(len(failed), "series", "series"), len(reports), failed[0].File, failed[0].Error)
}
