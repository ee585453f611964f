package automation_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/ssm/automation"
)

func TestRunCommand(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	x := b.run(t, shell("one", "echo out; echo err >&2; pwd; env; exit 3", ""))
	s := step(t, x, "one")
	require.Equal(t, "3", *s.ResponseCode)
	require.Equal(t, []string{"3"}, s.Outputs["ResponseCode"])
	require.Equal(t, []string{"Failed"}, s.Outputs["Status"])
	out := s.Outputs["Output"][0]
	require.Contains(t, out, "out\n")
	require.Contains(t, out, "err\n")
	require.Contains(t, out, b.dir)
	require.Contains(t, out, "COLOUR=blue")
	require.Contains(t, out, "PATH=/usr/bin:/bin\n")
	require.NotContains(t, out, "HOME=", "nothing of our own environment reaches a script")
	require.Equal(t, `["i-0abc"]`, s.Inputs["InstanceIds"])
	require.Equal(t, `"AWS-RunShellScript"`, s.Inputs["DocumentName"])
	require.Equal(t, "aws:runCommand", *s.Action)
	require.NotNil(t, s.ExecutionStartTime)
	require.NotNil(t, s.ExecutionEndTime)
}

func TestRunCommandRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ old, new, want string }{
		"unknown instance":  {"[i-0abc]", "[i-0ff]", "InvalidInstanceId"},
		"one unknown":       {"[i-0abc]", "[i-0abc, i-0ff]", "InvalidInstanceId"},
		"no instance":       {"[i-0abc]", "[]", "InstanceIds"},
		"other document":    {"AWS-RunShellScript", "AWS-RunPowerShellScript", "only AWS-RunShellScript"},
		"no commands":       {`["touch ran"]`, "[]", "commands"},
		"unknown parameter": {"{commands:", "{shell: bash, commands:", "shell"},
		"outside directory": {"{commands:", "{workingDirectory: ../.., commands:", "leaves the instance"},
		"absolute":          {"{commands:", "{workingDirectory: /, commands:", "leaves the instance"},
		"bad timeout":       {"{commands:", "{executionTimeout: soon, commands:", "executionTimeout"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, automation.Options{})
			steps := shell("one", "touch ran", "")
			require.Contains(t, steps, tt.old)
			x := b.run(t, strings.Replace(steps, tt.old, tt.new, 1))
			require.Equal(t, types.AutomationExecutionStatusFailed, x.AutomationExecutionStatus)
			require.Contains(t, *step(t, x, "one").FailureMessage, tt.want)
			require.NoFileExists(t, filepath.Join(b.dir, "ran"))
		})
	}
	e := automation.New(automation.Options{})
	t.Cleanup(e.Close)
	require.Error(t, e.RegisterInstance(automation.Instance{ID: "laptop", Dir: t.TempDir()}))
	require.Error(t, e.RegisterInstance(automation.Instance{ID: instance, Dir: "here"}))
}

// Values with interpolationType ENV_VAR are data: whatever they hold, the shell
// does not run it. Text interpolation, as in the service, is command injection.
func TestEnvironmentParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	req := requestDocument(t, `schemaVersion: "0.3"
parameters:
  Reason: {type: String, interpolationType: ENV_VAR}
  Plain: {type: String}
mainSteps:
  - name: one
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: i-0abc
      Parameters: {commands: ['printf "%s|%s\n" "$SSM_Reason" "{{ Reason }}"', "echo {{ Plain }}"]}
`)
	evil := `"; touch pwned; $(touch pwned)`
	req.Parameters = map[string][]string{"Reason": {evil}, "Plain": {"x; touch injected"}}
	x := b.finish(t, b.start(t, req))
	require.Equal(t, []string{evil + "|" + evil + "\nx\n"}, step(t, x, "one").Outputs["Output"])
	require.NoFileExists(t, filepath.Join(b.dir, "pwned"))
	require.FileExists(t, filepath.Join(b.dir, "injected"), "text interpolation is injection, as it is in the service")
}

