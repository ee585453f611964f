//go:build e2e && unix

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/interpose"
)

// story is an incident from its anomaly to its end, as it goes when nothing
// strikes.
type story string

// Stories.
const (
	// fixed: the plan is approved, runs, and helps.
	fixed story = "fixed"
	// withoutModel: the same, but no model answers.
	withoutModel story = "without a model"
	// cancelledUnwatched: a person cancels the incident while its automation runs
	// and no worker does, so that nobody watches it.
	cancelledUnwatched story = "cancelled unwatched"
)

// Times of the incidents here.
const (
	lostAfter = 4 * time.Second        // until a dead worker's try is taken over
	endWithin = 6 * time.Minute        // of one case, on a busy machine
	lookEvery = 500 * time.Millisecond // how often a state is asked for
)

// killCase is one incident with one strike.
type killCase struct {
	killRow
	machineIncident

	strike string
	arm    func(k *killCase)
	world  *interpose.World
	proxy  *interpose.Proxy
}

// newKillCase gives a case a machine of its own, as yet without a folder.
func newKillCase(row killRow, strike string, arm func(k *killCase), n int) *killCase {
	name := strings.ToLower(row.activity) + "-" + strings.ReplaceAll(strike, " ", "-")
	return &killCase{
		killRow: row, strike: strike, arm: arm,
		machineIncident: machineIncident{machine: newMachine(name, "machines/"+name, n)},
	}
}

// play plays the case's incident and checks what is left behind.
func (w *killWorld) play(t *testing.T, k *killCase) {
	ctx, cancel := context.WithTimeout(t.Context(), endWithin)
	defer cancel()
	began := time.Now()
	k.slot = <-w.slots
	t.Cleanup(func() { w.slots <- k.slot })
	w.surround(ctx, t, k)
	onset := time.Now().Truncate(time.Second).Add(-5 * time.Second)
	k.report(t, w.Stack, onset)
	with := settings(k.slot)
	if k.in == cancelledUnwatched {
		k.write(t, fileHold, "")
	}
	if k.in == withoutModel {
		with.DiagnoseWithin = incident.Seconds(3 * time.Second)
		k.world.Faults.Set(fault.Rule{Service: "bedrock", Kind: fault.Throttle, Code: "ThrottlingException", Times: fault.Forever})
	}
	k.arm(k)
	k.begin(ctx, t, onset, with)
	k.approve(ctx, t)
	if k.in == cancelledUnwatched {
		k.cancelUnwatched(ctx, t)
	}
	k.end(ctx, t)
	w.played.Add(1)
	w.check(t, k)
	t.Logf("%s after %s", k.final.Status, time.Since(began).Round(100*time.Millisecond))
}

// cancelUnwatched cancels the incident when its automation runs and its worker
// has just died, so that stopping the automation is left to whoever comes next.
func (k *killCase) cancelUnwatched(ctx context.Context, t *testing.T) {
	t.Helper()
	watched := func() bool { return k.proxy.Handed(incident.ActivityWatchAutomation) > 0 && k.restarts() > 0 }
	require.Eventually(t, watched, endWithin, lookEvery, "no automation is watched")
	k.crew.dismiss()
	require.NoError(t, k.slot.client.CancelWorkflow(ctx, k.workflowID, ""))
	k.crew.engage()
}
