package detect_test

import (
	"math"
	"runtime"
	"slices"
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

func snapshotOf(t testing.TB, e *detect.Detector) []byte {
	t.Helper()
	raw, err := e.Snapshot()
	require.NoError(t, err)
	return raw
}

// restored is an engine of the shop that goes on from a snapshot.
func restored(t testing.TB, snapshot []byte) *detect.Detector {
	t.Helper()
	e := engine(detect.Balanced)
	require.NoError(t, e.Restore(snapshot))
	return e
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
		snapshot := snapshotOf(t, first)
		second := restored(t, snapshot)
		require.Equal(t, snapshot, snapshotOf(t, second))
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
	a, b := snapshotOf(t, left), snapshotOf(t, right)
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

// A snapshot that is not whole is refused with the reason, and the engine goes
// on as if nothing had been shown to it.
func TestWhatIsNoSnapshotIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	all := tape()
	first := engine(detect.Balanced)
	play(first, all, 0, 150)
	good := snapshotOf(t, first)
	changed := func(f func(b []byte) []byte) []byte { return f(slices.Clone(good)) }
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"of the first version": {[]byte(`{"version":1,"metrics":{}}`), "version 1"},
		"of a later version":   {changed(func(b []byte) []byte { b[8] = 99; return b }), "version 99 is not 7"},
		"nothing":              {nil, "0 bytes that are no detector snapshot"},
		"something else":       {[]byte(strings.Repeat("something else ", 10)), "no detector snapshot"},
		"its beginning":        {good[:20], "no detector snapshot"},
		"cut off":              {good[:len(good)-1], "bytes where"},
		"longer":               {append(slices.Clone(good), 0), "bytes where"},
		"a changed byte":       {changed(func(b []byte) []byte { b[len(b)/2] ^= 4; return b }), "checksum"},
		"a changed checksum":   {changed(func(b []byte) []byte { b[20] ^= 1; return b }), "checksum"},
		"a changed length":     {changed(func(b []byte) []byte { b[10] ^= 1; return b }), "bytes where"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(detect.Balanced)
			play(e, all, 0, 100)
			before := snapshotOf(t, e)
			for _, set := range [][][]byte{{c.raw}, {good, c.raw}} {
				err := e.Restore(set...)
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, err, "start without it")
			}
			require.Equal(t, before, snapshotOf(t, e))
		})
	}
	t.Run("every single byte counts", func(t *testing.T) {
		t.Parallel()
		e := engine(detect.Balanced)
		for i := range good {
			require.Error(t, e.Restore(changed(func(b []byte) []byte { b[i] ^= 0x40; return b })), "byte %d", i)
		}
	})
	require.NoError(t, engine(detect.Balanced).Restore())
}

// The checksum tells accidents. What somebody else has sealed may still say
// anything, and must not be taken over in part.
func TestSealedNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	for name, records := range map[string][]detect.Record{
		"no head":                {{Kind: 'm', Key: "x", Value: map[string]any{}}},
		"two heads":              {{Kind: 'h'}, {Kind: 'h'}},
		"an unknown kind":        {{Kind: 'h'}, {Kind: 'z', Key: "x"}},
		"an unknown field":       {{Kind: 'h'}, {Kind: 'a', Key: "x", Value: map[string]any{"colour": 1}}},
		"another type":           {{Kind: 'h'}, {Kind: 'a', Key: "x", Value: []int{1}}},
		"no windows":             {{Kind: 'h'}, {Kind: 'l', Key: "x", Value: map[string]any{}}},
		"endless windows":        {{Kind: 'h'}, {Kind: 'l', Key: "x", Value: map[string]any{"windows": map[string]any{"size": 0}}}},
		"an empty event":         {{Kind: 'h'}, {Kind: 'e', Key: "x", Value: map[string]any{}}},
		"an empty group":         {{Kind: 'h'}, {Kind: 'g', Key: "x", Value: map[string]any{}}},
		"an unnamed metric":      {{Kind: 'h'}, {Kind: 'm', Key: "x", Value: map[string]any{"episode": map[string]any{"told": 1.0}}}},
		"a silence of no metric": {{Kind: 'h'}, {Kind: 'm', Key: "x", Value: map[string]any{"pulse": map[string]any{"silent": map[string]any{}, "due": 1.0}}}},
		"no number":              {{Kind: 'h'}, {Kind: 'm', Key: "x", Value: map[string]any{"pulse": map[string]any{"due": math.NaN()}}}},
		"an endless number":      {{Kind: 'h'}, {Kind: 'm', Key: "x", Value: map[string]any{"normal": math.Inf(1)}}},
		"a scale out of reach":   {{Kind: 'h'}, {Kind: 'm', Key: "x", Value: map[string]any{"trend": map[string]any{"at": 7}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(detect.Balanced)
			before := snapshotOf(t, e)
			raw, err := detect.Seal(records)
			require.NoError(t, err)
			err = e.Restore(raw)
			require.ErrorContains(t, err, "start without it")
			require.Equal(t, before, snapshotOf(t, e))
		})
	}
}

// A megabyte can unpack to terabytes.
func TestASnapshotThatLiesAboutSizesTakesNoMemory(t *testing.T) {
	t.Parallel()
	for name, raw := range detect.Bombs(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.ErrorContains(t, engine(detect.Balanced).Restore(raw), "start without it", name)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<20), name)
	}
}
