package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextOfOthersCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b[2J\r\nforged\u202e \u009b31m b"
	for _, shown := range []string{wrap(hostile, 40, "  "), oneLine(hostile, 40)} {
		require.NotContains(t, shown, "\x1b")
		require.NotContains(t, shown, "\u202e")
		require.NotContains(t, shown, "\u009b")
		require.NotContains(t, shown, "\n")
	}
	require.Equal(t, "äöü ä…", oneLine("äöü äöü", 6))
	for line := range strings.SplitSeq(wrap(strings.Repeat("äöü ", 30), 20, ""), "\n") {
		require.LessOrEqual(t, len([]rune(line)), 20)
	}
}

// TestColoursAreForTerminals opens a terminal of its own; the output of a test
// is none.
func TestColoursAreForTerminals(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer terminal.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	require.Equal(t, "\x1b[31mx\x1b[0m", (&screen{out: terminal}).paint(red, "x"))
	require.Equal(t, "x", (&screen{out: terminal}).paint(plain, "x"))
	require.Equal(t, "x", (&screen{out: &strings.Builder{}}).paint(red, "x"), "piped")
	t.Setenv("NO_COLOR", "1")
	require.Equal(t, "x", (&screen{out: terminal}).paint(red, "x"))
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	require.Equal(t, "x", (&screen{out: terminal}).paint(red, "x"))
}
