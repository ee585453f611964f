package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// clause is one condition of a query: field = value, or field in (values).
type clause struct {
	field  string
	values []string
	not    bool
}

var (
	orderBy   = regexp.MustCompile(`(?i)\s*\border\s+by\s+(.+)$`)
	andWord   = regexp.MustCompile(`(?i)\s+and\s+`)
	condition = regexp.MustCompile(`(?i)^([a-z]+)\s*(=|!=|in|not in)\s*(.+)$`)
)

// parseJQL reads the part of JQL that finding a ticket takes: conditions on
// project, labels, key, status and statusCategory joined by AND, and an order.
func parseJQL(jql string) (clauses []clause, newestFirst bool, err error) {
	if m := orderBy.FindStringSubmatch(jql); m != nil {
		jql = jql[:len(jql)-len(m[0])]
		field, direction, _ := strings.Cut(strings.TrimSpace(strings.ToLower(m[1])), " ")
		if field != "created" && field != "key" {
			return nil, false, fmt.Errorf("Field '%s' does not exist or this field cannot be viewed by anonymous users.", field) //nolint:revive,staticcheck // Jira's words
		}
		newestFirst = strings.TrimSpace(direction) == "desc"
	}
	if strings.TrimSpace(jql) == "" {
		return nil, false, fmt.Errorf("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.") //nolint:revive,staticcheck // Jira's words
	}
	for _, part := range andWord.Split(strings.TrimSpace(jql), -1) {
		m := condition.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil, false, fmt.Errorf("Error in the JQL Query: '%s' is not understood.", part) //nolint:revive,staticcheck // Jira's words
		}
		c := clause{field: strings.ToLower(m[1]), not: m[2] == "!=" || strings.EqualFold(m[2], "not in")}
		if !slices.Contains([]string{"project", "labels", "key", "status", "statuscategory"}, c.field) {
			return nil, false, fmt.Errorf("Field '%s' does not exist or you do not have permission to view it.", m[1]) //nolint:revive,staticcheck // Jira's words
		}
		list := strings.TrimSpace(m[3])
		if strings.EqualFold(m[2], "in") || strings.EqualFold(m[2], "not in") {
			list = strings.TrimSuffix(strings.TrimPrefix(list, "("), ")")
		}
		for v := range strings.SplitSeq(list, ",") {
			c.values = append(c.values, strings.Trim(strings.TrimSpace(v), `"'`))
		}
		clauses = append(clauses, c)
	}
	return clauses, newestFirst, nil
}

func (c clause) matches(is *Issue, project string) bool {
	has := func(v string) bool {
		return slices.ContainsFunc(c.values, func(w string) bool { return strings.EqualFold(v, w) })
	}
	var ok bool
	switch c.field {
	case "project":
		ok = has(project)
	case "key":
		ok = has(is.Key)
	case "status":
		ok = has(is.Status.Name)
	case "statuscategory":
		ok = has(is.Status.Category) || has(categoryName(is.Status.Category))
	case "labels":
		// Labels are the one field that JQL compares with case.
		ok = slices.ContainsFunc(is.Labels, func(l string) bool { return slices.Contains(c.values, l) })
	}
	return ok != c.not
}

// searchParameters reads what is searched for: the query of a GET, the JSON
// object of a POST.
func searchParameters(r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		return r.URL.Query(), nil
	}
	var in struct {
		JQL           string   `json:"jql"`
		Fields        []string `json:"fields"`
		MaxResults    int      `json:"maxResults"`
		NextPageToken string   `json:"nextPageToken"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, fmt.Errorf("There was an error parsing JSON: %w", err) //nolint:revive,staticcheck // Jira's words
	}
	q := url.Values{"jql": {in.JQL}, "fields": {strings.Join(in.Fields, ",")}, "nextPageToken": {in.NextPageToken}}
	if in.MaxResults > 0 {
		q.Set("maxResults", strconv.Itoa(in.MaxResults))
	}
	return q, nil
}

// search serves /search/jql: pages by token, no total, ids only unless fields
// are asked for, and nothing that is younger than the index.
func (s *Server) search(rich bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, err := searchParameters(r)
		if err != nil {
			writeErrors(w, http.StatusBadRequest, err.Error(), nil)
			return
		}
		clauses, newestFirst, err := parseJQL(q.Get("jql"))
		if err != nil {
			writeErrors(w, http.StatusBadRequest, err.Error(), nil)
			return
		}
		from := 0
		if token := q.Get("nextPageToken"); token != "" {
			if from, err = strconv.Atoi(strings.TrimPrefix(token, "page-")); err != nil || from < 0 {
				writeErrors(w, http.StatusBadRequest, "Invalid nextPageToken", nil)
				return
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		var found []*Issue
		for _, is := range s.list {
			indexed := s.now().Sub(is.Created) >= s.opts.IndexLag
			if indexed && !slices.ContainsFunc(clauses, func(c clause) bool { return !c.matches(is, s.opts.Project) }) {
				found = append(found, is)
			}
		}
		if newestFirst {
			slices.Reverse(found)
		}
		limit := numberOr(q.Get("maxResults"), 50)
		from = min(from, len(found))
		end := min(from+max(limit, 1), len(found))
		issues := []object{}
		for _, is := range found[from:end] {
			issues = append(issues, s.hit(is, listed(q.Get("fields")), rich))
		}
		body := object{"issues": issues, "isLast": end == len(found)}
		if end < len(found) {
			body["nextPageToken"] = fmt.Sprintf("page-%d", end)
		}
		write(w, http.StatusOK, body)
	}
}

func (s *Server) hit(is *Issue, wanted []string, rich bool) object {
	if len(wanted) == 0 || (len(wanted) == 1 && wanted[0] == "id") {
		return object{"id": is.ID}
	}
	out := object{"id": is.ID, "key": is.Key, "self": s.base + "/rest/api/2/issue/" + is.ID}
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(f string) bool { return f == "id" || f == "key" })
	if len(wanted) > 0 {
		out["fields"] = is.fields(s.base, s.opts.Project, wanted, rich)
	}
	return out
}
