package detect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func second(n int) time.Time { return began.Add(time.Duration(n) * time.Second) }

// said is one emission of a series' detector.
type said struct {
	service, series string
	state           incident.EpisodeState
	opened, at      int // seconds
	period          int // of the metric, in seconds; 1 when 0
	severity        incident.Severity
	rarity          float64
	kind            incident.AnomalyKind
}

func (s said) anomaly() incident.Anomaly {
	if s.service == "" {
		s.service = "checkout"
	}
	if s.severity == "" {
		s.severity = incident.Sev3
	}
	if s.kind == "" {
		s.kind = incident.KindMetric
	}
	a := incident.Anomaly{
		Account: "123456789012", Region: "eu-central-1", Service: s.service, Kind: s.kind, Rule: RuleLevel, Series: s.series,
		Metric: &incident.MetricRef{Namespace: "Shop", Name: s.series, Stat: "Sum", Period: max(s.period, 1)},
		State:  s.state, Severity: s.severity, Opened: second(s.opened), LastSeen: second(s.at), Count: 1 + s.at - s.opened,
		Observed: 10, High: 1, Rarity: s.rarity, Reached: 2, Why: redact.Format("%s is out", redact.Name(s.series)),
	}
	if s.state == incident.EpisodeClosed {
		a.Closed = second(s.at)
	}
	a.ID = incident.AnomalyID(a.Rule, a.Series, a.Opened)
	return a
}

func open(series string, opened int) said {
	return said{series: series, state: incident.EpisodeOpen, opened: opened, at: opened + 1}
}

func over(series string, opened, at int) said {
	return said{series: series, state: incident.EpisodeClosed, opened: opened, at: at}
}

// layer is an engine of which only the layer is used.
func layer() *Detector {
	watched := func(name string, role incident.MetricRole) incident.WatchedMetric {
		return incident.WatchedMetric{Role: role, MetricRef: incident.MetricRef{Namespace: "Shop", Name: name}}
	}
	return New(Options{Inventory: incident.NewInventory([]incident.Service{{Name: "checkout", Metrics: []incident.WatchedMetric{
		watched("Errors", incident.RoleErrors), watched("Failures", incident.RoleErrors), watched("Failures/2", incident.RoleErrors), watched("Latency", incident.RoleLatency),
	}}})})
}

// hears plays emissions, each at its own time, and then the watermark up to a
// second.
func hears(d *Detector, until int, all ...said) []incident.Anomaly {
	var out []incident.Anomaly
	for _, s := range all {
		out = append(out, d.relate([]incident.Anomaly{s.anomaly()}, second(s.at))...)
	}
	return append(out, d.relate(nil, second(until))...)
}

// inShort is an emission in short: own series and state, the witnesses, "!" after
// a series that is known to be back.
func inShort(a incident.Anomaly) string {
	var all []string
	for _, w := range a.Sightings() {
		name := w.Series
		if !w.Closed.IsZero() {
			name += "!"
		}
		all = append(all, name)
	}
	return string(a.State) + " " + strings.Join(all, " ")
}

func allInShort(found []incident.Anomaly) []string {
	out := []string{}
	for _, a := range found {
		out = append(out, inShort(a))
	}
	return out
}

func TestSeriesThatLeaveTheirBandsTogether(t *testing.T) {
	t.Parallel()
	minutely := func(series string, opened int) said {
		s := open(series, opened)
		s.period, s.at = 60, opened
		return s
	}
	for name, tc := range map[string]struct {
		say  []said
		want []string
	}{
		"one alone is what it was": {
			[]said{open("Errors", 0), {series: "Errors", state: incident.EpisodeGrowing, at: 20}, over("Errors", 0, 60)},
			[]string{"open Errors", "growing Errors", "closed Errors!"},
		},
		"two are one, which is told when it opens, with its witness, and when both are over": {
			[]said{open("Errors", 0), open("Latency", 1), over("Errors", 0, 60), over("Latency", 1, 70)},
			[]string{"open Errors", "growing Errors Latency", "closed Errors! Latency!"},
		},
		"while one is still out it is told that the other is back": {
			[]said{open("Errors", 0), open("Latency", 1), over("Errors", 0, 60)},
			[]string{"open Errors", "growing Errors Latency", "growing Errors! Latency"},
		},
		"a witness may have left its band before": {
			[]said{open("Errors", 20), open("Latency", -5)},
			[]string{"open Errors", "growing Errors Latency"},
		},
		"one that is over before it is told is told with the end": {
			[]said{open("Errors", 0), {series: "Failures", state: incident.EpisodeOpen}, over("Failures", 0, 1), over("Errors", 0, 1)},
			[]string{"open Errors", "closed Errors! Failures!"},
		},
		"another service": {
			[]said{open("Errors", 0), {service: "payments", series: "Latency", state: incident.EpisodeOpen}},
			[]string{"open Errors", "open Latency"},
		},
		"too late": {
			[]said{open("Errors", 0), open("Latency", 31)},
			[]string{"open Errors", "open Latency"},
		},
		"in time": {
			[]said{open("Errors", 0), open("Latency", 30)},
			[]string{"open Errors", "growing Errors Latency"},
		},
		"the window does not move with those that join": {
			[]said{open("Errors", 0), open("Latency", 25), open("Success", 50)},
			[]string{"open Errors", "growing Errors Latency", "open Success"},
		},
		"three periods of minutes are together": {
			[]said{minutely("Errors", 0), minutely("Latency", 180)},
			[]string{"open Errors", "growing Errors Latency"},
		},
		"four are not": {
			[]said{minutely("Errors", 0), minutely("Latency", 240)},
			[]string{"open Errors", "open Latency"},
		},
		"after the first has closed": {
			[]said{open("Errors", 0), over("Errors", 0, 10), open("Latency", 12)},
			[]string{"open Errors", "closed Errors!", "open Latency"},
		},
		"a series that comes back is an anomaly of its own": {
			[]said{open("Errors", 0), open("Latency", 1), over("Latency", 1, 10), open("Latency", 20)},
			[]string{"open Errors", "growing Errors Latency", "open Latency", "growing Errors Latency!"},
		},
		"the nearest of two": {
			[]said{open("Errors", 0), open("Latency", 31), open("Success", 20)},
			[]string{"open Errors", "open Latency", "growing Latency Success"},
		},
		"forecasts pass by": {
			[]said{open("Errors", 0), {series: "Memory", kind: incident.KindForecast, state: incident.EpisodeOpen}},
			[]string{"open Errors", "open Memory"},
		},
		"an episode that nobody has heard of passes by": {
			[]said{open("Errors", 0), over("Latency", 0, 60)},
			[]string{"open Errors", "closed Latency!"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, allInShort(hears(layer(), 300, tc.say...)))
		})
	}
}

