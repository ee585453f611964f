package tickets_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"firebreak/activities/tickets"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/jira"
)

// clock is the stand-in's time; the activities' waits move it.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	waits int
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waits++
	return ctx.Err()
}

type world struct {
	jira   *jira.Server
	faults *fault.Faults
	clock  *clock
	acts   *tickets.Activities
}

func newWorld(t *testing.T, o jira.Options) *world {
	t.Helper()
	w := &world{faults: fault.New(), clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	o.Faults, o.Now = w.faults, w.clock.read
	srv, err := jira.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(srv.Close)
	w.jira = srv
	client, err := tickets.Connect(srv.URL(), srv.User(), srv.Token())
	require.NoError(t, err)
	w.acts, err = tickets.New(tickets.Options{Client: client, Project: srv.Project(), Wait: w.clock.wait, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return w
}

func headline(id string) incident.Headline {
	return incident.Headline{
		IncidentID: id, WorkflowID: "incident/123456789012/eu-central-1/checkout/" + id, RunID: "run-1",
		Service: "checkout", Team: "shop", Severity: incident.Sev2, Origin: incident.OriginLive,
		Title: redact.Literal("checkout answers errors"), Body: redact.Literal("5 errors a second since 12:00"),
		UIURL: "http://127.0.0.1:8233/x",
	}
}

const inc = "inc-0123456789ab"

// untilDone runs an activity as Temporal does: again after every retryable error.
func untilDone(t *testing.T, run func() error) (attempts int) {
	t.Helper()
	for attempts = 1; attempts <= 10; attempts++ {
		err := run()
		if err == nil {
			return attempts
		}
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.False(t, app.NonRetryable(), "%v", err)
	}
	t.Fatal("no success in ten attempts")
	return 0
}

func TestOneTicketWhateverGetsLost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules []fault.Rule
	}{
		{name: "nothing goes wrong"},
		{name: "the answer to the create is lost", rules: []fault.Rule{{Operation: "issue.create", Kind: fault.LoseResponse}}},
		{name: "every first answer is lost", rules: []fault.Rule{
			{Operation: "search", Kind: fault.LoseResponse}, {Operation: "issue.create", Kind: fault.LoseResponse},
		}},
		{name: "the create fails without effect", rules: []fault.Rule{{Operation: "issue.create", Kind: fault.Error, Status: 503}}},
		{name: "the create's answer and the search after it are lost", rules: []fault.Rule{
			{Operation: "issue.create", Kind: fault.LoseResponse}, {Operation: "search", Kind: fault.Error, Status: 500, Skip: 1},
		}},
		{name: "throttled, then lost", rules: []fault.Rule{
			{Operation: "issue.create", Kind: fault.Throttle}, {Operation: "issue.create", Kind: fault.LoseResponse},
		}},
		{name: "three creates fail, the fourth is lost", rules: []fault.Rule{
			{Operation: "issue.create", Kind: fault.Error, Status: 502, Times: 3}, {Operation: "issue.create", Kind: fault.LoseResponse},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, jira.Options{})
			for _, r := range tt.rules {
				r.Service = jira.Service
				w.faults.Set(r)
			}
			var got incident.TicketRef
			untilDone(t, func() (err error) {
				got, err = w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
				return err
			})
			require.Equal(t, incident.TicketRef{Key: "OPS-1", URL: w.jira.URL() + "/browse/OPS-1"}, got)
			issues := w.jira.Issues()
			require.Len(t, issues, 1)
			require.Contains(t, issues[0].Labels, inc)
			require.Equal(t, "checkout answers errors", issues[0].Summary)
			for _, r := range tt.rules {
				require.Positive(t, w.faults.Fired(jira.Service, r.Operation, r.Kind), "the fault really happened")
			}

			// A later run of the workflow, after the search has caught up, finds it.
			require.NoError(t, w.clock.wait(t.Context(), 6*time.Second))
			again, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
			require.NoError(t, err)
			require.Equal(t, got, again)
			require.Len(t, w.jira.Issues(), 1)
		})
	}
}

