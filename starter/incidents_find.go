package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
)

// ref names one run of an IncidentWorkflow.
type ref struct {
	WorkflowID string
	RunID      string
}

// summary is what visibility knows of an incident.
type summary struct {
	ID         string            `json:"id"`
	WorkflowID string            `json:"workflow_id"`
	RunID      string            `json:"run_id"`
	Status     incident.Status   `json:"status"`
	CutOff     string            `json:"cut_off,omitempty"` // terminated, timed_out or failed: ended from outside, in that status
	Severity   incident.Severity `json:"severity"`
	Service    string            `json:"service"`
	Team       string            `json:"team,omitempty"`
	Origin     incident.Origin   `json:"origin"`
	Runbook    string            `json:"runbook,omitempty"`
	Anomalies  int               `json:"anomalies"`
	Started    time.Time         `json:"started"`
	Closed     time.Time         `json:"closed,omitzero"` // when its workflow returned
}

// filter narrows a listing. Empty fields do not narrow.
type filter struct {
	Status  incident.Status
	Service string
	Origin  incident.Origin
	Closed  bool // also those whose workflow has returned
}

// incidentClient is what the commands need from Temporal.
type incidentClient interface {
	// List returns incidents, latest first, at most limit.
	List(ctx context.Context, f filter, limit int) ([]summary, error)
	// State returns the incident's story so far.
	State(ctx context.Context, r ref) (incident.State, error)
	// Decide sends a decision under an id that makes it idempotent. A refusal by
	// the workflow is a receipt that is not accepted; an error means that it is
	// not known what became of the decision.
	Decide(ctx context.Context, r ref, updateID string, d incident.Decision) (incident.DecisionReceipt, error)
	// Namespace is part of what a decision's signature covers.
	Namespace() string
	// Close ends the connection.
	Close()
}

// opener connects a command to the incidents.
type opener func(cmd *cobra.Command) (incidentClient, error)

// maxListed bounds how many incidents are looked through for a prefix.
const maxListed = 10_000

// findState finds an incident, ended or not, and asks for its state.
func findState(ctx context.Context, c incidentClient, typed string) (incident.State, error) {
	s, err := find(ctx, c, typed, true)
	if err != nil {
		return incident.State{}, err
	}
	return c.State(ctx, ref{s.WorkflowID, s.RunID})
}

// find resolves what a person typed: a workflow id, an incident id, or the
// beginning of one, with or without its "inc-". Open incidents are looked at
// first; those that ended only when closed is set and no open one fits.
func find(ctx context.Context, c incidentClient, typed string, closed bool) (summary, error) {
	if strings.HasPrefix("inc-", typed) {
		return summary{}, usagef("%q names no incident; at least the first digit of its id is needed", typed)
	}
	f := filter{}
	for {
		all, err := c.List(ctx, f, maxListed)
		if err != nil {
			return summary{}, err
		}
		found := matching(all, typed)
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return summary{}, ambiguous(typed, found)
		case closed && !f.Closed:
			f.Closed = true
		case closed:
			return summary{}, fmt.Errorf("no incident whose id begins with %q; see `incidents list --all`", typed)
		default:
			return summary{}, fmt.Errorf("no open incident whose id begins with %q; see `incidents list`", typed)
		}
	}
}

// matching prefers an exact id to ids that only begin with what was typed.
func matching(all []summary, typed string) []summary {
	var exact, prefix []summary
	for _, s := range all {
		switch {
		case s.WorkflowID == typed || s.ID == typed:
			exact = append(exact, s)
		case strings.HasPrefix(s.ID, typed) || strings.HasPrefix(strings.TrimPrefix(s.ID, "inc-"), typed):
			prefix = append(prefix, s)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return prefix
}

func ambiguous(typed string, found []summary) error {
	const show = 10
	var b strings.Builder
	fmt.Fprintf(&b, "%q fits %d incidents, type more of the id (or the whole workflow id):", typed, len(found))
	for i, s := range found {
		if i == show {
			fmt.Fprintf(&b, "\n  and %d more", len(found)-show)
			break
		}
		fmt.Fprintf(&b, "\n  %s  %s  %s  %s", s.ID, s.standing(), s.Service, s.WorkflowID)
	}
	return usageError{fmt.Errorf("%s", b.String())}
}
