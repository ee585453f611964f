package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/uuid"

	"firebreak/test/stack/ssm/document"
)

// stepResult is how a step ended.
type stepResult struct {
	status  types.AutomationExecutionStatus
	message string // why, when it did not succeed
	next    string // the step that a branch chose
}

// actionResult is what an action gives back beside its error. Outputs count
// even when the action failed: a script's exit code, for example.
type actionResult struct {
	outputs  map[string]any
	response string // the service's answer, for the step's Response
	code     string // for the step's ResponseCode
	next     string
}

// action runs one try of a step. Its context ends at the step's timeout and
// when the execution is cancelled.
type action func(ctx context.Context, x *execution, s *document.Step, inputs map[string]any) (actionResult, error)

// actions and how long each may take where a step sets no timeoutSeconds, 0
// meaning as long as it likes.
var actions = map[string]struct {
	run     action
	timeout time.Duration
}{
	"aws:runCommand":                 {runCommand, 0}, // has executionTimeout
	"aws:executeAwsApi":              {executeAPI, time.Hour},
	"aws:assertAwsResourceProperty":  {assertProperty, time.Hour},
	"aws:waitForAwsResourceProperty": {waitForProperty, time.Hour},
	"aws:sleep":                      {sleep, 0},
	"aws:branch":                     {branch, 0},
	"aws:pause":                      {pause, 7 * 24 * time.Hour},
	"aws:approve":                    {approve, 7 * 24 * time.Hour},
}

// failure is an action's error with the words that FailureDetails wants.
type failure struct {
	stage  string // InputValidation, PreVerification, Invocation or PostVerification
	kind   string
	reason string
	status types.AutomationExecutionStatus // empty means Failed
}

// Error implements error.
func (f *failure) Error() string { return f.reason }

func badInput(format string, args ...any) error {
	return &failure{stage: "InputValidation", kind: "InvalidInput", reason: fmt.Sprintf(format, args...)}
}

func newStepView(doc *document.Document, i int) types.StepExecution {
	s := doc.Steps[i]
	v := types.StepExecution{
		StepName:        aws.String(s.Name),
		Action:          aws.String(s.Action),
		StepExecutionId: aws.String(uuid.NewString()),
		StepStatus:      types.AutomationExecutionStatusPending,
		OnFailure:       aws.String("Abort"),
		MaxAttempts:     aws.Int32(int32(s.Attempts())),
		IsEnd:           aws.Bool(s.IsEnd),
		IsCritical:      aws.Bool(s.Critical()),
	}
	if s.OnFailure != "" {
		v.OnFailure = aws.String(s.OnFailure)
	}
	if s.Timeout > 0 {
		v.TimeoutSeconds = aws.Int64(s.Timeout)
	}
	switch {
	case s.NextStep != "":
		v.NextStep = aws.String(s.NextStep)
	case !s.IsEnd && i+1 < len(doc.Steps):
		v.NextStep = aws.String(doc.Steps[i+1].Name)
	}
	if v.NextStep != nil {
		v.ValidNextSteps = []string{*v.NextStep}
	}
	return v
}

// runStep runs a step with its tries, its timeout and its record.
func (x *execution) runStep(ctx context.Context, s *document.Step) stepResult {
	record := x.begin(s)
	inputs, err := x.inputs(s)
	if err != nil {
		return x.end(record, s, types.AutomationExecutionStatusFailed, actionResult{}, badInput("%s", err))
	}
	record(func(v *types.StepExecution) { v.Inputs = shownInputs(inputs) })

	var res actionResult
	status := types.AutomationExecutionStatusSuccess
	for range s.Attempts() {
		res, err = x.try(ctx, s, inputs)
		status = statusOf(ctx, err)
		if err == nil || status == types.AutomationExecutionStatusCancelled {
			break
		}
	}
	return x.end(record, s, status, res, err)
}

var errStepTimeout = errors.New("the step timed out")

func (x *execution) try(ctx context.Context, s *document.Step, inputs map[string]any) (actionResult, error) {
	act := actions[s.Action]
	limit := act.timeout
	if s.Timeout > 0 {
		limit = time.Duration(s.Timeout) * time.Second
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w after %s", errStepTimeout, limit))
		defer cancel()
	}
	res, err := act.run(ctx, x, s, inputs)
	if err != nil && ctx.Err() != nil {
		// Whatever the action says, it ended because it was made to.
		return res, context.Cause(ctx)
	}
	return res, err
}

