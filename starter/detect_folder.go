package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

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
	track := newTracker(cmd.ErrOrStderr(), "row", "rows", pathsBelow(o.in, files)...)
	reports, pictures := make([]seriesReport, len(files)), make([]*smallPicture, len(files))
	err = track.eachFile(cmd.Context(), func(ctx context.Context, i int) {
		reports[i], pictures[i] = scoreOfFolder(ctx, o, files[i], track)
	})
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

// pathsBelow puts a folder in front of names within it.
func pathsBelow(folder string, names []string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(folder, name)
	}
	return paths
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
	for _, file := range pathsBelow(folder, files) {
		if path, err := filepath.EvalSymlinks(file); err == nil {
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