// An attempt that was cut off with its worker, right after its create, leaves
// nothing behind but its number: the next one waits until the search must know.
func TestALaterAttemptWaitsForTheSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	client, err := tickets.Connect(w.jira.URL(), w.jira.User(), w.jira.Token())
	require.NoError(t, err)
	cut := true
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS", Wait: func(ctx context.Context, d time.Duration) error {
		if cut {
			cut = false
			return errors.New("the worker is gone")
		}
		return w.clock.wait(ctx, d)
	}})
	require.NoError(t, err)
	w.faults.Set(fault.Rule{Service: jira.Service, Operation: "issue.create", Kind: fault.LoseResponse})

	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(acts.OpenTicket)
	env.ExecuteWorkflow(func(ctx workflow.Context) (ref incident.TicketRef, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3},
		})
		err = workflow.ExecuteActivity(ctx, incident.ActivityOpenTicket, incident.OpenTicketInput{Headline: headline(inc)}).Get(ctx, &ref)
		return ref, err
	})
	require.NoError(t, env.GetWorkflowError())
	var ref incident.TicketRef
	require.NoError(t, env.GetWorkflowResult(&ref))
	require.Equal(t, "OPS-1", ref.Key)
	require.Len(t, w.jira.Issues(), 1)
	require.Equal(t, 1, w.clock.waits)
}

func TestTwoIncidentsHaveTwoTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	replayed := headline(inc)
	replayed.Origin, replayed.WorkflowID = incident.OriginBackfill, "backfill/may/"+replayed.WorkflowID
	keys := map[string]bool{}
	for _, h := range []incident.Headline{headline(inc), headline("inc-ffffffffffff"), replayed} {
		for range 2 {
			require.NoError(t, w.clock.wait(t.Context(), 10*time.Second))
			ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: h})
			require.NoError(t, err)
			keys[ref.Key] = true
		}
	}
	require.Len(t, keys, 3, "a replay of an incident does not touch the live one's ticket")
	require.Len(t, w.jira.Issues(), 3)
}

func TestOneCommentWhateverGetsLost(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"comments.add", "comments.list"} {
		for _, kind := range []fault.Kind{fault.LoseResponse, fault.Throttle, fault.Error} {
			t.Run(op+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, jira.Options{})
				ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
				require.NoError(t, err)
				// More than a page of comments by people, so that the search pages.
				for range 130 {
					require.NoError(t, w.jira.Comment(ref.Key, "dana", "looking"))
				}
				w.faults.Set(fault.Rule{Service: jira.Service, Operation: op, Kind: kind, Times: 2})
				for _, key := range []string{inc + "/timeline/1", inc + "/timeline/2", inc + "/timeline/1"} {
					untilDone(t, func() error {
						return w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: ref, Key: key, Text: redact.Literal("the fix runs")})
					})
				}
				require.Len(t, w.jira.Comments(ref.Key), 132)
				if op == "comments.add" || kind != fault.LoseResponse { // Go's client repeats a GET by itself
					require.Equal(t, 2, w.faults.Fired(jira.Service, op, kind))
				}
			})
		}
	}
}

func TestOldCommentsAreFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.NoError(t, err)
	in := incident.CommentTicketInput{Ticket: ref, Key: "k", Text: redact.Literal("first")}
	require.NoError(t, w.acts.CommentTicket(t.Context(), in))
	for range 250 {
		require.NoError(t, w.jira.Comment(ref.Key, "dana", "looking"))
	}
	require.NoError(t, w.acts.CommentTicket(t.Context(), in))
	require.Len(t, w.jira.Comments(ref.Key), 251)

	// Somebody who quotes the comment does not stop another one with the same text.
	require.NoError(t, w.jira.Comment(ref.Key, "dana", w.jira.Comments(ref.Key)[0].Body+"\n\nis that so?"))
	in.Key = "other"
	require.NoError(t, w.acts.CommentTicket(t.Context(), in))
	require.Len(t, w.jira.Comments(ref.Key), 253)
}

func TestTheTicketLeadsToTheThread(t *testing.T) {
	t.Parallel()
	const thread = "https://shop.slack.example/archives/C1/p1001"
	w := newWorld(t, jira.Options{})
	h := headline(inc)
	h.ThreadURL = thread
	ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: h})
	require.NoError(t, err)
	in := incident.CommentTicketInput{Ticket: ref, Key: inc + "/1", Text: redact.Literal("Waiting for 1 approval."), ThreadURL: thread}
	for range 2 { // the mark stays the last line, by which a comment is known again
		require.NoError(t, w.acts.CommentTicket(t.Context(), in))
	}
	issue := w.jira.Issues()[0]
	require.Contains(t, issue.Description, "[Slack thread|"+thread+"]")
	require.NotContains(t, issue.Description, h.WorkflowID, "the link says it shorter")
	require.Len(t, issue.Comments, 1)
	require.Contains(t, issue.Comments[0].Body, "\n[Slack thread|"+thread+"]\nFirebreak ref ")
}
