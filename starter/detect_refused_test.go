package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetectMetricsIsCalledWrongly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "a.csv", sick(30, 1000))
	a := filepath.Join(folder, "a.csv")
	require.NoError(t, os.Symlink(a, filepath.Join(folder, "link.csv")))
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no input":                 {[]string{"--out", "x"}, "in"},
		"no output":                {[]string{"--in", a}, "--out"},
		"an argument":              {[]string{"--in", a, "--out", "-", "more"}, "unknown command"},
		"no such file":             {[]string{"--in", a + "x", "--out", "-"}, "no such file"},
		"unknown sensitivity":      {[]string{"--in", a, "--out", "-", "--sensitivity", "loud"}, "sensitive, balanced, quiet"},
		"unknown role":             {[]string{"--in", a, "--out", "-", "--role", "cpu"}, "saturation"},
		"a limit for errors":       {[]string{"--in", a, "--out", "-", "--role", "errors", "--limit", "5"}, "--role saturation"},
		"a limit below zero":       {[]string{"--in", a, "--out", "-", "--role", "saturation", "--limit", "-5"}, "positive"},
		"a limit that is none":     {[]string{"--in", a, "--out", "-", "--role", "saturation", "--limit", "NaN"}, "positive"},
		"scores over the series":   {[]string{"--in", a, "--out", a}, "overwrite"},
		"through a link":           {[]string{"--in", a, "--out", filepath.Join(folder, "link.csv")}, "overwrite"},
		"plot over the series":     {[]string{"--in", a, "--plot", a}, "overwrite"},
		"plot over the scores":     {[]string{"--in", a, "--plot", "x", "--out", "x"}, "same file"},
		"plot over them, in words": {[]string{"--in", a, "--plot", "./x", "--out", "x"}, "same file"},
		"plot nowhere":             {[]string{"--in", a, "--plot", "-"}, "needs a file"},
		"two documents":            {[]string{"--in", a, "--out", "-", "--json"}, "standard output"},
		"scores into a folder":     {[]string{"--in", a, "--out", folder}, "is a folder"},
		"folder without a folder":  {[]string{"--in", folder, "--out", "-"}, "folder"},
		"folder into a file":       {[]string{"--in", folder, "--out", a}, "is none"},
		"folder over itself":       {[]string{"--in", folder, "--out", filepath.Join(folder, ".")}, "overwrite"},
		"folder with a plot":       {[]string{"--in", folder, "--out", folder + "2", "--plot", "x.png"}, "index.html"},
		"folder over its own file": {[]string{"--in", folder, "--out", filepath.Join(folder, "..", filepath.Base(folder))}, "overwrite"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := detectRun(t, "", c.args...)
			require.Equal(t, exitUsage, code, stderr)
			require.Contains(t, stderr, c.says)
			if name != "two documents" {
				require.Empty(t, stdout)
			}
		})
	}
}

func TestDetectMetricsFailsByName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"empty.csv": "", "header.csv": "timestamp,value\n", "missing.csv": "timestamp,value\n2026-03-02 08:00:00,\n", "words.csv": "timestamp,value\na,b\n",
		"broken.csv.gz": "\x1f\x8bnot really", "zeros.csv": strings.Repeat("\x00", 100_000),
	} {
		write(t, folder, name, content)
		in, out := filepath.Join(folder, name), filepath.Join(folder, "out", name)
		code, stdout, stderr := detectRun(t, "", "--in", in, "--out", out)
		require.Equal(t, exitFailed, code, name)
		require.Empty(t, stdout)
		require.Contains(t, stderr, in)
		require.NoFileExists(t, out)
	}
	require.Empty(t, leftovers(t, folder))
}

// leftovers lists files of writes that were cut off.
func leftovers(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".part") {
			found = append(found, path)
		}
		return err
	}))
	return found
}

func TestSeriesName(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][2]string{
		"cpu.csv": {"cpu", "value"}, "a/b/checkout__Latency.csv": {"checkout", "Latency"}, "checkout__Latency.csv.gz": {"checkout", "Latency"},
		"__x.csv": {"__x", "value"}, "plain": {"plain", "value"}, stdStream: {"standard input", "value"},
	} {
		service, metric := seriesName(file)
		require.Equal(t, want, [2]string{service, metric}, file)
	}
}
