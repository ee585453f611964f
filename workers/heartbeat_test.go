package workers

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TestHeartbeatsForActivities runs an activity that is silent of its own for
// longer than its heartbeat timeout. It has to be heard of all the same, with
// what it said last.
func TestHeartbeatsForActivities(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		timeout time.Duration
		says    string // before it is silent
		beats   bool
	}{
		"silent":            {timeout: 300 * time.Millisecond, beats: true},
		"with a last word":  {timeout: 300 * time.Millisecond, says: "logs of checkout", beats: true},
		"without a timeout": {beats: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&heartbeats{}}})
			heard := make(chan string, 100)
			env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
				var last string
				if details.HasValues() {
					_ = details.Get(&last)
				}
				select {
				case heard <- last:
				default:
				}
			})
			env.RegisterActivityWithOptions(func(ctx context.Context) error {
				if tc.says != "" {
					activity.RecordHeartbeat(ctx, tc.says)
					<-heard // its own
				}
				if !tc.beats {
					return nil
				}
				select {
				case last := <-heard:
					require.Equal(t, tc.says, last)
				case <-time.After(time.Minute):
					require.Fail(t, "no heartbeat")
				}
				return nil
			}, activity.RegisterOptions{Name: "Silent"})
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: tc.timeout})
				return workflow.ExecuteActivity(ctx, "Silent").Get(ctx, nil)
			})
			require.NoError(t, env.GetWorkflowError())
			if !tc.beats {
				require.Empty(t, heard, "an activity without a timeout needs no heartbeats")
			}
		})
	}
}

// recorder is the SDK's end of the heartbeats.
type recorder struct {
	interceptor.ActivityOutboundInterceptorBase

	said [][]any
}

func (r *recorder) RecordHeartbeat(_ context.Context, details ...any) {
	r.said = append(r.said, details)
}

func TestHeartbeatsRepeatTheLastDetails(t *testing.T) {
	t.Parallel()
	out := &recorder{}
	last := &lastDetails{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: out}}
	last.again(t.Context())
	last.RecordHeartbeat(t.Context(), 1)
	last.RecordHeartbeat(t.Context(), 2)
	last.again(t.Context())
	require.Equal(t, [][]any{nil, {1}, {2}, {2}}, out.said)
}
