package automation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/uuid"

	"firebreak/test/stack/ssm/document"
)

const (
	// cancelLimit is how long the steps that onCancel leads to may take.
	cancelLimit = 2 * time.Minute
	// maxStepRuns ends a document whose steps lead in a circle.
	maxStepRuns = 1000
)

var errCancelled = errors.New("the automation was cancelled")

// execution is one run of a document. The fields below mu's line in Engine are
// guarded by the engine's lock; outputs belong to the goroutine that runs it.
type execution struct {
	engine  *Engine
	id      string
	req     Request
	values  map[string]any
	ctx     context.Context
	cancel  context.CancelCauseFunc
	outputs map[string]map[string]any // step to output to value

	// Guarded by engine.mu.
	view     types.AutomationExecution
	waiting  *waiter // the step that waits for a signal
	complete bool    // a stop of type Complete was asked for
}

func newExecution(e *Engine, req Request, shown map[string][]string, values map[string]any) *execution {
	x := &execution{
		engine: e, id: uuid.NewString(), req: req, values: values,
		outputs: map[string]map[string]any{},
	}
	x.ctx, x.cancel = context.WithCancelCause(e.ctx)
	mode := req.Mode
	if mode == "" {
		mode = types.ExecutionModeAuto
	}
	x.view = types.AutomationExecution{
		AutomationExecutionId:     aws.String(x.id),
		AutomationExecutionStatus: types.AutomationExecutionStatusPending,
		DocumentName:              aws.String(req.Name),
		DocumentVersion:           aws.String(req.Version),
		ExecutedBy:                aws.String(req.ExecutedBy),
		ExecutionStartTime:        aws.Time(e.opts.Now()),
		Mode:                      mode,
		Parameters:                shown,
		AlarmConfiguration:        req.Alarm,
		ResolvedTargets:           &types.ResolvedTargets{ParameterValues: []string{}},
	}
	for i := range req.Document.Steps {
		x.view.StepExecutions = append(x.view.StepExecutions, newStepView(req.Document, i))
	}
	return x
}

// snapshot copies what can change. The caller holds the engine's lock. What
// pointers and maps point at is replaced, never written to, so they are shared.
func (x *execution) snapshot() types.AutomationExecution {
	v := x.view
	v.StepExecutions = slices.Clone(v.StepExecutions)
	return v
}

func (x *execution) update(change func(v *types.AutomationExecution)) {
	x.engine.mu.Lock()
	defer x.engine.mu.Unlock()
	change(&x.view)
}

// run walks through the document's steps to the end.
func (x *execution) run() {
	defer x.cancel(nil)
	x.update(func(v *types.AutomationExecution) {
		if v.AutomationExecutionStatus == types.AutomationExecutionStatusPending {
			v.AutomationExecutionStatus = types.AutomationExecutionStatusInprogress
		}
	})
	stopWatching := x.watchAlarm()
	end := x.walk(x.ctx, 0)
	stopWatching()

	if cause := context.Cause(x.ctx); cause != nil && end.cancelledAt != nil {
		x.runCancelSteps(*end.cancelledAt)
		end.status, end.message = types.AutomationExecutionStatusCancelled, cause.Error()
	}
	x.finish(end)
}

// ending is how a walk ended.
type ending struct {
	status      types.AutomationExecutionStatus
	message     string
	cancelledAt *int // the step during or before which the walk was cancelled
}

