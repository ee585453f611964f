package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// joinAt sends an anomaly to the incident as the correlator does.
func (w *world) joinAt(after time.Duration, a incident.Anomaly) {
	w.at(after, func() { w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: a}) })
}

func TestTroubleThatGoesAwayByItself(t *testing.T) {
	t.Parallel()
	gone := func(int) incident.SymptomReading { return incident.SymptomReading{Known: true} }
	// Until the question expires 25 minutes after the quiet: at once, after 10 s,
	// and then after twice the pause each time.
	const looksInVain = 8
	for name, c := range map[string]struct {
		change  func(w *world)
		status  incident.Status
		outcome incident.Outcome
		reads   int
	}{
		"all closed while waiting, metric good": {func(w *world) {
			w.reading = gone
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusResolved, incident.OutcomeSelfHealed, 1},
		"all closed while waiting, metric still bad": {func(w *world) {
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusExpired, incident.OutcomeTimedOut, looksInVain},
		"all closed while waiting, metric unknown": {func(w *world) {
			w.reading = func(int) incident.SymptomReading { return incident.SymptomReading{} }
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusExpired, incident.OutcomeTimedOut, looksInVain},
		"all closed while waiting, metric unreadable": {func(w *world) {
			w.fails[incident.ActivityReadSymptom] = refused
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusExpired, incident.OutcomeTimedOut, looksInVain},
		"all closed while waiting, metric good only later": {func(w *world) {
			w.reading = func(n int) incident.SymptomReading { return incident.SymptomReading{Known: true, Present: n < 3} }
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusResolved, incident.OutcomeSelfHealed, 3},
		"open again while the metric is still bad": {func(w *world) {
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
			w.joinAt(5*time.Minute+5*time.Second, anomaly(1, incident.EpisodeOpen))
		}, incident.StatusExpired, incident.OutcomeTimedOut, 1},
		"one of two is still open": {func(w *world) {
			w.reading = gone
			w.joinAt(4*time.Minute, anomaly(1, incident.EpisodeOpen))
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusExpired, incident.OutcomeTimedOut, 0},
		"gone when the approved plan is about to start": {func(w *world) {
			w.reading = gone
			w.signalAt(5*time.Minute, yes("ana", 1))
		}, incident.StatusResolved, incident.OutcomeSelfHealed, 1},
		"approved while the metric is being read": {func(w *world) {
			w.before[incident.ActivityReadSymptom] = func(n int) {
				if n == 1 {
					w.env.SignalWorkflow(incident.SignalApproval, yes("ana", 1))
				}
			}
			w.joinAt(5*time.Minute, anomaly(0, incident.EpisodeClosed))
		}, incident.StatusResolved, incident.OutcomeFixed, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			s := w.run(input())
			require.Equal(t, c.status, s.Status)
			require.Equal(t, c.outcome, s.Outcome)
			require.Equal(t, c.reads, w.count(incident.ActivityReadSymptom))
			if c.outcome != incident.OutcomeFixed {
				require.Zero(t, w.count(incident.ActivityStartAutomation), "nothing is run")
			}
			require.Equal(t, 1, w.count(incident.ActivityCloseApproval))
		})
	}
}

func TestJoinsAreTakenOnceAndAcknowledgedEveryTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	worse := anomaly(1, incident.EpisodeOpen)
	worse.Severity = incident.Sev1
	w.joinAt(time.Minute, worse)
	w.joinAt(2*time.Minute, worse)
	w.joinAt(3*time.Minute, anomaly(1, incident.EpisodeClosed))
	w.joinAt(4*time.Minute, worse) // late: the episode has closed
	w.signalAt(5*time.Minute, yes("ana", 1))
	s := w.run(input())
	require.Equal(t, 2, s.Joined)
	require.Len(t, s.Anomalies, 2)
	require.Equal(t, incident.EpisodeClosed, s.Anomalies[1].State)
	acks := told[incident.JoinAck](w, incident.SignalJoined)
	require.Len(t, acks, 4)
	require.Equal(t, incident.JoinAck{IncidentID: incidentID, AnomalyID: worse.ID, State: incident.EpisodeOpen}, acks[0])
	require.Equal(t, incident.EpisodeClosed, acks[2].State)
}

func TestSeverityIsTheWorstThatJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	worse := anomaly(1, incident.EpisodeOpen)
	worse.Severity = incident.Sev1
	w.joinAt(time.Minute, worse)
	require.Equal(t, incident.Sev1, w.run(input()).Severity)
}

func TestJoinsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(time.Minute, func() {
		for n := range 120 {
			w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: anomaly(n, incident.EpisodeOpen)})
		}
	})
	s := w.run(input())
	require.Equal(t, 120, s.Joined)
	require.Len(t, s.Anomalies, 24)
	require.Less(t, w.count(incident.ActivityPostReply), 30, "a storm is counted, not told one by one")
	require.Len(t, told[incident.JoinAck](w, incident.SignalJoined), 120)
}

