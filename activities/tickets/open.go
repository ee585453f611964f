package tickets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	jira "github.com/andygrunwald/go-jira"
	"go.temporal.io/sdk/activity"

	"firebreak/internal/incident"
)

// OpenTicket finds the incident's ticket by its label, or creates it. Jira has
// no idempotent create, and Cloud's search learns of a new issue only after
// seconds. So there is one create an attempt, and whenever an earlier one may
// have gone through, the search comes after a wait and decides.
func (a *Activities) OpenTicket(ctx context.Context, in incident.OpenTicketInput) (incident.TicketRef, error) {
	label, err := labelOf(in.Headline)
	if err != nil {
		return incident.TicketRef{}, err
	}
	if activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1 {
		// The attempt before this one may have been cut off right after its create.
		if err := a.wait(ctx, a.settle); err != nil {
			return incident.TicketRef{}, err
		}
	}
	found, err := a.find(ctx, label)
	if err != nil || found != "" {
		return a.refTo(found), err
	}
	key, err := a.create(ctx, in.Headline, label)
	if err == nil {
		return a.ref(key), nil
	}
	if !uncertain(err) {
		return incident.TicketRef{}, err
	}
	// Settled here rather than left to the next attempt: a workflow that gives
	// up and asks again starts its attempts at one.
	a.log.WarnContext(ctx, "creating a ticket had no clear answer, looking for it", "incident", in.Headline.IncidentID, "error", err)
	if waitErr := a.wait(ctx, a.settle); waitErr != nil {
		return incident.TicketRef{}, fmt.Errorf("%w (after %w)", waitErr, err)
	}
	found, findErr := a.find(ctx, label)
	switch {
	case findErr != nil:
		return incident.TicketRef{}, findErr
	case found != "":
		return a.ref(found), nil
	default:
		return incident.TicketRef{}, err
	}
}

func (a *Activities) refTo(key string) incident.TicketRef {
	if key == "" {
		return incident.TicketRef{}
	}
	return a.ref(key)
}

var incidentID = regexp.MustCompile(`^inc-[0-9a-f]{12}$`)

// labelOf is the label that names the incident: its id, and for one that is not
// live its origin and workflow too, because a replay may have the id of a live
// incident and must not touch its ticket.
func labelOf(h incident.Headline) (string, error) {
	if !incidentID.MatchString(h.IncidentID) {
		return "", invalid("open a ticket: %q is no incident id", shown(h.IncidentID))
	}
	if h.Origin == "" || h.Origin == incident.OriginLive {
		return h.IncidentID, nil
	}
	sum := sha256.Sum256([]byte(string(h.Origin) + "\x00" + h.WorkflowID))
	return h.IncidentID + "-" + hex.EncodeToString(sum[:6]), nil
}

// find returns the key of the ticket with the label, or "". Should there be
// several in spite of everything, all agree on the oldest.
func (a *Activities) find(ctx context.Context, label string) (string, error) {
	// Project and label have been checked to be free of quotes.
	jql := fmt.Sprintf(`project = "%s" AND labels = "%s" ORDER BY created ASC`, a.project, label)
	fields := []string{"key", "labels", "created"} // ids only unless asked for
	var issues []jira.Issue
	var resp *jira.Response
	var err error
	if a.dataCenter {
		issues, resp, err = a.jira.Issue.SearchWithContext(ctx, jql, &jira.SearchOptions{MaxResults: 20, Fields: fields})
	} else {
		issues, resp, err = a.jira.Issue.SearchV2JQLWithContext(ctx, jql, &jira.SearchOptionsV2{MaxResults: 20, Fields: fields})
	}
	if err != nil {
		return "", classified("search for the ticket "+label, resp, err)
	}
	issues = slices.DeleteFunc(issues, func(i jira.Issue) bool { return !issueKey.MatchString(i.Key) })
	if len(issues) == 0 {
		return "", nil
	}
	oldest := slices.MinFunc(issues, func(x, y jira.Issue) int { return number(x.ID) - number(y.ID) })
	if len(issues) > 1 {
		a.log.WarnContext(ctx, "an incident has more than one ticket; the oldest is used", "label", label, "tickets", len(issues), "used", oldest.Key)
	}
	return oldest.Key, nil
}

func number(id string) int {
	n, err := strconv.Atoi(id)
	if err != nil {
		return int(^uint(0) >> 1)
	}
	return n
}

func (a *Activities) create(ctx context.Context, h incident.Headline, label string) (string, error) {
	what := "create a ticket for " + h.IncidentID
	created, resp, err := a.jira.Issue.CreateWithContext(ctx, &jira.Issue{Fields: &jira.IssueFields{
		Project:     jira.Project{Key: a.project},
		Type:        jira.IssueType{Name: a.issueType},
		Summary:     summary(h.Title.String()),
		Description: description(h),
		Labels:      []string{label, "firebreak"},
	}})
	if err != nil {
		return "", classified(what, resp, err)
	}
	if !issueKey.MatchString(created.Key) {
		return "", classified(what, nil, fmt.Errorf("the answer names no issue"))
	}
	return created.Key, nil
}

// description is what is known when the ticket is opened.
func description(h incident.Headline) string {
	var b strings.Builder
	if !h.Body.IsEmpty() {
		b.WriteString(wiki(h.Body.String(), limitText) + "\n\n")
	}
	workflow := h.WorkflowID
	if h.UIURL != "" {
		workflow = "" // the link leads there
	}
	for _, f := range [][2]string{
		{"Incident", h.IncidentID},
		{"Service", h.Service},
		{"Team", h.Team},
		{"Severity", string(h.Severity)},
		{"Origin", string(h.Origin)},
		{"Workflow", workflow},
	} {
		if f[1] != "" {
			b.WriteString(f[0] + ": " + wiki(shown(f[1]), 1000) + "\n")
		}
	}
	b.WriteString(link("Open in the Temporal UI", h.UIURL) + link("Slack thread", h.ThreadURL))
	return b.String()
}

// drain closes an answer that nobody reads, so that its connection is used again.
func drain(resp *jira.Response) {
	if resp == nil || resp.Response == nil || resp.Body == nil || resp.Body == http.NoBody {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 16<<10))
	_ = resp.Body.Close()
}
