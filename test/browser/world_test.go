//go:build browser

// Package browser does in a real browser what an on-call engineer does: reads
// the incident in the Temporal UI and approves it there, or presses the button
// in the Slack stand-in's page. It needs Chromium and the build tag browser.
// Where FIREBREAK_PICTURES names a folder it leaves there the pictures of docs/.
package browser

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/stacktest"
	"firebreak/test/stack/victim"
)

const (
	// baseline is shorter than the sandbox's: this fault is loud enough to be seen
	// against less history.
	baseline = 30 * time.Second
	// askWithin and endWithin bound the wait from the fault to the question and
	// from the answer to the end of the incident.
	askWithin = 5 * time.Minute
	endWithin = 6 * time.Minute
)

func TestMain(m *testing.M) {
	victim.Hijack()
	os.Exit(m.Run())
}

// TestOnCall plays one incident after the other, each answered in another page.
// Each has a stack of its own, which takes a second to start, so that the second
// incident cannot be a recurrence of the first.
func TestOnCall(t *testing.T) {
	b := launch(t)
	t.Run("Temporal UI", func(t *testing.T) { approveInTemporalUI(t, b) })
	t.Run("Slack", func(t *testing.T) { approveInSlack(t, b) })
}

// world is a stack with a worker and the Temporal UI.
type world struct {
	*stack.Stack

	client client.Client
}

func start(t *testing.T) world {
	t.Helper()
	st, c, log := stacktest.Start(t, stack.Options{})
	stacktest.Work(t, st, log)
	return world{st, c}
}

// trouble is an incident that is being played and that nobody but the test
// answers.
type trouble struct {
	scenario.Quiet

	asked chan incident.State // gets the first state with a pending question
	told  bool
	ended chan played
}

type played struct {
	result scenario.Result
	err    error
}

// Progress implements scenario.Narrator.
func (tr *trouble) Progress(_, now incident.State) {
	if now.Pending && !tr.told {
		tr.told = true
		tr.asked <- now
	}
}

// breakShop lets the fault happen after a healthy baseline, and waits until
// Firebreak asks for approval.
func (w world) breakShop(t *testing.T) (*trouble, incident.State) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	sc, err := scenario.Find("error-spike")
	require.NoError(t, err)
	tr := &trouble{asked: make(chan incident.State, 1), ended: make(chan played, 1)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		result, err := scenario.Play(ctx, w.Stack, sc, scenario.Options{Client: w.client, Baseline: baseline, Narrator: tr})
		tr.ended <- played{result, err}
	}()
	t.Cleanup(func() { cancel(); <-gone })
	select {
	case state := <-tr.asked:
		return tr, state
	case p := <-tr.ended:
		require.NoError(t, p.err)
		require.FailNow(t, "the incident ended without a question", "its status is %s", p.result.State.Status)
	case <-time.After(baseline + askWithin):
		require.FailNow(t, "Firebreak has not asked for approval", "waited %s after the fault", askWithin)
	}
	return nil, incident.State{}
}

// end waits for the end of the incident's workflow.
func (tr *trouble) end(t *testing.T) scenario.Result {
	t.Helper()
	select {
	case p := <-tr.ended:
		require.NoError(t, p.err)
		return p.result
	case <-time.After(endWithin):
		require.FailNow(t, "the incident has not ended", "waited %s after the answer", endWithin)
		return scenario.Result{}
	}
}

// state asks the incident how things stand.
func (w world) state(t *testing.T, of incident.State) incident.State {
	t.Helper()
	now, err := scenario.StateOf(t.Context(), w.client, of.WorkflowID)
	require.NoError(t, err)
	return now
}