func statusOf(ctx context.Context, err error) types.AutomationExecutionStatus {
	var f *failure
	switch {
	case err == nil:
		return types.AutomationExecutionStatusSuccess
	case ctx.Err() != nil:
		return types.AutomationExecutionStatusCancelled
	case errors.Is(err, errStepTimeout):
		return types.AutomationExecutionStatusTimedout
	case errors.As(err, &f) && f.status != "":
		return f.status
	default:
		return types.AutomationExecutionStatusFailed
	}
}

// recorder changes a step's entry in the execution's view.
type recorder func(change func(v *types.StepExecution))

// begin marks a step as running. A step that runs a second time, because the
// document leads in a circle, gets an entry of its own at the end.
func (x *execution) begin(s *document.Step) recorder {
	now := aws.Time(x.engine.opts.Now())
	at := x.req.Document.Index(s.Name)
	x.update(func(v *types.AutomationExecution) {
		if v.StepExecutions[at].ExecutionStartTime != nil {
			v.StepExecutions = append(v.StepExecutions, newStepView(x.req.Document, at))
			at = len(v.StepExecutions) - 1
		}
		v.StepExecutions[at].StepStatus = types.AutomationExecutionStatusInprogress
		v.StepExecutions[at].ExecutionStartTime = now
		v.CurrentStepName, v.CurrentAction = aws.String(s.Name), aws.String(s.Action)
	})
	return func(change func(v *types.StepExecution)) {
		x.update(func(v *types.AutomationExecution) { change(&v.StepExecutions[at]) })
	}
}

func (x *execution) end(record recorder, s *document.Step, status types.AutomationExecutionStatus, res actionResult, err error) stepResult {
	if x.outputs[s.Name] == nil {
		x.outputs[s.Name] = map[string]any{}
	}
	shown := map[string][]string{}
	for name, v := range res.outputs {
		x.outputs[s.Name][name] = v
		shown[name] = document.Strings(v)
	}
	out := stepResult{status: status, next: res.next}
	record(func(v *types.StepExecution) {
		v.StepStatus = status
		v.ExecutionEndTime = aws.Time(x.engine.opts.Now())
		if len(shown) > 0 {
			v.Outputs = shown
		}
		if res.response != "" {
			v.Response = aws.String(res.response)
		}
		if res.code != "" {
			v.ResponseCode = aws.String(res.code)
		}
		if res.next != "" {
			v.NextStep = aws.String(res.next)
		}
		if err != nil {
			out.message = err.Error()
			v.FailureMessage = aws.String(fmt.Sprintf("Step fails when it is %s action. %s", verb(err), out.message))
			v.FailureDetails = details(err, s)
		}
	})
	return out
}

func verb(err error) string {
	var f *failure
	if errors.As(err, &f) && f.stage == "InputValidation" {
		return "validating and resolving the step inputs of the"
	}
	return "Execute/Cancelling"
}

func details(err error, s *document.Step) *types.FailureDetails {
	d := &types.FailureDetails{
		FailureStage: aws.String("Invocation"), FailureType: aws.String("ActionFailed"),
		Details: map[string][]string{"Action": {s.Action}, "VerificationErrorMessage": {err.Error()}},
	}
	var f *failure
	switch {
	case errors.As(err, &f):
		d.FailureStage, d.FailureType = aws.String(f.stage), aws.String(f.kind)
	case errors.Is(err, errStepTimeout):
		d.FailureType = aws.String("Timeout")
	case errors.Is(err, errCancelled):
		d.FailureType = aws.String("Cancelled")
	}
	return d
}

// inputs resolves a step's inputs. In the commands of a script a parameter with
// interpolationType ENV_VAR becomes a reference to its environment variable, so
// that its value is never read as shell.
func (x *execution) inputs(s *document.Step) (map[string]any, error) {
	if s.Action == "aws:branch" {
		return s.Inputs, nil // a branch resolves its variables one choice at a time
	}
	resolved, err := document.Interpolate(s.Inputs, x.lookup)
	if err != nil {
		return nil, err
	}
	in, _ := resolved.(map[string]any)
	if s.Action == "aws:runCommand" {
		raw, _ := s.Inputs["Parameters"].(map[string]any)
		params, _ := in["Parameters"].(map[string]any)
		if raw["commands"] != nil {
			params["commands"], err = document.Interpolate(raw["commands"], x.shellLookup)
		}
	}
	return in, err
}

func (x *execution) shellLookup(name string) (any, bool) {
	if p, ok := x.req.Document.Parameters[name]; ok && p.EnvVar() {
		return "${SSM_" + name + "}", true
	}
	return x.lookup(name)
}

// shownInputs writes inputs as the service shows them: every value as JSON.
func shownInputs(in map[string]any) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			continue // values came from JSON or from typed parameters
		}
		out[k] = strings.TrimSuffix(b.String(), "\n")
	}
	return out
}
