package slack_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/slack"
)

// Slack's own libraries write booleans as words, slack-go as digits.
func TestBooleansAreWordsOrDigits(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	_, ts, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("x", false))
	require.NoError(t, err)
	for inclusive, want := range map[string]int{"true": 1, "1": 1, "false": 0, "0": 0, "": 0} {
		form := url.Values{"channel": {channel}, "oldest": {ts}, "latest": {ts}, "inclusive": {inclusive}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"conversations.history", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Authorization", "Bearer "+s.BotToken())
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		var out struct{ Messages []slackgo.Message }
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
		require.NoError(t, resp.Body.Close())
		require.Len(t, out.Messages, want, inclusive)
	}
}
