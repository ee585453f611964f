package jira

import (
	"fmt"
	"slices"
	"time"
)

// Issue is a ticket as the stand-in keeps it.
type Issue struct {
	ID, Key     string
	Type        string
	Summary     string
	Description string
	Labels      []string
	Status      Status
	Resolution  string
	Reporter    string
	Created     time.Time
	Updated     time.Time
	Comments    []Comment
	History     []string // names of the statuses that it went through, the first included
}

// Comment is a comment on an issue, oldest first.
type Comment struct {
	ID, Author, Body string
	Created          time.Time
}

// Issues returns every issue, oldest first.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Issue, len(s.list))
	for i, is := range s.list {
		out[i] = is.clone()
	}
	return out
}

// Issue returns the issue with the key.
func (s *Server) Issue(key string) (Issue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is, ok := s.byKey[key]
	if !ok {
		return Issue{}, false
	}
	return is.clone(), true
}

// Comments returns an issue's comments, oldest first.
func (s *Server) Comments(key string) []Comment {
	is, _ := s.Issue(key)
	return is.Comments
}

// Comment adds a comment as a person would.
func (s *Server) Comment(key, author, body string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	is, ok := s.byKey[key]
	if !ok {
		return fmt.Errorf("comment on %s: there is no such issue", key)
	}
	is.comment(author, body, s.now())
	return nil
}

func (is *Issue) clone() Issue {
	out := *is
	out.Labels, out.Comments, out.History = slices.Clone(is.Labels), slices.Clone(is.Comments), slices.Clone(is.History)
	return out
}

func (is *Issue) comment(author, body string, now time.Time) Comment {
	c := Comment{ID: fmt.Sprintf("%s%03d", is.ID, len(is.Comments)+1), Author: author, Body: body, Created: now}
	is.Comments = append(is.Comments, c)
	is.Updated = now
	return c
}

// add creates an issue. The lock is held.
func (s *Server) add(is Issue) *Issue {
	n := len(s.list) + 1
	is.ID, is.Key = fmt.Sprint(10000+n), fmt.Sprintf("%s-%d", s.opts.Project, n)
	is.Status, is.Created, is.Reporter = s.opts.Workflow.Statuses[0], s.now(), s.opts.User
	is.Updated, is.History = is.Created, []string{is.Status.Name}
	s.list = append(s.list, &is)
	s.byKey[is.Key] = &is
	return &is
}

// find looks an issue up by key or id. The lock is held.
func (s *Server) find(keyOrID string) *Issue {
	if is, ok := s.byKey[keyOrID]; ok {
		return is
	}
	for _, is := range s.list {
		if is.ID == keyOrID {
			return is
		}
	}
	return nil
}

// jiraTime is how Jira writes times.
func jiraTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }

// fields are an issue's fields as REST shows them, those asked for only; with
// rich set texts are in the Atlassian Document Format.
func (is *Issue) fields(base, project string, wanted []string, rich bool) object {
	all := object{
		"summary":     is.Summary,
		"description": textOf(is.Description, rich),
		"labels":      is.Labels,
		"status":      is.Status.json(base),
		"issuetype":   object{"name": is.Type},
		"project":     object{"key": project},
		"created":     jiraTime(is.Created),
		"updated":     jiraTime(is.Updated),
		"reporter":    person(is.Reporter),
		"resolution":  nil,
	}
	if is.Labels == nil {
		all["labels"] = []string{}
	}
	if is.Resolution != "" {
		all["resolution"] = object{"name": is.Resolution}
	}
	if len(wanted) == 0 || slices.Contains(wanted, "*all") || slices.Contains(wanted, "comment") {
		list := make([]object, len(is.Comments))
		for i, c := range is.Comments {
			list[i] = c.json(base, is.ID, rich)
		}
		all["comment"] = object{"comments": list, "startAt": 0, "maxResults": len(list), "total": len(list)}
	}
	if len(wanted) == 0 || slices.Contains(wanted, "*all") || slices.Contains(wanted, "*navigable") {
		return all
	}
	out := object{}
	for _, f := range wanted {
		if v, ok := all[f]; ok {
			out[f] = v
		}
	}
	return out
}

func (c Comment) json(base, issueID string, rich bool) object {
	return object{
		"self": base + "/rest/api/2/issue/" + issueID + "/comment/" + c.ID, "id": c.ID,
		"author": person(c.Author), "updateAuthor": person(c.Author), "body": textOf(c.Body, rich),
		"created": jiraTime(c.Created), "updated": jiraTime(c.Created),
	}
}

func person(name string) object {
	return object{"accountId": "acc-" + name, "displayName": name, "emailAddress": name, "active": true}
}
