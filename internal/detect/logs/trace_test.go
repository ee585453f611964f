package logs

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/fold"
	"firebreak/internal/telemetry"
)

// TestAForgottenTraceEndsItsEpisode: where there are ever new stack traces, the
// oldest is forgotten for room, and nobody would end its episode later.
func TestAForgottenTraceEndsItsEpisode(t *testing.T) {
	t.Parallel()
	s := newShop()
	for n := range 300 {
		s.second(n, nil)
	}
	throw := func(n int) []Finding {
		s.found = s.found[:0]
		s.trace(&fold.Trace{
			Exceptions: []string{"panic"}, Frames: []string{fmt.Sprint("shop.Cart", n)}, Fingerprint: fold.Fingerprint(1000 + n),
			Level: telemetry.LevelFatal, Lines: 4, At: s.at, Last: s.at,
		}, &usualBars)
		s.at = s.at.Add(1e6)
		return s.found
	}
	found := throw(0)
	require.Len(t, found, 1)
	require.Equal(t, Opens, found[0].State)
	opened := found[0]
	var ended []Finding
	for n := range maxTraces + 1 {
		for _, f := range throw(1 + n) {
			if f.Rule == opened.Rule {
				ended = append(ended, f)
			}
		}
		require.LessOrEqual(t, len(s.Traces), maxTraces)
	}
	require.Len(t, ended, 1)
	require.Equal(t, Ends, ended[0].State)
	require.Equal(t, opened.Last, ended[0].Last)
}
