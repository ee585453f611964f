package workflows_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/workflows"
)

// start is when every test begins; the environment skips time from there.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is what an incident can touch, as activities that answer like a good
// day would: a diagnosis with a runbook, an approval to ask for, an automation
// of two steps, a metric that recovers. A test changes single answers.
type world struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	mu      sync.Mutex
	calls   []call
	done    []call // those that did not fail
	signals []sent
	deaf    bool                         // signals to other workflows find nobody
	before  map[string]func(n int)       // runs before the n-th call (from 1) of an activity answers
	fails   map[string]func(n int) error // may fail the n-th call

	settle       time.Duration // of the incident's settings
	pinned       incident.PinCatalogResult
	diagnosis    incident.Diagnosis
	rule         incident.ApprovalRule
	undo         *incident.UndoPlan
	denied       []redact.Text
	verdict      func(incident.VerifyDecisionInput) incident.Verdict
	reading      func(n int) incident.SymptomReading
	recheck      incident.RecheckResult
	execution    func(step string, seen int) incident.Execution
	verification func(n int) incident.Verification
}

// call is one activity call.
type call struct {
	name string
	in   any
}

// sent is one signal to another workflow.
type sent struct {
	to, name string
	arg      any
}

const (
	incidentID   = "inc-0123456789ab"
	correlatorID = "correlator/123456789012/eu-central-1"
	digest       = "v1:0101010101010101010101010101010101010101010101010101010101010101"
)

var (
	scope      = incident.Scope{Account: "123456789012", Region: "eu-central-1"}
	workflowID = scope.IncidentWorkflowID("checkout", incidentID)
	verifySpec = incident.VerifySpec{
		Metric:     incident.MetricRef{Namespace: "Shop", Name: "Errors", Stat: "Sum", Period: 1},
		Comparison: "<=", Threshold: 1, Samples: 5, Timeout: incident.Seconds(time.Minute), Before: 30,
	}
)

func newWorld(t *testing.T) *world {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(start)
	env.SetTestTimeout(20 * time.Second)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflowID, TaskQueue: incident.QueueWorkflows})
	workflows.Register(env)
	w := &world{
		t: t, env: env, before: map[string]func(int){}, fails: map[string]func(int) error{},
		pinned: incident.PinCatalogResult{
			Commit: "abcdefabcdefabcdefabcdefabcdefabcdefabcd", Known: true,
			Service:  incident.Service{Name: "checkout", Team: "shop", Severity: incident.Sev2, DependsOn: []string{"payments"}},
			Runbooks: []incident.RunbookOption{{Name: "restart-service", Service: "checkout"}},
		},
		diagnosis: incident.Diagnosis{Model: "offline-rules", Hypotheses: []incident.Hypothesis{{
			Cause: redact.Literal("errors since a configuration reload"), Service: "checkout", Confidence: 0.9,
			Citations: []string{"ev-00000001"}, Runbook: "restart-service",
		}, {
			Cause: redact.Literal("errors since a deployment"), Service: "checkout", Confidence: 0.4,
			Citations: []string{"ev-00000001"}, Runbook: "rollback-release",
		}}},
		rule: incident.ApprovalRule{Count: 1, AllowUnverified: true, Expires: incident.Seconds(30 * time.Minute)},
		verdict: func(incident.VerifyDecisionInput) incident.Verdict {
			return incident.Verdict{Accepted: true, Verified: true}
		},
		reading: func(int) incident.SymptomReading {
			return incident.SymptomReading{Present: true, Known: true, Value: 30}
		},
		recheck: incident.RecheckResult{Allowed: true},
		verification: func(int) incident.Verification {
			return incident.Verification{OK: true, Metric: "Shop/Errors", Before: 30, Samples: 5, Detail: redact.Literal("5 of 5 good")}
		},
	}
	w.execution = w.twoSteps
	w.register()
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(func(_, id, _, name string, arg any) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.signals = append(w.signals, sent{id, name, arg})
			if w.deaf {
				return &temporal.UnknownExternalWorkflowExecutionError{}
			}
			return nil
		}).Maybe()
	return w
}

// twoSteps is an automation of two steps that go well one after the other.
func (w *world) twoSteps(step string, seen int) incident.Execution {
	exec := incident.Execution{ID: "exec-" + step, Status: "InProgress", DocumentVersion: "3", Started: w.env.Now()}
	for i := range 2 {
		exec.Steps = append(exec.Steps, incident.Step{Name: fmt.Sprintf("step%d", i+1), Action: "aws:runCommand", Status: "Success", Ended: i < seen})
	}
	if seen >= 2 {
		exec.Status, exec.Done, exec.Succeeded, exec.Ended = "Success", true, true, w.env.Now()
	}
	return exec
}

// failedRun is an automation whose second step fails.
func (w *world) failedRun(step string, seen int) incident.Execution {
	exec := w.twoSteps(step, seen)
	if exec.Done && step == "run" {
		exec.Status, exec.Succeeded, exec.Failure = "Failed", false, redact.Literal("exit status 1")
		exec.Steps[1].Status, exec.Steps[1].Failure = "Failed", redact.Literal("exit status 1")
	}
	return exec
}

