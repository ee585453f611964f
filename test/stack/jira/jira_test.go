package jira_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	jiraapi "github.com/andygrunwald/go-jira"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/jira"
)

// clock is a time that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

func (c *clock) pass(d time.Duration) { c.offset.Add(int64(d)) }

func start(t *testing.T, o jira.Options) (*jira.Server, *jiraapi.Client, *clock) {
	t.Helper()
	c := &clock{}
	if o.Now == nil {
		o.Now = c.now
	}
	s, err := jira.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	api, err := s.Client()
	require.NoError(t, err)
	return s, api, c
}

func create(t *testing.T, api *jiraapi.Client, label string) string {
	t.Helper()
	is, _, err := api.Issue.CreateWithContext(t.Context(), &jiraapi.Issue{Fields: &jiraapi.IssueFields{
		Project: jiraapi.Project{Key: "OPS"}, Type: jiraapi.IssueType{Name: "Task"}, Summary: "broken", Labels: []string{label},
	}})
	require.NoError(t, err)
	return is.Key
}

// An unmodified go-jira client sees Cloud's search: ids only unless fields are
// asked for, pages by token, and nothing that is younger than five seconds.
func TestSearchIsCloudsSearch(t *testing.T) {
	t.Parallel()
	_, api, c := start(t, jira.Options{})
	var keys []string
	for range 5 {
		keys = append(keys, create(t, api, "inc-1"))
	}
	create(t, api, "inc-2")
	find := func(o *jiraapi.SearchOptionsV2) ([]jiraapi.Issue, *jiraapi.Response) {
		found, resp, err := api.Issue.SearchV2JQLWithContext(t.Context(), `project = "OPS" AND labels = "inc-1" ORDER BY created ASC`, o)
		require.NoError(t, err)
		return found, resp
	}
	c.pass(4999 * time.Millisecond)
	found, resp := find(nil)
	require.Empty(t, found)
	require.True(t, resp.IsLast)
	c.pass(time.Millisecond)
	found, _ = find(nil)
	require.Len(t, found, 5)
	require.Empty(t, found[0].Key)
	require.NotEmpty(t, found[0].ID)

	var got []string
	options := &jiraapi.SearchOptionsV2{MaxResults: 2, Fields: []string{"key", "labels"}}
	for range 3 {
		found, resp = find(options)
		for _, is := range found {
			got = append(got, is.Key)
			require.Equal(t, []string{"inc-1"}, is.Fields.Labels)
			require.Empty(t, is.Fields.Summary)
		}
		require.Equal(t, resp.NextPageToken == "", resp.IsLast)
		options.NextPageToken = resp.NextPageToken
	}
	require.True(t, resp.IsLast)
	require.Equal(t, keys, got)
}

func TestQueries(t *testing.T) {
	t.Parallel()
	s, api, c := start(t, jira.Options{})
	a, b := create(t, api, "one"), create(t, api, "two")
	_, err := api.Issue.DoTransitionWithContext(t.Context(), b, "31")
	require.NoError(t, err)
	c.pass(time.Minute)
	for jql, want := range map[string][]string{
		`labels = one`:                             {a},
		`labels = "ONE"`:                           nil, // labels are compared with case
		`labels in (one, "two")`:                   {a, b},
		`project = OPS ORDER BY created DESC`:      {b, a},
		`statusCategory = Done`:                    {b},
		`project = OPS AND statusCategory != Done`: {a},
		`key = ` + a + ` AND status = "To Do"`:     {a},
		`project = NONE`:                           nil,
	} {
		found, _, err := api.Issue.SearchV2JQLWithContext(t.Context(), jql, &jiraapi.SearchOptionsV2{Fields: []string{"key"}})
		require.NoError(t, err, jql)
		var keys []string
		for _, is := range found {
			keys = append(keys, is.Key)
		}
		require.Equal(t, want, keys, jql)
	}
	for _, jql := range []string{``, `ORDER BY created`, `assignee = me`, `nonsense`, `labels = x ORDER BY rank`} {
		_, resp, err := api.Issue.SearchV2JQLWithContext(t.Context(), jql, nil)
		require.Error(t, err, jql)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	}
	_, resp, err := api.Issue.SearchWithContext(t.Context(), "project = OPS", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusGone, resp.StatusCode)
	require.Len(t, s.Issues(), 2)
}

