package scenario

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
)

// diary is a scenario whose steps write down that they were done.
type diary struct {
	steps *steps
	st    *stack.Stack
	done  []string
	told  []string
}

func (d *diary) step(at Moment, what string) Step {
	return Step{
		At: at, What: what,
		Do:   func(context.Context, *stack.Stack) error { d.done = append(d.done, what); return nil },
		Undo: func(context.Context, *stack.Stack) error { d.done = append(d.done, "undo "+what); return nil },
	}
}

func keep(moments ...Moment) *diary {
	d := &diary{st: &stack.Stack{Faults: fault.New()}}
	var sc Scenario
	for _, m := range moments {
		sc.Steps = append(sc.Steps, d.step(m, string(m)))
	}
	d.steps = newSteps(d.st, sc, func(what string) { d.told = append(d.told, what) })
	return d
}

func TestStepsHappenAtTheirMomentOnceAndAreTakenBackLatestFirst(t *testing.T) {
	t.Parallel()
	remediating := AtStatus(incident.StatusRemediating)
	d := keep(WhenAsked, BeforeFault, remediating, WhenFound, AfterFault)
	ctx := t.Context()
	d.steps.begin(ctx)
	require.Empty(t, d.done)
	for _, m := range []Moment{BeforeFault, AfterFault, WhenFound} {
		require.NoError(t, d.steps.at(ctx, m))
	}
	require.NoError(t, d.steps.look(ctx, incident.State{Status: incident.StatusDiagnosing}))
	require.Equal(t, []string{"before fault", "after fault", "when found"}, d.done)
	require.Len(t, d.steps.missed(), 2)
	for range 2 {
		require.NoError(t, d.steps.look(ctx, incident.State{Status: incident.StatusAwaitingApproval, Pending: true}))
	}
	// A status that was over between two looks still makes its step due.
	require.NoError(t, d.steps.look(ctx, incident.State{Status: incident.StatusVerifying}))
	want := []string{"before fault", "after fault", "when found", "when asked", string(remediating)}
	require.Equal(t, want, d.done)
	require.Equal(t, want, d.told)
	require.Empty(t, d.steps.missed())
	d.done = nil
	require.NoError(t, d.steps.end(ctx))
	require.Equal(t, []string{"undo " + string(remediating), "undo when asked", "undo when found", "undo after fault", "undo before fault"}, d.done)
}

func TestAnEndMakesNoEarlierStatusDue(t *testing.T) {
	t.Parallel()
	d := keep(AtStatus(incident.StatusVerifying), AtStatus(incident.StatusRejected))
	require.NoError(t, d.steps.look(t.Context(), incident.State{Status: incident.StatusRejected}))
	require.Equal(t, []string{"at status rejected"}, d.done)
	require.Equal(t, []string{"at status verifying"}, d.steps.missed())
	require.NoError(t, d.steps.end(t.Context()))
	require.Equal(t, []string{"at status rejected", "undo at status rejected"}, d.done, "what was not begun is not taken back")
}

func TestEndTakesBackAlsoAfterAFailureAndWhenInterrupted(t *testing.T) {
	t.Parallel()
	d := keep(BeforeFault)
	broken := errors.New("broken")
	d.steps.waiting = append(d.steps.waiting, Step{
		At: AfterFault, What: "fails",
		Do: func(context.Context, *stack.Stack) error { return broken },
		Undo: func(ctx context.Context, _ *stack.Stack) error {
			d.done = append(d.done, "undo fails")
			return ctx.Err()
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	d.steps.begin(ctx)
	d.st.Faults.Set(fault.Rule{Service: "slack", Kind: fault.Error, Times: fault.Forever})
	require.NoError(t, d.steps.at(ctx, BeforeFault))
	err := d.steps.at(ctx, AfterFault)
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, `step "fails" (after fault)`)
	cancel()
	require.NoError(t, d.steps.end(ctx), "an undo must not get the context that has ended")
	require.Equal(t, []string{"before fault", "undo fails", "undo before fault"}, d.done)
	require.Zero(t, d.st.Faults.Decide("slack", "chat.postMessage"), "a rule of the fault switch is left")
}

func TestBackgroundRunsUntilTheEndAndSeesTheIncident(t *testing.T) {
	t.Parallel()
	d := keep()
	seen := make(chan incident.State, 1)
	ended := make(chan struct{})
	d.steps.waiting = []Step{{At: Throughout, Do: func(ctx context.Context, _ *stack.Stack) error {
		defer close(ended)
		for ctx.Err() == nil {
			if s := Incident(ctx); s.ID != "" {
				seen <- s
				break
			}
			_ = sleep(ctx, time.Millisecond)
		}
		<-ctx.Done()
		return ctx.Err()
	}}}
	d.steps.begin(t.Context())
	require.NoError(t, d.steps.look(t.Context(), incident.State{ID: "inc-1"}))
	require.Equal(t, "inc-1", (<-seen).ID)
	require.NoError(t, d.steps.end(t.Context()))
	<-ended
}

func TestAFailureInTheBackgroundEndsThePlay(t *testing.T) {
	t.Parallel()
	d := keep()
	d.steps.waiting = []Step{{At: Throughout, What: "sends", Do: func(context.Context, *stack.Stack) error { return errors.New("no route") }}}
	d.steps.begin(t.Context())
	d.steps.background.Wait()
	require.ErrorContains(t, d.steps.look(t.Context(), incident.State{}), "no route")
	require.ErrorContains(t, d.steps.end(t.Context()), "no route")
}