// register puts the world's answers behind the activities' names.
func (w *world) register() {
	serve(w, incident.ActivityPinCatalog, func(_ int, _ incident.PinCatalogInput) incident.PinCatalogResult { return w.pinned })
	serve(w, incident.ActivityGatherEvidence, func(_ int, in incident.GatherEvidenceInput) incident.GatherEvidenceResult {
		return incident.GatherEvidenceResult{Evidence: []incident.Evidence{{
			ID: "ev-00000001", Kind: incident.EvidenceLogs, Service: in.Service.Name, Title: redact.Literal("new error pattern"), Detail: redact.Literal("240 lines, none before"),
		}}}
	})
	serve(w, incident.ActivityDiagnose, func(_ int, _ incident.DiagnoseInput) incident.Diagnosis { return w.diagnosis })
	serve(w, incident.ActivityRankSuspects, func(_ int, in incident.RankSuspectsInput) incident.Diagnosis {
		return incident.Diagnosis{Model: incident.ModelRanking, NoModel: in.NoModel, Hypotheses: []incident.Hypothesis{{
			Cause: redact.Literal("checkout fails requests"), Service: in.Case.Service.Name, Confidence: 0.5, Citations: []string{"ev-00000001"}, Runbook: "restart-service",
		}}}
	})
	serve(w, incident.ActivityCompilePlan, func(_ int, in incident.CompilePlanInput) incident.CompilePlanResult {
		if len(w.denied) > 0 {
			return incident.CompilePlanResult{Denied: w.denied}
		}
		return incident.CompilePlanResult{Plan: incident.Plan{
			Attempt: in.Attempt, Runbook: in.Hypothesis.Runbook, Commit: in.Commit, Service: "checkout", ContentSHA256: "aa",
			Parameters: map[string][]string{"InstanceId": {"i-0c0ffee0000000001"}}, Targets: []string{"i-0c0ffee0000000001"},
			Impact: redact.Literal("a restart of some seconds"), Steps: []incident.PlanStep{{Name: "step1", Action: "aws:runCommand"}},
			Undo: w.undo, Verify: verifySpec, Approval: w.rule, Digest: digestOf(in.Attempt),
		}}
	})
	serve(w, incident.ActivityVerifyDecision, func(_ int, in incident.VerifyDecisionInput) incident.Verdict { return w.verdict(in) })
	serve(w, incident.ActivityRecheck, func(_ int, _ incident.RecheckInput) incident.RecheckResult { return w.recheck })
	serve(w, incident.ActivityReadSymptom, func(n int, _ incident.ReadSymptomInput) incident.SymptomReading { return w.reading(n) })
	serve(w, incident.ActivityVerifyRecovery, func(n int, _ incident.VerifyRecoveryInput) incident.Verification { return w.verification(n) })
	serve(w, incident.ActivityPublishDocument, func(_ int, in incident.PublishDocumentInput) incident.Document {
		return incident.Document{Name: "firebreak-" + in.Runbook, Version: "3", ContentSHA256: in.ContentSHA256}
	})
	serve(w, incident.ActivityStartAutomation, func(_ int, in incident.StartAutomationInput) incident.Execution { return w.execution(in.Step, 0) })
	serve(w, incident.ActivityWatchAutomation, func(_ int, in incident.WatchAutomationInput) incident.Execution {
		return w.execution(in.ExecutionID[len("exec-"):], in.SeenSteps+1)
	})
	serve(w, incident.ActivityStopAutomation, func(_ int, in incident.StopAutomationInput) incident.Execution {
		exec := w.twoSteps(in.ExecutionID[len("exec-"):], 0)
		exec.Status, exec.Done = "Cancelled", true
		return exec
	})
	serve(w, incident.ActivityPostIncident, func(_ int, in incident.PostIncidentInput) incident.ThreadRef {
		if !in.Thread.IsZero() {
			return in.Thread
		}
		return incident.ThreadRef{Channel: "C1", TS: "100.1", URL: "https://shop.slack.example/archives/C1/p1001"}
	})
	serve(w, incident.ActivityPostReply, func(int, incident.PostReplyInput) struct{} { return struct{}{} })
	serve(w, incident.ActivityAskApproval, func(n int, _ incident.AskApprovalInput) incident.CardRef {
		return incident.CardRef{Channel: "C1", TS: fmt.Sprintf("200.%d", n)}
	})
	serve(w, incident.ActivityCloseApproval, func(int, incident.CloseApprovalInput) struct{} { return struct{}{} })
	serve(w, incident.ActivityOpenTicket, func(int, incident.OpenTicketInput) incident.TicketRef {
		return incident.TicketRef{Key: "OPS-7", URL: "https://jira.example/browse/OPS-7"}
	})
	serve(w, incident.ActivityCommentTicket, func(int, incident.CommentTicketInput) struct{} { return struct{}{} })
	serve(w, incident.ActivityTransitionTicket, func(_ int, in incident.TransitionTicketInput) incident.TicketStatus {
		return incident.TicketStatus{Key: in.Ticket.Key, Status: map[incident.TicketState]string{incident.TicketInProgress: "In Progress", incident.TicketDone: "Done"}[in.To]}
	})
}

