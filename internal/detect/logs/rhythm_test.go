package logs

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestALineThatComesRegularlyIsMissedSoon(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	var r Rhythm
	at, lines := int64(1e18), uint64(0)
	longestPause := 0.0
	for at < 1e18+5*pauseMemory {
		gap := 10 * rng.ExpFloat64()
		longestPause = max(longestPause, gap)
		at += int64(gap * 1e9)
		lines += 8
		r.beat(at, lines)
		_, missed := r.overdue(at+1e9, 0, lines+3, 1)
		require.False(t, missed)
	}
	t.Logf("%+v, longest %g", r, longestPause)
	require.InDelta(t, 10, r.Gap, 4)
	require.InDelta(t, longestPause, r.Pauses[0], longestPause/2)
	require.Less(t, r.patience(1), 3*longestPause)
}
