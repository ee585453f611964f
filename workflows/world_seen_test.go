package workflows_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// count is how often an activity was called.
func (w *world) count(name string) int { return len(w.inputs(name)) }

// inputs are what an activity was called with.
func (w *world) inputs(name string) []any {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in []any
	for _, c := range w.calls {
		if c.name == name {
			in = append(in, c.in)
		}
	}
	return in
}

// order is the names of the activities in the order of their calls, those of
// chat and tickets left out, which run beside the story.
func (w *world) order() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	beside := []string{
		incident.ActivityPostIncident, incident.ActivityPostReply, incident.ActivityAskApproval, incident.ActivityCloseApproval,
		incident.ActivityOpenTicket, incident.ActivityCommentTicket, incident.ActivityTransitionTicket,
	}
	var names []string
	for _, c := range w.calls {
		if !slices.Contains(beside, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// told are the arguments of a signal to the correlator.
func told[T any](w *world, name string) []T {
	w.mu.Lock()
	defer w.mu.Unlock()
	var args []T
	for _, s := range w.signals {
		if s.name == name {
			require.Equal(w.t, correlatorID, s.to)
			arg, ok := s.arg.(T)
			require.True(w.t, ok, "signal %s carries a %T", name, s.arg)
			args = append(args, arg)
		}
	}
	return args
}
