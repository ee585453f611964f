package scenario

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
)

// answer answers a pending question, where somebody or the scenario does.
func (p *play) answer(ctx context.Context) error {
	state := p.result.State
	if !state.Pending || state.Plan == nil || p.answered == state.Plan.Digest {
		return nil
	}
	switch {
	case p.o.Auto && (p.sc.Answer == Approve || p.sc.Answer == Reject):
		if time.Since(p.asked) < p.limits.Thinking {
			return nil
		}
		return p.decide(ctx, p.sc.Answer == Approve)
	case p.o.Auto && p.sc.Answer == Elsewhere:
		return nil // a step answers in time
	}
	// However long it takes, the question's own expiry ends the wait.
	p.deadline = state.Expires.Add(p.limits.End)
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
