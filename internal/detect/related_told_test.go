package detect

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// A burst of witnesses is few emissions, the first of them soon, and the last
// knows all. Then it says no more.
func TestWitnessesAreToldInTime(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		d := layer()
		told := hears(d, 0, open("Errors", 0))
		known, joined := 1, map[int]int{} // series by the second in which they joined
		for now := 1; now < 60; now++ {
			for range rng.IntN(3) {
				if now <= 30 {
					told = append(told, hears(d, now, said{series: fmt.Sprint(len(joined), "/", joined[now]), state: incident.EpisodeOpen, opened: now, at: now})...)
					joined[now]++
				}
			}
			told = append(told, d.relate(nil, second(now))...)
			due := 1
			for at, n := range joined {
				if at <= now-10 || now >= 2 && at == 1 {
					due += n
				}
			}
			known = told[len(told)-1].Breadth()
			require.GreaterOrEqual(t, known, due, "seed %d, second %d", seed, now)
		}
		all := 1
		for _, n := range joined {
			all += n
		}
		require.Equal(t, all, known)
		require.LessOrEqual(t, len(told), 8)
		require.Empty(t, d.relate(nil, second(10_000)))
	}
}

// What an incident checks depends on the roles of what it has seen, so that they
// are known at once; others like them can wait.
func TestTheFirstOfEachRoleIsToldAtOnce(t *testing.T) {
	t.Parallel()
	d := layer()
	now := func(series string) said { return said{series: series, state: incident.EpisodeOpen} }
	require.Equal(t, []string{"open Errors", "growing Errors Latency Failures"}, allInShort(hears(d, 0, now("Errors"), now("Failures"), now("Latency"))))
	require.Empty(t, d.state.Related.Groups[now("Errors").anomaly().ID].Due, "nothing more is owed")
	require.Equal(t, []string{"growing Errors Latency Success Failures"}, allInShort(hears(d, 0, now("Success"))))
	require.Empty(t, hears(d, 0, now("Failures/2")))
	require.Equal(t, []string{"growing Errors Latency Success Failures Failures/2"}, allInShort(d.relate(nil, second(1))), "the pauses begin only now")
}

func TestManyWitnessesAreListedInPartAndCounted(t *testing.T) {
	t.Parallel()
	d := layer()
	all := []said{open("Errors", 0)}
	for n := range maxTogether + 20 {
		all = append(all, said{series: fmt.Sprintf("S%03d", n), state: incident.EpisodeOpen, opened: 1, at: 1})
	}
	all = append(all, said{series: "Latency", state: incident.EpisodeOpen, opened: 1, at: 1})
	latest := map[string]incident.Anomaly{}
	for _, a := range hears(d, 60, all...) {
		latest[a.ID] = a
	}
	require.Len(t, latest, 2, "what is too much for one begins another")
	first := latest[all[0].anomaly().ID]
	require.Equal(t, maxTogether, first.Breadth())
	require.Len(t, first.Witnesses, incident.MaxWitnesses)
	second := latest[said{series: fmt.Sprintf("S%03d", maxTogether-1), opened: 1}.anomaly().ID]
	require.Equal(t, 22, second.Breadth())
	require.Equal(t, "Latency", second.Witnesses[0].Series, "a role of its own comes first")
}

// Growth of many series is told as seldom as that of one.
func TestGrowthOfWitnessesIsBounded(t *testing.T) {
	t.Parallel()
	d := layer()
	told := hears(d, 0, open("Errors", 0), open("Latency", 1))
	for now := 2; now < 1000; now++ {
		for _, s := range []said{open("Errors", 0), open("Latency", 1)} {
			s.state, s.at = incident.EpisodeGrowing, now
			told = append(told, hears(d, now, s)...)
		}
	}
	require.LessOrEqual(t, len(told), maxGrowth+3)
	worse := open("Latency", 1)
	worse.state, worse.at, worse.severity = incident.EpisodeGrowing, 1001, incident.Sev1
	told = hears(d, 1020, worse)
	require.Len(t, told, 1, "but never that it is worse than was known")
	require.Equal(t, incident.Sev1, told[0].Severity)
}