func TestAnAnomalyWithWitnesses(t *testing.T) {
	t.Parallel()
	d := layer()
	worst := open("Latency", -2)
	worst.severity, worst.rarity = incident.Sev2, 1e-9
	errors := open("Errors", 0)
	errors.rarity = 1e-4
	found := hears(d, 20, errors, worst, open("Success", 1))
	require.Equal(t, errors.anomaly(), found[0], "the first is told at once and as it is")
	told := found[len(found)-1]
	require.Equal(t, incident.EpisodeGrowing, told.State)
	require.Equal(t, errors.anomaly().ID, told.ID)
	require.Equal(t, incident.Sev2, told.Severity)
	require.Equal(t, "Latency is out, and 2 related series became anomalous with it", told.Why.String())
	require.Equal(t, 6, told.Count)
	require.Equal(t, second(2), told.LastSeen)
	require.Equal(t, second(0), told.Opened)
	require.Equal(t, second(-2), told.Onset())
	require.InDelta(t, 1e-4, told.Rarity, 0, "its numbers stay those of its own series")
	require.Equal(t, incident.RoleLatency, told.Witnesses[0].Role)
	require.Equal(t, incident.Witness{
		Rule: RuleLevel, Series: "Success", Metric: open("Success", 1).anomaly().Metric, Opened: second(1), Observed: 10, High: 1, Reached: 2,
	}, told.Witnesses[1])

	over := hears(d, 100, over("Errors", 0, 40), over("Success", 1, 45), over("Latency", -2, 60))
	last := over[len(over)-1]
	require.Equal(t, incident.EpisodeClosed, last.State)
	require.Equal(t, second(60), last.Closed)
	require.Equal(t, second(40), last.Back)
	require.Equal(t, second(40), last.Sightings()[0].Closed)
	require.Empty(t, d.state.Related.Groups)
	require.Empty(t, d.state.Related.of)
	require.Empty(t, d.state.Related.near)
}

// Whichever of the series is found first, it is the same series that are told
// together.
func TestOrderWithinTheWindowDoesNotMatter(t *testing.T) {
	t.Parallel()
	all := []said{open("A", 0), open("B", 3), open("C", 7), open("D", 12), {service: "payments", series: "E", state: incident.EpisodeOpen, opened: 5, at: 20}}
	for seed := range uint64(50) {
		mixed := slices.Clone(all)
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		for i := range mixed {
			mixed[i].at = 20
		}
		latest := map[string][]string{}
		for _, a := range hears(layer(), 60, mixed...) {
			var names []string
			for _, w := range a.Sightings() {
				names = append(names, w.Series)
			}
			slices.Sort(names)
			latest[a.Service] = names
		}
		require.Equal(t, map[string][]string{"checkout": {"A", "B", "C", "D"}, "payments": {"E"}}, latest, "seed %d", seed)
	}
}

func TestRestoredGroupsFitTheOpenEpisodes(t *testing.T) {
	t.Parallel()
	d := layer()
	hears(d, 20, open("Errors", 0), open("Latency", 1))
	r := related{Groups: d.state.Related.Groups}
	r.settle([]incident.Anomaly{open("Latency", 1).anomaly(), open("Success", 5).anomaly()}, d.roleOf)
	require.Equal(t, []string{"growing Errors! Latency"}, allInShort(r.owed(second(40))), "a series that is gone counts as over")
	require.Len(t, r.Groups, 2, "one that was not in the snapshot stands alone")
	require.Equal(t, []string{"closed Success!"}, allInShort(r.take(over("Success", 5, 50).anomaly(), d.roleOf)))
	r.settle(nil, d.roleOf)
	require.Equal(t, []string{"closed Errors! Latency!"}, allInShort(r.owed(second(60))))
	require.Empty(t, r.Groups)
}
