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

func TestWriteWholeLeavesNoHalfFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "sub", strings.Repeat("n", 250))
	broken := errors.New("broken")
	half := func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	}
	require.ErrorIs(t, writeWhole(path, half), broken)
	require.NoFileExists(t, path)
	require.NoError(t, writeWhole(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "whole")
		require.NoFileExists(t, path, "it appears when it is complete")
		return err
	}))
	require.Equal(t, "whole", file(t, path))
	require.ErrorIs(t, writeWhole(path, half), broken)
	require.Equal(t, "whole", file(t, path), "what was there stays")
	require.Empty(t, leftovers(t, folder))

	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink(path, link))
	require.NoError(t, writeWhole(link, func(w io.Writer) error { _, err := io.WriteString(w, "through"); return err }))
	require.Equal(t, "through", file(t, path), "a link stays one")
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
}

func TestWriteWholeDoesNotReplaceADevice(t *testing.T) {
	t.Parallel()
	require.NoError(t, writeWhole(os.DevNull, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }))
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, info.Mode().IsRegular())
}

// endless is a series that goes on until the run is stopped.
type endless struct {
	rows int
	stop context.CancelFunc
}

// Read implements io.Reader.
func (e *endless) Read(p []byte) (int, error) {
	if e.rows++; e.rows == 1 {
		return copy(p, "timestamp,value\n"), nil
	}
	if e.rows == 5_000 {
		e.stop()
	}
	return copy(p, recorded.Add(1e9*60*15).Format("2006-01-02 15:04:05")+",1\n"), nil
}

func TestDetectMetricsCutOffLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "scores.csv", "of yesterday")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	root := newRootCommand(openTemporal)
	root.SetIn(&endless{stop: stop})
	var stdout, stderr strings.Builder
	code := execute(ctx, root, []string{"detect", "metrics", "--in", "-", "--out", filepath.Join(folder, "scores.csv")}, &stdout, &stderr)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr.String(), "interrupted")
	require.Equal(t, "of yesterday", file(t, filepath.Join(folder, "scores.csv")))
	require.Empty(t, leftovers(t, folder))
}

// full is a disk without space after some bytes.
type full struct{ left int }

var errFull = errors.New("no space left on device")

// Write implements io.Writer.
func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestDetectMetricsStopsReadingWhenItCannotWrite(t *testing.T) {
	t.Parallel()
	s := newScorer("x.csv", detectOptions{})
	err := s.scoreRows(t.Context(), &endless{rows: 5_001}, &full{left: 100_000}, func(int) {})
	require.ErrorIs(t, err, errFull)
}
