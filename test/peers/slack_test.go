//go:build peers

package peers

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/slack"
)

const (
	channel = "C0INCIDENTS"
	onCall  = "U0ONCALL"
)

// approve is a card with a button.
var approve = []any{
	map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": "*checkout* is failing"}},
	map[string]any{"type": "actions", "block_id": "decision", "elements": []any{
		map[string]any{"type": "button", "action_id": "approve", "value": "v1:abc", "style": "primary", "text": map[string]any{"type": "plain_text", "text": "Approve"}},
	}},
}

// Slack's own client libraries for JavaScript against our stand-in.
func TestSlackClients(t *testing.T) {
	t.Parallel()
	n := nodePackages()
	r := results.add("@slack/web-api, socket-mode", wanted(t, "@slack/web-api")+", "+wanted(t, "@slack/socket-mode"), "client of our stand-in")
	tests := map[string]func(t *trial, s *slack.Server, faults *fault.Faults){
		"who am I":                       slackAuth,
		"a thread is posted and updated": slackThread,
		"history comes in pages":         slackHistory,
		"metadata is kept":               slackMetadata,
		"refusals have their names":      slackRefusals,
		"a throttle says when to retry":  slackThrottle,
		"a button over Socket Mode":      slackSocket,
		"Socket Mode after a break":      slackReconnect,
	}
	if n.absent != "" {
		r.leftOut(t, len(tests), n.absent)
		return
	}
	for name, run := range tests {
		faults := fault.New()
		s, err := slack.Start(t.Context(), slack.Options{Faults: faults, Logger: slog.New(slog.DiscardHandler), AckTimeout: 10 * time.Second})
		require.NoError(t, err)
		t.Cleanup(s.Close)
		env := []string{"PEER_SLACK_URL=" + s.URL(), "PEER_SLACK_BOT_TOKEN=" + s.BotToken(), "PEER_SLACK_APP_TOKEN=" + s.AppToken()}
		c := testCase{api: "slack", name: name, run: func(t *trial) { run(t, s, faults) }}
		r.check(t, []testCase{c}, n.driver(t, env), nil, nil)
	}
}

func (t *trial) post(in object) object {
	if in["channel"] == nil {
		in["channel"] = channel
	}
	return t.ok("slack", "chat.postMessage", in)
}

func slackAuth(t *trial, _ *slack.Server, _ *fault.Faults) {
	out := t.ok("slack", "auth.test", object{})
	require.Equal(t, true, t.get(out, "ok"))
	require.Equal(t, slack.TeamID, t.text(out, "team_id"))
	require.Equal(t, slack.BotUID, t.text(out, "user_id"))
	out = t.ok("slack", "users.info", object{"user": onCall})
	require.Equal(t, onCall, t.text(out, "user.id"))
	require.Equal(t, slack.TeamID, t.text(out, "user.team_id"))
	out = t.ok("slack", "conversations.info", object{"channel": channel})
	require.True(t, has(out, "channel.id"))
}

func slackThread(t *trial, _ *slack.Server, _ *fault.Faults) {
	root := t.post(object{"text": "checkout is failing <!channel>", "blocks": approve})
	ts := t.text(root, "ts")
	require.Regexp(t, `^\d{10}\.\d{6}$`, ts)
	require.Equal(t, ts, t.text(root, "message.ts"))
	require.Equal(t, "approve", t.text(root, "message.blocks.1.elements.0.action_id"))
	first := t.post(object{"text": "looking", "thread_ts": ts})
	t.post(object{"text": "found it", "thread_ts": ts})
	out := t.ok("slack", "chat.update", object{"channel": channel, "ts": ts, "text": "solved", "blocks": []any{}})
	require.Equal(t, "solved", t.text(out, "text"))

	out = t.ok("slack", "conversations.replies", object{"channel": channel, "ts": ts})
	require.Equal(t, []string{"solved", "looking", "found it"}, t.texts(out, "messages", "text"))
	require.InDelta(t, 2, t.number(out, "messages.0.reply_count"), 0)
	require.Equal(t, ts, t.text(out, "messages.1.thread_ts"))
	require.True(t, has(out, "messages.0.edited.ts"))
	require.Equal(t, slack.BotID, t.text(out, "messages.0.bot_id"))
	out = t.ok("slack", "conversations.replies", object{"channel": channel, "ts": ts, "oldest": t.text(first, "ts"), "inclusive": true})
	require.Equal(t, []string{"solved", "looking", "found it"}, t.texts(out, "messages", "text"))
	out = t.ok("slack", "conversations.replies", object{"channel": channel, "ts": ts, "oldest": t.text(first, "ts")})
	require.Equal(t, []string{"solved", "found it"}, t.texts(out, "messages", "text"), "the root always comes along")
	t.ok("slack", "chat.postEphemeral", object{"channel": channel, "user": onCall, "text": "only you see this"})
}

