// Package tickets keeps an incident's Jira issue: opened once, commented on,
// moved from open to done.
package tickets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	jira "github.com/andygrunwald/go-jira"

	"firebreak/internal/incident"
)

// Options configure the ticket activities.
type Options struct {
	// Client talks to Jira with credentials; required. See Connect.
	Client *jira.Client
	// Project is the key of the project that tickets are opened in; required.
	Project string
	// IssueType is the name of their type; empty is Task.
	IssueType string
	// DataCenter searches by Data Center's /search. Cloud has removed it and is
	// searched by /search/jql.
	DataCenter bool
	// Settle is how long to wait until a search must know an issue that may just
	// have been created; 0 is 6 seconds, a second above what Jira Cloud takes.
	Settle time.Duration
	// Wait waits for Settle or until the context ends; nil does that by the clock.
	Wait func(ctx context.Context, d time.Duration) error
	// Logger is nil for slog.Default.
	Logger *slog.Logger
}

// Activities are the Jira activities. Their methods are registered under their
// own names and are safe for concurrent use.
type Activities struct {
	jira       *jira.Client
	project    string
	issueType  string
	dataCenter bool
	settle     time.Duration
	wait       func(ctx context.Context, d time.Duration) error
	log        *slog.Logger
}

var (
	projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,63}$`)
	issueKey   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,63}-[1-9][0-9]{0,17}$`)
)

// New checks the options and makes the activities. It does not call Jira.
func New(o Options) (*Activities, error) {
	switch {
	case o.Client == nil:
		return nil, errors.New("tickets: a Jira client is required")
	case !projectKey.MatchString(o.Project):
		return nil, fmt.Errorf("tickets: %q is no Jira project key", o.Project)
	case o.Settle < 0:
		return nil, errors.New("tickets: durations must not be negative")
	}
	if o.IssueType == "" {
		o.IssueType = "Task"
	}
	if o.Settle == 0 {
		o.Settle = 6 * time.Second
	}
	if o.Wait == nil {
		o.Wait = waitByClock
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Activities{
		jira: o.Client, project: o.Project, issueType: o.IssueType, dataCenter: o.DataCenter,
		settle: o.Settle, wait: o.Wait, log: o.Logger,
	}, nil
}

func waitByClock(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait %s for Jira's search: %w", d, ctx.Err())
	}
}

// ref is the reference to an issue, with the address that people open.
func (a *Activities) ref(key string) incident.TicketRef {
	base := a.jira.GetBaseURL()
	return incident.TicketRef{Key: key, URL: strings.TrimSuffix(base.String(), "/") + "/browse/" + url.PathEscape(key)}
}

// checked refuses a reference that would not stay within its place in a path.
func checked(what string, t incident.TicketRef) error {
	if !issueKey.MatchString(t.Key) {
		return invalid("%s: %q is no Jira issue key", what, shown(t.Key))
	}
	return nil
}