func TestOutputIsCappedAndBackgroundProcessesLive(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	x := b.run(t, shell("one", "yes | head -c 200000; (while ! test -e go; do sleep 0.01; done; echo late; touch survived) &", ""))
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus)
	require.Len(t, step(t, x, "one").Outputs["Output"][0], 24_000)
	// What the script left behind still writes to its pipe without dying of it.
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "go"), nil, 0o600))
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(b.dir, "survived"))
		return err == nil
	}, time.Minute, 2*time.Millisecond)
}

func TestTwoInstances(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	require.NoError(t, b.RegisterInstance(automation.Instance{ID: "i-0def", Dir: t.TempDir(), Env: map[string]string{"BAD": "1"}}))
	require.Equal(t, []string{"i-0abc", "i-0def"}, b.Instances())
	x := b.run(t, strings.Replace(shell("one", "echo here; test -z $BAD", ""), "[i-0abc]", "[i-0abc, i-0def]", 1))
	s := step(t, x, "one")
	require.Equal(t, types.AutomationExecutionStatusFailed, s.StepStatus)
	require.Contains(t, *s.FailureMessage, "i-0def")
	require.Equal(t, []string{"i-0abc:\nhere\ni-0def:\nhere\n"}, s.Outputs["Output"])
}

func apiStep(action, more string) string {
	return "\n  - name: ask\n    action: " + action + "\n    inputs: {Service: cloudwatch, Api: DescribeAlarms, AlarmNames: [a]" + more + "}\n"
}

func TestExecuteAwsApi(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	b.RegisterAPI("cloudwatch", "describe_alarms", func(_ context.Context, in map[string]any) (map[string]any, error) {
		return map[string]any{"Asked": in, "MetricAlarms": []map[string]any{{"StateValue": "OK", "Count": 3}, {"StateValue": "ALARM"}}}, nil
	})
	outputs := func(list string) string { return apiStep("aws:executeAwsApi", "") + "    outputs: [" + list + "]\n" }
	x := b.run(t, outputs(`{Name: First, Selector: "$.MetricAlarms[0].StateValue", Type: String}, {Name: All, Selector: "$.MetricAlarms[*].StateValue", Type: StringList}, {Name: N, Selector: "$.MetricAlarms[0].Count", Type: Integer}, {Name: Asked, Selector: "$.Asked", Type: StringMap}`)+
		shell("use", "echo {{ ask.First }} {{ ask.N }}", ""))
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus, aws.ToString(x.FailureMessage))
	s := step(t, x, "ask")
	require.Equal(t, []string{"OK", "ALARM"}, s.Outputs["All"])
	require.Equal(t, []string{`{"AlarmNames":["a"]}`}, s.Outputs["Asked"], "the API gets the inputs that are its own")
	require.Equal(t, []string{"OK 3\n"}, step(t, x, "use").Outputs["Output"])
	require.Contains(t, *s.Response, "MetricAlarms")

	x = b.run(t, outputs(`{Name: N, Selector: "$.MetricAlarms[0].StateValue", Type: Integer}`))
	require.Contains(t, *x.FailureMessage, "not of type Integer")
	require.Equal(t, "PostVerification", *step(t, x, "ask").FailureDetails.FailureStage)
	x = b.run(t, outputs(`{Name: N, Selector: "$.Gone"}`))
	require.Contains(t, *x.FailureMessage, "no Gone")
	x = b.run(t, strings.Replace(outputs(""), "DescribeAlarms", "DeleteAlarms", 1))
	require.Contains(t, *x.FailureMessage, "cloudwatch DeleteAlarms is not offered here")

	b.RegisterAPI("cloudwatch", "DescribeAlarms", func(context.Context, map[string]any) (map[string]any, error) {
		return nil, errors.New("AccessDenied")
	})
	x = b.run(t, outputs(""))
	require.Contains(t, *x.FailureMessage, "AccessDenied")
}

