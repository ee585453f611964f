package jira_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/jira"
)

// The search by POST, which other clients use for long queries, is the same as
// that by GET.
func TestSearchByPost(t *testing.T) {
	t.Parallel()
	s, api, c := start(t, jira.Options{})
	keys := []string{create(t, api, "one"), create(t, api, "one")}
	create(t, api, "two")
	c.pass(time.Minute)
	post := func(body string) (status int, answer struct {
		Issues        []struct{ Key string }
		NextPageToken string
		IsLast        bool
	},
	) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/rest/api/3/search/jql", strings.NewReader(body))
		require.NoError(t, err)
		req.SetBasicAuth(s.User(), s.Token())
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode, answer
	}
	status, page := post(`{"jql": "labels = one", "fields": ["key", "summary"], "maxResults": 1}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, keys[0], page.Issues[0].Key)
	require.False(t, page.IsLast)
	_, page = post(fmt.Sprintf(`{"jql": "labels = one", "fields": ["key"], "maxResults": 1, "nextPageToken": %q}`, page.NextPageToken))
	require.Equal(t, keys[1], page.Issues[0].Key)
	require.True(t, page.IsLast)
	for _, bad := range []string{`no JSON`, `{"jql": "nonsense"}`, `{"fields": ["key"]}`} {
		status, _ = post(bad)
		require.Equal(t, http.StatusBadRequest, status, bad)
	}
}
