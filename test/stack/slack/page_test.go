package slack_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/slack"
)

func fetch(t *testing.T, address string) (int, string, http.Header) {
	t.Helper()
	res, err := http.Get(address)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body), res.Header
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

func TestAPersonPressesOnThePage(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{AckTimeout: time.Minute})
	presses := listen(t, s)
	_, root, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("checkout &lt;b&gt;answers&lt;/b&gt; errors", false))
	require.NoError(t, err)
	_, ts, err := s.Client().PostMessageContext(t.Context(), channel, card(), slackgo.MsgOptionTS(root))
	require.NoError(t, err)

	status, body, header := fetch(t, s.PageURL())
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "checkout &lt;b&gt;answers&lt;/b&gt; errors")
	require.Contains(t, body, `<strong>What</strong> <a rel="noreferrer noopener" target="_blank" href="https://example.com">here</a>`)
	require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		form.Set(m[1], m[2])
	}
	require.Equal(t, ts, form.Get("ts"))
	form.Set("action", "yes")

	send := func(form url.Values, site string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.PageURL()+"/press", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = res.Body.Close()
		return res.StatusCode
	}
	for name, spoil := range map[string]func(url.Values) string{
		"no token":       func(f url.Values) string { f.Del("csrf"); return "same-origin" },
		"another token":  func(f url.Values) string { f.Set("csrf", "x"); return "same-origin" },
		"another site":   func(url.Values) string { return "cross-site" },
		"another person": func(f url.Values) string { f.Set("user", "U0STRANGER"); return "same-origin" },
	} {
		spoiled := url.Values{}
		for k := range form {
			spoiled.Set(k, form.Get(k))
		}
		require.GreaterOrEqual(t, send(spoiled, spoil(spoiled)), 400, name)
	}
	require.Empty(t, s.Acknowledged())

	require.Equal(t, http.StatusOK, send(form, "same-origin"), "and back on the page")
	cb := <-presses
	require.Equal(t, "U0ONCALL", cb.User.ID)
	require.Equal(t, "yes", cb.ActionCallback.BlockActions[0].ActionID)
	_, body, _ = fetch(t, s.PageURL())
	require.Contains(t, body, "pressed the button")
}

func TestThePageNeedsItsAddress(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	base := strings.TrimSuffix(s.URL(), "/api/")
	for _, path := range []string{"/", "/page/", "/page/guess", "/page/guess/live"} {
		status, _, _ := fetch(t, base+path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
}

func TestLiveComesOnlyWhenSomethingChanged(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	_, body, _ := fetch(t, s.PageURL())
	have := regexp.MustCompile(`data-version="(\d+)"`).FindStringSubmatch(body)[1]
	status, _, _ := fetch(t, s.PageURL()+"/live?have="+have)
	require.Equal(t, http.StatusNoContent, status)
	_, _, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("news", false))
	require.NoError(t, err)
	status, body, _ = fetch(t, s.PageURL()+"/live?have="+have)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "news")
	require.NotContains(t, body, "<html")
}

func TestMarkupOfOthersIsShownAsText(t *testing.T) {
	t.Parallel()
	s := start(t, slack.Options{})
	for _, evil := range []string{
		`<script>alert(1)</script>`, `<javascript:alert(1)|x>`, `<https://a"onmouseover="x|y>`, `*<img src=x onerror=alert(1)>*`,
		`&lt;script&gt;alert(1)&lt;/script&gt;`, `<https://ok.example|<b>x</b>>`, "`<i>`",
	} {
		_, _, err := s.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionBlocks(
			slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.MarkdownType, evil, false, false), nil, nil),
			slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.PlainTextType, evil, false, false), nil, nil),
		))
		require.NoError(t, err)
		_, err = s.Client().PostEphemeralContext(t.Context(), channel, "U0ONCALL", slackgo.MsgOptionText(evil, false))
		require.NoError(t, err)
	}
	_, body, _ := fetch(t, s.PageURL())
	require.NotContains(t, body, "<script>alert")
	require.NotContains(t, body, `href="javascript`)
	require.NotContains(t, body, "<img")
	require.NotContains(t, body, `"onmouseover=`)
	require.NotContains(t, body, "<b>x")
}