func TestJoinIsNotTakenByAnIncidentThatEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signalAt(time.Minute, no("ana", 1))
	w.before[incident.ActivityCloseApproval] = func(int) { // the incident has settled
		w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: anomaly(1, incident.EpisodeOpen)})
	}
	s := w.run(input())
	require.Equal(t, incident.StatusRejected, s.Status)
	require.Empty(t, told[incident.JoinAck](w, incident.SignalJoined), "the correlator has to find it another home")
	require.Equal(t, 1, s.Joined)
}

func TestRecurrenceWithinTheReopenWindow(t *testing.T) {
	t.Parallel()
	after := func(n int, at time.Duration, state incident.EpisodeState) incident.Anomaly {
		a := anomaly(n, state)
		a.LastSeen = start.Add(at)
		if n > 0 {
			a.Opened = start.Add(at)
		}
		return a
	}
	for name, c := range map[string]struct {
		join   incident.Anomaly
		rounds int
	}{
		"a new anomaly reopens it":           {after(1, 10*time.Minute, incident.EpisodeOpen), 2},
		"the old one growing reopens it":     {after(0, 10*time.Minute, incident.EpisodeGrowing), 2},
		"the old one closing does not":       {after(0, 10*time.Minute, incident.EpisodeClosed), 1},
		"the tail of what was fixed doesn't": {after(0, 30*time.Second, incident.EpisodeGrowing), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			in := input()
			in.Settings.ReopenWindow = incident.Seconds(20 * time.Minute)
			w.signalAt(time.Minute, yes("ana", 1))
			w.at(5*time.Minute, func() {
				s := w.query()
				require.Equal(t, incident.StatusResolved, s.Status, "it stays open in status resolved")
				require.Equal(t, "Done", s.TicketStatus)
				require.Empty(t, told[incident.Closed](w, incident.SignalClosed))
			})
			w.joinAt(10*time.Minute, c.join)
			w.signalAt(11*time.Minute, yes("ana", 2))
			s := w.run(in)
			require.Equal(t, incident.StatusResolved, s.Status)
			require.Equal(t, incident.OutcomeFixed, s.Outcome)
			require.Len(t, s.Attempts, c.rounds)
			require.Equal(t, c.rounds, w.count(incident.ActivityPinCatalog))
			require.Equal(t, 1, w.count(incident.ActivityOpenTicket), "one ticket for all rounds")
			require.Len(t, told[incident.Closed](w, incident.SignalClosed), 1)
			if c.rounds == 2 {
				again := w.inputs(incident.ActivityDiagnose)[1].(incident.DiagnoseInput)
				require.Contains(t, again.Tried[0].Result.String(), "came back")
				require.Equal(t, c.join.Opened, w.inputs(incident.ActivityGatherEvidence)[1].(incident.GatherEvidenceInput).Onset.UTC())
				require.Equal(t, start.Add(31*time.Minute), w.env.Now().UTC(), "the window starts anew")
			}
		})
	}
}

func TestWhatIsLeftToPeopleTakesTheRestOfTheTrouble(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setUp  func(w *world)
		status incident.Status
	}{
		"rejected":  {func(w *world) { w.signalAt(time.Minute, no("ana", 1)) }, incident.StatusRejected},
		"expired":   {func(*world) {}, incident.StatusExpired},
		"escalated": {func(w *world) { w.denied = []redact.Text{redact.Literal("not now")} }, incident.StatusEscalated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.setUp(w)
			in := input()
			in.Settings.ReopenWindow = incident.Seconds(time.Hour)
			more := anomaly(1, incident.EpisodeOpen)
			more.Opened = start.Add(45 * time.Minute)
			more.LastSeen = more.Opened
			w.joinAt(45*time.Minute, more)
			s := w.run(in)
			require.Equal(t, c.status, s.Status)
			require.Equal(t, 2, s.Joined)
			require.Len(t, told[incident.JoinAck](w, incident.SignalJoined), 1)
			require.Equal(t, 1, w.count(incident.ActivityPinCatalog), "nobody is asked again")
			require.Contains(t, linesOf(s), "Another anomaly joins")
		})
	}
}

func TestRoundsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule.Count = 0
	in := input()
	in.Settings.ReopenWindow = incident.Seconds(time.Hour)
	for i := 1; i <= 10; i++ {
		a := anomaly(i, incident.EpisodeOpen)
		a.Opened = start.Add(time.Duration(i) * 30 * time.Minute)
		a.LastSeen = a.Opened
		w.joinAt(time.Duration(i)*30*time.Minute, a)
	}
	s := w.run(in)
	require.Len(t, s.Attempts, 4)
	require.Equal(t, incident.StatusResolved, s.Status)
	require.Len(t, told[incident.JoinAck](w, incident.SignalJoined), 3, "what comes after the last round is not swallowed")
}

func TestRecurrenceAfterTheWindowKeepsThreadAndTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := input()
	in.Previous = &incident.Previous{
		IncidentID: "inc-ffffffffffff", Thread: incident.ThreadRef{Channel: "C1", TS: "99.9"}, Ticket: incident.TicketRef{Key: "OPS-6"},
	}
	w.signalAt(time.Minute, yes("ana", 1))
	s := w.run(in)
	require.Equal(t, "99.9", s.Thread.TS)
	require.Equal(t, "OPS-6", s.Ticket.Key)
	require.Zero(t, w.count(incident.ActivityOpenTicket))
	require.Contains(t, linesOf(s), "It is back: inc-ffffffffffff")
	require.Equal(t, "Done", s.TicketStatus)
}

func TestEffectsThatAreOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		effects incident.Effects
		order   []string
		touches bool // anything but reading
	}{
		"none: recorded, no activity at all": {incident.Effects{}, nil, false},
		"chat and tickets: told, never asked": {incident.Effects{Chat: true, Tickets: true}, []string{
			incident.ActivityPinCatalog, incident.ActivityGatherEvidence, incident.ActivityDiagnose, incident.ActivityCompilePlan,
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			in := input()
			in.Scope = incident.BackfillScope("march", scope.Account, scope.Region)
			in.Effects = c.effects
			in.Settings.ReopenWindow = incident.Seconds(time.Hour)
			s := w.run(in)
			require.Equal(t, incident.StatusShadowed, s.Status)
			require.Equal(t, incident.OutcomeNone, s.Outcome)
			require.Equal(t, incident.OriginBackfill, s.Origin)
			require.Equal(t, 1, s.Joined)
			require.Equal(t, c.order, w.order())
			require.Equal(t, c.touches, w.count(incident.ActivityPostIncident) > 0)
			require.Equal(t, c.touches, w.count(incident.ActivityOpenTicket) > 0)
			require.Zero(t, w.count(incident.ActivityAskApproval))
			require.Len(t, told[incident.Closed](w, incident.SignalClosed), 1)
			require.Equal(t, start, w.env.Now().UTC(), "a backfill waits for nothing")
		})
	}
	t.Run("remediation alone: neither chat nor tickets", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := input()
		in.Effects = incident.Effects{Remediation: true}
		w.signalAt(time.Minute, yes("ana", 1))
		s := w.run(in)
		require.Equal(t, incident.OutcomeFixed, s.Outcome)
		require.Zero(t, w.count(incident.ActivityPostIncident)+w.count(incident.ActivityPostReply)+w.count(incident.ActivityAskApproval)+
			w.count(incident.ActivityOpenTicket)+w.count(incident.ActivityCommentTicket))
	})
}

func TestEvidenceIsGatheredOnceTelemetryHasSettled(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ settle, from time.Duration }{
		{0, 0},
		{50 * time.Second, 0}, // the onset was a minute ago
		{3 * time.Minute, 2 * time.Minute},
	} {
		w := newWorld(t)
		w.settle = tc.settle
		var gathered time.Time
		w.before[incident.ActivityGatherEvidence] = func(int) { gathered = w.env.Now() }
		w.signalAt(10*time.Minute, yes("ana", 1))
		s := w.run(input())
		require.Equal(t, incident.OutcomeFixed, s.Outcome)
		require.WithinDuration(t, start.Add(tc.from), gathered, time.Second, "settle %s", tc.settle)
	}
}

func TestVerificationIsToldTheReadingRightBeforeTheFix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reading = func(int) incident.SymptomReading {
		return incident.SymptomReading{Present: true, Known: true, Value: 127}
	}
	w.signalAt(time.Minute, yes("ana", 1))
	w.run(input())
	for _, c := range w.calls {
		switch in := c.in.(type) {
		case incident.VerifyRecoveryInput:
			require.InDelta(t, 127, in.Verify.Before, 0)
		case incident.ReadSymptomInput:
			require.Equal(t, anomaly(0, incident.EpisodeOpen).LastSeen, in.Since, "only what came since the latest anomalous signal counts")
		}
	}
	require.Equal(t, 1, w.count(incident.ActivityVerifyRecovery))
}
