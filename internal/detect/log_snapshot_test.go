package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
	"firebreak/internal/telemetry/logline"
)

// word is a word of its own for every number.
func word(n int) string {
	return strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(n*7919))
}

func TestTemplatesOfAllGroupsTogetherAreBounded(t *testing.T) {
	t.Parallel()
	const most, groups = 1000, 12
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxTemplates: most})
	for n := range 4000 {
		for g := range groups {
			s := logLine(secondsIn(float64(n)), telemetry.LevelInfo, word(n)+" is "+word(n+g)+" of "+word(n+3))
			s.Series += fmt.Sprint(g)
			e.Observe(s)
		}
		require.LessOrEqual(t, e.Stats().Templates, int64(most))
	}
	require.Positive(t, e.Stats().TemplatesEvicted)
	require.Greater(t, e.Stats().Templates, int64(most/2), "what fits is kept")
	again := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxTemplates: most})
	require.NoError(t, again.Restore(snapshotOf(t, e)))
	require.Equal(t, e.Stats().Templates, again.Stats().Templates)
	const less = most * 7 / 10
	require.Greater(t, e.Stats().Templates, int64(less))
	again = detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxTemplates: less})
	require.NoError(t, again.Restore(snapshotOf(t, e)))
	require.LessOrEqual(t, again.Stats().Templates, int64(less), "also when less is allowed than was")
	require.Positive(t, again.Stats().TemplatesEvicted)
}

// TestEveryGroupMayHaveSomeTemplates: nothing is to be had by looking at all groups
// for every new template when together they have less than each may have.
func TestEveryGroupMayHaveSomeTemplates(t *testing.T) {
	t.Parallel()
	const groups, each = 10, 50
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxTemplates: 100})
	add := func(group, n int) {
		s := logLine(secondsIn(float64(n)), telemetry.LevelInfo, word(n)+" is "+word(n+group)+" of "+word(n+3))
		s.Series += fmt.Sprint(group)
		e.Observe(s)
	}
	for group := range groups {
		add(group, 0)
	}
	for n := range 2 * each {
		add(0, n)
	}
	require.Greater(t, e.Stats().Templates, int64(100))
	require.Zero(t, e.Stats().TemplatesEvicted)
	for n := range 10 * each {
		for group := range groups {
			add(group, n)
		}
		require.LessOrEqual(t, e.Stats().Templates, int64(groups*each))
	}
	require.Positive(t, e.Stats().TemplatesEvicted)
}

func TestTemplatesThatGoForOthersOfTheirGroupAreCounted(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	for n := range 2200 { // of which a group keeps 2000
		e.Observe(logLine(secondsIn(float64(n)), telemetry.LevelInfo, word(n)+" is "+word(n+1)+" of "+word(n+3)))
	}
	require.LessOrEqual(t, e.Stats().Templates, int64(2000))
	require.Positive(t, e.Stats().TemplatesEvicted)
}

// TestTwoSnapshotsOfAGroup: after shards were split or merged, two engines have
// heard of one group. What either knows is known afterwards.
func TestTwoSnapshotsOfAGroup(t *testing.T) {
	t.Parallel()
	base := engine(detect.Balanced)
	require.Empty(t, steady(base, 0, 1200))
	snapshot := snapshotOf(t, base)
	lines := func(e *detect.Detector, text string, from int) []incident.Anomaly {
		var found []incident.Anomaly
		for i := range 20 {
			found = append(found, e.Observe(logLine(secondsIn(float64(from+i)), telemetry.LevelError, fmt.Sprintf(text, i)))...)
		}
		return found
	}
	const disk, shelf = "disk %d is read-only", "shelf %d is empty"
	left, right := restored(t, snapshot), restored(t, snapshot)
	require.NotEmpty(t, lines(left, disk, 1200))
	require.NotEmpty(t, lines(right, shelf, 1201))
	left.Advance(secondsIn(1900)) // it is over
	right.Advance(secondsIn(1900))
	for name, order := range map[string][][]byte{
		"one way": {snapshotOf(t, left), snapshotOf(t, right)}, "the other": {snapshotOf(t, right), snapshotOf(t, left)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both := engine(detect.Balanced)
			require.NoError(t, both.Restore(order...))
			var ids []string
			for _, a := range slices.Concat(lines(both, disk, 1930), lines(both, shelf, 1931), both.Advance(secondsIn(1960))) {
				if a.State == incident.EpisodeOpen && strings.HasPrefix(a.Rule, detect.RuleLogNew) {
					ids = append(ids, a.ID)
				}
			}
			require.Empty(t, ids, "neither is new")
			both.Advance(secondsIn(2600))
			require.NoError(t, both.Restore(snapshotOf(t, both)), "what they came to is a snapshot as any other")
		})
	}
}

// timer is a group whose heartbeat stops after three hours, and until when that is
// not told.
func timer(t *testing.T, prepare func(*detect.Detector)) time.Duration {
	t.Helper()
	e := engine(detect.Balanced)
	const stops = 3 * 3600
	for s := range stops + 900 {
		at := secondsIn(float64(s))
		for i := range 2 {
			e.Observe(logLine(at, telemetry.LevelInfo, fmt.Sprintf("served %d", s+i)))
		}
		if s%7 == 0 && s < stops {
			e.Observe(logLine(at, telemetry.LevelInfo, "heartbeat of the worker"))
		}
		if s == stops {
			prepare(e)
		}
		for _, a := range e.Advance(at.Add(-3 * time.Second)) {
			require.GreaterOrEqual(t, s, stops, a.Why.String())
			if strings.HasPrefix(a.Rule, detect.RuleLogStopped) {
				return time.Duration(s-stops) * time.Second
			}
		}
	}
	require.Fail(t, "nobody missed it")
	return 0
}

