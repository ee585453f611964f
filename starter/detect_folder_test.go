package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetectMetricsScoresAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "b/two.csv", sick(200, 150))
	write(t, folder, "a/one.csv", sick(100, 1000))
	write(t, folder, "three.CSV", sick(60, 1000))
	write(t, folder, "c/broken.csv", "timestamp,value\nx,y\n")
	write(t, folder, "notes.txt", "not a series")
	require.NoError(t, os.Symlink(filepath.Join(folder, "a/one.csv"), filepath.Join(folder, "b/linked.csv")))
	out := filepath.Join(folder, "scores") // inside: a second run must not take the scores for series
	for range 2 {
		code, stdout, stderr := detectRun(t, "", "--in", folder, "--out", out, "--json")
		require.Equal(t, exitFailed, code, "one series failed")
		require.Contains(t, stderr, filepath.Join(folder, "c/broken.csv")+": not a single row")
		var report detectReport
		require.NoError(t, json.Unmarshal([]byte(stdout), &report))
		require.Equal(t, 1, report.Failed)
		var names []string
		for _, s := range report.Series {
			name, err := filepath.Rel(folder, s.File)
			require.NoError(t, err)
			names = append(names, name)
			if name != "c/broken.csv" {
				require.Equal(t, filepath.Join(out, name), s.Out)
				_, single, _ := detectRun(t, file(t, s.File), "--in", "-", "--out", "-")
				require.Equal(t, single, file(t, s.Out), "as it is alone")
			}
		}
		require.Equal(t, []string{"a/one.csv", "b/linked.csv", "b/two.csv", "c/broken.csv", "three.CSV"}, names)
		require.NoFileExists(t, filepath.Join(out, "c/broken.csv"))
		page := file(t, filepath.Join(out, pageName))
		require.Equal(t, 4, strings.Count(page, "<svg "))
		require.Less(t, strings.Index(page, "a/one.csv"), strings.Index(page, "b/two.csv"))
		require.Contains(t, page, "not a single row of it can be used")
	}
	require.Empty(t, leftovers(t, folder))
}

func TestDetectMetricsRefusesToOverwriteSeriesOfAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "x/data/data/a.csv", sick(60, 1000))
	write(t, folder, "x/data/a.csv", sick(60, 1000))
	before := file(t, filepath.Join(folder, "x/data/a.csv"))
	require.NoError(t, os.Symlink(filepath.Join(folder, "x/data"), filepath.Join(folder, "elsewhere")))
	for _, out := range []string{filepath.Join(folder, "x/data"), filepath.Join(folder, "elsewhere")} {
		code, _, stderr := detectRun(t, "", "--in", filepath.Join(folder, "x/data/data"), "--out", out)
		require.Equal(t, exitDone, code, stderr+"nothing of --in is there")
		write(t, folder, "x/data/a.csv", before)
		code, _, stderr = detectRun(t, "", "--in", filepath.Join(folder, "x"), "--out", filepath.Join(folder, "x/.."))
		require.Equal(t, exitDone, code, stderr)
	}
	require.NoError(t, os.Symlink(filepath.Join(folder, "x/data/a.csv"), filepath.Join(folder, "x/b.csv")))
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "out"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(folder, "x/data/a.csv"), filepath.Join(folder, "out/b.csv")))
	code, _, stderr := detectRun(t, "", "--in", filepath.Join(folder, "x"), "--out", filepath.Join(folder, "out"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "would overwrite the series")
	require.Equal(t, before, file(t, filepath.Join(folder, "x/data/a.csv")))

	code, _, stderr = detectRun(t, "", "--in", t.TempDir(), "--out", filepath.Join(folder, "none"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "no *.csv")
}

func TestPageShowsHostileNamesAsText(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	names := []string{
		`"><script>alert(1)<!--.csv`, "{{.Title}}.csv", "x\" onload=\"y.csv", "\x1b[31mred\u202e.csv", "\xff\xfe.csv", "line\nbreak__a'b.csv",
		strings.Repeat("n", 240) + ".csv", "&lt;b&gt;.csv", "javascript:alert(1).csv",
	}
	for _, n := range names {
		write(t, folder, n, sick(200, 150))
	}
	out := filepath.Join(t.TempDir(), "<img src=x>")
	code, stdout, stderr := detectRun(t, "", "--in", folder, "--out", out)
	require.Equal(t, exitDone, code, stderr)
	page := file(t, filepath.Join(out, pageName))
	for _, never := range []string{"<script", "onload=\"y", "<img", "<!--", "\x1b", "\u202e", "\xff", "http://", "https://", "javascript:alert(1)\"", "ZgotmplZ"} {
		require.NotContains(t, page, never)
	}
	require.Equal(t, len(names), strings.Count(page, "<svg "))
	require.Contains(t, page, "&lt;script&gt;alert(1)")
	require.Contains(t, page, "{{.Title}}.csv")
	require.Contains(t, page, "default-src 'none'")
	require.NotContains(t, stdout+stderr, "\x1b")
	for _, n := range names {
		require.FileExists(t, filepath.Join(out, n))
	}
}

func TestPageStaysSmall(t *testing.T) {
	t.Parallel()
	folder, out := t.TempDir(), t.TempDir()
	const series = 12
	content := sick(6_000, 5_000)
	for i := range series {
		write(t, folder, fmt.Sprintf("%d.csv", i), content)
	}
	code, _, stderr := detectRun(t, "", "--in", folder, "--out", out)
	require.Equal(t, exitDone, code, stderr)
	info, err := os.Stat(filepath.Join(out, pageName))
	require.NoError(t, err)
	require.Less(t, info.Size()/series, int64(60<<10), "60 series stay below 4 MB")
}
