package chat_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack/slack"
)

// A question that was decided while Slack was away is shown as decided, once,
// and nobody is offered a button.
func TestQuestionThatWasDecidedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	in := question(thread)
	in.Result = said("ana approved the plan")
	card, err := w.acts.AskApproval(t.Context(), in)
	require.NoError(t, err)
	again, err := w.acts.AskApproval(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, card, again)
	messages := w.slack.Thread(channel, thread.TS)
	require.Len(t, messages, 2)
	require.Empty(t, buttons(messages[1]))
	for _, want := range []string{"restart-service", "ana approved the plan", "Decision"} {
		require.Contains(t, text(messages[1]), want)
	}
}

// The first try went through with its buttons, but its answer was lost; by the
// second the question is decided. It finds that card, which is then closed.
func TestQuestionThatWasDecidedBetweenTwoTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	in := question(thread)
	live, err := w.acts.AskApproval(t.Context(), in)
	require.NoError(t, err)
	in.Result = said("ana approved the plan")
	card, err := w.acts.AskApproval(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, live, card)
	require.NoError(t, w.acts.CloseApproval(t.Context(), incident.CloseApprovalInput{Card: card, Plan: in.Plan, Result: in.Result}))
	messages := w.slack.Thread(channel, thread.TS)
	require.Len(t, messages, 2)
	require.Empty(t, buttons(messages[1]))
	require.Equal(t, 1, strings.Count(text(messages[1]), "Decision"))
}