// walk runs steps from the given one on until the document ends, a failure
// aborts it, or its context is cancelled.
func (x *execution) walk(ctx context.Context, i int) ending {
	doc := x.req.Document
	end := ending{status: types.AutomationExecutionStatusSuccess}
	for runs := 0; i < len(doc.Steps); runs++ {
		if ctx.Err() != nil {
			end.cancelledAt = &i
			return end
		}
		if x.asked(&x.complete) {
			return end
		}
		if runs == maxStepRuns {
			return ending{status: types.AutomationExecutionStatusFailed, message: fmt.Sprintf("the document ran %d steps without coming to an end", maxStepRuns)}
		}
		step := &doc.Steps[i]
		res := x.runStep(ctx, step)
		if res.status == types.AutomationExecutionStatusCancelled {
			end.cancelledAt = &i
			return end
		}
		failed := res.status != types.AutomationExecutionStatusSuccess
		abort := failed && (step.OnFailure == "" || step.OnFailure == "Abort")
		if failed && (step.Critical() || abort) && end.message == "" {
			// The first critical failure decides the status, whatever the steps
			// after it do. Abort fails the execution even for a step that is not
			// critical.
			end.status = executionStatus(res.status)
			end.message = fmt.Sprintf("Step %s is in status %s: %s", step.Name, res.status, res.message)
		}
		if abort || step.IsEnd {
			return end
		}
		i = x.next(i, res, failed)
	}
	return end
}

// executionStatus is the execution's status after a critical step ended so.
func executionStatus(step types.AutomationExecutionStatus) types.AutomationExecutionStatus {
	if step == types.AutomationExecutionStatusTimedout {
		return step
	}
	return types.AutomationExecutionStatusFailed
}

// next is the step to run after step i: where the failure or the branch leads,
// else nextStep, else the one below.
func (x *execution) next(i int, res stepResult, failed bool) int {
	doc := x.req.Document
	step := doc.Steps[i]
	if target, ok := strings.CutPrefix(step.OnFailure, "step:"); ok && failed {
		return doc.Index(strings.TrimSpace(target))
	}
	if !failed && res.next != "" {
		return doc.Index(res.next)
	}
	if step.NextStep != "" {
		return doc.Index(step.NextStep)
	}
	return i + 1
}

func (x *execution) asked(flag *bool) bool {
	x.engine.mu.Lock()
	defer x.engine.mu.Unlock()
	return *flag
}

// runCancelSteps runs what the interrupted step's onCancel leads to.
func (x *execution) runCancelSteps(at int) {
	target, ok := strings.CutPrefix(x.req.Document.Steps[at].OnCancel, "step:")
	if !ok || x.engine.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(x.engine.ctx, cancelLimit, fmt.Errorf("the steps after a cancel took more than %s", cancelLimit))
	defer cancel()
	x.walk(ctx, x.req.Document.Index(strings.TrimSpace(target)))
}

func (x *execution) finish(end ending) {
	outputs := x.documentOutputs()
	x.update(func(v *types.AutomationExecution) {
		v.AutomationExecutionStatus = end.status
		v.ExecutionEndTime = aws.Time(x.engine.opts.Now())
		v.CurrentStepName, v.CurrentAction = nil, nil
		v.Outputs = outputs
		if end.message != "" {
			v.FailureMessage = aws.String(end.message)
		}
	})
}

// documentOutputs are the document's outputs; those of steps that did not run
// say so, as the service's do.
func (x *execution) documentOutputs() map[string][]string {
	out := map[string][]string{}
	for _, name := range x.req.Document.Outputs {
		step, output, _ := strings.Cut(name, ".")
		if v, ok := x.outputs[step][output]; ok {
			out[name] = document.Strings(v)
			continue
		}
		out[name] = []string{"No output available yet because the step is not successfully executed"}
	}
	return out
}

// lookup finds parameters, outputs of earlier steps and the service's variables.
func (x *execution) lookup(name string) (any, bool) {
	if v, ok := x.values[name]; ok {
		return v, true
	}
	now := x.engine.opts.Now().UTC()
	switch name {
	case "automation:EXECUTION_ID":
		return x.id, true
	case "global:REGION":
		return x.engine.opts.Region, true
	case "global:ACCOUNT_ID":
		return x.engine.opts.Account, true
	case "global:DATE":
		return now.Format("2006-01-02"), true
	case "global:DATE_TIME":
		return now.Format("2006-01-02_15.04.05"), true
	}
	step, output, _ := strings.Cut(name, ".")
	v, ok := x.outputs[step][output]
	return v, ok
}
