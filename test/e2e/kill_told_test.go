//go:build e2e && unix

package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack"
	"firebreak/test/stack/temporal"
	"firebreak/workflows"
)

// TestWhatWasToldBeforeTheEndIsHeard lets an incident find, in one workflow
// task, what its remediation told and that it has ended: so it is after an
// incident's worker died and another one's took the remediation on. Here the
// incident has no worker meanwhile.
func TestWhatWasToldBeforeTheEndIsHeard(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	server, err := temporal.Start(ctx, temporal.Options{Dir: t.TempDir(), WithoutUI: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	c, err := server.Dial(ctx)
	require.NoError(t, err)
	t.Cleanup(c.Close)

	k := incidentWithoutMachine()
	stop := serveIncidents(t, c)
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: k.workflowID, TaskQueue: incident.QueueWorkflows}, incident.WorkflowIncident, k.input)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return hasEvent(ctx, c, k.workflowID, enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED)
	},
		time.Minute, 100*time.Millisecond, "the remediation does not start")
	stop()
	stop = serveRemediations(t, c)
	require.NoError(t, c.GetWorkflow(ctx, incident.RemediationWorkflowID(k.workflowID, 1), "").Get(ctx, nil))
	stop()
	stop = serveIncidents(t, c)
	defer stop()

	require.NoError(t, c.GetWorkflow(ctx, k.workflowID, "").Get(ctx, &k.final))
	require.Equal(t, incident.StatusResolved, k.final.Status)
	var told []string
	for _, e := range k.final.Timeline {
		told = append(told, e.Text.String())
	}
	require.Subset(t, told, progressTold, "lost: the end was seen before what was told")
	require.Less(t, slices.Index(told, progressTold[1]), len(told)-1, "the end is the last line")
}

// progressTold is what the remediation here tells before it ends.
var progressTold = []string{"Step one: Success.", "Step two: Success."}

// incidentWithoutMachine may remediate but tells neither Slack nor Jira.
func incidentWithoutMachine() *machineIncident {
	a := incident.Anomaly{ID: "a-1", Service: "told", Opened: time.Now(), LastSeen: time.Now(), State: incident.EpisodeOpen, Why: redact.Literal("errors")}
	scope := stack.Scope()
	k := &machineIncident{input: incident.IncidentInput{
		ID: incident.IDFromAnomaly(a.ID), Scope: scope, Service: a.Service, Anomalies: []incident.Anomaly{a},
		Effects: incident.Effects{Remediation: true}, Settings: incident.Settings{MaxAttempts: 1},
	}}
	k.workflowID = scope.IncidentWorkflowID(a.Service, k.input.ID)
	return k
}

// serveIncidents runs workers that know the incident's workflow, with answers
// that lead to a remediation that nobody has to approve, but not the remediation.
func serveIncidents(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	return serve(t, c, func(w worker.Worker) {
		w.RegisterWorkflowWithOptions(workflows.IncidentWorkflow, workflow.RegisterOptions{Name: incident.WorkflowIncident})
		answer(w, incident.ActivityPinCatalog, incident.PinCatalogResult{Commit: "abc", Known: true, Service: incident.Service{Name: "told"}})
		answer(w, incident.ActivityGatherEvidence, incident.GatherEvidenceResult{Evidence: []incident.Evidence{{ID: "ev-1", Title: redact.Literal("errors")}}})
		answer(w, incident.ActivityDiagnose, incident.Diagnosis{Model: "none", Hypotheses: []incident.Hypothesis{
			{Cause: redact.Literal("a fault"), Confidence: 1, Citations: []string{"ev-1"}, Runbook: "restart", Service: "told"},
		}})
		answer(w, incident.ActivityCompilePlan, incident.CompilePlanResult{Plan: incident.Plan{Attempt: 1, Runbook: "restart", Service: "told", Digest: "v1:1"}})
	})
}

// serveRemediations runs a worker that knows the remediation alone.
func serveRemediations(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	return serve(t, c, func(w worker.Worker) {
		w.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.RemediationInput) (incident.RemediationResult, error) {
			for _, text := range progressTold {
				p := incident.Progress{Phase: incident.PhaseRemediate, Text: redact.Name(text), At: workflow.Now(ctx)}
				if err := workflow.SignalExternalWorkflow(ctx, in.ParentID, "", incident.SignalProgress, p).Get(ctx, nil); err != nil {
					return incident.RemediationResult{}, err
				}
			}
			return incident.RemediationResult{Status: incident.RemediationVerified}, nil
		}, workflow.RegisterOptions{Name: incident.WorkflowRemediation})
	})
}

// answer registers an activity that always answers the same.
func answer[R any](w worker.Worker, name string, with R) {
	w.RegisterActivityWithOptions(func(context.Context, map[string]any) (R, error) { return with, nil }, activity.RegisterOptions{Name: name})
}

// serve runs a worker on every queue that an incident here needs.
func serve(t *testing.T, c client.Client, register func(worker.Worker)) (stop func()) {
	t.Helper()
	var running []worker.Worker
	for _, queue := range []string{incident.QueueWorkflows, incident.QueueEvidence, incident.QueueDiagnosis} {
		w := worker.New(c, queue, worker.Options{})
		register(w)
		require.NoError(t, w.Start())
		running = append(running, w)
	}
	return func() {
		for _, w := range running {
			w.Stop()
		}
	}
}

func hasEvent(ctx context.Context, c client.Client, workflowID string, kind enumspb.EventType) bool {
	for events := c.GetWorkflowHistory(ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			return false
		}
		if e.GetEventType() == kind {
			return true
		}
	}
	return false
}