// The clock of one series must not keep another's news.
func TestAPointFromTheFutureHoldsNothingBack(t *testing.T) {
	t.Parallel()
	d := layer()
	hears(d, 0, open("Errors", 0), said{series: "Failures", state: incident.EpisodeOpen, opened: 1, at: 1})
	require.Len(t, d.relate(nil, second(7200)), 1)
	more := said{series: "Failures/2", state: incident.EpisodeOpen, opened: 3, at: 3}
	require.Equal(t, []string{"growing Errors Failures Failures/2"}, allInShort(hears(d, 14, more)))
}

// What is found in a log group again, while the anomaly of the service's logs is
// not over, is what is told of it from then on.
func TestWhatComesAgainInLogsIsToldAsItIs(t *testing.T) {
	t.Parallel()
	d := layer()
	say := func(s said, observed float64) []incident.Anomaly {
		s.series, s.kind = "group", incident.KindLog
		a := s.anomaly()
		a.Rule, a.Metric, a.LogGroup = RuleLogNew+"/a", nil, "/shop/checkout"
		a.ID = incident.AnomalyID(a.Rule, a.Series, a.Opened)
		a.Observed, a.Low, a.High, a.Reached = observed, observed/10, observed/2, observed
		a.Samples, a.Changes = []redact.Text{redact.Format("line %g", observed)}, d.state.changesBefore(a)
		return d.relate([]incident.Anomaly{a}, second(s.at))
	}
	first := say(said{state: incident.EpisodeOpen}, 5)[0]
	require.False(t, first.Over())
	back := say(said{state: incident.EpisodeClosed, at: 60}, 5)
	require.Len(t, back, 1)
	require.Equal(t, incident.EpisodeGrowing, back[0].State, "it may come again")
	require.True(t, back[0].Over(), "but that it is back to normal is told at once")
	between := change{ID: "a", Change: incident.Change{At: second(100), Service: "checkout"}}
	d.state.Changes = insertChange(insertChange(nil, between), change{ID: "b", Change: incident.Change{At: second(130), Service: "checkout"}})
	told := say(said{state: incident.EpisodeOpen, opened: 120, at: 120}, 40)
	require.Len(t, told, 1)
	require.Zero(t, first.Again)
	requireAs := func(a incident.Anomaly, observed float64) {
		t.Helper()
		require.Equal(t, second(120), a.Again)
		require.Equal(t, first.ID, a.ID, "it is the same anomaly")
		require.Equal(t, first.Opened, a.Opened)
		require.Equal(t, []incident.Change{between.Change}, a.Changes, "may have made it come again, what was changed since then did not")
		require.InDelta(t, observed, a.Observed, 0)
		require.InDelta(t, observed/10, a.Low, 0)
		require.InDelta(t, observed/2, a.High, 0)
		require.InDelta(t, observed, a.Reached, 0)
		require.Equal(t, []redact.Text{redact.Format("line %g", observed)}, a.Samples)
	}
	requireAs(told[0], 40)
	told = say(said{state: incident.EpisodeGrowing, opened: 120, at: 200}, 80)
	require.Len(t, told, 1)
	requireAs(told[0], 80)
	require.False(t, told[0].Over())
	told = say(said{state: incident.EpisodeClosed, opened: 120, at: 300}, 90)
	require.Len(t, told, 1)
	require.True(t, told[0].Over())
	told = d.relate(nil, second(601))
	require.Len(t, told, 1)
	requireAs(told[0], 90)
	require.Equal(t, incident.EpisodeClosed, told[0].State)
	require.Equal(t, second(300), told[0].Closed)
	require.Equal(t, 61+181, told[0].Count)
	require.Empty(t, d.state.Related.Groups)
}

// Feedback is told with the reason that names it, and not with another series'.
func TestFeedbackIsOfTheSeriesThatIsTold(t *testing.T) {
	t.Parallel()
	d := layer()
	first, worse := open("Errors", 0).anomaly(), open("Latency", 1).anomaly()
	first.Severity, first.Feedback = incident.Sev3, redact.Literal("moved")
	require.Equal(t, first.Feedback, d.relate([]incident.Anomaly{first}, second(0))[0].Feedback)
	worse.Severity = incident.Sev1
	told := d.relate([]incident.Anomaly{worse}, second(2))
	require.Len(t, told, 1)
	require.Contains(t, told[0].Why.String(), worse.Why.String())
	require.Empty(t, told[0].Feedback)
}
