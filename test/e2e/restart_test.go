//go:build e2e && unix

package e2e

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack"
)

// TestTemporalRestartsWithApprovalPending stops the Temporal server while an
// incident waits for its approval and starts it again on the same database. The
// worker lives on, the question still stands, and its answer leads to one fix.
func TestTemporalRestartsWithApprovalPending(t *testing.T) {
	k := &machineIncident{machine: newMachine("patient", "machines/patient", 1)}
	w := startWithMachines(t, 1, k)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	k.slot = <-w.slots
	k.crew = w.engage(ctx, t, k.slot, k.machine)
	onset := time.Now().Truncate(time.Second).Add(-5 * time.Second)
	k.report(t, w.Stack, onset)
	k.begin(ctx, t, onset, settings(k.slot))
	asked := k.await(ctx, t, "the question", func(s incident.State) bool { return s.Pending && s.Card.TS != "" })

	began := time.Now()
	require.NoError(t, w.RestartTemporal(ctx, func() {
		conn, err := net.DialTimeout("tcp", w.Temporal.Address(), time.Second)
		if err == nil {
			_ = conn.Close()
		}
		require.Error(t, err, "the server still listens")
	}))
	t.Logf("stopped and started again in %s", time.Since(began).Round(10*time.Millisecond))

	still := k.await(ctx, t, "the question after the restart", func(s incident.State) bool { return s.Pending })
	require.Equal(t, asked.Plan.Digest, still.Plan.Digest)
	require.Equal(t, asked.Expires, still.Expires, "a restart does not move the expiry")
	require.Zero(t, w.Calls("ssm", "StartAutomationExecution"), "something ran before the approval")
	k.approve(ctx, t)
	k.end(ctx, t)
	require.Zero(t, k.crew.kills, "the worker has to live through it")
	w.checkFixed(t, k)
	require.Len(t, w.Slack.Messages(stack.SlackChannel), 1)
	require.Len(t, w.Jira.Issues(), 1)
}
