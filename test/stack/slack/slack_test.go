package slack_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/slack"
)

const channel = "C0INCIDENTS"

func start(t *testing.T, o slack.Options) *slack.Server {
	t.Helper()
	s, err := slack.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func card() slackgo.MsgOption {
	button := func(id string) *slackgo.ButtonBlockElement {
		return slackgo.NewButtonBlockElement(id, `{"plan":"p"}`, slackgo.NewTextBlockObject(slackgo.PlainTextType, strings.ToUpper(id), false, false))
	}
	return slackgo.MsgOptionBlocks(
		slackgo.NewHeaderBlock(slackgo.NewTextBlockObject(slackgo.PlainTextType, "Approve?", false, false)),
		slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.MarkdownType, "*What* <https://example.com|here>", false, false), nil, nil),
		slackgo.NewActionBlock("decision", button("yes"), button("no")),
	)
}

func metadata(key string) slackgo.MsgOption {
	return slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: "mine", EventPayload: map[string]any{"key": key}})
}

// An unmodified slack-go client posts, edits, replies and reads back.
func TestMessages(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	api, ctx := s.Client(), t.Context()
	_, root, err := api.PostMessageContext(ctx, channel, slackgo.MsgOptionText("first", false), metadata("a"))
	require.NoError(t, err)
	_, reply, err := api.PostMessageContext(ctx, channel, card(), slackgo.MsgOptionText("card", false), slackgo.MsgOptionTS(root), metadata("b"))
	require.NoError(t, err)
	require.Greater(t, reply, root)
	_, _, _, err = api.UpdateMessageContext(ctx, channel, root, slackgo.MsgOptionText("edited", false))
	require.NoError(t, err)
	_, second, err := api.PostMessageContext(ctx, channel, slackgo.MsgOptionText("second", false))
	require.NoError(t, err)

	history, err := api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	require.NoError(t, err)
	require.Len(t, history.Messages, 2, "replies are not part of the channel")
	require.Equal(t, second, history.Messages[0].Timestamp, "newest first")
	require.Equal(t, "edited", history.Messages[1].Text)
	require.NotNil(t, history.Messages[1].Edited)
	require.Equal(t, "a", history.Messages[1].Metadata.EventPayload["key"], "an edit without metadata keeps it")

	replies, _, _, err := api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{ChannelID: channel, Timestamp: root})
	require.NoError(t, err)
	require.Len(t, replies, 2)
	require.Empty(t, replies[1].Metadata.EventType, "metadata only comes when asked for")
	require.Len(t, replies[1].Blocks.BlockSet, 3)
	require.Equal(t, root, replies[1].ThreadTimestamp)
	require.Equal(t, 1, replies[0].ReplyCount)

	require.Len(t, s.Messages(channel), 2)
	require.Len(t, s.Thread(channel, root), 2)
	require.Empty(t, s.Thread(channel, "1.000000"))

	_, err = api.PostEphemeralContext(ctx, channel, "U0ONCALL", slackgo.MsgOptionText("psst", false), slackgo.MsgOptionTS(root))
	require.NoError(t, err)
	require.Equal(t, "psst", s.Ephemerals(channel)[0].Text)
	require.Len(t, s.Thread(channel, root), 2)
}

func TestHistoryPagesAndRanges(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	s := start(t, slack.Options{Now: func() time.Time { return now }})
	var all []string
	for range 25 {
		_, ts, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("x", false))
		require.NoError(t, err)
		all = append([]string{ts}, all...)
	}
	var got []string
	cursor := ""
	for pages := 1; ; pages++ {
		res, err := s.Client().GetConversationHistoryContext(t.Context(), &slackgo.GetConversationHistoryParameters{ChannelID: channel, Limit: 10, Cursor: cursor})
		require.NoError(t, err)
		for _, m := range res.Messages {
			got = append(got, m.Timestamp)
		}
		cursor = res.ResponseMetaData.NextCursor
		require.Equal(t, cursor != "", res.HasMore)
		if cursor == "" {
			require.Equal(t, 3, pages)
			break
		}
	}
	require.Equal(t, all, got)
	res, err := s.Client().GetConversationHistoryContext(t.Context(), &slackgo.GetConversationHistoryParameters{ChannelID: channel, Oldest: all[20], Latest: all[10]})
	require.NoError(t, err)
	require.Len(t, res.Messages, 9)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	plain := func(n int) *slackgo.TextBlockObject {
		return slackgo.NewTextBlockObject(slackgo.PlainTextType, strings.Repeat("x", n), false, false)
	}
	value := slackgo.NewButtonBlockElement("a", strings.Repeat("v", 2001), plain(5))
	many := make([]slackgo.Block, 51)
	for i := range many {
		many[i] = slackgo.NewDividerBlock()
	}
	long := make([]slackgo.Block, 5)
	for i := range long {
		long[i] = slackgo.NewSectionBlock(plain(2900), nil, nil)
	}
	for want, options := range map[string][]slackgo.MsgOption{
		"no_text":             {},
		"invalid_blocks":      {slackgo.MsgOptionBlocks(slackgo.NewSectionBlock(plain(3001), nil, nil))},
		"msg_blocks_too_long": {slackgo.MsgOptionBlocks(long...)},
		"msg_too_long":        {slackgo.MsgOptionText(strings.Repeat("x", 40_001), false)},
		"thread_not_found":    {slackgo.MsgOptionText("x", false), slackgo.MsgOptionTS("1.000000")},
	} {
		_, _, err := s.Client().PostMessageContext(t.Context(), channel, options...)
		require.EqualError(t, err, want)
	}
	for name, blocks := range map[string][]slackgo.Block{
		"header": {slackgo.NewHeaderBlock(plain(151))}, "value": {slackgo.NewActionBlock("b", value)},
		"label": {slackgo.NewActionBlock("b", slackgo.NewButtonBlockElement("a", "v", plain(76)))},
		"empty": {slackgo.NewSectionBlock(plain(0), nil, nil)}, "count": many,
	} {
		_, _, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionBlocks(blocks...))
		require.EqualError(t, err, "invalid_blocks", name)
	}
	_, _, err := s.Client().PostMessageContext(t.Context(), "C0NOWHERE", slackgo.MsgOptionText("x", false))
	require.EqualError(t, err, "channel_not_found")
	_, _, _, err = s.Client().UpdateMessageContext(t.Context(), channel, "1.000000", slackgo.MsgOptionText("x", false))
	require.EqualError(t, err, "message_not_found")
	require.Empty(t, s.Messages(channel))
}

