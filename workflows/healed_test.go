package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// banded is an anomaly of a CloudWatch series with a band.
func banded(n int, state incident.EpisodeState) incident.Anomaly {
	a := anomaly(n, state)
	a.Metric = &incident.MetricRef{Namespace: "Shop", Name: "Errors", Stat: "Sum", Period: 1, Dimensions: map[string]string{"service": "checkout"}}
	return a
}

// stuck is an anomaly whose value is the usual one and does not move any more.
func stuck(state incident.EpisodeState) incident.Anomaly {
	a := banded(0, state)
	a.Rule, a.Observed, a.Low, a.High = incident.RuleEvidence, 5, 3, 7
	return a
}

// Nobody is asked, and no model, about what is over before they could be.
func TestTroubleThatIsGoneBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()
	good := func(int) incident.SymptomReading { return incident.SymptomReading{Known: true} }
	closes := func(during string, first incident.Anomaly) func(*world) {
		closed := banded(0, incident.EpisodeClosed)
		if first.Rule == incident.RuleEvidence {
			closed = stuck(incident.EpisodeClosed)
		}
		return func(w *world) {
			w.before[during] = func(n int) {
				if n == 1 {
					w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: closed})
				}
			}
		}
	}
	for name, c := range map[string]struct {
		during  string
		reading func(int) incident.SymptomReading
		first   incident.Anomaly
		healed  bool
		asked   []string // of the model and of people
	}{
		"while evidence is gathered": {incident.ActivityGatherEvidence, good, banded(0, incident.EpisodeOpen), true, nil},
		"while the model thinks":     {incident.ActivityDiagnose, good, banded(0, incident.EpisodeOpen), true, []string{incident.ActivityDiagnose}},
		"while the plan is made":     {incident.ActivityCompilePlan, good, banded(0, incident.EpisodeOpen), true, []string{incident.ActivityDiagnose}},
		"but the metric is still bad": {incident.ActivityGatherEvidence, func(int) incident.SymptomReading {
			return incident.SymptomReading{Known: true, Present: true}
		}, banded(0, incident.EpisodeOpen), false, []string{incident.ActivityDiagnose, incident.ActivityAskApproval}},
		"but no series has a band to go by": {
			incident.ActivityGatherEvidence, func(int) incident.SymptomReading { return incident.SymptomReading{Present: true} },
			anomaly(0, incident.EpisodeOpen), false,
			[]string{incident.ActivityDiagnose, incident.ActivityAskApproval},
		},
		"but the trouble was within the band of a series": {
			incident.ActivityGatherEvidence, good, stuck(incident.EpisodeOpen), false,
			[]string{incident.ActivityDiagnose, incident.ActivityAskApproval},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.reading = c.reading
			closes(c.during, c.first)(w)
			in := input()
			in.Anomalies = []incident.Anomaly{c.first}
			s := w.run(in)
			for _, activity := range []string{incident.ActivityDiagnose, incident.ActivityAskApproval} {
				want := 0
				for _, a := range c.asked {
					if a == activity {
						want = 1
					}
				}
				require.Equal(t, want, w.count(activity), activity)
			}
			require.Zero(t, w.count(incident.ActivityStartAutomation))
			if !c.healed {
				require.Equal(t, incident.OutcomeTimedOut, s.Outcome)
				return
			}
			require.Equal(t, incident.StatusResolved, s.Status)
			require.Equal(t, incident.OutcomeSelfHealed, s.Outcome)
			require.Equal(t, "Done", s.TicketStatus)
			require.Empty(t, s.Attempts)
			for _, told := range []string{lastReply(w), lastResolution(w)} {
				require.Contains(t, told, "The trouble went away by itself: Shop/Errors is good again. Nothing was run.")
			}
		})
	}
}

// The checks of a band say what the detector expected, and need traffic where
// the service file tells which series that is.
func TestBandsAreCheckedInTheirDirection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requests := incident.MetricRef{Namespace: "Shop", Name: "Requests", Stat: "Sum", Period: 1, Dimensions: map[string]string{"service": "checkout"}}
	w.pinned.Service.Metrics = []incident.WatchedMetric{{MetricRef: requests, Role: incident.RoleRequests}}
	w.reading = func(int) incident.SymptomReading { return incident.SymptomReading{Known: true} }
	low := banded(1, incident.EpisodeOpen)
	low.Metric.Name, low.Observed, low.Low, low.High = "Healthy", 1, 3, 4
	in := input()
	silent := banded(2, incident.EpisodeOpen)
	silent.Rule, silent.Metric.Stat, silent.Observed, silent.Low, silent.High = incident.RuleSilent, "SampleCount", 0, 1, 1
	in.Anomalies = []incident.Anomaly{banded(0, incident.EpisodeOpen), low, silent}
	w.settle = 3 * time.Minute
	for _, a := range in.Anomalies {
		a.State, a.Closed = incident.EpisodeClosed, start
		w.joinAt(time.Minute, a)
	}
	s := w.run(in)
	require.Equal(t, incident.OutcomeSelfHealed, s.Outcome)
	reads := w.inputs(incident.ActivityReadSymptom)
	require.Len(t, reads, 3)
	high, below := reads[0].(incident.ReadSymptomInput), reads[1].(incident.ReadSymptomInput)
	coming := reads[2].(incident.ReadSymptomInput).Verify
	require.Equal(t, "SampleCount", coming.Metric.Stat)
	require.Equal(t, ">=", coming.Comparison)
	require.InDelta(t, 1, coming.Threshold, 0)
	require.Nil(t, coming.Traffic, "what has stopped has to come again, traffic or not")
	require.Equal(t, "<=", high.Verify.Comparison)
	require.InDelta(t, 2, high.Verify.Threshold, 0)
	require.Equal(t, ">=", below.Verify.Comparison)
	require.InDelta(t, 3, below.Verify.Threshold, 0)
	require.Equal(t, &requests, high.Verify.Traffic)
	require.Equal(t, silent.LastSeen, high.Since, "only what came since the latest anomalous signal counts")
}

// lastReply is the last message of the thread, lastResolution what the ticket
// was closed with.
func lastReply(w *world) string {
	replies := w.inputs(incident.ActivityPostReply)
	return replies[len(replies)-1].(incident.PostReplyInput).Text.String()
}

func lastResolution(w *world) string {
	moves := w.inputs(incident.ActivityTransitionTicket)
	return moves[len(moves)-1].(incident.TransitionTicketInput).Resolution.String()
}
