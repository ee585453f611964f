package window_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/window"
)

var zero = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return zero.Add(time.Duration(s * float64(time.Second))) }

func TestWatermarkFollowsTheSlowestShard(t *testing.T) {
	t.Parallel()
	w := window.NewWatermark(2*time.Second, 10*time.Second)
	require.True(t, w.At(at(0)).IsZero())
	w.Open("a", at(0))
	w.Open("b", at(0))
	w.Observe("a", at(50), at(1))
	require.True(t, w.At(at(1)).IsZero(), "b has not spoken yet and is not idle")
	w.Observe("b", at(40), at(2))
	require.Equal(t, at(38), w.At(at(2)))
	w.Observe("b", at(39), at(3))
	require.Equal(t, at(38), w.At(at(3)), "an older event moves nothing")
	w.Observe("a", at(60), at(4))
	require.Equal(t, at(38), w.At(at(4)))
}

func TestWatermarkLeavesIdleShardsBehindAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	w := window.NewWatermark(2*time.Second, 10*time.Second)
	w.Observe("a", at(50), at(1))
	w.Observe("b", at(40), at(1))
	w.Observe("a", at(60), at(9))
	require.Equal(t, at(38), w.At(at(10)))
	require.Equal(t, at(58), w.At(at(11)), "b has been silent for ten seconds")
	w.Observe("b", at(41), at(12))
	require.Equal(t, at(58), w.At(at(12)), "b is back and late")
	require.Equal(t, at(58), w.At(at(100)), "all are idle")
	w.Observe("c", at(70), at(101))
	w.Close("c")
	require.Equal(t, at(58), w.At(at(101)))
	w.Open("d", at(200))
	require.Equal(t, at(58), w.At(at(209)), "d may still speak")
}

func TestTumblingClosesInOrderWithTheEmptyOnes(t *testing.T) {
	t.Parallel()
	w := window.NewTumbling(5*time.Second, 2*time.Second)
	require.Empty(t, w.Advance(at(100)))
	require.NotNil(t, w.Add(at(1), 3))
	require.Equal(t, 2, w.Add(at(4.9), 1).Count)
	require.NotNil(t, w.Add(at(16), 7))
	require.Empty(t, w.Advance(at(6.9)), "the lateness is not over")
	closed := w.Advance(at(17))
	require.Len(t, closed, 3)
	require.Equal(t, window.Aggregate{Count: 2, Sum: 4, Min: 1, Max: 3, First: at(1), Last: at(4.9)}, closed[0].Aggregate)
	require.Equal(t, at(0), closed[0].Start)
	require.Equal(t, at(5), closed[0].End)
	require.Zero(t, closed[1].Count)
	require.Zero(t, closed[2].Count)
	require.Nil(t, w.Add(at(14.9), 1), "that window is closed")
	require.Equal(t, 1, w.Late)
	require.Equal(t, 1, w.Advance(at(22))[0].Count)
}

func TestTumblingBoundsAGap(t *testing.T) {
	t.Parallel()
	w := window.NewTumbling(time.Second, 0)
	w.Add(at(0), 1)
	require.Len(t, w.Advance(at(1)), 1)
	closed := w.Advance(at(1_000_000))
	require.Len(t, closed, 720)
	require.Equal(t, at(1_000_000), closed[719].End, "the latest ones are reported")
	require.Equal(t, 1_000_000-1-720, w.Skipped)
}

func TestTumblingStateSurvivesJSON(t *testing.T) {
	t.Parallel()
	w := window.NewTumbling(5*time.Second, time.Second)
	w.Begin(at(0))
	w.Add(at(12), 2)
	state, err := json.Marshal(w)
	require.NoError(t, err)
	var back window.Tumbling
	require.NoError(t, json.Unmarshal(state, &back))
	require.Equal(t, w.Advance(at(30)), back.Advance(at(30)))
}