func TestIssueLife(t *testing.T) {
	t.Parallel()
	s, api, _ := start(t, jira.Options{Workflow: jira.StrictWorkflow()})
	key := create(t, api, "x")
	is, _, err := api.Issue.GetWithContext(t.Context(), key, nil)
	require.NoError(t, err)
	require.Equal(t, "Open", is.Fields.Status.Name)
	require.Equal(t, jiraapi.StatusCategoryToDo, is.Fields.Status.StatusCategory.Key)
	_, _, err = api.Issue.UpdateWithOptionsWithContext(t.Context(), &jiraapi.Issue{Key: key, Fields: &jiraapi.IssueFields{Summary: "edited", Labels: []string{"x", "y"}}}, nil)
	require.NoError(t, err)
	_, _, err = api.Issue.AddCommentWithContext(t.Context(), key, &jiraapi.Comment{Body: "looking"})
	require.NoError(t, err)

	for _, step := range []string{"Investigate", "To review"} {
		offered, _, err := api.Issue.GetTransitionsWithContext(t.Context(), key)
		require.NoError(t, err)
		took := false
		for _, tr := range offered {
			if tr.Name == step {
				_, err := api.Issue.DoTransitionWithContext(t.Context(), key, tr.ID)
				require.NoError(t, err)
				took = true
			}
		}
		require.True(t, took, step)
	}
	offered, _, err := api.Issue.GetTransitionsWithContext(t.Context(), key)
	require.NoError(t, err)
	require.Len(t, offered, 3)
	require.True(t, offered[2].Fields["resolution"].Required)
	_, err = api.Issue.DoTransitionWithContext(t.Context(), key, "105")
	require.ErrorContains(t, err, "Resolution is required")
	_, err = api.Issue.DoTransitionWithContext(t.Context(), key, "101")
	require.ErrorContains(t, err, "illegal workflow operation")
	_, err = api.Issue.DoTransitionWithPayloadWithContext(t.Context(), key, map[string]any{
		"transition": map[string]string{"id": "105"}, "fields": map[string]any{"resolution": map[string]string{"name": "Done"}},
	})
	require.NoError(t, err)
	got, ok := s.Issue(key)
	require.True(t, ok)
	require.Equal(t, "edited", got.Summary)
	require.Equal(t, []string{"x", "y"}, got.Labels)
	require.Equal(t, []string{"Open", "Investigating", "Review", "Resolved"}, got.History)
	require.Equal(t, "Done", got.Resolution)
	require.Equal(t, "looking", s.Comments(key)[0].Body)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, api, _ := start(t, jira.Options{})
	for want, f := range map[string]jiraapi.IssueFields{
		"project":     {Project: jiraapi.Project{Key: "NO"}, Type: jiraapi.IssueType{Name: "Task"}, Summary: "s"},
		"issuetype":   {Project: jiraapi.Project{Key: "OPS"}, Type: jiraapi.IssueType{Name: "Epic"}, Summary: "s"},
		"summary":     {Project: jiraapi.Project{Key: "OPS"}, Type: jiraapi.IssueType{Name: "Task"}, Summary: "a\nb"},
		"labels":      {Project: jiraapi.Project{Key: "OPS"}, Type: jiraapi.IssueType{Name: "Task"}, Summary: "s", Labels: []string{"a b"}},
		"description": {Project: jiraapi.Project{Key: "OPS"}, Type: jiraapi.IssueType{Name: "Task"}, Summary: "s", Description: strings.Repeat("x", 32_768)},
	} {
		_, resp, err := api.Issue.CreateWithContext(t.Context(), &jiraapi.Issue{Fields: &f})
		require.Error(t, err)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
		var known *jiraapi.Error
		require.ErrorAs(t, jiraapi.NewJiraError(resp, err), &known)
		require.Contains(t, known.Errors, want)
	}
	_, resp, err := api.Issue.GetWithContext(t.Context(), "OPS-99", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.Empty(t, s.Issues())
	require.Error(t, s.Comment("OPS-99", "dana", "x"))
	_, err = jira.Start(t.Context(), jira.Options{Workflow: jira.Workflow{
		Statuses: []jira.Status{{ID: "1", Name: "Open"}}, Transitions: []jira.Transition{{ID: "1", To: "Nowhere"}},
	}})
	require.Error(t, err)
}

func call(t *testing.T, s *jira.Server, method, path, body string, change func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth(s.User(), s.Token())
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(out), res.Header
}

// Version 3 speaks the Atlassian Document Format for the same issues.
func TestVersion3(t *testing.T) {
	t.Parallel()
	s, api, _ := start(t, jira.Options{})
	key := create(t, api, "x")
	doc := `{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"hello "},{"type":"text","text":"there"}]},{"type":"paragraph","content":[]}]}`
	status, _, _ := call(t, s, http.MethodPost, "/rest/api/3/issue/"+key+"/comment", `{"body":`+doc+`}`, nil)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "hello there\n", s.Comments(key)[0].Body)
	status, body, _ := call(t, s, http.MethodGet, "/rest/api/3/issue/"+key+"/comment", "", nil)
	require.Equal(t, http.StatusOK, status)
	var list struct {
		Comments []struct {
			Body struct{ Type string } `json:"body"`
		} `json:"comments"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Equal(t, "doc", list.Comments[0].Body.Type)
	status, _, _ = call(t, s, http.MethodPost, "/rest/api/3/issue/"+key+"/comment", `{"body":{"type":"other"}}`, nil)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestCredentialsAndHost(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, jira.Options{})
	for name, tt := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"basic":        {nil, 200},
		"bearer":       {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Token()) }, 200},
		"none":         {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"wrong token":  {func(r *http.Request) { r.SetBasicAuth(s.User(), "x") }, 401},
		"wrong user":   {func(r *http.Request) { r.SetBasicAuth("x", s.Token()) }, 401},
		"wrong bearer": {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		"another host": {func(r *http.Request) { r.Host = "evil.example" }, 421},
	} {
		status, _, _ := call(t, s, http.MethodGet, "/rest/api/2/myself", "", tt.change)
		require.Equal(t, tt.status, status, name)
	}
	other, _, _ := start(t, jira.Options{})
	require.NotEqual(t, s.Token(), other.Token(), "tokens are random")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	faults := fault.New()
	s, api, _ := start(t, jira.Options{Faults: faults})
	faults.Set(fault.Rule{Service: jira.Service, Operation: "search", Kind: fault.Throttle, Latency: 4 * time.Second, Code: "jira-quota-tenant-based"})
	status, _, header := call(t, s, http.MethodGet, "/rest/api/2/search/jql?jql=project=OPS", "", nil)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "4", header.Get("Retry-After"))
	require.Equal(t, "jira-quota-tenant-based", header.Get("RateLimit-Reason"))
	faults.Set(fault.Rule{Service: jira.Service, Operation: "issue.create", Kind: fault.LoseResponse})
	_, _, err := api.Issue.CreateWithContext(t.Context(), &jiraapi.Issue{Fields: &jiraapi.IssueFields{
		Project: jiraapi.Project{Key: "OPS"}, Type: jiraapi.IssueType{Name: "Task"}, Summary: "lost",
	}})
	require.Error(t, err)
	require.Len(t, s.Issues(), 1, "the effect happened")
}

func TestPages(t *testing.T) {
	t.Parallel()
	s, api, _ := start(t, jira.Options{})
	key := create(t, api, "x")
	require.NoError(t, s.Comment(key, "<script>alert(1)</script>", `said \{code\} [docs|https://docs.example] {color:red}now{color} `+"\x00"))
	status, body, header := call(t, s, http.MethodGet, "/browse/"+key, "", func(r *http.Request) { r.Header.Del("Authorization") })
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "said {code} docs (https://docs.example) now")
	require.NotContains(t, body, "<script>")
	require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	_, body, _ = call(t, s, http.MethodGet, "/", "", nil)
	require.Contains(t, body, fmt.Sprintf(`<a href="/browse/%s">`, key))
	status, _, _ = call(t, s, http.MethodGet, "/browse/OPS-99", "", nil)
	require.Equal(t, http.StatusNotFound, status)
}
