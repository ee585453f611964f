package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/ssm/automation"
)

// gone tells whether no process of the group is left.
func gone(pgid int) bool { return syscall.Kill(-pgid, 0) == syscall.ESRCH }

func (b bench) pid(t *testing.T, file string) int {
	t.Helper()
	var pid int
	require.Eventually(t, func() bool {
		raw, err := os.ReadFile(filepath.Join(b.dir, file))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(raw)))
		return err == nil
	}, time.Minute, 2*time.Millisecond)
	return pid
}

func TestCancelKillsTheScriptAndRunsOnCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	// The script has a child of its own, which must die with it.
	id := b.start(t, request(t, shell("work", "echo $$ > pid; sleep 600 & wait", "onCancel: step:tidy")+
		shell("never", "touch never", "isEnd: true")+shell("tidy", "touch tidied", "isEnd: true")))
	pid := b.pid(t, "pid")
	require.NoError(t, b.Stop(id, types.StopTypeCancel))
	x := b.finish(t, id)
	require.Equal(t, types.AutomationExecutionStatusCancelled, x.AutomationExecutionStatus)
	require.Equal(t, map[string]types.AutomationExecutionStatus{
		"work": types.AutomationExecutionStatusCancelled, "never": types.AutomationExecutionStatusPending,
		"tidy": types.AutomationExecutionStatusSuccess,
	}, statuses(x))
	require.FileExists(t, filepath.Join(b.dir, "tidied"))
	require.Eventually(t, func() bool { return gone(pid) }, time.Minute, 2*time.Millisecond)
	require.ErrorIs(t, b.Stop(id, types.StopTypeCancel), automation.ErrStatus)
}

func TestCancelAborts(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	id := b.start(t, request(t, "\n  - {name: nap, action: \"aws:sleep\", inputs: {Duration: PT1H}}\n"+shell("never", "touch never", "")))
	require.Eventually(t, func() bool {
		return statuses(b.get(t, id))["nap"] == types.AutomationExecutionStatusInprogress
	}, time.Minute, 2*time.Millisecond)
	require.NoError(t, b.Stop(id, types.StopTypeCancel))
	require.Equal(t, types.AutomationExecutionStatusCancelled, b.finish(t, id).AutomationExecutionStatus)
	require.NoFileExists(t, filepath.Join(b.dir, "never"))
}

func TestStopComplete(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	id := b.start(t, request(t, shell("work", "echo $$ > pid; while ! test -e go; do sleep 0.01; done; touch worked", "")+shell("never", "touch never", "")))
	b.pid(t, "pid")
	require.NoError(t, b.Stop(id, types.StopTypeComplete))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "go"), nil, 0o600))
	x := b.finish(t, id)
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus)
	require.FileExists(t, filepath.Join(b.dir, "worked"))
	require.NoFileExists(t, filepath.Join(b.dir, "never"))
}

func TestTimeoutKillsTheProcessGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	x := b.run(t, `
  - name: work
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0abc]
      Parameters: {commands: ["echo started; echo $$ > pid; sleep 600 & wait"], executionTimeout: "1"}
`)
	s := step(t, x, "work")
	require.Equal(t, types.AutomationExecutionStatusFailed, s.StepStatus)
	require.Equal(t, []string{"TimedOut"}, s.Outputs["Status"])
	require.Equal(t, []string{"started\n"}, s.Outputs["Output"])
	pid := b.pid(t, "pid")
	require.Eventually(t, func() bool { return gone(pid) }, time.Minute, 2*time.Millisecond)
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	b := newBench(t, automation.Options{})
	b.start(t, request(t, shell("work", "echo $$ > pid; sleep 600 & wait", "")))
	pid := b.pid(t, "pid")
	b.Close()
	require.Eventually(t, func() bool { return gone(pid) }, time.Minute, 2*time.Millisecond)
	_, err := b.Start(request(t, shell("work", "true", "")))
	require.Error(t, err)
}

func TestAlarmStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	var ringing atomic.Bool
	b := newBench(t, automation.Options{Alarms: stateFunc(func() string {
		if ringing.Load() {
			return "ALARM"
		}
		return "OK"
	})})
	req := request(t, shell("work", "echo $$ > pid; exec sleep 600", "onCancel: step:tidy")+shell("tidy", "touch tidied", ""))
	name := "canary"
	req.Alarm = &types.AlarmConfiguration{Alarms: []types.Alarm{{Name: &name}}}
	id := b.start(t, req)
	b.pid(t, "pid")
	ringing.Store(true)
	x := b.finish(t, id)
	require.Equal(t, types.AutomationExecutionStatusCancelled, x.AutomationExecutionStatus)
	require.Contains(t, *x.FailureMessage, "canary is in state ALARM")
	require.Equal(t, types.ExternalAlarmStateAlarm, x.TriggeredAlarms[0].State)
	require.FileExists(t, filepath.Join(b.dir, "tidied"))
}

type stateFunc func() string

func (f stateFunc) AlarmState(context.Context, string) (string, error) { return f(), nil }
