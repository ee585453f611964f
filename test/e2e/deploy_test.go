//go:build e2e && unix

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
)

// inPhase are the incidents of the deployment: the phase that each is in when
// the old worker is asked to stop, and what keeps it there.
var inPhase = []struct {
	name     string
	approved bool // before the deployment rather than after it
	hold     func(t *testing.T, w *killWorld, k *machineIncident, with *incident.Settings)
	reached  func(k *machineIncident, s incident.State) bool
}{
	{
		name:    "waits-for-approval",
		reached: func(_ *machineIncident, s incident.State) bool { return s.Pending && s.Card.TS != "" },
	},
	{
		name: "runs-its-automation", approved: true,
		hold: func(t *testing.T, _ *killWorld, k *machineIncident, _ *incident.Settings) {
			t.Helper()
			k.write(t, fileHold, "")
		},
		reached: func(k *machineIncident, s incident.State) bool {
			return s.Status == incident.StatusRemediating && k.restarts() > 0
		},
	},
	{
		name: "is-verified", approved: true,
		reached: func(_ *machineIncident, s incident.State) bool { return s.Status == incident.StatusVerifying },
	},
	{
		name: "waits-for-evidence",
		hold: func(_ *testing.T, _ *killWorld, _ *machineIncident, with *incident.Settings) {
			with.Settle = incident.Seconds(45 * time.Second)
		},
		reached: func(_ *machineIncident, s incident.State) bool {
			return s.Status == incident.StatusAnalysing && s.Catalog != ""
		},
	},
	// The last one, because the model is slow for whoever asks it next.
	{
		name: "is-diagnosed",
		hold: func(_ *testing.T, w *killWorld, _ *machineIncident, _ *incident.Settings) {
			w.Faults.Set(fault.Rule{Service: "bedrock", Operation: "Converse", Kind: fault.Latency, Latency: 30 * time.Second})
		},
		reached: func(_ *machineIncident, s incident.State) bool { return s.Status == incident.StatusDiagnosing },
	},
}

// TestDeploymentStopsNothing has an incident in every phase when the old worker
// is asked to stop and a new one starts. No automation is stopped, none is
// started twice, and every incident reaches its end.
func TestDeploymentStopsNothing(t *testing.T) {
	incidents := make([]*machineIncident, len(inPhase))
	for i, p := range inPhase {
		incidents[i] = &machineIncident{machine: newMachine(p.name, "deployment", i+1)}
	}
	w := startWithMachines(t, 1, incidents...)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	where := <-w.slots
	crew := w.engage(ctx, t, where, incidents[0].machine)
	for i, p := range inPhase {
		k := incidents[i]
		k.slot, k.crew = where, crew
		with := settings(where)
		with.LostAfter = incident.Seconds(20 * time.Second) // no worker is lost, but the machine may be busy
		if p.hold != nil {
			p.hold(t, w, k, &with)
		}
		onset := time.Now().Truncate(time.Second).Add(-5 * time.Second)
		k.report(t, w.Stack, onset)
		k.begin(ctx, t, onset, with)
		if p.approved {
			k.approve(ctx, t)
		}
		if i == verified {
			// Without traffic no datapoint counts, so that it stays in this phase.
			k.await(ctx, t, "its restart", func(incident.State) bool { return k.restarts() > 0 })
			k.write(t, fileIdle, "")
		}
		k.await(ctx, t, "its phase", func(s incident.State) bool { return p.reached(k, s) })
	}
	for i, p := range inPhase {
		s, err := incidents[i].state(ctx)
		require.NoError(t, err)
		require.True(t, p.reached(incidents[i], s), "%s has left its phase before the deployment, it is %s", p.name, s.Status)
	}

	stopped, err := crew.deploy(ctx)
	require.NoError(t, err, "the old worker did not stop in good order")
	t.Logf("the old worker stopped in %s", stopped.Round(100*time.Millisecond))
	incidents[running].remove(t, fileHold)
	incidents[verified].remove(t, fileIdle)
	for i, p := range inPhase {
		if !p.approved {
			incidents[i].approve(ctx, t)
		}
	}
	for _, k := range incidents {
		k.end(ctx, t)
		w.checkFixed(t, k)
	}
	require.Zero(t, crew.kills)
	require.Zero(t, w.Calls("ssm", "StopAutomationExecution"), "the deployment stopped an automation")
	require.Equal(t, len(incidents), w.Calls("ssm", "StartAutomationExecution"))
	require.Equal(t, 1, w.Faults.Fired("bedrock", "Converse", fault.Latency), "no diagnosis was under way")
}

// Places in inPhase of what is held until after the deployment.
const (
	running  = 1
	verified = 2
)
