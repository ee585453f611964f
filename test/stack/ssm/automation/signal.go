package automation

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/ssm/document"
)

// waiter is a step that waits for a person.
type waiter struct {
	step  string
	kinds []types.SignalType
	taken chan signal // holds one, so that the sender never blocks
}

type signal struct {
	kind    types.SignalType
	comment string
}

// Signal brings a person's word to the step that waits for it: Approve and
// Reject (payload Comment) to aws:approve, Resume (payload StepName) to
// aws:pause. Interactive stepping (StartStep, StopStep) is not offered.
func (e *Engine) Signal(id string, kind types.SignalType, payload map[string][]string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, ok := e.executions[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	w := x.waiting
	if w == nil || !slices.Contains(w.kinds, kind) {
		return fmt.Errorf("%w: no step of %s waits for %s", ErrSignal, id, kind)
	}
	if steps := payload["StepName"]; kind == types.SignalTypeResume && (len(steps) != 1 || steps[0] != w.step) {
		return fmt.Errorf("%w: %s waits in step %s", ErrStepNotFound, id, w.step)
	}
	var comment string
	if c := payload["Comment"]; len(c) > 0 {
		comment = c[0]
	}
	w.taken <- signal{kind: kind, comment: comment}
	x.waiting = nil
	return nil
}

// wait blocks until a signal of one of the given kinds arrives; step and
// execution are Waiting meanwhile.
func (x *execution) wait(ctx context.Context, s *document.Step, kinds ...types.SignalType) (signal, error) {
	w := &waiter{step: s.Name, kinds: kinds, taken: make(chan signal, 1)}
	x.setWaiting(s.Name, w, types.AutomationExecutionStatusInprogress, types.AutomationExecutionStatusWaiting)
	defer x.setWaiting(s.Name, nil, types.AutomationExecutionStatusWaiting, types.AutomationExecutionStatusInprogress)
	select {
	case <-ctx.Done():
		return signal{}, context.Cause(ctx)
	case sig := <-w.taken:
		return sig, nil
	}
}

// setWaiting moves the execution and its latest run of the step from one status
// to another. An execution that is being cancelled stays so.
func (x *execution) setWaiting(step string, w *waiter, from, to types.AutomationExecutionStatus) {
	x.engine.mu.Lock()
	defer x.engine.mu.Unlock()
	x.waiting = w
	if x.view.AutomationExecutionStatus == from {
		x.view.AutomationExecutionStatus = to
	}
	for i := range slices.Backward(x.view.StepExecutions) {
		if v := &x.view.StepExecutions[i]; aws.ToString(v.StepName) == step && v.ExecutionStartTime != nil {
			v.StepStatus = to
			return
		}
	}
}

// pause is aws:pause: the execution waits until somebody resumes it.
func pause(ctx context.Context, x *execution, s *document.Step, _ map[string]any) (actionResult, error) {
	_, err := x.wait(ctx, s, types.SignalTypeResume)
	return actionResult{}, err
}

// approve is aws:approve with one approver: the execution waits until somebody
// approves or rejects.
func approve(ctx context.Context, x *execution, s *document.Step, _ map[string]any) (actionResult, error) {
	sig, err := x.wait(ctx, s, types.SignalTypeApprove, types.SignalTypeReject)
	if err != nil {
		return actionResult{}, err
	}
	if sig.kind == types.SignalTypeReject {
		return actionResult{outputs: map[string]any{"ApprovalStatus": "Rejected"}}, &failure{
			stage: "Invocation", kind: "ApprovalRejected", reason: "The approval was rejected. " + sig.comment,
			status: types.AutomationExecutionStatusRejected,
		}
	}
	return actionResult{outputs: map[string]any{"ApprovalStatus": "Approved"}}, nil
}
