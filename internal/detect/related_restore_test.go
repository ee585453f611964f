package detect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
)

// An engine that is restored while series of a service leave their bands, and
// while they come back, tells of them as the one before would have.
func TestRestoringWhileSeriesJoin(t *testing.T) {
	t.Parallel()
	all := tape()
	e := engine(detect.Balanced)
	joined := false
	for i := range all {
		switch {
		case i >= 118 && i < 150, i >= 220 && i < 250:
		default:
			play(e, all, i, i+1)
			continue
		}
		snapshot, err := e.Snapshot()
		require.NoError(t, err)
		restored := engine(detect.Balanced)
		require.NoError(t, restored.Restore(snapshot))
		until := min(i+60, len(all))
		got := play(restored, all, i, until)
		for _, a := range got {
			joined = joined || len(a.Witnesses) > 0
		}
		whole := engine(detect.Balanced)
		play(whole, all, 0, i)
		require.Equal(t, play(whole, all, i, until), got, "restored at second %d", i)
		play(e, all, i, i+1)
	}
	require.True(t, joined)
}
