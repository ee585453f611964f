//go:build e2e && unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/interpose"
)

// story is an incident from its anomaly to its end, as it goes when nothing
// strikes.
type story string

// Stories.
const (
	// fixed: the plan is approved, runs, and helps.
	fixed story = "fixed"
	// withoutModel: the same, but no model answers.
	withoutModel story = "without a model"
	// cancelledUnwatched: a person cancels the incident while its automation runs
	// and no worker does, so that nobody watches it.
	cancelledUnwatched story = "cancelled unwatched"
)

// Times of the incidents here.
const (
	lostAfter = 4 * time.Second        // until a dead worker's try is taken over
	endWithin = 150 * time.Second      // of one case
	lookEvery = 500 * time.Millisecond // how often a state is asked for
)

// killCase is one incident with one strike.
type killCase struct {
	killRow
	machine

	strike string
	arm    func(k *killCase)

	slot  slot
	world *interpose.World
	proxy *interpose.Proxy
	crew  *crew

	input      incident.IncidentInput
	workflowID string
	final      incident.State
}

// newKillCase gives a case a machine of its own, as yet without a folder.
func newKillCase(row killRow, strike string, arm func(k *killCase), n int) *killCase {
	name := strings.ToLower(row.activity) + "-" + strings.ReplaceAll(strike, " ", "-")
	return &killCase{
		killRow: row, strike: strike, arm: arm,
		machine: machine{service: name, id: fmt.Sprintf("i-%017x", 0xdead0000+n)},
	}
}

// play plays the case's incident and checks what is left behind.
func (w *killWorld) play(t *testing.T, k *killCase) {
	ctx, cancel := context.WithTimeout(t.Context(), endWithin)
	defer cancel()
	began := time.Now()
	k.slot = <-w.slots
	t.Cleanup(func() { w.slots <- k.slot })
	w.surround(ctx, t, k)
	onset := time.Now().Truncate(time.Second).Add(-5 * time.Second)
	k.report(t, w.Stack, onset)
	if k.in == cancelledUnwatched {
		k.write(t, fileHold, "")
	}
	if k.in == withoutModel {
		k.world.Faults.Set(fault.Rule{Service: "bedrock", Kind: fault.Throttle, Code: "ThrottlingException", Times: fault.Forever})
	}
	k.arm(k)
	k.begin(ctx, t, onset)
	k.approve(ctx, t)
	if k.in == cancelledUnwatched {
		k.cancelUnwatched(ctx, t)
	}
	k.end(ctx, t)
	w.check(t, k)
	t.Logf("%s after %s", k.final.Status, time.Since(began).Round(100*time.Millisecond))
}

// begin starts the incident, straight on Temporal: detection and correlation
// have tests of their own.
func (k *killCase) begin(ctx context.Context, t *testing.T, onset time.Time) {
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
	scope := incident.Scope{Account: stack.Account, Region: stack.Region}
	k.input = incident.IncidentInput{
		ID: incident.IDFromAnomaly(a.ID), Scope: scope, Service: k.service, Anomalies: []incident.Anomaly{a}, Effects: incident.AllEffects(),
		Settings: incident.Settings{
			Settle: incident.Seconds(2 * time.Second), MaxAttempts: 1, Namespace: k.slot.namespace,
			LostAfter: incident.Seconds(lostAfter),
		},
	}
	if k.in == withoutModel {
		k.input.Settings.DiagnoseWithin = incident.Seconds(3 * time.Second)
	}
	k.workflowID = scope.IncidentWorkflowID(k.service, k.input.ID)
	_, err := k.slot.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: k.workflowID, TaskQueue: incident.QueueWorkflows}, incident.WorkflowIncident, k.input)
	require.NoError(t, err)
}

// approve answers the question, once it is asked, by a signal, which needs no
// living worker.
func (k *killCase) approve(ctx context.Context, t *testing.T) {
	t.Helper()
	state := k.await(ctx, t, "the question", func(s incident.State) bool { return s.Pending })
	require.NoError(t, k.slot.client.SignalWorkflow(ctx, k.workflowID, "", incident.SignalApproval, incident.Decision{
		Approved: true, Approver: approver, Via: "sandbox", PlanDigest: state.Plan.Digest,
	}))
}

const approver = "a-person-who-approves"

// await asks for the state until it is as it should be.
func (k *killCase) await(ctx context.Context, t *testing.T, what string, until func(incident.State) bool) incident.State {
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
func (k *killCase) state(ctx context.Context) (state incident.State, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	value, err := k.slot.client.QueryWorkflow(ctx, k.workflowID, "", incident.QueryState)
	if err != nil {
		return state, err
	}
	return state, value.Get(&state)
}

// cancelUnwatched cancels the incident when its automation runs and its worker
// has just died, so that stopping the automation is left to whoever comes next.
func (k *killCase) cancelUnwatched(ctx context.Context, t *testing.T) {
	t.Helper()
	watched := func() bool { return k.proxy.Handed(incident.ActivityWatchAutomation) > 0 && k.restarts() > 0 }
	require.Eventually(t, watched, time.Minute, lookEvery, "no automation is watched")
	k.crew.dismiss()
	require.NoError(t, k.slot.client.CancelWorkflow(ctx, k.workflowID, ""))
	k.crew.engage()
}

// end waits for the incident's end.
func (k *killCase) end(ctx context.Context, t *testing.T) {
	t.Helper()
	err := k.slot.client.GetWorkflow(ctx, k.workflowID, "").Get(ctx, &k.final)
	if cancelled := (*temporal.CanceledError)(nil); errors.As(err, &cancelled) {
		err = cancelled.Details(&k.final)
	}
	require.NoError(t, err, "the incident did not come to its end")
}
