package tickets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/jira"
)

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
		text = strings.ReplaceAll(text, "[Open in the Temporal UI|http://127.0.0.1:8233/x]", "")
		plain := strings.NewReplacer(`\\`, "", `\{`, "", `\}`, "", `\[`, "", `\]`, "", `\!`, "", `\|`, "", `\~`, "", `\*`, "", `\_`, "", `\^`, "").Replace(text)
		require.False(t, strings.ContainsAny(plain, `{}[]!|~*^\`), "every mark is escaped")
	}
	// The mark survives giant text: the comment is still found.
	require.NoError(t, w.acts.CommentTicket(t.Context(), incident.CommentTicketInput{Ticket: ref, Key: "k", Text: redact.Literal("short now")}))
	require.Len(t, w.jira.Comments(ref.Key), 1)
}

type keep struct{}

func (keep) Redact(raw string) string { return raw }

func TestOnlyWebAddressesBecomeLinks(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://127.0.0.1:8233/namespaces/default/workflows/a_b": true, "https://temporal.example/x?y=z": true,
		"javascript:alert(1)": false, "http://x/]!http://evil.example!": false, "": false,
		"http://x/%7C%7Bcolor%7D": true,
	} {
		w := newWorld(t, jira.Options{})
		h := headline(inc)
		h.UIURL = address
		_, err := w.acts.OpenTicket(t.Context(), incident.OpenTicketInput{Headline: h})
		require.NoError(t, err)
		require.Equal(t, want, strings.Contains(w.jira.Issues()[0].Description, "[Open in the Temporal UI|"+address+"]"), address)
		require.Equal(t, want, strings.Contains(w.jira.Issues()[0].Description, "Open in the"), address)
	}
}
