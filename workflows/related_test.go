package workflows_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// witnessed is the first anomaly with further series, by the names of their
// metrics.
func witnessed(state incident.EpisodeState, names ...string) incident.Anomaly {
	a := banded(0, state)
	for i, name := range names {
		w := incident.Witness{
			Rule: "level", Series: "checkout/" + name, Role: incident.RoleLatency, Opened: a.Opened.Add(time.Duration(i) * time.Second), Closed: a.Closed,
			Metric:   &incident.MetricRef{Namespace: "Shop", Name: name, Stat: "Average", Period: 1, Dimensions: map[string]string{"service": "checkout"}},
			Observed: 812, High: 45,
		}
		a.Witnesses = append(a.Witnesses, w)
	}
	a.Count += len(names)
	if state != incident.EpisodeClosed && len(names) > 0 {
		a.State = incident.EpisodeGrowing
	}
	return a
}

// lingering is one of which all series are back to normal, while the episode waits
// for what comes again.
func lingering() incident.Anomaly {
	a := witnessed(incident.EpisodeClosed, "Latency")
	a.State, a.Back, a.Closed = incident.EpisodeGrowing, a.Closed, time.Time{}
	return a
}

func TestWitnessesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := input()
	in.Anomalies = []incident.Anomaly{banded(0, incident.EpisodeOpen)}
	w.joinAt(time.Minute, witnessed(incident.EpisodeOpen, "Latency", "ShopLatency"))
	w.joinAt(2*time.Minute, witnessed(incident.EpisodeOpen, "Latency", "ShopLatency")) // sent again
	more := witnessed(incident.EpisodeOpen, "Latency", "ShopLatency", "ShopLatency", "ShopLatency", "Slowest")
	more.MoreWitnesses = 7
	w.joinAt(150*time.Second, witnessed(incident.EpisodeOpen, "Latency", "ShopLatency", "ShopLatency")) // not many more
	w.joinAt(3*time.Minute, more)
	looked := false
	w.at(4*time.Minute, func() {
		looked = true
		require.Contains(t, w.details(), "1 anomaly in 13 series, opened")
	})
	s := w.run(in)
	require.True(t, looked)
	require.Equal(t, 1, s.Joined)
	require.Equal(t, 13, s.Series())
	var told []string
	for _, in := range w.inputs(incident.ActivityPostReply) {
		for l := range strings.SplitSeq(in.(incident.PostReplyInput).Text.String(), "\n") {
			if strings.HasPrefix(l, "Seen in ") {
				told = append(told, l)
			}
		}
	}
	require.Equal(t, []string{
		"Seen in 3 series of checkout by now: Latency is 812 where 0 to 45 is expected, ShopLatency is 812 where 0 to 45 is expected",
		"Seen in 13 series of checkout by now: Slowest is 812 where 0 to 45 is expected",
	}, told)
	roots := w.inputs(incident.ActivityPostIncident)
	last := roots[len(roots)-1].(incident.PostIncidentInput).Headline
	require.Equal(t, 13, last.Series)
	require.Contains(t, last.Body.String(), "13 series of checkout: Errors, Latency, ShopLatency (3), Slowest, 7 more.")
	compiled := w.inputs(incident.ActivityCompilePlan)[0].(incident.CompilePlanInput)
	require.Len(t, compiled.Anomalies, 1)
}

// Trouble is over when it is over in every series.
func TestEverySeriesIsLookedAt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		closed incident.Anomaly
		bad    int // which look finds the trouble
		looks  []string
		healed bool
	}{
		"all are good":           {witnessed(incident.EpisodeClosed, "Latency", "Slowest"), 0, []string{"Errors", "Latency", "Slowest"}, true},
		"a witness is still bad": {witnessed(incident.EpisodeClosed, "Latency", "Slowest"), 2, []string{"Errors", "Latency"}, false},
		"some are not known": {func() incident.Anomaly {
			a := witnessed(incident.EpisodeClosed, "Latency")
			a.MoreWitnesses = 1
			return a
		}(), 0, nil, false},
		"all are back, and may come again": {lingering(), 0, []string{"Errors", "Latency"}, true},
		"one of them is not back": {func() incident.Anomaly {
			a := lingering()
			a.Witnesses[0].Closed = time.Time{}
			return a
		}(), 0, nil, false},
		"its own series is not back": {func() incident.Anomaly {
			a := lingering()
			a.Back = time.Time{}
			return a
		}(), 0, nil, false},
		"one that is not listed may not be": {func() incident.Anomaly {
			a := lingering()
			a.MoreWitnesses = 1
			return a
		}(), 0, nil, false},
		"too many to be looked at": {witnessed(incident.EpisodeClosed, "1", "2", "3", "4", "5"), 0, nil, false},
		"a witness is not a metric": {func() incident.Anomaly {
			a := witnessed(incident.EpisodeClosed, "Latency")
			a.Witnesses[0].Metric = nil
			return a
		}(), 0, []string{"Errors"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.reading = func(n int) incident.SymptomReading { return incident.SymptomReading{Known: true, Present: n == c.bad} }
			w.before[incident.ActivityGatherEvidence] = func(n int) {
				if n == 1 {
					w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: c.closed})
				}
			}
			diagnosed := -1 // looks until then
			w.before[incident.ActivityDiagnose] = func(int) { diagnosed = w.count(incident.ActivityReadSymptom) }
			in := input()
			in.Anomalies = []incident.Anomaly{banded(0, incident.EpisodeOpen)}
			s := w.run(in)
			require.Equal(t, c.healed, diagnosed < 0)
			if c.healed {
				require.Equal(t, incident.OutcomeSelfHealed, s.Outcome)
			}
			var looks []string
			for i, in := range w.inputs(incident.ActivityReadSymptom) {
				if diagnosed < 0 || i < diagnosed {
					looks = append(looks, in.(incident.ReadSymptomInput).Verify.Metric.Name)
				}
			}
			require.Equal(t, c.looks, looks)
		})
	}
}

