package scenario

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
)

// thinking is how long a prescribed answer takes: a person would read, and in
// the meantime what else the fault sets off joins the incident. An alarm over
// ten seconds takes eleven.
const thinking = 12 * time.Second

// answer answers a pending question, where somebody or the scenario does.
func (p *play) answer(ctx context.Context) error {
	state := p.result.State
	if !state.Pending || state.Plan == nil || p.answered == state.Plan.Digest {
		return nil
	}
	if p.o.Auto && p.sc.Answer != Silence {
		if time.Since(p.asked) < thinking {
			return nil
		}
		return p.decide(ctx, p.sc.Answer == Approve)
	}
	// However long it takes, the question's own expiry ends the wait.
	p.deadline = state.Expires.Add(endWithin)
	select {
	case yes, ok := <-p.o.Answers:
		if ok {
			return p.decide(ctx, yes)
		}
		p.o.Answers = nil
	default:
	}
	return nil
}

// decide sends a decision as the update that every channel uses.
func (p *play) decide(ctx context.Context, approved bool) error {
	state := p.result.State
	p.answered = state.Plan.Digest
	decision := incident.Decision{
		Approved: approved, Approver: p.o.Approver(), Via: "sandbox",
		PlanDigest: state.Plan.Digest, IssuedAt: time.Now().UTC().Format(time.RFC3339),
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	handle, err := p.o.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: state.WorkflowID, RunID: state.RunID, UpdateName: incident.UpdateDecide,
		UpdateID: "sandbox/" + state.Plan.Digest, Args: []any{decision}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return fmt.Errorf("send the decision: %w", err)
	}
	var receipt incident.DecisionReceipt
	if err := handle.Get(ctx, &receipt); err != nil {
		return fmt.Errorf("send the decision: %w", err)
	}
	p.narrator.Decided(decision, receipt)
	return nil
}

// incidents lists the ids of the incident workflows that opened since the fault,
// oldest first.
func (p *play) incidents(ctx context.Context) ([]string, error) {
	listed, err := p.o.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND StartTime >= '%s'", incident.WorkflowIncident, p.result.Fault.UTC().Format(time.RFC3339Nano)),
	})
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	ids := make([]string, len(listed.GetExecutions()))
	for i, e := range listed.GetExecutions() {
		ids[len(ids)-1-i] = e.GetExecution().GetWorkflowId() // listed newest first
	}
	return ids, nil
}
