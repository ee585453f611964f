package tickets_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

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
	w.acts, err = tickets.New(tickets.Options{Client: client, Project: srv.Project(), Wait: w.clock.wait})
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

// An attempt that was cut off with its worker leaves nothing behind but its
// number: the next one waits until the search must know.
func TestALaterAttemptWaitsForTheSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	_, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.NoError(t, err)
	require.Zero(t, w.clock.waits)

	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(w.acts)
	env.SetOnActivityHeartbeatListener(nil)
	value, err := env.ExecuteActivity(w.acts.OpenTicket, incident.OpenTicketInput{Headline: headline("inc-ba9876543210")})
	require.NoError(t, err)
	var ref incident.TicketRef
	require.NoError(t, value.Get(&ref))
	require.Equal(t, "OPS-2", ref.Key)
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
		{name: "over a review, with a resolution, and not rejected", workflow: jira.StrictWorkflow(), to: incident.TicketDone,
			status: "Resolved", history: []string{"Open", "Investigating", "Review", "Resolved"}},
		{name: "the answer is lost", to: incident.TicketDone, status: "Done", history: []string{"To Do", "Done"},
			rules: []fault.Rule{{Operation: "transitions.do", Kind: fault.LoseResponse}}},
		{name: "every answer on a long way is lost once", workflow: jira.StrictWorkflow(), to: incident.TicketDone,
			status: "Resolved", history: []string{"Open", "Investigating", "Review", "Resolved"},
			rules: []fault.Rule{{Operation: "transitions.do", Kind: fault.LoseResponse, Times: 3}}},
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
	requireType(t, err, tickets.ErrorValidation, true)
}

func requireType(t *testing.T, err error, kind string, final bool) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, kind, app.Type(), "%v", err)
	require.Equal(t, final, app.NonRetryable(), "%v", err)
	return app
}

func TestErrorsSayWhetherToRetry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rule  fault.Rule
		kind  string
		final bool
		delay time.Duration
	}{
		{"unauthorised", fault.Rule{Kind: fault.Error, Status: 401}, tickets.ErrorPermission, true, 0},
		{"forbidden", fault.Rule{Kind: fault.Error, Status: 403}, tickets.ErrorPermission, true, 0},
		{"bad request", fault.Rule{Kind: fault.Error, Status: 400}, tickets.ErrorValidation, true, 0},
		{"not found", fault.Rule{Kind: fault.Error, Status: 404}, tickets.ErrorNotFound, true, 0},
		{"gone", fault.Rule{Kind: fault.Error, Status: 410}, tickets.ErrorValidation, true, 0},
		{"throttled", fault.Rule{Kind: fault.Throttle, Latency: 7 * time.Second}, tickets.ErrorThrottled, false, 7 * time.Second},
		{"failed", fault.Rule{Kind: fault.Error, Status: 500}, tickets.ErrorUnavailable, false, 0},
		{"unavailable", fault.Rule{Kind: fault.Error, Status: 503}, tickets.ErrorUnavailable, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, jira.Options{})
			ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
			require.NoError(t, err)
			tt.rule.Service, tt.rule.Times = jira.Service, fault.Forever
			w.faults.Set(tt.rule)
			_, open := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline("inc-ffffffffffff")})
			comment := w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: ref, Key: "k", Text: redact.Literal("t")})
			_, move := w.acts.TransitionTicket(t.Context(), incident.TransitionTicketInput{Ticket: ref, To: incident.TicketDone})
			for _, err := range []error{open, comment, move} {
				app := requireType(t, err, tt.kind, tt.final)
				require.Equal(t, tt.delay, app.NextRetryDelay())
				require.NotContains(t, err.Error(), w.jira.Token())
			}
		})
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	for _, c := range [][2]string{{w.jira.User(), "wrong"}, {"", "wrong"}, {"other@example.com", w.jira.Token()}} {
		client, err := tickets.Connect(w.jira.URL(), c[0], c[1])
		require.NoError(t, err)
		acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS"})
		require.NoError(t, err)
		_, err = acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
		requireType(t, err, tickets.ErrorPermission, true)
	}
	// A personal access token goes as a bearer.
	client, err := tickets.Connect(w.jira.URL(), "", w.jira.Token())
	require.NoError(t, err)
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS"})
	require.NoError(t, err)
	_, err = acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.NoError(t, err)
}