func TestAssertAndWait(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	b := newBench(t, automation.Options{})
	b.RegisterAPI("cloudwatch", "DescribeAlarms", func(context.Context, map[string]any) (map[string]any, error) {
		if asked.Add(1) >= 4 {
			return map[string]any{"State": "OK"}, nil
		}
		return map[string]any{}, nil
	})
	property := func(want string) string { return ", PropertySelector: $.State, DesiredValues: [" + want + "]" }
	x := b.run(t, apiStep("aws:waitForAwsResourceProperty", property("OK, FINE"))+
		strings.Replace(apiStep("aws:assertAwsResourceProperty", property("OK")), "ask", "check", 1))
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus, aws.ToString(x.FailureMessage))
	require.EqualValues(t, 5, asked.Load(), "four times until the property was there, once to assert it")

	x = b.run(t, apiStep("aws:assertAwsResourceProperty", property("BAD")))
	require.Contains(t, *x.FailureMessage, "OK, not in [BAD]")
	x = b.run(t, apiStep("aws:waitForAwsResourceProperty", property("BAD"))+"    timeoutSeconds: 1\n")
	require.Equal(t, types.AutomationExecutionStatusTimedout, x.AutomationExecutionStatus)
	x = b.run(t, apiStep("aws:assertAwsResourceProperty", ", PropertySelector: $.State"))
	require.Contains(t, *x.FailureMessage, "DesiredValues")
}

func TestBranch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ choice, want string }{
		"string":         {`Variable: "{{ V }}", StringEquals: seven`, "yes"},
		"string not":     {`Variable: "{{ V }}", StringEquals: eight`, "no"},
		"case":           {`Variable: "{{ V }}", EqualsIgnoreCase: SEVEN`, "yes"},
		"starts":         {`Variable: "{{ V }}", StartsWith: se`, "yes"},
		"ends":           {`Variable: "{{ V }}", EndsWith: en`, "yes"},
		"contains":       {`Variable: "{{ V }}", Contains: eve`, "yes"},
		"number":         {`Variable: "{{ N }}", NumericEquals: 7`, "yes"},
		"greater":        {`Variable: "{{ N }}", NumericGreater: 7`, "no"},
		"lesser":         {`Variable: "{{ N }}", NumericLesser: 7.5`, "yes"},
		"at least":       {`Variable: "{{ N }}", NumericGreaterOrEquals: 7`, "yes"},
		"at most":        {`Variable: "{{ N }}", NumericLesserOrEquals: 6`, "no"},
		"boolean":        {`Variable: "{{ B }}", BooleanEquals: true`, "yes"},
		"boolean not":    {`Variable: "{{ B }}", BooleanEquals: false`, "no"},
		"not":            {`Not: {Variable: "{{ B }}", BooleanEquals: false}`, "yes"},
		"and":            {`And: [{Variable: "{{ N }}", NumericEquals: 7}, {Variable: "{{ V }}", StringEquals: x}]`, "no"},
		"or":             {`Or: [{Variable: "{{ N }}", NumericEquals: 8}, {Variable: "{{ V }}", StringEquals: seven}]`, "yes"},
		"nested":         {`And: [{Or: [{Variable: "{{ B }}", BooleanEquals: true}]}, {Not: {Variable: "{{ V }}", StringEquals: x}}]`, "yes"},
		"no number":      {`Variable: "{{ V }}", NumericEquals: 7`, "failed"},
		"no boolean":     {`Variable: "{{ V }}", BooleanEquals: true`, "failed"},
		"unknown":        {`Variable: "{{ V }}", SoundsLike: x`, "failed"},
		"no comparison":  {`Variable: "{{ V }}"`, "failed"},
		"missing output": {`Variable: "{{ yes.Output }}", StringEquals: x`, "failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, automation.Options{})
			req := requestDocument(t, `schemaVersion: "0.3"
parameters: {V: {type: String, default: seven}, N: {type: Integer, default: 7}, B: {type: Boolean, default: true}}
mainSteps:
  - {name: choose, action: "aws:branch", inputs: {Choices: [{NextStep: yes, `+tt.choice+`}], Default: noo}}
`+shell("bad", "true", "isEnd: true")+shell("yes", "true", "isEnd: true")+shell("noo", "true", "isEnd: true"))
			x := b.finish(t, b.start(t, req))
			ran := "failed"
			if statuses(x)["yes"] == types.AutomationExecutionStatusSuccess {
				ran = "yes"
			} else if statuses(x)["noo"] == types.AutomationExecutionStatusSuccess {
				ran = "no"
			}
			require.Equal(t, tt.want, ran, aws.ToString(x.FailureMessage))
			require.NotEqual(t, types.AutomationExecutionStatusSuccess, statuses(x)["bad"])
		})
	}
	// Without a Default the step below follows.
	x := newBench(t, automation.Options{}).run(t, "\n  - {name: choose, action: \"aws:branch\", inputs: {Choices: [{NextStep: two, Variable: a, StringEquals: b}]}}"+
		shell("one", "true", "isEnd: true")+shell("two", "true", ""))
	require.Equal(t, types.AutomationExecutionStatusSuccess, statuses(x)["one"])
}

