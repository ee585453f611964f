package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetectLogsIsCalledWrongly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "a.log", shopLog(8))
	write(t, folder, "x.csv", "")
	a := filepath.Join(folder, "a.log")
	require.NoError(t, os.Symlink(a, filepath.Join(folder, "link.csv")))
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "out"), 0o755))
	require.NoError(t, os.Symlink(a, filepath.Join(folder, "out", "a.log.csv")))
	rows := filepath.Join(folder, "rows")
	write(t, folder, "rows/a.log.csv", "of yesterday")
	require.NoError(t, os.Symlink(filepath.Join(rows, "a.log.csv"), filepath.Join(folder, "rows.json")))
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no input":                      {[]string{"--out", "x"}, "in"},
		"no output":                     {[]string{"--in", a}, "--out"},
		"an argument":                   {[]string{"--in", a, "--out", "-", "more"}, "unknown command"},
		"no such file":                  {[]string{"--in", a + "x", "--out", "-"}, "no such file"},
		"unknown sensitivity":           {[]string{"--in", a, "--anomalies", "-", "--sensitivity", "loud"}, "sensitive, balanced, quiet"},
		"a sensitivity for templates":   {[]string{"--in", a, "--out", "-", "--sensitivity", "quiet"}, "--anomalies"},
		"rows over the log":             {[]string{"--in", a, "--out", a}, "overwrite"},
		"rows through a link":           {[]string{"--in", a, "--out", filepath.Join(folder, "link.csv")}, "overwrite"},
		"anomalies over the log":        {[]string{"--in", a, "--anomalies", a}, "overwrite"},
		"plot over the log":             {[]string{"--in", a, "--plot", a}, "overwrite"},
		"plot nowhere":                  {[]string{"--in", a, "--plot", "-"}, "needs a file"},
		"plot of a folder":              {[]string{"--in", folder, "--plot", "x.png"}, "one log"},
		"plot over the rows":            {[]string{"--in", a, "--plot", "x", "--out", "x"}, "same file"},
		"both into one":                 {[]string{"--in", a, "--out", "x", "--anomalies", "./x"}, "same file"},
		"rows and a document":           {[]string{"--in", a, "--out", "-", "--json"}, "standard output"},
		"two documents":                 {[]string{"--in", a, "--anomalies", "-", "--json"}, "standard output"},
		"rows and anomalies":            {[]string{"--in", a, "--out", "-", "--anomalies", "-"}, "standard output"},
		"rows into a folder":            {[]string{"--in", a, "--out", folder}, "is a folder"},
		"anomalies into a folder":       {[]string{"--in", a, "--anomalies", folder}, "is a folder"},
		"folder without a folder":       {[]string{"--in", folder, "--out", "-"}, "folder"},
		"folder into a file":            {[]string{"--in", folder, "--out", filepath.Join(folder, "x.csv")}, "is none"},
		"folder over its own log":       {[]string{"--in", folder, "--out", filepath.Join(folder, "out")}, "overwrite"},
		"anomalies over a folder's log": {[]string{"--in", folder, "--anomalies", a}, "overwrite"},
		"anomalies over a log's rows":   {[]string{"--in", folder, "--out", rows, "--anomalies", rows + "/./a.log.csv"}, "--anomalies would overwrite the rows of " + a},
		"anomalies over rows, linked":   {[]string{"--in", folder, "--out", rows, "--anomalies", filepath.Join(folder, "rows.json")}, "--anomalies would overwrite the rows of " + a},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := logsRun(t, "", c.args...)
			require.Equal(t, exitUsage, code, stderr)
			require.Contains(t, stderr, c.says)
			if !strings.Contains(name, "document") {
				require.Empty(t, stdout)
			}
		})
	}
	require.Equal(t, shopLog(8), file(t, a))
}

func TestDetectLogsFailsByName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, c := range map[string]struct{ content, says string }{
		"broken.log.gz": {"\x1f\x8bnot really", "unpack"},
		"utf16.log":     {"\xff\xfea\x00\n\x00", "iconv"},
	} {
		write(t, folder, name, c.content)
		in, out := filepath.Join(folder, name), filepath.Join(folder, "out", name)
		code, stdout, stderr := logsRun(t, "", "--in", in, "--out", out)
		require.Equal(t, exitFailed, code, name)
		require.Empty(t, stdout)
		require.Contains(t, stderr, in)
		require.Contains(t, stderr, c.says)
		require.NoFileExists(t, out)
	}
	write(t, folder, "a.log", "a\n")
	write(t, folder, "wall", "no folder")
	code, _, stderr := logsRun(t, "", "--in", filepath.Join(folder, "a.log"), "--out", filepath.Join(folder, "wall", "x.csv"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, filepath.Join(folder, "wall"))
	require.Empty(t, leftovers(t, folder))
}

// endlessLog is a log that goes on until the run is stopped.
type endlessLog struct {
	reads int
	stop  context.CancelFunc
}

// Read implements io.Reader.
func (e *endlessLog) Read(p []byte) (int, error) {
	if e.reads++; e.reads == 500 {
		e.stop()
	}
	return copy(p, "2026-03-02 08:00:00 INFO all is well\n"), nil
}

func TestDetectLogsCutOffLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "rows.csv", "of yesterday")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	root := newRootCommand(openTemporal)
	root.SetIn(&endlessLog{stop: stop})
	var stdout, stderr strings.Builder
	rows, anomalies := filepath.Join(folder, "rows.csv"), filepath.Join(folder, "new", "anomalies.json")
	code := execute(ctx, root, []string{"detect", "logs", "--in", "-", "--out", rows, "--anomalies", anomalies}, &stdout, &stderr)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr.String(), "interrupted")
	require.Equal(t, "of yesterday", file(t, rows))
	require.NoFileExists(t, anomalies)
	require.Empty(t, leftovers(t, folder))
}

func TestDetectLogsOfAFolderCutOffLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "in/a.log", plainLogLine(recorded, "INFO", "all is well"))
	write(t, folder, "anomalies.json", "of yesterday")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stdout, stderr strings.Builder
	in, anomalies := filepath.Join(folder, "in"), filepath.Join(folder, "anomalies.json")
	code := execute(ctx, newRootCommand(openTemporal), []string{"detect", "logs", "--in", in, "--anomalies", anomalies}, &stdout, &stderr)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr.String(), "interrupted")
	require.Equal(t, "of yesterday", file(t, anomalies))
	require.Empty(t, leftovers(t, folder))
}

func TestDetectLogsTellsThatTheDiskIsFull(t *testing.T) {
	t.Parallel()
	r := newLogRun("x.log", logOptions{out: "x.csv"})
	err := r.read(t.Context(), strings.NewReader(shopLog(5_000)), &full{left: 100_000}, func(int) {})
	require.ErrorIs(t, err, errFull)
}

func TestDetectLogsStopsWhileItWrites(t *testing.T) {
	t.Parallel()
	m := newLogMiner(false, 0)
	for range 2 * logTellEvery {
		m.add("all is well")
	}
	m.settle()
	ctx, stop := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	stop(cause)
	require.ErrorIs(t, m.write(ctx, io.Discard), cause)
}