// serve registers one activity: it is written down, may be interrupted, may
// fail, and otherwise answers.
func serve[In, Out any](w *world, name string, answer func(n int, in In) Out) {
	w.env.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) {
		w.mu.Lock()
		w.calls = append(w.calls, call{name, in})
		n := 0
		for _, c := range w.calls {
			if c.name == name {
				n++
			}
		}
		before, fails := w.before[name], w.fails[name]
		w.mu.Unlock()
		if before != nil {
			before(n)
		}
		if fails != nil {
			if err := fails(n); err != nil {
				var none Out
				return none, err
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.done = append(w.done, call{name, in})
		return answer(n, in), nil
	}, activity.RegisterOptions{Name: name})
}

func digestOf(attempt int) string { return digest[:len(digest)-2] + fmt.Sprintf("%02d", attempt) }

// refused fails every call for good, broken fails every call in a way that is
// tried again.
func refused(int) error { return temporal.NewNonRetryableApplicationError("no", "Permission", nil) }
func broken(int) error  { return temporal.NewApplicationError("later", "Unavailable") }

// anomaly is one of checkout's, number n.
func anomaly(n int, state incident.EpisodeState) incident.Anomaly {
	opened := start.Add(-time.Minute + time.Duration(n)*time.Second)
	series := fmt.Sprintf("checkout/errors/%d", n)
	a := incident.Anomaly{
		ID: incident.AnomalyID("level", series, opened), Account: scope.Account, Region: scope.Region, Service: "checkout",
		DependsOn: []string{"payments"}, Kind: incident.KindMetric, Rule: "level", Series: series, State: state, Severity: incident.Sev2,
		Opened: opened, LastSeen: opened, Count: 1, Observed: 30, High: 2, Why: redact.Literal("30 errors a second where at most 2 are usual"),
	}
	if state == incident.EpisodeClosed {
		a.Closed = opened.Add(time.Minute)
	}
	return a
}

// input is the incident that most tests run.
func input() incident.IncidentInput {
	return incident.IncidentInput{
		ID: incidentID, Scope: scope, Service: "checkout", Anomalies: []incident.Anomaly{anomaly(0, incident.EpisodeOpen)},
		Effects: incident.AllEffects(), Correlator: correlatorID,
		Settings: incident.Settings{MaxAttempts: 2, UIURL: "http://127.0.0.1:8233", Namespace: "default"},
	}
}

// yes is an approval of attempt n's plan, no a rejection.
func yes(approver string, n int) incident.Decision {
	return incident.Decision{Approved: true, Approver: approver, Via: "cli", PlanDigest: digestOf(n)}
}

func no(approver string, n int) incident.Decision {
	d := yes(approver, n)
	d.Approved = false
	return d
}

// at does something once the test's clock has come that far.
func (w *world) at(after time.Duration, do func()) { w.env.RegisterDelayedCallback(do, after) }

// signalAt sends a decision by signal.
func (w *world) signalAt(after time.Duration, d incident.Decision) {
	w.at(after, func() { w.env.SignalWorkflow(incident.SignalApproval, d) })
}

// answered is what became of an update.
type answered struct {
	rejected error
	receipt  incident.DecisionReceipt
	err      error
	done     bool
}

// updateAt sends a decision by update.
func (w *world) updateAt(after time.Duration, id string, d incident.Decision) *answered {
	got := &answered{}
	w.at(after, func() {
		w.env.UpdateWorkflow(incident.UpdateDecide, id, &testsuite.TestUpdateCallback{
			OnReject: func(err error) { got.rejected, got.done = err, true },
			OnAccept: func() {},
			OnComplete: func(res any, err error) {
				got.err, got.done = err, true
				if r, ok := res.(incident.DecisionReceipt); ok {
					got.receipt = r
				}
			},
		}, d)
	})
	return got
}

// run runs the incident and returns its story, which the query has to tell too.
func (w *world) run(in incident.IncidentInput) incident.State {
	w.t.Helper()
	in.Settings.Settle = incident.Seconds(w.settle)
	w.env.ExecuteWorkflow(incident.WorkflowIncident, in)
	require.True(w.t, w.env.IsWorkflowCompleted(), "the workflow has to come to an end")
	var state incident.State
	err := w.env.GetWorkflowError()
	if err != nil {
		var cancelled *temporal.CanceledError
		require.ErrorAs(w.t, err, &cancelled, "an incident ends well or is cancelled: %v", err)
		require.NoError(w.t, cancelled.Details(&state), "a cancelled incident carries its story")
	} else {
		require.NoError(w.t, w.env.GetWorkflowResult(&state))
	}
	require.Equal(w.t, state, w.query(), "the query and the result have to tell the same story")
	require.False(w.t, state.Pending, "nothing may be pending at the end")
	return state
}

func (w *world) query() incident.State {
	w.t.Helper()
	var state incident.State
	answer, err := w.env.QueryWorkflow(incident.QueryState)
	require.NoError(w.t, err)
	require.NoError(w.t, answer.Get(&state))
	return state
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
