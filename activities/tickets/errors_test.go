package tickets_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/tickets"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/jira"
)

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
		{"unauthorised", fault.Rule{Kind: fault.Error, Status: 401}, incident.ErrorPermission, true, 0},
		{"forbidden", fault.Rule{Kind: fault.Error, Status: 403}, incident.ErrorPermission, true, 0},
		{"bad request", fault.Rule{Kind: fault.Error, Status: 400}, incident.ErrorValidation, true, 0},
		{"not found", fault.Rule{Kind: fault.Error, Status: 404}, incident.ErrorNotFound, true, 0},
		{"gone", fault.Rule{Kind: fault.Error, Status: 410}, incident.ErrorValidation, true, 0},
		{"throttled", fault.Rule{Kind: fault.Throttle, Latency: 7 * time.Second}, incident.ErrorThrottled, false, 7 * time.Second},
		{"failed", fault.Rule{Kind: fault.Error, Status: 500}, incident.ErrorUnavailable, false, 0},
		{"unavailable", fault.Rule{Kind: fault.Error, Status: 503}, incident.ErrorUnavailable, false, 0},
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
		_ = requireType(t, err, incident.ErrorPermission, true)
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
	require.Eventually(t, func() bool { return len(w.jira.Issues()) == 1 }, time.Minute, 5*time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(time.Minute):
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
			_ = requireType(t, run(), incident.ErrorValidation, true)
		})
	}
}

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
	_ = requireType(t, err, incident.ErrorUnavailable, false)
	require.NotContains(t, err.Error(), "secret-token")
	require.NotErrorIs(t, err, context.Canceled)
}

// Credentials stay with the host that they are for.
func TestCredentialsDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked, with %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	moved := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	client, err := tickets.Connect(moved.URL, "u", "t")
	require.NoError(t, err)
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS"})
	require.NoError(t, err)
	_, err = acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.ErrorContains(t, err, "no answer from Jira")
}

// Data Center has /search and no /search/jql; Cloud answers 410 there.
func TestDataCenterSearch(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/rest/api/2/search" || r.Header.Get("Authorization") != "Bearer pat" {
			http.Error(w, "unexpected "+r.URL.Path, http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"startAt":0,"maxResults":20,"total":2,"issues":[{"id":"12","key":"OPS-12"},{"id":"9","key":"OPS-9"}]}`))
	}))
	t.Cleanup(srv.Close)
	client, err := tickets.Connect(srv.URL, "", "pat")
	require.NoError(t, err)
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS", DataCenter: true})
	require.NoError(t, err)
	ref, err := acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	require.NoError(t, err)
	require.Equal(t, "OPS-9", ref.Key, "of several tickets everybody uses the oldest")

	w := newWorld(t, jira.Options{})
	client, err = tickets.Connect(w.jira.URL(), "", w.jira.Token())
	require.NoError(t, err)
	acts, err = tickets.New(tickets.Options{Client: client, Project: "OPS", DataCenter: true})
	require.NoError(t, err)
	_, err = acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	_ = requireType(t, err, incident.ErrorValidation, true)
	require.ErrorContains(t, err, "Data Center")
}

// Jira can quote what was sent to it. Errors end in workflow history.
func TestJirasWordsAreRedacted(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"errorMessages":["summary password=hunter2 is not valid"]}`))
	}))
	t.Cleanup(srv.Close)
	client, err := tickets.Connect(srv.URL, "u", "t")
	require.NoError(t, err)
	acts, err := tickets.New(tickets.Options{Client: client, Project: "OPS"})
	require.NoError(t, err)
	_, err = acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: headline(inc)})
	_ = requireType(t, err, incident.ErrorValidation, true)
	history := temporal.GetDefaultFailureConverter().ErrorToFailure(err).String()
	require.Contains(t, history, "is not valid")
	require.NotContains(t, history, "hunter2")
}