func TestCancelledWaitEndsTheActivity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	client, err := tickets.Connect(w.jira.URL(), w.jira.User(), w.jira.Token())
	require.NoError(t, err)
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS", Settle: time.Hour})
	require.NoError(t, err)
	w.faults.Set(fault.Rule{Service: jira.Service, Operation: "issue.create", Kind: fault.LoseResponse})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := acts.OpenTicket(ctx, incident.OpenTicketInput{Headline: headline(inc)})
		ended <- err
	}()
	require.Eventually(t, func() bool { return len(w.jira.Issues()) == 1 }, 5*time.Second, 5*time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(5 * time.Second):
		t.Fatal("the wait outlived its context")
	}
}

func TestRefusedInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	ok := incident.TicketRef{Key: "OPS-1"}
	for name, run := range map[string]func() error{
		"an incident id that would change the query": func() error {
			h := headline(`inc-x" OR project = "SEC`)
			_, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: h})
			return err
		},
		"a key that leaves its path": func() error {
			return w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: incident.TicketRef{Key: "OPS-1/../../2/user?"}, Key: "k", Text: redact.Literal("t")})
		},
		"no text": func() error {
			return w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: ok, Key: "k"})
		},
		"no category": func() error {
			_, err := w.acts.TransitionTicket(t.Context(), incident.TransitionTicketInput{Ticket: ok, To: "new"})
			return err
		},
		"no key": func() error {
			_, err := w.acts.TransitionTicket(t.Context(), incident.TransitionTicketInput{To: "done"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireType(t, run(), tickets.ErrorValidation, true)
		})
	}
}

func TestHostileAndGiantText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jira.Options{})
	hostile := `{noformat} [~accountid:5] !http://evil.example/x.png! {color:red}h1. *now*{color} \` + strings.Repeat("[x|http://evil.example] é", 3000)
	h := headline(inc)
	h.Title = redact.Clean(keep{}, "line one\nline two "+strings.Repeat("long ", 200))
	h.Body = redact.Clean(keep{}, hostile)
	ref, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: h})
	require.NoError(t, err)
	require.NoError(t, w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: ref, Key: "k", Text: redact.Clean(keep{}, hostile)}))
	issue, _ := w.jira.Issue(ref.Key)
	require.NotContains(t, issue.Summary, "\n")
	for _, text := range []string{issue.Description, issue.Comments[0].Body} {
		plain := strings.NewReplacer(`\\`, "", `\{`, "", `\}`, "", `\[`, "", `\]`, "", `\!`, "", `\|`, "", `\~`, "", `\*`, "", `\_`, "", `\^`, "").Replace(text)
		require.False(t, strings.ContainsAny(plain, `{}[]!|~*^\`), "every mark is escaped")
	}
	// The mark survives giant text: the comment is still found.
	require.NoError(t, w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: ref, Key: "k", Text: redact.Literal("short now")}))
	require.Len(t, w.jira.Comments(ref.Key), 1)
}

type keep struct{}

func (keep) Redact(raw string) string { return raw }

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	client, err := tickets.Connect("http://127.0.0.1:1", "u", "t")
	require.NoError(t, err)
	for _, o := range []tickets.Options{{Project: "OPS"}, {Client: client}, {Client: client, Project: "ops"}, {Client: client, Project: "OPS", Settle: -1}} {
		_, err := tickets.New(o)
		require.Error(t, err)
	}
	for _, c := range [][2]string{{"ftp://x", "t"}, {"https://", "t"}, {"https://jira.example", ""}} {
		_, err := tickets.Connect(c[0], "u", c[1])
		require.Error(t, err)
	}
}

func TestUnreachableIsRetried(t *testing.T) {
	t.Parallel()
	client, err := tickets.Connect("http://127.0.0.1:1", "u", "secret-token")
	require.NoError(t, err)
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS"})
	require.NoError(t, err)
	_, err = acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	requireType(t, err, tickets.ErrorUnavailable, false)
	require.NotContains(t, err.Error(), "secret-token")
	require.False(t, errors.Is(err, context.Canceled))
}
