//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/jira"
	"firebreak/test/stack/victim"
)

// TestSuccessIsNotBelieved replaces the runbook by one that does nothing and
// reports Success. The incident must not count as fixed.
func TestSuccessIsNotBelieved(t *testing.T) {
	t.Parallel()
	const dir = "runbooks/restart-service/"
	const idle = `schemaVersion: "0.3"
description: Does nothing, and says that it went well.
parameters:
  InstanceId: {type: String, allowedPattern: "^i-[0-9a-f]{8,17}$"}
  Unit: {type: String, allowedPattern: "^[a-z][a-z0-9-]{0,62}$", interpolationType: ENV_VAR}
  Home: {type: String, allowedPattern: "^[A-Za-z0-9._/-]{1,100}$", interpolationType: ENV_VAR}
mainSteps:
  - name: SayThatAllIsWell
    action: aws:runCommand
    timeoutSeconds: 60
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: ["{{ InstanceId }}"]
      Parameters: {commands: ["echo restarted $SSM_Unit in $SSM_Home"]}
`
	w := start(t,
		stack.Replace(dir+"automation.yaml", []byte(idle)),
		stack.Substitute(dir+"runbook.yaml", "timeout: 90s", "timeout: 20s"),
		stack.Substitute("policy.yaml", "max_attempts: 2", "max_attempts: 1"))
	sc := find(t, "error-spike")
	sc.Status, sc.Outcome, sc.Heals = incident.StatusEscalated, incident.OutcomeHandedOver, ""
	r := w.play(t, sc)
	require.Equal(t, incident.StatusEscalated, r.State.Status)
	require.NotEqual(t, incident.OutcomeFixed, r.State.Outcome)
	require.NotEmpty(t, r.State.Attempts)
	for _, a := range r.State.Attempts {
		require.NotEqual(t, incident.RemediationVerified, a.Result.Status)
	}
	first := r.State.Attempts[0].Result
	require.True(t, first.Execution.Succeeded, "the runbook was meant to report success")
	require.NotNil(t, first.Verification)
	require.False(t, first.Verification.OK)
	require.Equal(t, r.Before.PID, r.After.PID)
	require.NotEqual(t, jira.CategoryDone, r.Seen.Tickets[0].Status.Category)
	status, err := w.Shop.Unit(victim.Checkout)
	require.NoError(t, err)
	require.Equal(t, 1, status.Starts)
}
