//go:build e2e

package e2e

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/temporal"
	"firebreak/workers/stream"
	"firebreak/workflows"
)

// TestJoinFindsItsIncidentTerminated has the correlator find out by itself, on a
// real server and without a guard: a join that reaches nobody makes it forget
// the incident, the episode that the incident had opens none, and the next
// anomaly opens one.
func TestJoinFindsItsIncidentTerminated(t *testing.T) {
	server, err := temporal.Start(t.Context(), temporal.Options{Dir: t.TempDir(), WithoutUI: true, LogLevel: slog.LevelWarn})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	c, err := server.Dial(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)

	// The correlator is the real one; of its incidents only their being there matters.
	w := worker.New(c, incident.QueueWorkflows, worker.Options{})
	w.RegisterWorkflowWithOptions(workflows.CorrelatorWorkflow, workflow.RegisterOptions{Name: incident.WorkflowCorrelator})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.IncidentInput) error {
		if err := workflow.SetQueryHandler(ctx, "input", func() (incident.IncidentInput, error) { return in, nil }); err != nil {
			return err
		}
		return workflow.Await(ctx, func() bool { return false })
	}, workflow.RegisterOptions{Name: incident.WorkflowIncident})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	scope := incident.Scope{Account: "123456789012", Region: "eu-central-1"}
	emitter := stream.NewCorrelator(c, correlate.Input{Scope: scope, Mode: correlate.Group, Effects: incident.AllEffects()})
	emit := func(a incident.Anomaly) {
		require.NoError(t, emitter.Emit(t.Context(), incident.Batch{Shard: "s", Fence: 1, Watermark: a.LastSeen, Anomalies: []incident.Anomaly{a}}))
	}
	began := time.Now().UTC().Truncate(time.Second)
	seen := func(series string, n int) incident.Anomaly {
		at := began.Add(time.Duration(n) * time.Second)
		a := incident.Anomaly{
			ID: incident.AnomalyID("level", series, began), Account: scope.Account, Region: scope.Region, Service: "checkout", Series: series, Rule: "level",
			Kind: incident.KindMetric, State: incident.EpisodeOpen, Severity: incident.Sev2, Opened: began, LastSeen: at, Count: n, Why: redact.Literal("many errors"),
		}
		if n > 1 {
			a.State = incident.EpisodeGrowing
		}
		return a
	}
	held := func() (s correlate.State) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if answer, err := c.QueryWorkflow(ctx, scope.CorrelatorWorkflowID(), "", incident.QueryOpen); err == nil {
			require.NoError(t, answer.Get(&s))
		}
		return s
	}
	input := func(a incident.Anomaly) (in incident.IncidentInput, err error) {
		answer, err := c.QueryWorkflow(t.Context(), scope.IncidentWorkflowID("checkout", incident.IDFromAnomaly(a.ID)), "", "input")
		if err != nil {
			return in, err
		}
		return in, answer.Get(&in)
	}
	one, two := seen("errors", 1), seen("latency", 1)
	emit(one)
	require.Eventually(t, func() bool { _, err := input(one); return err == nil }, time.Minute, 50*time.Millisecond, "the first incident starts")
	require.NoError(t, c.TerminateWorkflow(t.Context(), scope.IncidentWorkflowID("checkout", incident.IDFromAnomaly(one.ID)), "", "by hand"))

	emit(seen("errors", 2))
	require.Eventually(t, func() bool { s := held(); return len(s.Open) == 0 && len(s.Recent) == 1 && s.Counters.Lost == 1 }, time.Minute, 50*time.Millisecond,
		"the join finds nobody")
	emit(seen("errors", 3))
	require.Eventually(t, func() bool { return held().Counters.Late == 2 }, time.Minute, 50*time.Millisecond, "what it had ended with it")
	require.Equal(t, 1, held().Counters.Started)

	emit(two)
	var next incident.IncidentInput
	require.Eventually(t, func() bool { next, err = input(two); return err == nil }, time.Minute, 50*time.Millisecond, "the next anomaly opens another")
	require.Equal(t, &incident.Previous{IncidentID: incident.IDFromAnomaly(one.ID)}, next.Previous, "in a thread and a ticket of its own")
	s := held()
	require.Len(t, s.Open, 1)
	require.Equal(t, 2, s.Counters.Started)
}
