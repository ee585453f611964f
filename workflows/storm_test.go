package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
)

// TestStormJoinsTogether sends 45 further anomalies in three batches: each batch
// is few signals, not one for every anomaly.
func TestStormJoinsTogether(t *testing.T) {
	t.Parallel()
	c := newCorrelator(t, nil)
	for batch := range 3 {
		var burst []incident.Anomaly
		for n := range 15 {
			burst = append(burst, anomaly(1+15*batch+n, incident.EpisodeOpen))
		}
		c.observe(time.Duration(2+batch)*time.Second, burst...)
	}
	c.RegisterDelayedCallback(func() {
		s := c.state()
		require.Len(t, s.Open, 1)
		require.Len(t, s.Open[0].Episodes, 46, "an end has to find its episode")
		require.Len(t, s.Unacked, 45)
		first := c.joins[0].All()
		acks := incident.JoinAck{IncidentID: s.Open[0].IncidentID, AnomalyID: first[0].ID, State: first[0].State}
		for _, a := range first[1:] {
			acks.More = append(acks.More, incident.JoinAck{IncidentID: s.Open[0].IncidentID, AnomalyID: a.ID, State: a.State})
		}
		c.SignalWorkflow(incident.SignalJoined, acks)
	}, 10*time.Second)
	c.RegisterDelayedCallback(func() {
		require.Len(t, c.state().Unacked, 30, "one acknowledgement is for all that came together")
		c.CancelWorkflow()
	}, 20*time.Second)
	in := correlatorInput()
	in.State = correlate.State{Open: []correlate.Open{{
		IncidentID: incidentID, Service: "checkout", Opened: start, Started: true,
		Episodes: []correlate.Episode{{ID: "a-first", State: incident.EpisodeOpen, Seen: start, Taken: true}},
	}}}
	c.ExecuteWorkflow(incident.WorkflowCorrelator, in)
	require.Empty(t, c.started)
	require.Len(t, c.joins, 3)
	for _, j := range c.joins {
		require.Len(t, j.All(), 15)
	}
}

// TestStormIsAnnouncedBriefly has 45 anomalies join in three signals.
func TestStormIsAnnouncedBriefly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for signal := range 3 {
		w.at(time.Duration(1+signal)*time.Minute, func() {
			var j incident.Join
			for n := range 15 {
				j.More = append(j.More, anomaly(1+15*signal+n, incident.EpisodeOpen))
			}
			j.Anomaly, j.More = j.More[0], j.More[1:]
			w.env.SignalWorkflow(incident.SignalAnomaly, j)
		})
	}
	s := w.run(input())
	require.Equal(t, 46, s.Joined)
	acks := told[incident.JoinAck](w, incident.SignalJoined)
	require.Len(t, acks, 3)
	require.Len(t, acks[0].More, 14)
	replies, names, numbers := 0, 0, 0
	for _, in := range w.inputs(incident.ActivityPostReply) {
		said := in.(incident.PostReplyInput).Text.String()
		named, counted := strings.Count(said, "Another anomaly joins"), strings.Count(said, "anomalies have joined by now")
		names, numbers = names+named, numbers+counted
		if named+counted > 0 {
			replies++
		}
	}
	require.LessOrEqual(t, replies, 4, "some by their names, then their number")
	require.Equal(t, 5, names)
	require.Equal(t, 2, numbers, "at 20 and at 40")
}

// TestPausesOfWhatComesAndGoes approves a plan after the trouble has come back
// once, 40 seconds after it had gone.
func TestPausesOfWhatComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := anomaly(0, incident.EpisodeOpen)
	gone := anomaly(0, incident.EpisodeClosed)
	second.Opened = gone.Closed.Add(40 * time.Second)
	second.ID, second.LastSeen = incident.AnomalyID(second.Rule, second.Series, second.Opened), second.Opened
	w.joinAt(time.Minute, gone)
	w.joinAt(2*time.Minute, second)
	w.signalAt(5*time.Minute, yes("ana", 1))
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	reads := w.inputs(incident.ActivityReadSymptom)
	last := reads[len(reads)-1].(incident.ReadSymptomInput)
	require.Equal(t, time.Minute, last.Verify.Quiet.Std(), "one and a half times the pause")
	verify := w.inputs(incident.ActivityVerifyRecovery)[0].(incident.VerifyRecoveryInput)
	require.Equal(t, time.Minute, verify.Verify.Quiet.Std())
	require.Equal(t, (verifySpec.Timeout + verify.Verify.Quiet).Std(), verify.Verify.Timeout.Std())
	require.Zero(t, s.Plan.Verify.Quiet, "the plan is as it was approved")
}
