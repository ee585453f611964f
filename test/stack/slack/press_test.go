package slack_test

import (
	"context"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/slack"
)

// listen runs a Socket Mode client that acknowledges and hands on interactions.
func listen(t *testing.T, s *slack.Server, options ...socketmode.Option) <-chan slackgo.InteractionCallback {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	conn := socketmode.New(s.Client(), options...)
	out := make(chan slackgo.InteractionCallback, 10)
	ran, read := make(chan struct{}), make(chan struct{})
	go func() { defer close(ran); _ = conn.RunContext(ctx) }()
	go func() {
		defer close(read)
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-conn.Events:
				if cb, ok := e.Data.(slackgo.InteractionCallback); ok {
					_ = conn.AckCtx(ctx, e.Request.EnvelopeID, nil)
					out <- cb
				}
			}
		}
	}()
	t.Cleanup(func() { stop(); <-ran; <-read })
	return out
}

func TestPress(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{AckTimeout: time.Minute})
	_, root, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("root", false))
	require.NoError(t, err)
	_, ts, err := s.Client().PostMessageContext(t.Context(), channel, card(), slackgo.MsgOptionTS(root))
	require.NoError(t, err)
	require.ErrorContains(t, s.Press("1.000000", "yes", "U0ONCALL"), "no message")
	require.ErrorContains(t, s.Press(ts, "maybe", "U0ONCALL"), "no such button")

	presses := listen(t, s)
	require.NoError(t, s.Press(ts, "yes", "U0ONCALL"))
	cb := <-presses
	require.Equal(t, slackgo.InteractionTypeBlockActions, cb.Type)
	require.Equal(t, slack.TeamID, cb.Team.ID)
	require.Equal(t, "U0ONCALL", cb.User.ID)
	require.Equal(t, ts, cb.Container.MessageTs)
	require.Equal(t, root, cb.Container.ThreadTs)
	require.Equal(t, channel, cb.Channel.ID)
	require.Len(t, cb.ActionCallback.BlockActions, 1)
	require.JSONEq(t, `{"plan":"p"}`, cb.ActionCallback.BlockActions[0].Value)
	require.Len(t, cb.Message.Blocks.BlockSet, 3)

	// A response URL is good five times within thirty minutes.
	for i := range 6 {
		err := slackgo.PostWebhookContext(t.Context(), cb.ResponseURL, &slackgo.WebhookMessage{Text: "only you", ResponseType: slackgo.ResponseTypeEphemeral})
		require.Equal(t, i < 5, err == nil, "use %d: %v", i, err)
	}
	require.Len(t, s.Ephemerals(channel), 5)
	require.NoError(t, s.Press(ts, "no", "U0ONCALL"))
	late := <-presses
	s.SetNow(func() time.Time { return time.Now().Add(31 * time.Minute) })
	require.Error(t, slackgo.PostWebhookContext(t.Context(), late.ResponseURL, &slackgo.WebhookMessage{Text: "late"}))
}

func TestAPressThatNobodyTakes(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{AckTimeout: 30 * time.Millisecond})
	_, ts, err := s.Client().PostMessageContext(t.Context(), channel, card())
	require.NoError(t, err)
	require.ErrorContains(t, s.Press(ts, "yes", "U0ONCALL"), "no app is connected")
}

// slack-go gives up a connection on which no ping comes.
func TestPingsKeepTheConnection(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{PingEvery: 20 * time.Millisecond, AckTimeout: time.Minute})
	presses := listen(t, s, socketmode.OptionPingInterval(2*time.Second))
	require.Eventually(t, func() bool { return s.Connections() == 1 }, time.Minute, time.Millisecond)
	_, ts, err := s.Client().PostMessageContext(t.Context(), channel, card())
	require.NoError(t, err)
	for began := time.Now(); time.Since(began) < 4500*time.Millisecond; {
		require.NoError(t, s.Press(ts, "yes", "U0ONCALL"))
		<-presses
		require.Equal(t, 1, s.Connections())
	}
}
