package automation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/ssm/automation"
	"firebreak/test/stack/ssm/document"
)

const instance = "i-0abc"

// bench is an engine with one instance.
type bench struct {
	*automation.Engine
	dir string
}

func newBench(t *testing.T, opts automation.Options) bench {
	t.Helper()
	opts.Account, opts.Region = "123456789012", "eu-west-1"
	if opts.Poll == 0 {
		opts.Poll = 5 * time.Millisecond
	}
	e := automation.New(opts)
	t.Cleanup(e.Close)
	dir := t.TempDir()
	require.NoError(t, e.RegisterInstance(automation.Instance{ID: instance, Dir: dir, Env: map[string]string{"COLOUR": "blue"}}))
	return bench{Engine: e, dir: dir}
}

// request asks for a run of the steps, written as the mainSteps of a document
// without parameters.
func request(t *testing.T, steps string) automation.Request {
	t.Helper()
	return requestDocument(t, "schemaVersion: \"0.3\"\nmainSteps:\n"+steps)
}

func requestDocument(t *testing.T, content string) automation.Request {
	t.Helper()
	d, err := document.Parse(content, document.YAML)
	require.NoError(t, err)
	return automation.Request{Document: d, Name: "doc", Version: "1"}
}

func (b bench) start(t *testing.T, req automation.Request) string {
	t.Helper()
	id, err := b.Start(req)
	require.NoError(t, err)
	return id
}

func (b bench) get(t *testing.T, id string) types.AutomationExecution {
	t.Helper()
	x, err := b.Get(id)
	require.NoError(t, err)
	return x
}

// finish waits until the execution has ended.
func (b bench) finish(t *testing.T, id string) types.AutomationExecution {
	t.Helper()
	require.Eventually(t, func() bool { return b.get(t, id).ExecutionEndTime != nil }, time.Minute, 2*time.Millisecond)
	return b.get(t, id)
}

func (b bench) run(t *testing.T, steps string) types.AutomationExecution {
	t.Helper()
	return b.finish(t, b.start(t, request(t, steps)))
}

// statuses are the statuses of the steps by name, of the latest run of each.
func statuses(x types.AutomationExecution) map[string]types.AutomationExecutionStatus {
	out := map[string]types.AutomationExecutionStatus{}
	for _, s := range x.StepExecutions {
		out[*s.StepName] = s.StepStatus
	}
	return out
}

func step(t *testing.T, x types.AutomationExecution, name string) types.StepExecution {
	t.Helper()
	for _, s := range x.StepExecutions {
		if *s.StepName == name {
			return s
		}
	}
	require.Fail(t, "there is no step "+name)
	return types.StepExecution{}
}

// shell is a step that runs one command.
func shell(name, command, more string) string {
	return `
  - name: ` + name + `
    action: aws:runCommand
    inputs: {DocumentName: AWS-RunShellScript, InstanceIds: [i-0abc], Parameters: {commands: ["` + command + `"]}}
    ` + more
}

func TestFailurePolicies(t *testing.T) {
	t.Parallel()
	const (
		ok, failed, timedOut, pending = types.AutomationExecutionStatusSuccess, types.AutomationExecutionStatusFailed,
			types.AutomationExecutionStatusTimedout, types.AutomationExecutionStatusPending
	)
	type want = map[string]types.AutomationExecutionStatus
	tests := map[string]struct {
		steps  string
		status types.AutomationExecutionStatus
		want   want
	}{
		"all succeed":              {shell("one", "true", "") + shell("two", "true", ""), ok, want{"one": ok, "two": ok}},
		"abort by default":         {shell("one", "false", "") + shell("two", "true", ""), failed, want{"one": failed, "two": pending}},
		"abort though uncritical":  {shell("one", "false", "isCritical: false") + shell("two", "true", ""), failed, want{"one": failed, "two": pending}},
		"continue hides failure":   {shell("one", "false", "onFailure: Continue") + shell("two", "true", ""), ok, want{"one": failed, "two": ok}},
		"continue though critical": {shell("one", "false", "onFailure: Continue\n    isCritical: true") + shell("two", "true", ""), failed, want{"one": failed, "two": ok}},
		"step leads on, fails": {
			shell("one", "false", "onFailure: step:three") + shell("two", "true", "") + shell("three", "true", ""),
			failed,
			want{"one": failed, "two": pending, "three": ok},
		},
		"step leads on, uncritical": {
			shell("one", "false", "onFailure: step:three\n    isCritical: false") + shell("two", "true", "") + shell("three", "true", ""),
			ok,
			want{"one": failed, "two": pending, "three": ok},
		},
		"nextStep jumps": {
			shell("one", "true", "nextStep: three") + shell("two", "true", "") + shell("three", "true", ""),
			ok,
			want{"one": ok, "two": pending, "three": ok},
		},
		"isEnd ends":              {shell("one", "true", "isEnd: true") + shell("two", "true", ""), ok, want{"one": ok, "two": pending}},
		"isEnd ends on failure":   {shell("one", "false", "isEnd: true\n    onFailure: Continue") + shell("two", "true", ""), ok, want{"one": failed, "two": pending}},
		"time-out is its own end": {shell("one", "exec sleep 60", "timeoutSeconds: 1"), timedOut, want{"one": timedOut}},
		"time-out, uncritical":    {shell("one", "exec sleep 60", "timeoutSeconds: 1\n    onFailure: Continue"), ok, want{"one": timedOut}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newBench(t, automation.Options{}).run(t, tt.steps)
			require.Equal(t, tt.status, x.AutomationExecutionStatus, aws.ToString(x.FailureMessage))
			require.Equal(t, tt.want, statuses(x))
			if tt.status != ok {
				require.Contains(t, *x.FailureMessage, "Step one is in status")
				require.NotEmpty(t, step(t, x, "one").FailureMessage)
				require.NotNil(t, step(t, x, "one").FailureDetails)
			}
		})
	}
}

