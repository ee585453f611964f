package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/redact"
)

// On a server the timer of a context is ready the moment that it is cancelled,
// and must not be taken for time that has run out. The test environment cancels
// timers a little later, so this shows the contract and not that order; the
// recorded history "cancelled-waiting" does.
func TestAwaitTellsCancellationFromTheEndOfTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cancelled, holds, want bool
	}{
		"time runs out": {},
		"holds":         {holds: true, want: true},
		"cancelled":     {cancelled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				ctx, cancel := workflow.WithCancel(ctx)
				workflow.Go(ctx, func(ctx workflow.Context) {
					_ = workflow.Sleep(ctx, time.Minute)
					if c.cancelled {
						cancel()
					}
				})
				got, err := await(ctx, time.Hour, redact.Literal("a while"), func() bool { return c.holds })
				require.Equal(t, c.want, got)
				return err
			})
			require.True(t, env.IsWorkflowCompleted())
			err := env.GetWorkflowError()
			if c.cancelled {
				var stopped *temporal.CanceledError
				require.ErrorAs(t, err, &stopped)
				return
			}
			require.NoError(t, err)
		})
	}
}
