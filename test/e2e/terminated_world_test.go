//go:build e2e && unix

package e2e

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/temporal"
	"firebreak/workers/stream"
)

// dawdle is the runbook with a first step that takes ten minutes, so that there
// is an automation to leave behind.
func dawdle() stack.Edit {
	return stack.Substitute("runbooks/restart-service/automation.yaml", "mainSteps:\n",
		"mainSteps:\n  - name: Dawdle\n    action: aws:sleep\n    inputs: {Duration: PT10M}\n")
}

// guarded is a world whose worker can be stopped and started, with a guard that
// looks every few seconds.
type guarded struct {
	world

	t      *testing.T
	ssm    *ssm.Client
	logger *slog.Logger
	stop   func() error // the worker; nil while none runs
	scope  incident.Scope
}

func startGuarded(t *testing.T) *guarded {
	t.Helper()
	w, log := open(t, stack.Options{Edits: []stack.Edit{dawdle(), stack.Expiry(time.Hour)}, GuardEvery: 2 * time.Second})
	g := &guarded{world: w, t: t, ssm: ssm.NewFromConfig(w.AWS()), logger: log, scope: stack.Scope()}
	t.Cleanup(g.dismiss)
	return g
}

// engage starts a worker, dismiss stops it, as a deployment does.
func (g *guarded) engage() {
	g.t.Helper()
	stop, err := g.StartWorker(context.WithoutCancel(g.t.Context()), g.logger)
	require.NoError(g.t, err)
	g.stop = stop
}

func (g *guarded) dismiss() {
	g.t.Helper()
	if g.stop != nil {
		require.NoError(g.t, g.stop())
		g.stop = nil
	}
}

// eventually waits for a condition for as long as a busy machine may need.
func (g *guarded) eventually(what string, within time.Duration, is func() bool) {
	g.t.Helper()
	require.Eventually(g.t, is, within, 200*time.Millisecond, what)
	g.t.Logf("%s", what)
}

// incidents are the states of all open incidents, oldest first; one that cannot
// be asked at the moment is left out.
func (g *guarded) incidents() []incident.State {
	g.t.Helper()
	listed, err := g.client.ListWorkflow(g.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Query: "WorkflowType = '" + incident.WorkflowIncident + "' AND ExecutionStatus = 'Running'",
	})
	require.NoError(g.t, err)
	var found []incident.State
	for _, e := range slices.Backward(listed.GetExecutions()) {
		if s, err := g.state(e.GetExecution().GetWorkflowId()); err == nil {
			found = append(found, s)
		}
	}
	return found
}

func (g *guarded) state(workflowID string) (incident.State, error) {
	return scenario.StateOf(g.t.Context(), g.client, workflowID)
}

// approved waits for so many questions of checkout, approves them, and returns
// their incidents once the automation of each runs.
func (g *guarded) approved(n int) []incident.State {
	g.t.Helper()
	var asked []incident.State
	g.eventually("checkout's plans wait for their approval", 4*time.Minute, func() bool {
		asked = slices.DeleteFunc(g.incidents(), func(s incident.State) bool { return !s.Pending || s.Plan.Runbook != "restart-service" })
		return len(asked) >= n
	})
	asked = asked[:n]
	for _, s := range asked {
		handle, err := g.client.UpdateWorkflow(g.t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: s.WorkflowID, UpdateName: incident.UpdateDecide, WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{incident.Decision{Approved: true, Approver: "ana", Via: "cli", PlanDigest: s.Plan.Digest}},
		})
		require.NoError(g.t, err)
		var receipt incident.DecisionReceipt
		require.NoError(g.t, handle.Get(g.t.Context(), &receipt))
		require.True(g.t, receipt.Accepted, receipt.Reason)
	}
	for _, s := range asked {
		g.eventually("the automation of "+s.ID+" runs", 2*time.Minute, func() bool {
			return g.automation(s.ID) != "" && g.status(g.automation(s.ID)) == types.AutomationExecutionStatusInprogress
		})
	}
	return asked
}

// automation is the id of the execution that an incident started, by its tags.
func (g *guarded) automation(incidentID string) string {
	g.t.Helper()
	out, err := g.ssm.DescribeAutomationExecutions(g.t.Context(), &ssm.DescribeAutomationExecutionsInput{})
	require.NoError(g.t, err)
	for _, x := range out.AutomationExecutionMetadataList {
		tags, err := g.ssm.ListTagsForResource(g.t.Context(), &ssm.ListTagsForResourceInput{
			ResourceType: types.ResourceTypeForTaggingAutomation, ResourceId: x.AutomationExecutionId,
		})
		require.NoError(g.t, err)
		for _, tag := range tags.TagList {
			if *tag.Key == "FirebreakIncident" && *tag.Value == incidentID {
				return *x.AutomationExecutionId
			}
		}
	}
	return ""
}

