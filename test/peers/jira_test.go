//go:build peers

package peers

import (
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/jira"
)

// jira.js against our stand-in, with Jira's API of version 3 and, where it
// differs, of version 2.
func TestJiraClient(t *testing.T) {
	t.Parallel()
	n := nodePackages()
	r := results.add("jira.js", wanted(t, "jira.js"), "client of our stand-in")
	cases := []testCase{
		{api: "jira", name: "a ticket is created, read and edited", run: ticketLife},
		{api: "jira", name: "a ticket of version 2 has plain text", run: ticketPlain},
		{api: "jira", name: "comments are added and listed", run: ticketComments},
		{api: "jira", name: "a ticket goes to done", run: ticketTransitions},
		{api: "jira", name: "tickets are found by their label, in pages", run: ticketSearch},
		{api: "jira", name: "refusals say what is wrong", run: ticketRefusals},
	}
	if n.absent != "" {
		r.leftOut(t, len(cases), n.absent)
		return
	}
	s, err := jira.Start(t.Context(), jira.Options{IndexLag: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	env := []string{"PEER_JIRA_URL=" + s.URL(), "PEER_JIRA_USER=" + s.User(), "PEER_JIRA_TOKEN=" + s.Token()}
	r.check(t, cases, n.driver(t, env), nil, nil)
}

// ticket makes a ticket with a label of its own.
func (t *trial) ticket(more object) (key, label string) {
	label = "inc-" + t.id
	fields := object{"project": object{"key": "OPS"}, "issuetype": object{"name": "Task"}, "summary": "checkout is failing", "labels": []any{label}}
	maps.Copy(fields, more)
	out := t.ok("jira", "issues.createIssue", object{"fields": fields})
	require.NotEmpty(t, t.text(out, "id"))
	require.NotEmpty(t, t.text(out, "self"))
	return t.text(out, "key"), label
}

func paragraph(text string) object {
	return object{"type": "doc", "version": 1, "content": []object{{"type": "paragraph", "content": []object{{"type": "text", "text": text}}}}}
}

func ticketLife(t *trial) {
	me := t.ok("jira", "myself.getCurrentUser", object{})
	require.NotEmpty(t, t.text(me, "accountId"))
	key, label := t.ticket(object{"description": paragraph("errors rose at 12:00")})
	require.Regexp(t, `^OPS-\d+$`, key)
	out := t.ok("jira", "issues.getIssue", object{"issueIdOrKey": key})
	require.Equal(t, "checkout is failing", t.text(out, "fields.summary"))
	require.Equal(t, "errors rose at 12:00", t.text(out, "fields.description.content.0.content.0.text"))
	require.Equal(t, "doc", t.text(out, "fields.description.type"))
	require.Equal(t, []any{label}, t.list(out, "fields.labels"))
	require.Equal(t, "new", t.text(out, "fields.status.statusCategory.key"))
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$`, t.text(out, "fields.created"), "Jira's times have no colon in the zone")
	t.ok("jira", "issues.editIssue", object{"issueIdOrKey": key, "fields": object{"summary": "checkout was failing", "labels": []any{label, "solved"}}})
	out = t.ok("jira", "issues.getIssue", object{"issueIdOrKey": key, "fields": []any{"summary", "labels"}})
	require.Equal(t, "checkout was failing", t.text(out, "fields.summary"))
	require.Equal(t, []any{label, "solved"}, t.list(out, "fields.labels"))
	require.False(t, has(out, "fields.status"), "only what was asked for")
}

func ticketPlain(t *trial) {
	key, _ := t.ticket(object{"description": paragraph("first line")})
	out := t.ok("jira", "v2:issues.getIssue", object{"issueIdOrKey": key})
	require.Equal(t, "first line", t.text(out, "fields.description"))
	t.ok("jira", "v2:issues.editIssue", object{"issueIdOrKey": key, "fields": object{"description": "*wiki* markup"}})
	out = t.ok("jira", "v2:issues.getIssue", object{"issueIdOrKey": key})
	require.Equal(t, "*wiki* markup", t.text(out, "fields.description"))
}

func ticketComments(t *trial) {
	key, _ := t.ticket(nil)
	out := t.ok("jira", "issueComments.addComment", object{"issueIdOrKey": key, "comment": paragraph("looking")})
	require.NotEmpty(t, t.text(out, "id"))
	t.ok("jira", "issueComments.addComment", object{"issueIdOrKey": key, "comment": paragraph("found it")})
	out = t.ok("jira", "issueComments.getComments", object{"issueIdOrKey": key, "maxResults": 1, "orderBy": "-created"})
	require.InDelta(t, 2, t.number(out, "total"), 0)
	require.Len(t, t.list(out, "comments"), 1)
	require.Equal(t, "found it", t.text(out, "comments.0.body.content.0.content.0.text"))
	require.NotEmpty(t, t.text(out, "comments.0.author.displayName"))
}

func ticketTransitions(t *trial) {
	key, _ := t.ticket(nil)
	done := ""
	out := t.ok("jira", "issues.getTransitions", object{"issueIdOrKey": key})
	for _, tr := range t.list(out, "transitions") {
		if t.text(tr, "to.statusCategory.key") == "done" {
			done = t.text(tr, "id")
		}
	}
	require.NotEmpty(t, done)
	t.ok("jira", "issues.doTransition", object{"issueIdOrKey": key, "transition": object{"id": done}})
	out = t.ok("jira", "issues.getIssue", object{"issueIdOrKey": key})
	require.Equal(t, "done", t.text(out, "fields.status.statusCategory.key"))
	require.NotEmpty(t, t.text(out, "fields.resolution.name"))
}

func ticketSearch(t *trial) {
	var keys, found []string
	label := ""
	for range 3 {
		var key string
		key, label = t.ticket(nil)
		keys = append(keys, key)
	}
	in := object{"jql": `project = OPS AND labels = "` + label + `" ORDER BY created ASC`, "maxResults": 2, "fields": []any{"summary", "status"}}
	t.eventually(5*time.Second, "the search knows the tickets", func() bool {
		return len(t.list(t.ok("jira", "issueSearch.searchForIssuesUsingJqlEnhancedSearch", in), "issues")) == 2
	})
	for range 3 {
		out := t.ok("jira", "issueSearch.searchForIssuesUsingJqlEnhancedSearch", in)
		found = append(found, t.texts(out, "issues", "key")...)
		if !has(out, "nextPageToken") {
			break
		}
		in["nextPageToken"] = t.text(out, "nextPageToken")
	}
	require.Equal(t, keys, found)
	out := t.ok("jira", "issueSearch.searchForIssuesUsingJqlEnhancedSearchPost", object{"jql": `labels = "` + label + `"`, "fields": []any{"summary"}})
	require.Len(t, t.list(out, "issues"), 3)
	require.Equal(t, "checkout is failing", t.text(out, "issues.0.fields.summary"))
}

func ticketRefusals(t *trial) {
	r := t.refused("404", "jira", "issues.getIssue", object{"issueIdOrKey": "OPS-9999"})
	require.Contains(t, r.Message, "does not exist")
	fields := object{"project": object{"key": "OPS"}, "issuetype": object{"name": "Task"}}
	r = t.refused("400", "jira", "issues.createIssue", object{"fields": fields})
	require.Contains(t, r.Message, "summary")
	fields["summary"] = strings.Repeat("x", 256)
	t.refused("400", "jira", "issues.createIssue", object{"fields": fields})
	t.refused("401", "jira", "myself.getCurrentUser", object{"$token": "wrong"})
	t.refused("400", "jira", "issueSearch.searchForIssuesUsingJqlEnhancedSearch", object{"jql": "nonsense ~~"})
	key, _ := t.ticket(nil)
	t.refused("400", "jira", "issues.doTransition", object{"issueIdOrKey": key, "transition": object{"id": "999"}})
}