func TestRetriesAndLoops(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	x := b.run(t, shell("one", "echo x >> tries; test $(wc -l < tries) -eq 3", "maxAttempts: 3"))
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus, "the third try succeeds")

	b = newBench(t, automation.Options{})
	x = b.run(t, shell("one", "echo x >> tries; test $(wc -l < tries) -eq 3", "maxAttempts: 2"))
	require.Equal(t, types.AutomationExecutionStatusFailed, x.AutomationExecutionStatus)

	// A document may lead back; each run of a step has its own record.
	b = newBench(t, automation.Options{})
	x = b.run(t, shell("one", "echo x >> tries; cat tries | wc -l", "nextStep: check")+`
  - name: check
    action: aws:branch
    inputs:
      Choices: [{NextStep: done, Variable: "{{ one.Output }}", NumericGreaterOrEquals: 3}]
      Default: one
`+shell("done", "true", "isEnd: true"))
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus)
	require.Len(t, x.StepExecutions, 3+2*2)

	b = newBench(t, automation.Options{})
	x = b.run(t, `
  - {name: one, action: "aws:branch", inputs: {Choices: [{NextStep: one, Variable: a, StringEquals: a}]}}
`)
	require.Equal(t, types.AutomationExecutionStatusFailed, x.AutomationExecutionStatus)
	require.Contains(t, *x.FailureMessage, "without coming to an end")
}

func TestQueue(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{Concurrent: 1, Queued: 2})
	wait := "\n  - {name: one, action: \"aws:pause\", inputs: {}}\n"
	first := b.start(t, request(t, wait))
	second := b.start(t, request(t, shell("one", "true", "")))
	third := b.start(t, request(t, shell("one", "true", "")))
	require.Equal(t, types.AutomationExecutionStatusPending, b.get(t, second).AutomationExecutionStatus)
	_, err := b.Start(request(t, wait))
	require.ErrorIs(t, err, automation.ErrLimit)

	require.NoError(t, b.Stop(third, types.StopTypeCancel), "what is pending can be cancelled")
	require.Equal(t, types.AutomationExecutionStatusCancelled, b.get(t, third).AutomationExecutionStatus)
	require.ErrorIs(t, b.Stop(third, types.StopTypeCancel), automation.ErrStatus)

	require.NoError(t, b.Stop(first, types.StopTypeCancel))
	require.Equal(t, types.AutomationExecutionStatusCancelled, b.finish(t, first).AutomationExecutionStatus)
	require.Equal(t, types.AutomationExecutionStatusSuccess, b.finish(t, second).AutomationExecutionStatus)
	require.Len(t, b.List(), 3)
	require.Equal(t, third, *b.List()[0].AutomationExecutionId, "newest first")
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	req := request(t, shell("one", "echo x >> runs", ""))
	req.Token = "2b4c2b4e-0000-4000-8000-000000000001"
	id := b.start(t, req)
	require.Equal(t, id, b.start(t, req))
	b.finish(t, id)
	require.Equal(t, id, b.start(t, req), "a token is remembered after the end")
	require.Len(t, b.List(), 1)

	other := req
	other.Asked = "2"
	_, err := b.Start(other)
	require.ErrorIs(t, err, automation.ErrTokenMismatch)
	req.Parameters = map[string][]string{"Unknown": {"x"}}
	_, err = b.Start(req)
	require.ErrorIs(t, err, automation.ErrParameters)
}

type alarms map[string]error // nil error: in ALARM

func (a alarms) AlarmState(_ context.Context, name string) (string, error) {
	if err, ok := a[name]; ok {
		return "ALARM", err
	}
	return "OK", nil
}

func TestAlarmConfiguration(t *testing.T) {
	t.Parallel()
	states := alarms{"ringing": nil, "unreachable": errors.New("no route")}
	tests := map[string]struct {
		alarm  string
		ignore bool
		want   types.AutomationExecutionStatus
	}{
		"ok":                         {"quiet", false, types.AutomationExecutionStatusSuccess},
		"rings already":              {"ringing", true, types.AutomationExecutionStatusCancelled},
		"cannot be asked":            {"unreachable", false, types.AutomationExecutionStatusCancelled},
		"cannot be asked, no matter": {"unreachable", true, types.AutomationExecutionStatusSuccess},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, automation.Options{Alarms: states})
			req := request(t, shell("one", "true", ""))
			req.Alarm = &types.AlarmConfiguration{Alarms: []types.Alarm{{Name: &tt.alarm}}, IgnorePollAlarmFailure: tt.ignore}
			x := b.finish(t, b.start(t, req))
			require.Equal(t, tt.want, x.AutomationExecutionStatus)
			require.Equal(t, tt.want == types.AutomationExecutionStatusCancelled, len(x.TriggeredAlarms) == 1)
		})
	}
}
