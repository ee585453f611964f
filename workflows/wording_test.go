package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// linking are the addresses that the comments of the ticket link the thread by.
func (w *world) linking() (links []string) {
	for _, in := range w.inputs(incident.ActivityCommentTicket) {
		if url := in.(incident.CommentTicketInput).ThreadURL; url != "" {
			links = append(links, url)
		}
	}
	return links
}

func TestTicketAndThreadLeadToEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signalAt(time.Minute, yes("ana", 1))
	s := w.run(input())
	require.NotEmpty(t, s.Thread.URL)
	opened := w.inputs(incident.ActivityOpenTicket)[0].(incident.OpenTicketInput)
	links := w.linking()
	if opened.Headline.ThreadURL == "" {
		require.Equal(t, []string{s.Thread.URL}, links, "the first comment after the thread is known links it, and no other")
	} else {
		require.Empty(t, links, "the description links it")
	}
	roots := w.inputs(incident.ActivityPostIncident)
	last := roots[len(roots)-1].(incident.PostIncidentInput).Headline
	require.Equal(t, s.Ticket.URL, last.TicketURL)
	require.Equal(t, "Nothing to do: it was fixed, and the live metric is good again.", last.Advice.String())
	require.Contains(t, s.UIURL, "/user-metadata")
}

func TestPeopleAreNamedAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := yes("slack:T1:U1", 1)
	d.Via, d.Name = "slack", "Ana Roe"
	w.signalAt(time.Minute, d)
	s := w.run(input())
	require.Contains(t, linesOf(s), "Ana Roe approved the plan (verified, via slack).")
	require.NotContains(t, linesOf(s), "slack:T1:U1")
	require.Equal(t, "slack:T1:U1", s.Decisions[0].Decision.Approver, "who it was stays in the record")
}

func TestNameThatIsNoneDoesNotCount(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a\nb", strings.Repeat("n", 81)} {
		w := newWorld(t)
		d := yes("ana", 1)
		d.Name = name
		got := w.updateAt(time.Minute, "1", d)
		s := w.run(input())
		require.ErrorContains(t, got.rejected, "name has to be of one line and at most 80 bytes")
		require.Equal(t, incident.StatusExpired, s.Status)
	}
}

func TestRootMessageTellsWhatMattersFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := input()
	for n := range 6 {
		a := in.Anomalies[0]
		a.ID, a.Why = a.ID[:17]+string(rune('a'+n)), redact.Format("more trouble %d", n)
		in.Anomalies = append(in.Anomalies, a)
	}
	w.signalAt(time.Minute, yes("ana", 1))
	w.run(in)
	var asked string
	for _, in := range w.inputs(incident.ActivityPostIncident) {
		if h := in.(incident.PostIncidentInput).Headline; h.Status == incident.StatusAwaitingApproval {
			asked = h.Body.String()
		}
	}
	require.Regexp(t, `(?s)^Cause: errors since a configuration reload \(90%, by offline-rules\)\nPlan: restart-service on checkout\. .*\nAlso: more trouble 0\n.*\nAnd 3 more anomalies\.$`, asked)
	require.NotContains(t, asked, "ev-", "evidence stands in the thread")
}