func (g *guarded) status(executionID string) types.AutomationExecutionStatus {
	g.t.Helper()
	out, err := g.ssm.GetAutomationExecution(g.t.Context(), &ssm.GetAutomationExecutionInput{AutomationExecutionId: &executionID})
	require.NoError(g.t, err)
	return out.AutomationExecution.AutomationExecutionStatus
}

// stranger starts the document of an execution once more, as somebody else who
// gives it the tags.
func (g *guarded) stranger(executionID string, tags map[string]string) string {
	g.t.Helper()
	like, err := g.ssm.GetAutomationExecution(g.t.Context(), &ssm.GetAutomationExecutionInput{AutomationExecutionId: &executionID})
	require.NoError(g.t, err)
	in := &ssm.StartAutomationExecutionInput{
		DocumentName: like.AutomationExecution.DocumentName, DocumentVersion: like.AutomationExecution.DocumentVersion,
		Parameters: like.AutomationExecution.Parameters,
	}
	for k, v := range tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	out, err := g.ssm.StartAutomationExecution(g.t.Context(), in)
	require.NoError(g.t, err)
	return *out.AutomationExecutionId
}

// eachForItself starts the correlator so that every anomaly opens an incident.
func (g *guarded) eachForItself() {
	g.t.Helper()
	emitter := stream.NewCorrelator(g.client, correlate.Input{
		Scope: g.scope, Mode: correlate.Each, Effects: incident.AllEffects(),
		Settings: incident.Settings{MaxAttempts: 1, Settle: incident.Seconds(stack.Settle), Namespace: temporal.Namespace},
	})
	require.NoError(g.t, emitter.Emit(g.t.Context(), incident.Batch{Shard: "test", Fence: 1}))
}

// held are the incidents that the correlator holds open, and those that it
// remembers to have ended.
func (g *guarded) held() (open, ended []string) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
	defer cancel()
	answer, err := g.client.QueryWorkflow(ctx, g.scope.CorrelatorWorkflowID(), "", incident.QueryOpen)
	if err != nil {
		return []string{"unknown"}, nil
	}
	var s correlate.State
	require.NoError(g.t, answer.Get(&s))
	for _, o := range s.Open {
		open = append(open, o.IncidentID)
	}
	for _, e := range s.Recent {
		ended = append(ended, e.IncidentID)
	}
	return open, ended
}

// runs tells whether a workflow does.
func (g *guarded) runs(workflowID string) bool {
	g.t.Helper()
	out, err := g.client.DescribeWorkflowExecution(g.t.Context(), workflowID, "")
	require.NoError(g.t, err)
	return out.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// rounds are the reports of the guard's rounds that began after a time and have
// completed; one that failed fails the test.
func (g *guarded) rounds(since time.Time) []incident.GuardReport {
	g.t.Helper()
	listed, err := g.client.ListWorkflow(g.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Query: "WorkflowType = '" + incident.WorkflowGuard + "' AND StartTime > '" + since.UTC().Format(time.RFC3339Nano) + "' AND ExecutionStatus != 'Running'",
	})
	require.NoError(g.t, err)
	var reports []incident.GuardReport
	for _, e := range listed.GetExecutions() {
		var r incident.GuardReport
		require.NoError(g.t, g.client.GetWorkflow(g.t.Context(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()).Get(g.t.Context(), &r))
		reports = append(reports, r)
	}
	return reports
}

// warm waits until the shop has been busy and healthy for a while. Alarms need
// seconds of that, the other detectors the whole baseline.
func (g *guarded) warm(during time.Duration) {
	g.t.Helper()
	began := time.Now()
	g.eventually("the shop is busy and healthy", during+5*time.Minute, func() bool {
		seen := g.Shop.Traffic(10 * time.Second)
		return seen.Requests > 100 && seen.Errors == 0 && time.Since(began) >= during
	})
}

// quiet waits until no alarm has been on for so long that the next one is an
// episode of its own: alarms that come back within half a minute go on with theirs.
func (g *guarded) quiet() {
	g.t.Helper()
	alarms, since := cloudwatch.NewFromConfig(g.AWS()), time.Now()
	g.eventually("the shop is well again, and no alarm has been on for a while", 5*time.Minute, func() bool {
		on, err := alarms.DescribeAlarms(g.t.Context(), &cloudwatch.DescribeAlarmsInput{StateValue: cwtypes.StateValueAlarm})
		if err != nil || len(on.MetricAlarms) > 0 || g.Shop.Traffic(5*time.Second).Errors > 0 {
			since = time.Now()
		}
		return time.Since(since) > 45*time.Second
	})
}
