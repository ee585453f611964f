package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/workflows"
)

// world stands in for everything outside: activities that answer at once, each
// set of them for one script. A history holds what was answered and not who
// answered, so that these serve as well as the real ones.
type world struct {
	runbook  string             // of the diagnosis; empty for none
	expires  time.Duration      // of the question
	undo     *incident.UndoPlan //
	refuses  string             // approver whose decisions do not count
	helps    bool               // whether the fix helps
	noModel  bool               // whether the model refuses to answer
	present  func() bool        // whether the trouble is there
	chatDown int                // calls of PostIncident that fail at first
	orphan   string             // id of an automation that nobody watches
	endless  chan struct{}      // closed once a watch has begun that only ends when it is cancelled

	mu    sync.Mutex
	calls map[string]int
}

// call counts and returns how often an activity has been called by now.
func (w *world) call(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[name]++
	return w.calls[name]
}

// serve starts workers for all task queues and returns what stops them.
func (w *world) serve(c client.Client) (func(), error) {
	w.calls = map[string]int{}
	var started []worker.Worker
	stop := func() {
		for _, each := range started {
			each.Stop()
		}
	}
	for _, queue := range []string{
		incident.QueueWorkflows, incident.QueueEvidence, incident.QueueDiagnosis,
		incident.QueueAutomation, incident.QueueChat, incident.QueueTickets,
	} {
		served := worker.New(c, queue, worker.Options{Identity: identity, MaxHeartbeatThrottleInterval: 100 * time.Millisecond, DefaultHeartbeatThrottleInterval: 100 * time.Millisecond})
		if queue == incident.QueueWorkflows {
			workflows.Register(served)
		}
		w.register(served)
		if err := w.registerGuard(served, c); err != nil {
			stop()
			return nil, err
		}
		if err := served.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("start a worker on %s: %w", queue, err)
		}
		started = append(started, served)
	}
	return stop, nil
}

// named registers an activity that always answers.
func named[In, Out any](r worker.Worker, name string, answer func(In) Out) {
	r.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) { return answer(in), nil }, activity.RegisterOptions{Name: name})
}

func (w *world) register(r worker.Worker) {
	w.registerReading(r)
	w.registerAutomation(r)
	w.registerTelling(r)
}

func (w *world) registerReading(r worker.Worker) {
	named(r, incident.ActivityPinCatalog, func(in incident.PinCatalogInput) incident.PinCatalogResult {
		return incident.PinCatalogResult{
			Commit: "0123456789abcdef0123456789abcdef01234567", Known: true,
			Service: incident.Service{Name: in.Service, Team: "shop", Severity: incident.Sev2, DependsOn: []string{"payments"}},
			Runbooks: []incident.RunbookOption{
				{Name: "restart-service", Service: in.Service, Summary: "restarts it"}, {Name: secondRunbook, Service: in.Service, Summary: "recycles it"},
			},
		}
	})
	named(r, incident.ActivityGatherEvidence, func(in incident.GatherEvidenceInput) incident.GatherEvidenceResult {
		return incident.GatherEvidenceResult{Evidence: []incident.Evidence{{
			ID: "ev-00000001", Kind: incident.EvidenceMetric, Service: in.Service.Name, Title: redact.Literal("errors"), Detail: redact.Literal("30 a second, none before"),
		}}}
	})
	r.RegisterActivityWithOptions(func(_ context.Context, in incident.DiagnoseInput) (incident.Diagnosis, error) {
		if w.noModel {
			return incident.Diagnosis{}, temporal.NewNonRetryableApplicationError("no access to the model", incident.ErrorPermission, nil)
		}
		return w.diagnosis("recorder", in), nil
	}, activity.RegisterOptions{Name: incident.ActivityDiagnose})
	named(r, incident.ActivityRankSuspects, func(in incident.RankSuspectsInput) incident.Diagnosis { return w.diagnosis("", in.Case) })
	named(r, incident.ActivityCompilePlan, func(in incident.CompilePlanInput) incident.CompilePlanResult {
		return incident.CompilePlanResult{Plan: incident.Plan{
			Attempt: in.Attempt, Runbook: in.Hypothesis.Runbook, Commit: in.Commit, Service: in.Service, ContentSHA256: "aa", Undo: w.undo,
			Parameters: map[string][]string{"InstanceId": {"i-0c0ffee0000000001"}}, Targets: []string{"i-0c0ffee0000000001"}, Impact: redact.Literal("a short break"),
			Steps: []incident.PlanStep{{Name: "restart", Action: "aws:runCommand"}},
			Verify: incident.VerifySpec{
				Metric: incident.MetricRef{Namespace: "Shop", Name: "Errors", Stat: "Sum", Period: 1}, Comparison: "<=", Threshold: 1,
				Samples: 5, Timeout: incident.Seconds(time.Minute), Before: 30,
			},
			Approval: incident.ApprovalRule{Count: 1, AllowUnverified: true, Expires: incident.Seconds(w.expires)},
			Digest:   fmt.Sprintf("v1:%064d", in.Attempt),
		}}
	})
	named(r, incident.ActivityVerifyDecision, func(in incident.VerifyDecisionInput) incident.Verdict {
		if in.Decision.Approver == w.refuses {
			return incident.Verdict{Reason: redact.Literal("not an approver")}
		}
		return incident.Verdict{Accepted: true}
	})
	named(r, incident.ActivityRecheck, func(in incident.RecheckInput) incident.RecheckResult {
		return incident.RecheckResult{Allowed: true, Latest: in.Plan.Commit}
	})
	named(r, incident.ActivityReadSymptom, func(incident.ReadSymptomInput) incident.SymptomReading {
		return incident.SymptomReading{Known: true, Present: w.present()}
	})
	named(r, incident.ActivityVerifyRecovery, func(in incident.VerifyRecoveryInput) incident.Verification {
		return incident.Verification{OK: w.helps, Metric: "Shop/Errors", Before: 30, Samples: 5, Detail: redact.Literal("5 looked at"), At: in.Since}
	})
}

