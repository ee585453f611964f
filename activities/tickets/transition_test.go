package tickets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/jira"
)

func TestTransitions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		workflow jira.Workflow
		to       incident.TicketState
		rules    []fault.Rule
		status   string
		history  []string
	}{
		{name: "to work", to: incident.TicketInProgress, status: "In Progress", history: []string{"To Do", "In Progress"}},
		{name: "done", to: incident.TicketDone, status: "Done", history: []string{"To Do", "Done"}},
		{
			name: "over a review, with a resolution, and not rejected", workflow: jira.StrictWorkflow(), to: incident.TicketDone,
			status: "Resolved", history: []string{"Open", "Investigating", "Review", "Resolved"},
		},
		{
			name: "the answer is lost", to: incident.TicketDone, status: "Done", history: []string{"To Do", "Done"},
			rules: []fault.Rule{{Operation: "transitions.do", Kind: fault.LoseResponse}},
		},
		{
			name: "every answer on a long way is lost once", workflow: jira.StrictWorkflow(), to: incident.TicketDone,
			status: "Resolved", history: []string{"Open", "Investigating", "Review", "Resolved"},
			rules: []fault.Rule{{Operation: "transitions.do", Kind: fault.LoseResponse, Times: 3}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, jira.Options{Workflow: tt.workflow})
			ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
			require.NoError(t, err)
			for _, r := range tt.rules {
				r.Service = jira.Service
				w.faults.Set(r)
			}
			in := incident.TransitionTicketInput{Ticket: ref, To: tt.to, Resolution: redact.Literal("errors are back to 0")}
			for range 2 { // the second time there is nothing to do
				untilDone(t, func() error {
					got, err := w.acts.TransitionTicket(t.Context(), in)
					if err == nil {
						require.Equal(t, incident.TicketStatus{Key: ref.Key, Status: tt.status}, got)
					}
					return err
				})
			}
			issue, ok := w.jira.Issue(ref.Key)
			require.True(t, ok)
			require.Equal(t, tt.history, issue.History)
			if tt.to == incident.TicketDone {
				require.Equal(t, "Done", issue.Resolution)
				require.Len(t, issue.Comments, 1)
				require.Contains(t, issue.Comments[0].Body, "errors are back to 0")
				return
			}
			require.Empty(t, issue.Comments)
		})
	}
}

func TestARecurrenceIsResolvedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.NoError(t, err)
	for _, text := range []redact.Text{redact.Literal("fixed at 12:10"), redact.Literal("fixed at 12:40")} {
		_, err = w.acts.TransitionTicket(t.Context(), incident.TransitionTicketInput{Ticket: ref, To: incident.TicketInProgress})
		require.NoError(t, err)
		_, err = w.acts.TransitionTicket(t.Context(), incident.TransitionTicketInput{Ticket: ref, To: incident.TicketDone, Resolution: text})
		require.NoError(t, err)
	}
	issue, _ := w.jira.Issue(ref.Key)
	require.Equal(t, []string{"To Do", "In Progress", "Done", "In Progress", "Done"}, issue.History)
	require.Len(t, issue.Comments, 2)
}

func TestNoWayThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{Workflow: jira.Workflow{Statuses: []jira.Status{{ID: "1", Name: "Open", Category: jira.CategoryNew}}}})
	ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.NoError(t, err)
	_, err = w.acts.TransitionTicket(t.Context(), incident.TransitionTicketInput{Ticket: ref, To: incident.TicketDone})
	_ = requireType(t, err, incident.ErrorValidation, true)
}
