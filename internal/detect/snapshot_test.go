package detect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// tape is a recording: signals with the watermark that follows each second.
func tape() [][]telemetry.Signal {
	w := newWorld(3, 8)
	var out [][]telemetry.Signal
	for range 400 {
		switch w.seconds {
		case 120:
			w.errorShare, w.slow = 0.7, 8
		case 180:
			w.errorShare = 1
		case 220:
			w.errorShare, w.slow = 0.001, 1
		}
		signals := w.second()
		switch w.seconds {
		case 110:
			signals = append(signals, eventAt(109, telemetry.ClassChange, "checkout", "c", "a new configuration"))
		case 125:
			signals = append(signals, alarmAt(124, telemetry.AlarmALARM))
		case 230:
			signals = append(signals, alarmAt(229, telemetry.AlarmOK))
		}
		out = append(out, signals)
	}
	return out
}

func play(e detect.Engine, tape [][]telemetry.Signal, from, to int) []incident.Anomaly {
	var found []incident.Anomaly
	for i := from; i < to; i++ {
		for _, s := range tape[i] {
			found = append(found, e.Observe(s)...)
		}
		found = append(found, e.Advance(secondsIn(float64(i-2)))...)
	}
	return found
}

func TestRestoringAtAnyCutGivesTheSameAnomalies(t *testing.T) {
	t.Parallel()
	all := tape()
	want := play(engine(detect.Balanced), all, 0, len(all))
	kinds := map[incident.AnomalyKind]bool{}
	states := map[incident.EpisodeState]bool{}
	for _, a := range want {
		kinds[a.Kind], states[a.State] = true, true
	}
	require.Len(t, kinds, 3, "metric, log and alarm")
	require.Len(t, states, 3, "open, growing and closed")
	for cut := 1; cut < len(all); cut += 7 {
		first := engine(detect.Balanced)
		got := play(first, all, 0, cut)
		snapshot, err := first.Snapshot()
		require.NoError(t, err)
		second := engine(detect.Balanced)
		require.NoError(t, second.Restore(snapshot))
		again, err := second.Snapshot()
		require.NoError(t, err)
		require.JSONEq(t, string(snapshot), string(again))
		require.Equal(t, want, append(got, play(second, all, cut, len(all))...), "cut at %d", cut)
	}
}

// A child shard starts from the union of what its parents knew.
func TestRestoreTakesTheUnion(t *testing.T) {
	t.Parallel()
	all := tape()
	split := func(first bool) [][]telemetry.Signal {
		out := make([][]telemetry.Signal, len(all))
		for i, signals := range all {
			for _, s := range signals {
				if strings.Contains(s.Series, "Errors") || s.Kind == telemetry.KindEvent == first {
					out[i] = append(out[i], s)
				}
			}
		}
		return out
	}
	whole, left, right := engine(detect.Balanced), engine(detect.Balanced), engine(detect.Balanced)
	play(whole, all, 0, 200)
	play(left, split(true), 0, 150) // it stopped earlier, with an older view of the errors
	play(right, split(false), 0, 200)
	a, err := left.Snapshot()
	require.NoError(t, err)
	b, err := right.Snapshot()
	require.NoError(t, err)
	for _, order := range [][][]byte{{a, b}, {b, a}} {
		union := engine(detect.Balanced)
		require.NoError(t, union.Restore(order...))
		for _, name := range []string{"Errors", "Latency", "Requests"} {
			want, _ := whole.Reading(series(name))
			got, ok := union.Reading(series(name))
			require.True(t, ok)
			require.Equal(t, want, got, name)
		}
		// The change event came in on the left, the trouble on the right.
		found := union.Observe(alarmAt(300, telemetry.AlarmOK))
		require.Empty(t, found)
	}
}

func TestSnapshotsOfOtherVersionsAreRefused(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.ErrorContains(t, e.Restore([]byte(`{"version":99}`)), "version 99")
	require.Error(t, e.Restore([]byte(`{`)))
	require.NoError(t, e.Restore())
	raw, err := e.Snapshot()
	require.NoError(t, err)
	require.True(t, json.Valid(raw))
}
