package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func witnesses(n int) []incident.Witness { return make([]incident.Witness, n) }

func TestBoundWitnesses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		have  []int // witnesses of each anomaly
		bound int
		want  []int
	}{
		"room for all":                   {[]int{3, 2}, 7, []int{3, 2}},
		"the longest gives way, last":    {[]int{5, 5, 1}, 10, []int{3, 3, 1}},
		"of equals the later":            {[]int{2, 2}, 5, []int{2, 1}},
		"anomalies stay, however many":   {[]int{1, 0, 2}, 2, []int{0, 0, 0}},
		"there is nothing to be bounded": {nil, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var list []incident.Anomaly
			breadth := 0
			for _, n := range c.have {
				list = append(list, incident.Anomaly{Witnesses: witnesses(n), MoreWitnesses: 1})
				breadth += n + 2
			}
			before := append([]incident.Anomaly{}, list...)
			incident.BoundWitnesses(list, c.bound)
			var got []int
			for i, a := range list {
				got = append(got, len(a.Witnesses))
				breadth -= a.Breadth()
				require.Len(t, before[i].Witnesses, c.have[i], "what is behind the list stays")
			}
			require.Equal(t, c.want, got)
			require.Zero(t, breadth, "nothing is lost uncounted")
		})
	}
}

func TestBoundKeepsTheFirstInFull(t *testing.T) {
	t.Parallel()
	var list []incident.Anomaly
	for range 3 {
		list = append(list, incident.Anomaly{Samples: []redact.Text{redact.Literal("sample")}, Changes: make([]incident.Change, 2), Witnesses: witnesses(2)})
	}
	incident.Bound(list, 2, 7)
	for i, a := range list {
		require.Equal(t, i < 2, len(a.Samples) == 1 && len(a.Changes) == 2, "anomaly %d", i)
		require.Equal(t, i < 2, a.Samples != nil || a.Changes != nil, "anomaly %d", i)
	}
	require.Equal(t, 9, list[0].Breadth()+list[1].Breadth()+list[2].Breadth())
	require.Len(t, list[0].Witnesses, 2)
	incident.Bound(list[:1], 2, 7) // fewer than are kept in full
	require.Len(t, list[0].Samples, 1)
}

func TestSightings(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := incident.Anomaly{
		Rule: "level", Series: "errors", Metric: &incident.MetricRef{Name: "Errors"}, Opened: at, Closed: at.Add(time.Minute), Observed: 5, High: 2,
		Witnesses: []incident.Witness{{Rule: "level", Series: "latency", Opened: at.Add(-time.Second), Closed: at.Add(time.Minute)}}, MoreWitnesses: 2,
	}
	require.Equal(t, at.Add(-time.Second), a.Onset())
	require.Equal(t, 4, a.Breadth())
	require.Equal(t, at.Add(time.Minute), a.Sightings()[0].Closed)
	a.Back = at.Add(time.Second)
	all := a.Sightings()
	require.Equal(t, a.Back, all[0].Closed, "its own series was back before the others")
	require.Equal(t, all[0], a.Own())
	require.Equal(t, "Errors is 5 where 0 to 2 is expected", all[0].Words().String())
	require.Equal(t, "latency", all[1].Name().String())
	require.Equal(t, "latency has stopped coming", incident.Witness{Rule: incident.RuleSilent, Series: "latency"}.Words().String())
	require.True(t, all[1].Same(incident.Witness{Rule: "level", Series: "latency"}))
	require.False(t, all[1].Same(all[0]))

	s := incident.State{Joined: 3, Anomalies: []incident.Anomaly{a}}
	require.Equal(t, 6, s.Series())
	require.Equal(t, "3 anomalies in 6 series", s.Extent().String())
	require.Equal(t, "1 anomaly", incident.State{Anomalies: []incident.Anomaly{{}}}.Extent().String())
}

func TestEvidenceInsideItsBand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule           string
		observed, high float64
		inside         bool
		want           string
	}{
		"a usual value":             {incident.RuleEvidence, 5, 7, true, "Queue does not move as it used to, at 5 where 3 to 7 is expected"},
		"one at the edge":           {incident.RuleEvidence, 7, 7, true, "Queue does not move as it used to, at 7 where 3 to 7 is expected"},
		"one above":                 {incident.RuleEvidence, 8, 7, false, "Queue is 8 where 3 to 7 is expected"},
		"one below":                 {incident.RuleEvidence, 2, 7, false, "Queue is 2 where 3 to 7 is expected"},
		"a level can be back in":    {"level", 5, 7, false, "Queue is 5 where 3 to 7 is expected"},
		"an alarm's is no band":     {"alarm", 7, 7, false, "Queue is 7 where 3 to 7 is expected"},
		"what stopped has no value": {incident.RuleSilent, 5, 7, false, "Queue has stopped coming"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := incident.Witness{Rule: c.rule, Metric: &incident.MetricRef{Name: "Queue"}, Observed: c.observed, Low: 3, High: c.high}
			require.Equal(t, c.inside, w.Inside())
			require.Equal(t, c.want, w.Words().String())
		})
	}
}

func TestWhatWasFoundInALogGroupIsSaidInWords(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]incident.Witness{
		"lines that were never said before in /shop/checkout":                             {Rule: "log-new/00ff", Group: "/shop/checkout", Observed: 4},
		"another share of error lines in /shop/checkout: 0.2 where 0 to 0.01 is expected": {Rule: "log-ratio", Group: "/shop/checkout", Observed: 0.2, High: 0.01},
		"lines of one kind that do not come any more in /shop/checkout":                   {Rule: "log-stopped/00ff", Group: "/shop/checkout", Low: 1, High: 9},
		"something unusual in /shop/checkout":                                             {Rule: "log-other", Group: "/shop/checkout"},
	} {
		require.Equal(t, want, w.Words().String())
	}
}

// An incident that began when an anomaly came again has nothing to do with what
// was before.
func TestAnAnomalySinceItCameAgain(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
	a := incident.Anomaly{
		Opened: at(0), Back: at(3), Again: at(10), LastSeen: at(12),
		Witnesses: []incident.Witness{
			{Series: "over", Opened: at(1), Closed: at(4)},
			{Series: "still", Opened: at(2)},
			{Series: "again", Opened: at(10)},
			{Series: "later", Opened: at(11), Closed: at(12)},
		},
	}
	require.Equal(t, a, a.Since(time.Time{}))
	require.Equal(t, a, a.Since(at(0)))
	got := a.Since(at(10))
	require.Equal(t, at(10), got.Onset())
	require.Equal(t, at(10), got.Opened)
	require.Equal(t, at(10), got.Back)
	require.Equal(t, []incident.Witness{{Series: "still", Opened: at(10)}, {Series: "again", Opened: at(10)}, {Series: "later", Opened: at(11), Closed: at(12)}}, got.Witnesses)
	require.Equal(t, got, got.Since(at(10)))
	require.Len(t, a.Witnesses, 4, "the anomaly itself stays")
}
