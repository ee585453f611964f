package automation

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

const (
	maxSteps     = 100 // kept of an execution
	maxFailure   = 500 // bytes of a failure's text
	stepPage     = 50  // DescribeAutomationStepExecutions' own limit
	maxStepPages = 10
)

// terminal are the statuses after which nothing happens any more.
var terminal = []types.AutomationExecutionStatus{
	types.AutomationExecutionStatusSuccess, types.AutomationExecutionStatusTimedout, types.AutomationExecutionStatusCancelled,
	types.AutomationExecutionStatusFailed, types.AutomationExecutionStatusCompletedWithSuccess,
	types.AutomationExecutionStatusCompletedWithFailure, types.AutomationExecutionStatusExited,
	types.AutomationExecutionStatusRejected, types.AutomationExecutionStatusChangeCalendarOverrideRejected,
}

// waiting are the statuses in which a person has to do something.
var waiting = []types.AutomationExecutionStatus{
	types.AutomationExecutionStatusWaiting, types.AutomationExecutionStatusPendingApproval,
	types.AutomationExecutionStatusPendingChangeCalendarOverride,
}

// failed are the statuses of a step that did not do what it should.
var failed = []types.AutomationExecutionStatus{
	types.AutomationExecutionStatusFailed, types.AutomationExecutionStatusTimedout, types.AutomationExecutionStatusCancelled,
	types.AutomationExecutionStatusCompletedWithFailure, types.AutomationExecutionStatusRejected,
}

// look reads an execution with its steps.
func (a *Activities) look(ctx context.Context, id string) (incident.Execution, error) {
	out, err := a.opts.Systems.GetAutomationExecution(ctx, &ssm.GetAutomationExecutionInput{AutomationExecutionId: &id})
	if err != nil {
		return incident.Execution{}, err
	}
	x := out.AutomationExecution
	if x == nil {
		return incident.Execution{}, fmt.Errorf("execution %s came without content", id)
	}
	steps := x.StepExecutions
	if x.StepExecutionsTruncated {
		if steps, err = a.steps(ctx, id); err != nil {
			return incident.Execution{}, err
		}
	}
	return a.execution(id, x, steps), nil
}

// steps reads the steps of an execution that has too many for one answer.
func (a *Activities) steps(ctx context.Context, id string) ([]types.StepExecution, error) {
	in := &ssm.DescribeAutomationStepExecutionsInput{AutomationExecutionId: &id, MaxResults: aws.Int32(stepPage)}
	var out []types.StepExecution
	for range maxStepPages {
		page, err := a.opts.Systems.DescribeAutomationStepExecutions(ctx, in)
		if err != nil {
			return nil, err
		}
		out = append(out, page.StepExecutions...)
		if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	return out, nil
}

func (a *Activities) execution(id string, x *types.AutomationExecution, steps []types.StepExecution) incident.Execution {
	exec := incident.Execution{
		ID: id, Status: string(x.AutomationExecutionStatus), Done: slices.Contains(terminal, x.AutomationExecutionStatus),
		DocumentVersion: aws.ToString(x.DocumentVersion), Failure: a.failure(aws.ToString(x.FailureMessage)),
	}
	if x.ExecutionStartTime != nil {
		exec.Started = x.ExecutionStartTime.UTC()
	}
	if x.ExecutionEndTime != nil && exec.Done {
		exec.Ended = x.ExecutionEndTime.UTC()
	}
	good := true
	for _, s := range steps {
		bad := slices.Contains(failed, s.StepStatus)
		if bad && exec.Failure.IsEmpty() {
			exec.Failure = redact.Format("step %s is %s: %s", redact.Name(aws.ToString(s.StepName)), redact.Name(string(s.StepStatus)),
				a.failure(aws.ToString(s.FailureMessage))).Cut(maxFailure)
		}
		good = good && !bad
		if len(exec.Steps) < maxSteps {
			exec.Steps = append(exec.Steps, incident.Step{
				Name: aws.ToString(s.StepName), Action: aws.ToString(s.Action), Status: string(s.StepStatus),
				Ended: slices.Contains(terminal, s.StepStatus), Failure: a.failure(aws.ToString(s.FailureMessage)),
			})
		}
	}
	// Success can hide a step that failed: isCritical false, or onFailure Continue.
	exec.Succeeded = good && (x.AutomationExecutionStatus == types.AutomationExecutionStatusSuccess ||
		x.AutomationExecutionStatus == types.AutomationExecutionStatusCompletedWithSuccess)
	return exec
}

// failure redacts a message, which may quote the output of a script.
func (a *Activities) failure(raw string) redact.Text {
	return redact.Clean(a.opts.Redactor, raw).Cut(maxFailure)
}
