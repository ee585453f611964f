package replay_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/test/replay"
	"firebreak/workflows"
)

// load reads a case's history.
func load(t *testing.T, c replay.Case) *historypb.History {
	t.Helper()
	f, err := os.Open(c.Name + ".json")
	require.NoError(t, err, "record it with: go run ./test/replay/record")
	defer f.Close()
	h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, h.GetEvents())
	return h
}

func TestSetIsComplete(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var want []string
	for _, c := range replay.Cases() {
		want = append(want, c.Name+".json")
	}
	slices.Sort(want)
	require.Equal(t, want, files)
}

// A history is what it says, or else the set would shrink without anybody noticing.
func TestHistoriesAreWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, c := range replay.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			events := load(t, c).GetEvents()
			require.Equal(t, c.Workflow, events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName())
			last := events[len(events)-1]
			count := func(kind enumspb.EventType) int {
				n := 0
				for _, e := range events {
					if e.GetEventType() == kind {
						n++
					}
				}
				return n
			}
			if c.Status != "" {
				var s incident.State
				if c.Status == incident.StatusCancelled {
					require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(last.GetWorkflowExecutionCanceledEventAttributes().GetDetails(), &s))
				} else {
					require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(last.GetWorkflowExecutionCompletedEventAttributes().GetResult(), &s))
				}
				require.Equal(t, c.Status, s.Status)
				require.Equal(t, c.Outcome, s.Outcome)
				require.Equal(t, c.Name == "joined" || c.Name == "reopened", s.Joined == 2)
				require.Equal(t, c.Name == "reopened" || c.Name == "undone", len(s.Attempts) == 2)
			}
			switch c.Name {
			case "resolved":
				require.Equal(t, 1, count(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED))
			case "rejected":
				require.GreaterOrEqual(t, count(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED), 2)
			case "outage":
				require.Positive(t, count(enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED))
			case "correlator":
				require.Positive(t, count(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED), "an anomaly joined")
				require.Equal(t, 1, count(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED))
			case "correlator-backfill":
				require.Equal(t, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, last.GetEventType())
			}
		})
	}
}

// replayed replays a history under the ids of its own execution: an incident
// derives its children's ids from them.
func replayed(r worker.WorkflowReplayer, h *historypb.History) error {
	started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	return r.ReplayWorkflowHistoryWithOptions(slog.New(slog.DiscardHandler), h, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	})
}

// TestDeployedWorkflowsReplay is what the set is for: code that would do
// anything else than what happened fails here.
func TestDeployedWorkflowsReplay(t *testing.T) {
	t.Parallel()
	for _, c := range replay.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := worker.NewWorkflowReplayer()
			workflows.Register(r)
			require.NoError(t, replayed(r, load(t, c)), "an incident that is open now could not carry on: guard the change with workflow.GetVersion")
		})
	}
}

// TestIncompatibleWorkflowFails proves that the replay can fail: the same
// workflows with one more timer at the start.
func TestIncompatibleWorkflowFails(t *testing.T) {
	t.Parallel()
	for _, c := range replay.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
				if err := workflow.Sleep(ctx, time.Minute); err != nil {
					return incident.State{}, err
				}
				return workflows.IncidentWorkflow(ctx, in)
			}, workflow.RegisterOptions{Name: incident.WorkflowIncident})
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.RemediationInput) (incident.RemediationResult, error) {
				if err := workflow.Sleep(ctx, time.Minute); err != nil {
					return incident.RemediationResult{}, err
				}
				return workflows.RemediationWorkflow(ctx, in)
			}, workflow.RegisterOptions{Name: incident.WorkflowRemediation})
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in correlate.Input) error {
				if err := workflow.Sleep(ctx, time.Minute); err != nil {
					return err
				}
				return workflows.CorrelatorWorkflow(ctx, in)
			}, workflow.RegisterOptions{Name: incident.WorkflowCorrelator})
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.GuardInput) (incident.GuardReport, error) {
				if err := workflow.Sleep(ctx, time.Minute); err != nil {
					return incident.GuardReport{}, err
				}
				return workflows.GuardWorkflow(ctx, in)
			}, workflow.RegisterOptions{Name: incident.WorkflowGuard})
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.EpilogueInput) (incident.EpilogueResult, error) {
				if err := workflow.Sleep(ctx, time.Minute); err != nil {
					return incident.EpilogueResult{}, err
				}
				return workflows.EpilogueWorkflow(ctx, in)
			}, workflow.RegisterOptions{Name: incident.WorkflowEpilogue})
			require.ErrorContains(t, replayed(r, load(t, c)), "TMPRL1100", "the SDK's code of a history that does not fit")
		})
	}
}

// A history is published with the code, so that nothing of the machine that
// recorded it may be in it.
func TestHistoriesTellNothingOfTheirMachine(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, c := range replay.Cases() {
		raw, err := os.ReadFile(c.Name + ".json")
		require.NoError(t, err)
		if len(host) > 3 && host != "localhost" {
			require.NotContains(t, string(raw), host, c.Name)
		}
		require.Contains(t, string(raw), `"identity": "recorder"`, c.Name)
		require.NotContains(t, strings.ReplaceAll(string(raw), `"identity": "recorder"`, ""), "@", "%s: an identity with a host in it", c.Name)
	}
}