func TestTokensAndHost(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	_, err := slackgo.New("xoxb-wrong", slackgo.OptionAPIURL(s.URL())).AuthTestContext(t.Context())
	require.EqualError(t, err, "invalid_auth")
	_, err = slackgo.New("", slackgo.OptionAPIURL(s.URL())).AuthTestContext(t.Context())
	require.EqualError(t, err, "not_authed")
	who, err := s.Client().AuthTestContext(t.Context())
	require.NoError(t, err)
	require.Equal(t, slack.TeamID, who.TeamID)
	require.NotEqual(t, s.BotToken(), start(t, slack.Options{}).BotToken(), "tokens are random")
	_, _, err = slackgo.New("x", slackgo.OptionAPIURL(s.URL()), slackgo.OptionAppLevelToken(s.BotToken())).StartSocketModeContext(t.Context())
	require.EqualError(t, err, "invalid_auth", "a bot token opens no socket")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.PageURL(), nil)
	require.NoError(t, err)
	req.Host = "evil.example"
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, http.StatusMisdirectedRequest, res.StatusCode)
}

// What the stand-in has no state for comes from slacktest.
func TestTheRestIsSlacktest(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"reactions.add", nil)
	require.NoError(t, err)
	for token, want := range map[string]string{"": "not_authed", s.BotToken(): ""} {
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		var body slackgo.SlackResponse
		require.NoError(t, json.NewDecoder(res.Body).Decode(&body))
		_ = res.Body.Close()
		require.Equal(t, want, body.Error)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	faults := fault.New()
	s := start(t, slack.Options{Faults: faults})
	post := func() error {
		_, _, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("x", false))
		return err
	}
	rule := fault.Rule{Service: slack.Service, Operation: "chat.postMessage"}
	rule.Kind, rule.Latency = fault.Throttle, 3*time.Second
	faults.Set(rule)
	var limited *slackgo.RateLimitedError
	require.ErrorAs(t, post(), &limited)
	require.Equal(t, 3*time.Second, limited.RetryAfter)
	require.Empty(t, s.Messages(channel))

	faults.Set(fault.Rule{Operation: "chat.postMessage", Kind: fault.LoseResponse})
	require.Error(t, post())
	require.Len(t, s.Messages(channel), 1, "the effect happened")
	faults.Set(fault.Rule{Operation: "chat.postMessage", Kind: fault.Duplicate})
	require.NoError(t, post())
	require.Len(t, s.Messages(channel), 3)
	faults.Set(fault.Rule{Operation: "chat.postMessage", Kind: fault.Error, Code: "fatal_error"})
	require.EqualError(t, post(), "fatal_error")
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := slack.Start(ctx, slack.Options{})
	require.NoError(t, err)
	listen(t, s)
	require.Eventually(t, func() bool { return s.Connections() == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.Eventually(t, func() bool {
		_, err := s.Client().AuthTestContext(t.Context())
		return err != nil && s.Connections() == 0
	}, time.Minute, 5*time.Millisecond)
	s.Close()
}

// The stack gives every stand-in the same list: names without a port.
func TestNamesBesidesLoopbackAreServed(t *testing.T) {
	t.Parallel()
	s, err := slack.Start(t.Context(), slack.Options{AllowedHosts: []string{"sandbox"}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	page, err := url.Parse(s.PageURL())
	require.NoError(t, err)
	for host, status := range map[string]int{"sandbox:" + page.Port(): http.StatusOK, "sandbox:1": http.StatusMisdirectedRequest} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.PageURL(), nil)
		require.NoError(t, err)
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = res.Body.Close()
		require.Equal(t, status, res.StatusCode, host)
	}
}