func slackHistory(t *trial, _ *slack.Server, _ *fault.Faults) {
	var stamps []string
	for _, text := range []string{"one", "two", "three"} {
		stamps = append(stamps, t.text(t.post(object{"text": text}), "ts"))
	}
	t.post(object{"text": "a reply", "thread_ts": stamps[0]})
	var got []string
	in := object{"channel": channel, "limit": 2}
	for range 3 {
		out := t.ok("slack", "conversations.history", in)
		got = append(got, t.texts(out, "messages", "text")...)
		next, _ := at(out, "response_metadata.next_cursor")
		require.Equal(t, next != nil && next != "", t.get(out, "has_more"))
		if next == nil || next == "" {
			break
		}
		in["cursor"] = next
	}
	require.Equal(t, []string{"three", "two", "one"}, got, "newest first, no replies")
	out := t.ok("slack", "conversations.history", object{"channel": channel, "oldest": stamps[1], "latest": stamps[1], "inclusive": true})
	require.Equal(t, []string{"two"}, t.texts(out, "messages", "text"))
}

func slackMetadata(t *trial, _ *slack.Server, _ *fault.Faults) {
	t.post(object{"text": "marked", "metadata": object{"event_type": "incident", "event_payload": object{"id": "inc-1"}}})
	out := t.ok("slack", "conversations.history", object{"channel": channel, "include_all_metadata": true})
	require.Equal(t, "incident", t.text(out, "messages.0.metadata.event_type"))
	require.Equal(t, "inc-1", t.text(out, "messages.0.metadata.event_payload.id"))
	out = t.ok("slack", "conversations.history", object{"channel": channel})
	require.False(t, has(out, "messages.0.metadata.event_payload.id"), "who does not ask for it does not get it")
}

func slackRefusals(t *trial, _ *slack.Server, _ *fault.Faults) {
	t.refused("channel_not_found", "slack", "chat.postMessage", object{"channel": "C0NOWHERE", "text": "x"})
	t.refused("invalid_auth", "slack", "chat.postMessage", object{"channel": channel, "text": "x", "$token": "xoxb-wrong"})
	t.refused("message_not_found", "slack", "chat.update", object{"channel": channel, "ts": "1111111111.000001", "text": "x"})
	t.refused("thread_not_found", "slack", "conversations.replies", object{"channel": channel, "ts": "1111111111.000001"})
	t.refused("no_text", "slack", "chat.postMessage", object{"channel": channel})
	t.refused("msg_too_long", "slack", "chat.postMessage", object{"channel": channel, "text": strings.Repeat("x", 40_001)})
	button := map[string]any{"type": "button", "action_id": "a", "text": map[string]any{"type": "plain_text", "text": strings.Repeat("x", 76)}}
	t.refused("invalid_blocks", "slack", "chat.postMessage", object{"channel": channel, "text": "x", "blocks": []any{map[string]any{"type": "actions", "elements": []any{button}}}})
	t.refused("user_not_found", "slack", "users.info", object{"user": "U0NOBODY"})
}

func slackThrottle(t *trial, _ *slack.Server, faults *fault.Faults) {
	faults.Set(fault.Rule{Service: slack.Service, Operation: "chat.postMessage", Kind: fault.Throttle, Latency: 7 * time.Second})
	r := t.refused("slack_webapi_rate_limited_error", "slack", "chat.postMessage", object{"channel": channel, "text": "x"})
	require.Equal(t, "retry after 7 s", r.Message)
	t.post(object{"text": "x"})
}

// press presses the button of a new card and returns what the app got.
func (t *trial) press(s *slack.Server) object {
	ts := t.text(t.post(object{"text": "decide", "blocks": approve}), "ts")
	pressed := make(chan error, 1)
	go func() { pressed <- s.Press(ts, "approve", onCall) }()
	got := t.ok("slack", "socket.next", object{})
	require.NoError(t, <-pressed, "the app acknowledged")
	require.Equal(t, ts, t.text(got, "body.container.message_ts"))
	require.Contains(t, s.Acknowledged(), t.text(got, "envelope"))
	return got
}

func slackSocket(t *trial, s *slack.Server, _ *fault.Faults) {
	t.ok("slack", "socket.open", object{})
	got := t.press(s)
	require.Equal(t, "block_actions", t.text(got, "body.type"))
	require.Equal(t, onCall, t.text(got, "body.user.id"))
	require.Equal(t, slack.TeamID, t.text(got, "body.team.id"))
	require.Equal(t, channel, t.text(got, "body.channel.id"))
	require.Equal(t, "approve", t.text(got, "body.actions.0.action_id"))
	require.Equal(t, "v1:abc", t.text(got, "body.actions.0.value"))
	require.NotEmpty(t, t.text(got, "body.actions.0.action_ts"))

	req, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.text(got, "body.response_url"), strings.NewReader(`{"text": "thank you", "response_type": "ephemeral"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	t.ok("slack", "socket.close", object{})
}

func slackReconnect(t *trial, s *slack.Server, _ *fault.Faults) {
	t.ok("slack", "socket.open", object{})
	t.press(s)
	s.CutConnections()
	t.eventually(20*time.Second, "the app is connected again", func() bool { return s.Connections() > 0 })
	t.press(s)
	s.AskReconnect("refresh_requested")
	t.eventually(20*time.Second, "the app has changed its connection", func() bool { return s.Connections() > 0 })
	t.press(s)
	t.ok("slack", "socket.close", object{})
}
