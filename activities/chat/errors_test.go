package chat_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/chat"
	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/slack"
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
		{"throttled", fault.Rule{Kind: fault.Throttle, Latency: 7 * time.Second}, incident.ErrorThrottled, false, 7 * time.Second},
		{"throttled in the body", fault.Rule{Kind: fault.Error, Code: "ratelimited"}, incident.ErrorThrottled, false, 0},
		{"failed", fault.Rule{Kind: fault.Error, Status: 500}, incident.ErrorUnavailable, false, 0},
		{"failed in the body", fault.Rule{Kind: fault.Error, Code: "internal_error"}, incident.ErrorUnavailable, false, 0},
		{"lost", fault.Rule{Kind: fault.LoseResponse}, incident.ErrorUnavailable, false, 0},
		{"revoked", fault.Rule{Kind: fault.Error, Code: "token_revoked"}, incident.ErrorPermission, true, 0},
		{"not invited", fault.Rule{Kind: fault.Error, Code: "not_in_channel"}, incident.ErrorPermission, true, 0},
		{"no scope", fault.Rule{Kind: fault.Error, Code: "missing_scope"}, incident.ErrorPermission, true, 0},
		{"forbidden", fault.Rule{Kind: fault.Error, Status: 403}, incident.ErrorPermission, true, 0},
		{"deleted", fault.Rule{Kind: fault.Error, Code: "message_not_found"}, incident.ErrorNotFound, true, 0},
		{"bad blocks", fault.Rule{Kind: fault.Error, Code: "invalid_blocks"}, incident.ErrorValidation, true, 0},
		{"a code that nobody knows", fault.Rule{Kind: fault.Error, Code: "brand_new"}, incident.ErrorValidation, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slack.Options{})
			thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
			require.NoError(t, err)
			tt.rule.Service, tt.rule.Times = slack.Service, fault.Forever
			w.faults.Set(tt.rule)
			other := headline()
			other.WorkflowID += "x"
			_, open := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: other})
			_, edit := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Thread: thread, Headline: other})
			_, reply := w.acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Key: "k", Text: said("x")})
			_, ask := w.acts.AskApproval(t.Context(), question(thread))
			for _, err := range []error{open, edit, reply, ask} {
				app := requireType(t, err, tt.kind, tt.final)
				require.Equal(t, tt.delay, app.NextRetryDelay())
				require.NotContains(t, err.Error(), w.slack.BotToken())
			}
		})
	}
}

func TestWrongTokenAndWrongChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	bad, err := chat.New(chat.Options{Client: slackgo.New("xoxb-wrong", slackgo.OptionAPIURL(w.slack.URL())), Channel: channel})
	require.NoError(t, err)
	_, err = bad.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	_ = requireType(t, err, incident.ErrorPermission, true)
	lost, err := chat.New(chat.Options{Client: w.slack.Client(), Channel: "C0NOWHERE"})
	require.NoError(t, err)
	_, err = lost.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	_ = requireType(t, err, incident.ErrorNotFound, true)
}

func TestCancelledWhileWaitingForTheTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	acts, err := chat.New(chat.Options{Client: w.slack.Client(), Channel: channel, Interval: time.Hour})
	require.NoError(t, err)
	thread, err := acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := acts.PostReply(ctx, incident.PostReplyInput{Thread: thread, Key: "k", Text: said("x")})
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(time.Minute):
		t.Fatal("the wait outlived its context")
	}
	require.Len(t, w.slack.Thread(channel, thread.TS), 1)
}

// Slack can quote what was sent to it. Errors end in workflow history.
func TestSlacksWordsAreRedacted(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] password=hunter2"]}}`))
	}))
	t.Cleanup(srv.Close)
	acts, err := chat.New(chat.Options{Client: slackgo.New("xoxb-t", slackgo.OptionAPIURL(srv.URL+"/")), Channel: channel})
	require.NoError(t, err)
	_, err = acts.PostIncident(t.Context(), incident.PostIncidentInput{Thread: incident.ThreadRef{Channel: channel, TS: "1.1"}, Headline: headline()})
	_ = requireType(t, err, incident.ErrorValidation, true)
	history := temporal.GetDefaultFailureConverter().ErrorToFailure(err).String()
	require.Contains(t, history, "invalid_blocks")
	require.NotContains(t, history, "hunter2")
}
