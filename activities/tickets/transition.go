package tickets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	jira "github.com/andygrunwald/go-jira"

	"firebreak/internal/incident"
)

// maxHops bounds the transitions taken on the way to a status.
const maxHops = 5

// TransitionTicket moves a ticket to a status of the wanted category by the
// transitions that the issue itself offers, over other statuses where its
// workflow demands it. A ticket that is there already is left alone.
func (a *Activities) TransitionTicket(ctx context.Context, in incident.TransitionTicketInput) (incident.TicketStatus, error) {
	if err := checked("move a ticket", in.Ticket); err != nil {
		return incident.TicketStatus{}, err
	}
	if in.To != incident.TicketDone && in.To != incident.TicketInProgress {
		return incident.TicketStatus{}, invalid("move %s: %q is no category of statuses", in.Ticket.Key, shown(string(in.To)))
	}
	if in.To == incident.TicketDone && !in.Resolution.IsEmpty() {
		// Before the move, because workflows may close the comments of what is
		// done. The text is part of the key: a ticket that a recurrence opened
		// again is resolved twice.
		sum := sha256.Sum256([]byte(in.Resolution.String()))
		err := a.CommentTicket(ctx, incident.CommentTicketInput{
			Ticket: in.Ticket, Key: "resolution/" + hex.EncodeToString(sum[:8]), Text: in.Resolution,
		})
		if err != nil {
			return incident.TicketStatus{}, err
		}
	}
	seen := map[string]bool{}
	for range maxHops {
		now, err := a.status(ctx, in.Ticket.Key)
		if err != nil {
			return incident.TicketStatus{}, err
		}
		if now.StatusCategory.Key == string(in.To) {
			return incident.TicketStatus{Key: in.Ticket.Key, Status: now.Name}, nil
		}
		seen[now.Name] = true
		offered, err := a.offered(ctx, in.Ticket.Key)
		if err != nil {
			return incident.TicketStatus{}, err
		}
		next, ok := choose(offered, in.To, seen)
		if !ok {
			return incident.TicketStatus{}, invalid("move %s from %q to a status of the category %s: no transition leads there that needs no more than a resolution; offered are %s",
				in.Ticket.Key, shown(now.Name), in.To, shown(names(offered)))
		}
		if err := a.take(ctx, in.Ticket.Key, next); err != nil {
			return incident.TicketStatus{}, err
		}
	}
	return incident.TicketStatus{}, invalid("move %s to a status of the category %s: not there after %d transitions", in.Ticket.Key, in.To, maxHops)
}

func (a *Activities) status(ctx context.Context, key string) (jira.Status, error) {
	issue, resp, err := a.jira.Issue.GetWithContext(ctx, key, &jira.GetQueryOptions{Fields: "status"})
	if err != nil {
		return jira.Status{}, classified("read the status of "+key, resp, err)
	}
	if issue.Fields == nil || issue.Fields.Status == nil {
		return jira.Status{}, classified("read the status of "+key, nil, fmt.Errorf("the answer has no status"))
	}
	return *issue.Fields.Status, nil
}

// transition is one that an issue offers. go-jira's own type drops the values
// that a field allows.
type transition struct {
	ID     string      `json:"id"`
	Name   string      `json:"name"`
	To     jira.Status `json:"to"`
	Fields map[string]struct {
		Required        bool `json:"required"`
		HasDefaultValue bool `json:"hasDefaultValue"`
		AllowedValues   []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"allowedValues"`
	} `json:"fields"`
}

func (a *Activities) offered(ctx context.Context, key string) ([]transition, error) {
	what := "read the transitions of " + key
	req, err := a.jira.NewRequestWithContext(ctx, http.MethodGet, "rest/api/2/issue/"+key+"/transitions?expand=transitions.fields", nil)
	if err != nil {
		return nil, invalid("%s: %v", what, err)
	}
	var list struct {
		Transitions []transition `json:"transitions"`
	}
	resp, err := a.jira.Do(req, &list)
	if err != nil {
		return nil, classified(what, resp, err)
	}
	return list.Transitions, nil
}

// Names of statuses and resolutions that mean that the work was done, in the
// order in which they are preferred over others of the category, such as
// "Rejected" or "Won't Do".
var doneNames = []string{"done", "resolved", "fixed", "closed", "complete", "completed"}

func preference(name string) int {
	if i := slices.Index(doneNames, strings.ToLower(name)); i >= 0 {
		return i
	}
	return len(doneNames)
}

// choose picks the transition to take: one into the wanted category, or else
// one into a status where the issue has not been yet, work in progress first.
func choose(offered []transition, to incident.TicketState, seen map[string]bool) (transition, bool) {
	rank := func(t transition) int {
		switch {
		case t.To.StatusCategory.Key == string(to):
			return preference(t.To.Name)
		case t.To.StatusCategory.Key == string(incident.TicketInProgress):
			return 100
		default:
			return 200
		}
	}
	var possible []transition
	for _, t := range offered {
		// Nothing is closed on the way to being worked on.
		closes := t.To.StatusCategory.Key == string(incident.TicketDone) && to != incident.TicketDone
		if !seen[t.To.Name] && !closes && needsNoMoreThanResolution(t) {
			possible = append(possible, t)
		}
	}
	if len(possible) == 0 {
		return transition{}, false
	}
	return slices.MinFunc(possible, func(x, y transition) int { return rank(x) - rank(y) }), true
}

func needsNoMoreThanResolution(t transition) bool {
	for name, f := range t.Fields {
		if f.Required && !f.HasDefaultValue && (name != "resolution" || len(f.AllowedValues) == 0) {
			return false
		}
	}
	return true
}

// take performs a transition. When its answer is lost, the next attempt reads
// the status first and finds that it was taken.
func (a *Activities) take(ctx context.Context, key string, t transition) error {
	body := map[string]any{"transition": map[string]string{"id": t.ID}}
	if f, ok := t.Fields["resolution"]; ok && f.Required && len(f.AllowedValues) > 0 {
		best := f.AllowedValues[0]
		for _, v := range f.AllowedValues {
			if preference(v.Name) < preference(best.Name) {
				best = v
			}
		}
		body["fields"] = map[string]any{"resolution": map[string]string{"id": best.ID}}
	}
	resp, err := a.jira.Issue.DoTransitionWithPayloadWithContext(ctx, key, body)
	if err != nil {
		return classified(fmt.Sprintf("move %s by transition %q", key, shown(t.Name)), resp, err)
	}
	drain(resp)
	return nil
}

func names(ts []transition) string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = t.Name + " (to " + t.To.Name + ")"
	}
	return strings.Join(out, ", ")
}
