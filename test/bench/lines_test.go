package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWithoutLogsItSaysWhereToGetThem(t *testing.T) {
	t.Parallel()
	text, err := templatesBlock(t.Context(), options{data: t.TempDir()})
	require.NoError(t, err)
	require.Contains(t, text, logFrom)
	require.Contains(t, text, logScorer)
}

func TestSystemsAreFoldersWithMessages(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, name := range []string{"B/messages.log", "A/messages.log", "C/truth.csv"} {
		path := filepath.Join(data, "data", logSource, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("a\n"), 0o600))
	}
	systems, err := logSystems(data)
	require.NoError(t, err)
	require.Equal(t, []string{"A", "B"}, systems)
}

func TestDifferentLinesAreDifferentAndWithoutValues(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, l := range differentLines(5_000) {
		require.False(t, seen[l.text])
		seen[l.text] = true
		require.False(t, strings.ContainsAny(l.text, "0123456789=/"))
	}
}

func TestEveryLineReachesTheEngine(t *testing.T) {
	t.Parallel()
	load := differentLines(500)
	load = append(load, groupLine{"other", "2026-03-02 08:00:00 ERROR it failed"})
	p := load.start()
	for range 3 {
		p.round(true)
	}
	stats := p.engine.Stats()
	require.EqualValues(t, 3*501, stats.Signals)
	require.Zero(t, stats.Invalid)
	require.Zero(t, stats.Late)
	require.Zero(t, stats.Refused)
	_, ok := p.engine.Reading(p.signals[500].Series)
	require.False(t, ok, "a window is not over yet")
	text, err := load[:50].size()
	require.NoError(t, err)
	require.Contains(t, text, "50 lines of as many templates")
}