func TestFeedbackOnALogRuleMovesItsThreshold(t *testing.T) {
	t.Parallel()
	key := logLine(start, telemetry.LevelInfo, "").Series
	says := func(rule string, v telemetry.Verdict) func(*detect.Detector) {
		return func(e *detect.Detector) {
			e.Observe(said(3*3600, telemetry.Feedback{
				Series: key, Rule: rule + "/0123456789abcdef", Verdict: v, Reached: 2, At: secondsIn(3*3600 - 60), By: "ana",
			}))
			for _, one := range e.TakeFeedback() {
				require.Empty(t, one.Ignored)
			}
		}
	}
	usual := timer(t, func(*detect.Detector) {})
	require.Greater(t, timer(t, says(detect.RuleLogStopped, telemetry.FalseAlarm)), usual+10*time.Second)
	require.Less(t, timer(t, says(detect.RuleLogStopped, telemetry.Missed)), usual)
	require.Equal(t, usual, timer(t, says(detect.RuleLogValue, telemetry.FalseAlarm)), "that is another rule")
}

// TestASecretBeyondTheEndOfASampleIsNotKept: what is kept of a line for people is
// cut, what its template is made of is not, and all of it must be redacted.
func TestASecretBeyondTheEndOfASampleIsNotKept(t *testing.T) {
	t.Parallel()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: replace{"hunter2", "[secret]"}})
	require.Empty(t, steady(e, 0, 60))
	for i := range 30 {
		e.Observe(logLine(secondsIn(60+float64(i)), telemetry.LevelError, strings.Repeat("a long way to go ", 60)+"hunter2 is what it says"))
	}
	text := string(detect.Unpack(t, snapshotOf(t, e)))
	require.Contains(t, text, "a long way to go")
	require.NotContains(t, text, "hunter2")
}

// loggedBody is the unpacked snapshot of a group with all that a group can know.
func loggedBody(t testing.TB) []byte {
	t.Helper()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: detect.Sensitive})
	for s := range 900 {
		at := secondsIn(float64(s))
		logged(e, at, s)
		e.Advance(at.Add(-3 * time.Second))
	}
	return detect.Unpack(t, snapshotOf(t, e))
}

// logged writes lines of many kinds.
func logged(e *detect.Detector, at time.Time, s int) {
	for i := range 3 {
		l := logLine(at, telemetry.LevelInfo, fmt.Sprintf("served %d of db-%d.internal in %d ms", s, i%2, s%50))
		l.Log.Fields = []logline.Field{{Name: "host", Value: fmt.Sprint("web-", s/300)}, {Name: "took", Value: fmt.Sprint(s%40, "ms")}}
		e.Observe(l)
	}
	if s%10 == 3 {
		l := logLine(at, telemetry.LevelError, fmt.Sprintf("order %d failed", s))
		l.Log.Trace = fmt.Sprintf("java.lang.IllegalStateException: no\n\tat com.shop.Cart%d.add(Cart.java:4)\n\tat com.shop.Main.main(Main.java:1)", s/300)
		e.Observe(l)
	}
	if s > 600 {
		e.Observe(logLine(at, telemetry.LevelError, strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(s*7919))+" is not what it was"))
	}
}

// resumeLogs shows an engine the unpacked body of a snapshot, and goes on with what
// it took over.
func resumeLogs(t *testing.T, body []byte) bool {
	t.Helper()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: detect.Sensitive, MaxSeries: 50})
	if err := e.Restore(detect.SealBody(detect.Packed(t, body))); err != nil {
		return false
	}
	for s := 900; s < 960; s++ {
		logged(e, secondsIn(float64(s)), s)
		for _, a := range e.Advance(secondsIn(float64(s - 3))) {
			finite(t, a)
		}
	}
	e.Advance(secondsIn(1e6))
	raw, err := e.Snapshot()
	require.NoError(t, err)
	require.NoError(t, e.Restore(raw))
	return true
}

func FuzzRestoreLogs(f *testing.F) {
	good := loggedBody(f)
	f.Add(uint32(len(good)/2), byte(1), uint32(3), byte(255))
	f.Add(uint32(100), byte(0xf9), uint32(len(good)-100), byte(0))
	f.Fuzz(func(t *testing.T, at uint32, by byte, other uint32, and byte) {
		body := slices.Clone(good)
		body[int(at)%len(body)], body[int(other)%len(body)] = by, and
		resumeLogs(t, body)
	})
}

// Single bytes of what is known of a log group are changed, and it is sealed again.
func TestChangedLogSnapshotsDoNoHarm(t *testing.T) {
	t.Parallel()
	good := loggedBody(t)
	require.True(t, resumeLogs(t, good))
	rng := rand.New(rand.NewPCG(6, 6))
	taken := 0
	for range 400 / fewer {
		body := slices.Clone(good)
		for range 1 + rng.IntN(3) {
			body[rng.IntN(len(body))] = byte(rng.UintN(256))
		}
		if resumeLogs(t, body) {
			taken++
		}
	}
	require.Positive(t, taken)
	require.Less(t, taken, 400/fewer)
}