// A witness that goes away and comes back as an anomaly of its own has a pause,
// whether the anomaly that it was a witness of is over or not.
func TestPausesOfAWitness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := witnessed(incident.EpisodeOpen, "Latency")
	first.Witnesses[0].Closed = first.Opened.Add(20 * time.Second)
	again := banded(1, incident.EpisodeOpen)
	again.Series, again.Opened = "checkout/Latency", first.Witnesses[0].Closed.Add(30*time.Second)
	again.ID, again.LastSeen = incident.AnomalyID(again.Rule, again.Series, again.Opened), again.Opened
	w.joinAt(time.Minute, first)
	w.joinAt(2*time.Minute, again)
	w.signalAt(5*time.Minute, yes("ana", 1))
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	verify := w.inputs(incident.ActivityVerifyRecovery)[0].(incident.VerifyRecoveryInput)
	require.Equal(t, 45*time.Second, verify.Verify.Quiet.Std(), "one and a half times the pause")
}

// A witness from after the resolution is the trouble coming back; the end of one
// is its tail.
func TestAWitnessAfterTheResolution(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]time.Duration{"of before": 0, "of after": 7 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			in := input()
			in.Settings.ReopenWindow = incident.Seconds(10 * time.Minute)
			w.signalAt(2*time.Minute, yes("ana", 1))
			a := witnessed(incident.EpisodeOpen, "Latency")
			a.LastSeen = start.Add(late)
			w.joinAt(8*time.Minute, a)
			s := w.run(in)
			require.Equal(t, late > 0, w.count(incident.ActivityDiagnose) > 1, "status %s", s.Status)
		})
	}
}

// Sixteen series travel in one signal, whether as anomalies or as witnesses.
func TestJoinsWithWitnessesStaySmall(t *testing.T) {
	t.Parallel()
	c := newCorrelator(t, nil)
	var burst []incident.Anomaly
	for n := range 6 {
		a := anomaly(1+n, incident.EpisodeOpen)
		for i := range 7 {
			a.Witnesses = append(a.Witnesses, incident.Witness{Rule: "level", Series: fmt.Sprint(n, "/", i), Opened: start})
		}
		burst = append(burst, a)
	}
	c.observe(2*time.Second, burst...)
	c.RegisterDelayedCallback(c.CancelWorkflow, 20*time.Second)
	in := correlatorInput()
	in.State = correlate.State{Open: []correlate.Open{{
		IncidentID: incidentID, Service: "checkout", Opened: start, Started: true,
		Episodes: []correlate.Episode{{ID: "a-first", State: incident.EpisodeOpen, Seen: start, Taken: true}},
	}}}
	c.ExecuteWorkflow(incident.WorkflowCorrelator, in)
	require.Len(t, c.joins, 3)
	for _, j := range c.joins {
		require.Len(t, j.All(), 2)
	}
}

func TestPayloadsWithWitnessesStaySmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signalAt(2*time.Minute, yes("ana", 1))
	w.at(time.Minute, func() {
		for n := range 100 {
			a := anomaly(n, incident.EpisodeOpen)
			for range 5 {
				a.Changes = append(a.Changes, incident.Change{Service: "checkout", Kind: "shop.config/Reload", Text: redact.Name(strings.Repeat("c", 300))})
			}
			for i := range incident.MaxWitnesses {
				more := witnessed(incident.EpisodeOpen, strings.Repeat("x", 200)).Witnesses[0]
				more.Series = fmt.Sprintf("%s/%d/%d", strings.Repeat("y", 300), n, i)
				a.Witnesses = append(a.Witnesses, more)
				a.State, a.Count = incident.EpisodeGrowing, a.Count+1
			}
			w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: a})
		}
	})
	s := w.run(input())
	require.Equal(t, 100, s.Joined)
	require.Equal(t, 100+24*incident.MaxWitnesses, s.Series(), "of what is kept, every series is counted")
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	require.Less(t, len(raw), 64<<10)
	for _, name := range []string{incident.ActivityGatherEvidence, incident.ActivityDiagnose, incident.ActivityCompilePlan} {
		for _, in := range w.inputs(name) {
			raw, err := json.Marshal(in)
			require.NoError(t, err)
			require.Less(t, len(raw), 64<<10, name)
		}
	}
}
