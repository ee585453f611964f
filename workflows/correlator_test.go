package workflows_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/workflows"
)

// correlator is a CorrelatorWorkflow whose incidents are stubs that live until
// the test closes them.
type correlator struct {
	*testsuite.TestWorkflowEnvironment

	t       *testing.T
	mu      sync.Mutex
	started []incident.IncidentInput
	joins   []incident.Join // sent to incidents that are no children of this run
	gone    bool            // those incidents do not exist
}

func newCorrelator(t *testing.T, incidentStub func(workflow.Context, incident.IncidentInput) (incident.State, error)) *correlator {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	c := &correlator{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t}
	c.SetStartTime(start)
	c.SetTestTimeout(20 * time.Second)
	c.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: correlatorID, TaskQueue: incident.QueueWorkflows})
	workflows.Register(c.TestWorkflowEnvironment)
	if incidentStub == nil {
		incidentStub = func(ctx workflow.Context, _ incident.IncidentInput) (incident.State, error) {
			return incident.State{}, workflow.Sleep(ctx, 24*time.Hour)
		}
	}
	c.OnWorkflow(incident.WorkflowIncident, mock.Anything, mock.Anything).Return(
		func(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
			c.mu.Lock()
			c.started = append(c.started, in)
			c.mu.Unlock()
			return incidentStub(ctx, in)
		}).Maybe()
	c.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, incident.SignalAnomaly, mock.Anything).
		Return(func(_, _, _, _ string, arg any) error {
			c.mu.Lock() // the environment calls it from a goroutine of its own
			c.joins = append(c.joins, arg.(incident.Join))
			c.mu.Unlock()
			if c.gone {
				return &temporal.UnknownExternalWorkflowExecutionError{}
			}
			return nil
		}).Maybe()
	return c
}

func (c *correlator) observe(after time.Duration, anomalies ...incident.Anomaly) {
	c.send(after, incident.SignalObserved, incident.Batch{Shard: "shard-0", Fence: 1, Watermark: start, Anomalies: anomalies})
}

func (c *correlator) send(after time.Duration, name string, arg any) {
	c.RegisterDelayedCallback(func() { c.SignalWorkflow(name, arg) }, after)
}

func (c *correlator) state() correlate.State {
	c.t.Helper()
	var s correlate.State
	v, err := c.QueryWorkflow(incident.QueryOpen)
	require.NoError(c.t, err)
	require.NoError(c.t, v.Get(&s))
	return s
}

func correlatorInput() correlate.Input {
	return correlate.Input{Scope: scope, Mode: correlate.Group, Effects: incident.AllEffects(), Settings: incident.Settings{MaxAttempts: 2}}
}

func TestCorrelatorStartsIncidentsAndContinuesAsNew(t *testing.T) {
	t.Parallel()
	c := newCorrelator(t, nil)
	first := anomaly(0, incident.EpisodeOpen)
	c.observe(time.Second, first, anomaly(1, incident.EpisodeOpen))
	c.RegisterDelayedCallback(func() {
		require.Len(t, c.state().Open, 1)
		c.SetContinueAsNewSuggested(true)
	}, time.Minute)
	c.observe(2*time.Minute, anomaly(0, incident.EpisodeOpen))
	c.ExecuteWorkflow(incident.WorkflowCorrelator, correlatorInput())

	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, c.GetWorkflowError(), &again)
	require.Len(t, c.started, 1)
	in := c.started[0]
	require.Equal(t, incident.IDFromAnomaly(first.ID), in.ID)
	require.Len(t, in.Anomalies, 2, "what comes in one batch starts one incident with all of it")
	require.Equal(t, correlatorID, in.Correlator)
	require.Equal(t, incident.AllEffects(), in.Effects)
	require.Equal(t, 2, in.Settings.MaxAttempts)
}

func TestCorrelatorContinuesAsNewAfterManyEvents(t *testing.T) {
	t.Parallel()
	c := newCorrelator(t, nil)
	var lot func() // the environment takes a few hundred signals at once
	lot = func() {
		for range 100 {
			c.SignalWorkflow(incident.SignalJoined, incident.JoinAck{IncidentID: "inc-0", AnomalyID: "a-0"})
		}
		c.RegisterDelayedCallback(lot, time.Second)
	}
	c.RegisterDelayedCallback(lot, time.Second)
	c.ExecuteWorkflow(incident.WorkflowCorrelator, correlatorInput())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, c.GetWorkflowError(), &again)
}

func TestCorrelatorJoinsUntilItIsAcknowledged(t *testing.T) {
	t.Parallel()
	open := correlate.State{Open: []correlate.Open{{
		IncidentID: incidentID, Service: "checkout", Opened: start, Started: true,
		Episodes: []correlate.Episode{{ID: "a-first", State: incident.EpisodeOpen, Seen: start, Taken: true}},
	}}}
	joined := anomaly(1, incident.EpisodeOpen)
	for name, c := range map[string]struct {
		gone  bool
		ack   bool
		joins int
		opens int
	}{
		"acknowledged":                    {false, true, 1, 0},
		"not acknowledged: sent again":    {false, false, 3, 0}, // at 0, 30 and 90 s
		"the incident is gone: a new one": {true, false, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newCorrelator(t, nil)
			env.gone = c.gone
			env.observe(time.Second, joined)
			if c.ack {
				env.send(2*time.Second, incident.SignalJoined, incident.JoinAck{IncidentID: incidentID, AnomalyID: joined.ID, State: joined.State})
			}
			env.RegisterDelayedCallback(func() {
				env.mu.Lock()
				require.Len(t, env.joins, c.joins)
				env.mu.Unlock()
				require.Len(t, env.started, c.opens)
				env.CancelWorkflow()
			}, 2*time.Minute)
			in := correlatorInput()
			in.State = open
			env.ExecuteWorkflow(incident.WorkflowCorrelator, in)
			require.True(t, env.IsWorkflowCompleted())
			if c.opens == 1 {
				require.Equal(t, incident.IDFromAnomaly(joined.ID), env.started[0].ID)
				require.Equal(t, incidentID, env.started[0].Previous.IncidentID)
			}
		})
	}
}

func TestCorrelatorWithRealIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: correlatorID, TaskQueue: incident.QueueWorkflows})
	w.env.SetDetachedChildWait(true)
	first, second, later := anomaly(0, incident.EpisodeOpen), anomaly(1, incident.EpisodeOpen), anomaly(2, incident.EpisodeOpen)
	id := scope.IncidentWorkflowID("checkout", incident.IDFromAnomaly(first.ID))
	batch := func(a incident.Anomaly) incident.Batch {
		return incident.Batch{Shard: "s", Fence: 1, Anomalies: []incident.Anomaly{a}}
	}
	w.at(time.Second, func() { w.env.SignalWorkflow(incident.SignalObserved, batch(first)) })
	w.at(time.Minute, func() { w.env.SignalWorkflow(incident.SignalObserved, batch(second)) })
	w.at(2*time.Minute, func() {
		var s correlate.State
		v, err := w.env.QueryWorkflow(incident.QueryOpen)
		require.NoError(t, err)
		require.NoError(t, v.Get(&s))
		require.Len(t, s.Open, 1)
		require.Empty(t, s.Unacked, "the incident has acknowledged the join")
		require.NoError(t, w.env.SignalWorkflowByID(id, incident.SignalApproval, no("ana", 1)))
	})
	w.at(3*time.Minute, func() {
		var s correlate.State
		v, err := w.env.QueryWorkflow(incident.QueryOpen)
		require.NoError(t, err)
		require.NoError(t, v.Get(&s))
		require.Empty(t, s.Open, "the incident has reported its end")
		w.env.SignalWorkflow(incident.SignalObserved, batch(later))
	})
	w.at(5*time.Minute, w.env.CancelWorkflow)
	w.env.ExecuteWorkflow(incident.WorkflowCorrelator, correlatorInput())
	require.True(t, w.env.IsWorkflowCompleted())
	inputs := w.inputs(incident.ActivityPinCatalog)
	require.Len(t, inputs, 2, "one incident, and one that recurs from it")
	for _, in := range w.inputs(incident.ActivityPostIncident) {
		thread := in.(incident.PostIncidentInput).Thread
		require.True(t, thread.IsZero() || thread.TS == "100.1", "the recurrence keeps the thread")
	}
	require.Equal(t, 1, w.count(incident.ActivityOpenTicket), "and the ticket")
}

func TestBackfillEndsWhenItsIncidentsHaveClosed(t *testing.T) {
	t.Parallel()
	past := incident.BackfillScope("march", scope.Account, scope.Region)
	c := newCorrelator(t, func(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
		return incident.State{}, workflow.SignalExternalWorkflow(ctx, in.Correlator, "", incident.SignalClosed,
			incident.Closed{IncidentID: in.ID, Status: incident.StatusShadowed, At: workflow.Now(ctx)}).Get(ctx, nil)
	})
	c.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: past.CorrelatorWorkflowID()})
	var all []incident.Anomaly
	for day := range 3 {
		a := anomaly(day, incident.EpisodeClosed)
		a.Opened = start.Add(time.Duration(day) * 24 * time.Hour)
		a.LastSeen, a.Closed, a.State = a.Opened, a.Opened.Add(time.Minute), incident.EpisodeOpen
		closed := a
		closed.State = incident.EpisodeClosed
		all = append(all, a, closed)
	}
	c.send(time.Second, incident.SignalObserved, incident.Batch{Shard: "file", Fence: 1, Watermark: all[5].Closed, Anomalies: all})
	c.send(time.Minute, incident.SignalObserved, incident.Batch{Shard: "file", Fence: 1, Flush: true})
	in := correlatorInput()
	in.Scope, in.Effects = past, incident.Effects{}
	c.ExecuteWorkflow(incident.WorkflowCorrelator, in)
	require.NoError(t, c.GetWorkflowError())
	require.Len(t, c.started, 3)
	slices.SortFunc(c.started, func(a, b incident.IncidentInput) int { return a.Anomalies[0].Opened.Compare(b.Anomalies[0].Opened) })
	for i, got := range c.started {
		require.Equal(t, incident.EpisodeClosed, got.Anomalies[0].State, "an incident of the past starts with all that is known")
		require.Equal(t, past, got.Scope)
		if i > 0 {
			require.Equal(t, c.started[i-1].ID, got.Previous.IncidentID)
		}
	}
}

func TestSecondBackfillStartsNothing(t *testing.T) {
	t.Parallel()
	past := incident.BackfillScope("march", scope.Account, scope.Region)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: past.CorrelatorWorkflowID()})
	env.OnWorkflow(incident.WorkflowIncident, mock.Anything, mock.Anything).Return(
		incident.State{}, fmt.Errorf("started before: %w", &temporal.ChildWorkflowExecutionAlreadyStartedError{})).Maybe()
	a := anomaly(0, incident.EpisodeOpen)
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(incident.SignalObserved, incident.Batch{Shard: "file", Fence: 1, Anomalies: []incident.Anomaly{a}, Flush: true})
	}, time.Second)
	in := correlatorInput()
	in.Scope, in.Effects = past, incident.Effects{}
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(incident.SignalClosed, incident.Closed{IncidentID: incident.IDFromAnomaly(a.ID)})
	}, time.Minute)
	env.ExecuteWorkflow(incident.WorkflowCorrelator, in)
	require.NoError(t, env.GetWorkflowError())
}