func TestSleep(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	began := time.Now()
	x := b.run(t, "\n  - {name: nap, action: \"aws:sleep\", inputs: {Duration: PT1S}}\n")
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus)
	require.GreaterOrEqual(t, time.Since(began), time.Second)
	x = b.run(t, "\n  - {name: nap, action: \"aws:sleep\", inputs: {Timestamp: \"2020-01-01T01:00:00Z\"}}\n")
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus)
	for _, bad := range []string{"Duration: 5s", "Duration: P", "Duration: PT", "Duration: P8D", "Timestamp: tomorrow"} {
		x = b.run(t, "\n  - {name: nap, action: \"aws:sleep\", inputs: {"+bad+"}}\n")
		require.Equal(t, types.AutomationExecutionStatusFailed, x.AutomationExecutionStatus, bad)
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	id := b.start(t, request(t, "\n  - {name: hold, action: \"aws:pause\", inputs: {}}\n  - {name: agree, action: \"aws:approve\", inputs: {}}\n"))
	waits := func(name string) {
		require.Eventually(t, func() bool {
			x := b.get(t, id)
			return statuses(x)[name] == types.AutomationExecutionStatusWaiting && x.AutomationExecutionStatus == types.AutomationExecutionStatusWaiting
		}, time.Minute, 2*time.Millisecond)
	}
	waits("hold")
	require.ErrorIs(t, b.Signal(id, types.SignalTypeApprove, nil), automation.ErrSignal)
	require.ErrorIs(t, b.Signal(id, types.SignalTypeResume, map[string][]string{"StepName": {"other"}}), automation.ErrStepNotFound)
	require.NoError(t, b.Signal(id, types.SignalTypeResume, map[string][]string{"StepName": {"hold"}}))
	waits("agree")
	require.NoError(t, b.Signal(id, types.SignalTypeReject, map[string][]string{"Comment": {"too risky"}}))
	x := b.finish(t, id)
	require.Equal(t, types.AutomationExecutionStatusFailed, x.AutomationExecutionStatus)
	require.Equal(t, types.AutomationExecutionStatusRejected, statuses(x)["agree"])
	require.Contains(t, *x.FailureMessage, "too risky")
	require.ErrorIs(t, b.Signal(id, types.SignalTypeApprove, nil), automation.ErrSignal)
	require.ErrorIs(t, b.Signal("gone", types.SignalTypeApprove, nil), automation.ErrNotFound)

	id = b.start(t, request(t, "\n  - {name: agree, action: \"aws:approve\", inputs: {}}\n"))
	waits("agree")
	require.NoError(t, b.Signal(id, types.SignalTypeApprove, nil))
	require.Equal(t, types.AutomationExecutionStatusSuccess, b.finish(t, id).AutomationExecutionStatus)
}

func TestDocumentOutputsAndVariables(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	b := newBench(t, automation.Options{Now: func() time.Time { return now }})
	req := requestDocument(t, "schemaVersion: \"0.3\"\noutputs: [one.Output, two.Output]\nmainSteps:\n"+
		shell("one", "echo {{ automation:EXECUTION_ID }} {{ global:REGION }} {{ global:ACCOUNT_ID }} {{ global:DATE }} {{ global:DATE_TIME }}", "isEnd: true")+shell("two", "true", ""))
	x := b.finish(t, b.start(t, req))
	require.Equal(t, []string{*x.AutomationExecutionId + " eu-west-1 123456789012 2026-03-04 2026-03-04_05.06.07\n"}, x.Outputs["one.Output"])
	require.Contains(t, x.Outputs["two.Output"][0], "not successfully executed")
	require.Equal(t, now, *x.ExecutionStartTime)
}
