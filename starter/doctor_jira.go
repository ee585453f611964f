package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	jira "github.com/andygrunwald/go-jira"

	"firebreak/activities/tickets"
	"firebreak/internal/config"
)

// jiraRights are what the tickets' activities do in the project.
var jiraRights = []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES"}

// jiraFields are what a ticket is created with, by the ids of Jira's own fields.
var jiraFields = []string{"project", "issuetype", "summary", "description", "labels"}

func (d *doctor) jiraProbe() probe {
	p := probe{system: "Jira", skip: d.unusable([]string{config.RoleTickets}, "jira")}
	if p.skip != "" {
		return p
	}
	api, err := tickets.Connect(d.cfg.Jira.URL, d.cfg.Jira.User, d.cfg.Jira.Token)
	if err != nil {
		p.skip = clean(err.Error())
		return p
	}
	j := &jiraChecks{api: api, cfg: d.cfg.Jira}
	p.checks = []check{{"account", j.account}, {"project", j.project}, {"permissions", j.permissions}, {"fields", j.fields}}
	return p
}

type jiraChecks struct {
	api    *jira.Client
	cfg    config.Jira
	typeID string // of the issue type, once project has found it
}

func (j *jiraChecks) account(ctx context.Context) finding {
	me, resp, err := j.api.User.GetSelfWithContext(ctx)
	if err != nil {
		f := j.trouble(resp, err)
		return f.last()
	}
	name := me.DisplayName
	if name == "" {
		name = me.Name
	}
	return passed("signed in as %s", shorten(safe(name), 60))
}

// trouble is the finding for an error of Jira's. It closes the response's body.
func (j *jiraChecks) trouble(resp *jira.Response, err error) finding {
	if resp == nil || resp.Response == nil {
		return unreachable(err, "Jira")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		if j.cfg.User == "" {
			return failed("the token is refused (401)", say("Set FIREBREAK_JIRA_TOKEN to a personal access token. For Jira Cloud also set jira.user to the account's e-mail address."))
		}
		return failed("user or token is refused (401)", say("Set jira.user to the account's e-mail address and FIREBREAK_JIRA_TOKEN to an API token of it (id.atlassian.com, Security). For Data Center leave jira.user empty."))
	case http.StatusForbidden:
		return failed("denied (403)", say("Jira may ask for a CAPTCHA after failed logins: sign in with a browser once. Else the account has no access to Jira."))
	case http.StatusTooManyRequests:
		return warning("answers, but throttles", say("Look again in a minute."))
	case http.StatusNotFound:
		return failed("not found (404)", say("jira.url is the site's own address, such as https://your-organisation.atlassian.net, without a path behind it (Data Center: with its context path)."))
	default:
		return failed(fmt.Sprintf("answers with status %d", resp.StatusCode), say("Try again; for Jira Cloud see status.atlassian.com, for Data Center its log."))
	}
}

func (j *jiraChecks) project(ctx context.Context) finding {
	p, resp, err := j.api.Project.GetWithContext(ctx, j.cfg.Project)
	if resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotFound {
		_ = resp.Body.Close()
		return failed("there is no project "+j.cfg.Project+" that the account can see",
			say("Mend jira.project, or give the account the permission Browse Projects in it.")).last()
	}
	if err != nil {
		return j.trouble(resp, err)
	}
	var names []string
	for _, t := range p.IssueTypes {
		if t.Name == j.cfg.IssueType && !t.Subtask {
			j.typeID = t.ID
			return passed("%s (%s), with issue type %s", p.Key, safe(clean(p.Name)), t.Name)
		}
		if !t.Subtask {
			names = append(names, t.Name)
		}
	}
	return failed(fmt.Sprintf("%s has no issue type %s", p.Key, clean(j.cfg.IssueType)),
		say("Set jira.issue_type to one of %s.", clean(strings.Join(names, ", "))))
}

func (j *jiraChecks) permissions(ctx context.Context) finding {
	query := url.Values{"projectKey": {j.cfg.Project}, "permissions": {strings.Join(jiraRights, ",")}}
	var out struct {
		Permissions map[string]struct {
			Name string `json:"name"`
			Have bool   `json:"havePermission"`
		} `json:"permissions"`
	}
	if f, bad := j.get(ctx, "rest/api/2/mypermissions?"+query.Encode(), &out); bad {
		return f
	}
	var missing []string
	for _, r := range jiraRights {
		if p := out.Permissions[r]; !p.Have {
			missing = append(missing, r)
		}
	}
	if len(missing) > 0 {
		return failed("missing in "+j.cfg.Project+": "+strings.Join(missing, ", "),
			say("Give them to the account or one of its roles: project settings, Permissions."))
	}
	return passed("browse, create, comment and transition")
}

// fields looks whether a ticket can be created with what Firebreak fills in.
func (j *jiraChecks) fields(ctx context.Context) finding {
	if j.typeID == "" {
		return skipped("the issue type is not known")
	}
	type field struct {
		ID         string `json:"fieldId"`
		Key        string `json:"key"` // in place of fieldId in some versions
		Name       string `json:"name"`
		Required   bool   `json:"required"`
		HasDefault bool   `json:"hasDefaultValue"`
	}
	// Cloud calls the list fields, Data Center values. Neither has more than a
	// page of them on any sensible screen.
	var out struct {
		Fields []field `json:"fields"`
		Values []field `json:"values"`
	}
	path := fmt.Sprintf("rest/api/2/issue/createmeta/%s/issuetypes/%s?maxResults=200", url.PathEscape(j.cfg.Project), url.PathEscape(j.typeID))
	if f, bad := j.get(ctx, path, &out); bad {
		if f.Result == verdictFailed {
			return skipped("what a new %s needs is not told", j.cfg.IssueType)
		}
		return f
	}
	absent := map[string]bool{}
	for _, f := range jiraFields {
		absent[f] = true
	}
	var more []string
	for _, f := range append(out.Fields, out.Values...) {
		id := f.ID
		if id == "" {
			id = f.Key
		}
		delete(absent, id)
		// Jira fills the reporter in with who creates the issue.
		if f.Required && !f.HasDefault && id != "reporter" && !slices.Contains(jiraFields, id) {
			more = append(more, fmt.Sprintf("%s (%s)", f.Name, id))
		}
	}
	delete(absent, "project") // not on every screen, and always taken
	delete(absent, "issuetype")
	switch {
	case len(more) > 0:
		return failed(fmt.Sprintf("a new %s also needs %s", j.cfg.IssueType, clean(strings.Join(more, ", "))),
			say("Make them optional, give them a default in the field configuration, or choose another jira.issue_type."))
	case len(absent) > 0:
		return failed(fmt.Sprintf("the create screen of %s lacks %s", j.cfg.IssueType, strings.Join(slices.Sorted(maps.Keys(absent)), ", ")),
			say("Put them on the screen: without them Jira refuses the ticket."))
	}
	return passed("a new %s needs nothing else", j.cfg.IssueType)
}

// get reads a document that go-jira has no method for; bad tells that there is
// a finding instead.
func (j *jiraChecks) get(ctx context.Context, path string, into any) (f finding, bad bool) {
	req, err := j.api.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return failed(clean(err.Error())), true
	}
	resp, err := j.api.Do(req, into)
	if err != nil {
		return j.trouble(resp, err), true
	}
	return finding{}, false
}
