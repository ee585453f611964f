//go:build e2e && unix

package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
)

// machineIncident is an incident about a machine of its own, started straight
// on Temporal.
type machineIncident struct {
	machine

	slot slot
	crew *crew

	input      incident.IncidentInput
	workflowID string
	final      incident.State
}

// settings are those of an incident that waits for nothing but what it has to.
func settings(s slot) incident.Settings {
	return incident.Settings{
		Settle: incident.Seconds(2 * time.Second), MaxAttempts: 1, Namespace: s.namespace, LostAfter: incident.Seconds(lostAfter),
	}
}

// begin starts the incident, straight on Temporal: detection and correlation
// have tests of their own.
func (k *machineIncident) begin(ctx context.Context, t *testing.T, onset time.Time, with incident.Settings) {
	t.Helper()
	errorsMetric := &incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": k.service}, Stat: "Sum", Period: 1, Unit: "Count"}
	a := incident.Anomaly{
		Account: stack.Account, Region: stack.Region, Service: k.service, Kind: incident.KindMetric, Rule: "level",
		Series: errorsMetric.SourceKey(), Metric: errorsMetric, State: incident.EpisodeOpen, Severity: incident.Sev2,
		Opened: onset, LastSeen: onset.Add(3 * time.Second), Count: 3, Observed: 24, High: 1, Rarity: 1e-9,
		Why: redact.Format("Errors of %s rose from 0 to 24 a second", redact.Name(k.service)),
		Changes: []incident.Change{{
			At: onset.Add(-2 * time.Second), Service: k.service, Kind: "shop.config/Shop Configuration Reload",
			Text: redact.Literal("configuration reloaded"),
		}},
	}
	a.ID = incident.AnomalyID(a.Rule, a.Series, a.Opened)
	scope := stack.Scope()
	k.input = incident.IncidentInput{
		ID: incident.IDFromAnomaly(a.ID), Scope: scope, Service: k.service, Anomalies: []incident.Anomaly{a}, Effects: incident.AllEffects(), Settings: with,
	}
	k.workflowID = scope.IncidentWorkflowID(k.service, k.input.ID)
	_, err := k.slot.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: k.workflowID, TaskQueue: incident.QueueWorkflows}, incident.WorkflowIncident, k.input)
	require.NoError(t, err)
}

// approve answers the question, once it is asked, by a signal, which needs no
// living worker.
func (k *machineIncident) approve(ctx context.Context, t *testing.T) {
	t.Helper()
	state := k.await(ctx, t, "the question", func(s incident.State) bool { return s.Pending })
	require.NoError(t, k.slot.client.SignalWorkflow(ctx, k.workflowID, "", incident.SignalApproval, incident.Decision{
		Approved: true, Approver: approver, Via: "sandbox", PlanDigest: state.Plan.Digest,
	}))
}

const approver = "a-person-who-approves"

// await asks for the state until it is as it should be.
func (k *machineIncident) await(ctx context.Context, t *testing.T, what string, until func(incident.State) bool) incident.State {
	t.Helper()
	for {
		state, err := k.state(ctx)
		if err == nil && until(state) {
			return state
		}
		if err == nil && state.Status.Terminal() {
			require.FailNow(t, "it ended before "+what+" came", "%s: %v", state.Status, state.Timeline)
		}
		select {
		case <-ctx.Done():
			require.FailNow(t, what+" did not come in time", "%s, %v: %v", state.Status, err, state.Timeline)
		case <-time.After(lookEvery):
		}
	}
}

// state asks for the state. Without a worker there is no answer.
func (k *machineIncident) state(ctx context.Context) (incident.State, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return scenario.StateOf(ctx, k.slot.client, k.workflowID)
}

// end waits for the incident's end.
func (k *machineIncident) end(ctx context.Context, t *testing.T) {
	t.Helper()
	err := k.slot.client.GetWorkflow(ctx, k.workflowID, "").Get(ctx, &k.final)
	if cancelled := (*temporal.CanceledError)(nil); errors.As(err, &cancelled) {
		err = cancelled.Details(&k.final)
	}
	require.NoError(t, err, "the incident did not come to its end")
}