// secondRunbook is what the next hypothesis proposes: a runbook that did not help
// is not tried again.
const secondRunbook = "recycle-process"

func (w *world) diagnosis(model string, in incident.DiagnoseInput) incident.Diagnosis {
	hypothesis := func(confidence float64, runbook string) incident.Hypothesis {
		return incident.Hypothesis{
			Cause: redact.Literal("errors since a change"), Service: in.Service.Name, Confidence: confidence, Citations: []string{"ev-00000001"}, Runbook: runbook,
		}
	}
	d := incident.Diagnosis{Model: model, Hypotheses: []incident.Hypothesis{hypothesis(0.8, w.runbook)}}
	if w.runbook != "" {
		d.Hypotheses = append(d.Hypotheses, hypothesis(0.5, secondRunbook))
	}
	return d
}

func (w *world) registerAutomation(r worker.Worker) {
	named(r, incident.ActivityPublishDocument, func(in incident.PublishDocumentInput) incident.Document {
		return incident.Document{Name: "firebreak-" + in.Runbook, Version: "1", ContentSHA256: in.ContentSHA256}
	})
	named(r, incident.ActivityStartAutomation, func(in incident.StartAutomationInput) incident.Execution {
		return execution(in.Step, 0)
	})
	r.RegisterActivityWithOptions(func(ctx context.Context, in incident.WatchAutomationInput) (incident.Execution, error) {
		if w.endless == nil {
			return execution(in.ExecutionID, in.SeenSteps+1), nil
		}
		if w.call(incident.ActivityWatchAutomation) == 1 {
			close(w.endless)
		}
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return incident.Execution{}, ctx.Err()
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}, activity.RegisterOptions{Name: incident.ActivityWatchAutomation})
	named(r, incident.ActivityStopAutomation, func(in incident.StopAutomationInput) incident.Execution {
		e := execution(in.ExecutionID, 0)
		e.Status, e.Done = "Cancelled", true
		return e
	})
}

// execution is an automation of two steps, so many of which have ended.
func execution(id string, ended int) incident.Execution {
	e := incident.Execution{ID: id, Status: "InProgress", DocumentVersion: "1"}
	for i := range 2 {
		e.Steps = append(e.Steps, incident.Step{Name: fmt.Sprintf("step%d", i+1), Action: "aws:runCommand", Status: "Success", Ended: i < ended})
	}
	if ended >= 2 {
		e.Status, e.Done, e.Succeeded = "Success", true, true
	}
	return e
}

func (w *world) registerTelling(r worker.Worker) {
	r.RegisterActivityWithOptions(func(_ context.Context, in incident.PostIncidentInput) (incident.ThreadRef, error) {
		if w.call(incident.ActivityPostIncident) <= w.chatDown {
			return incident.ThreadRef{}, temporal.NewApplicationErrorWithCause("no answer", "Unavailable", errors.New("recorded outage"))
		}
		return incident.ThreadRef{Channel: "C0", TS: "1.0"}, nil
	}, activity.RegisterOptions{Name: incident.ActivityPostIncident})
	named(r, incident.ActivityPostReply, func(incident.PostReplyInput) struct{} { return struct{}{} })
	named(r, incident.ActivityAskApproval, func(incident.AskApprovalInput) incident.CardRef { return incident.CardRef{Channel: "C0", TS: "2.0"} })
	named(r, incident.ActivityCloseApproval, func(incident.CloseApprovalInput) struct{} { return struct{}{} })
	named(r, incident.ActivityOpenTicket, func(incident.OpenTicketInput) incident.TicketRef { return incident.TicketRef{Key: "OPS-1"} })
	named(r, incident.ActivityCommentTicket, func(incident.CommentTicketInput) struct{} { return struct{}{} })
	named(r, incident.ActivityTransitionTicket, func(in incident.TransitionTicketInput) incident.TicketStatus {
		return incident.TicketStatus{Key: in.Ticket.Key, Status: string(in.To)}
	})
}
