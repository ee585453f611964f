package planning

import (
	"context"
	"maps"
	"slices"

	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
)

// Recheck decides once more, right before anything is started, and trusts
// nothing that came through the workflow: the plan must still have its digest
// and be what the pinned commit says, the approvals must carry it, and both the
// pinned and the latest policy must allow it. Either may deny.
func (a *Activities) Recheck(ctx context.Context, in incident.RecheckInput) (incident.RecheckResult, error) {
	at, err := placeOf(in.WorkflowID)
	if err != nil {
		return incident.RecheckResult{}, err
	}
	pinned, err := a.catalog(ctx, in.Plan.Commit)
	if err != nil {
		return incident.RecheckResult{}, err
	}
	latest, problem, err := a.o.Catalogs.Latest(ctx)
	if err != nil {
		return incident.RecheckResult{}, outermost(err, "get the latest catalogue")
	}
	if problem != nil {
		a.o.Log.Warn("the latest policy is not the newest", "incident", in.IncidentID, "commit", latest.Commit, "problem", problem)
	}
	// This attempt has been started already, so it is among those counted.
	recent, err := a.recent(ctx, at, in.Now, incident.RemediationWorkflowID(at.incident, in.Plan.Attempt))
	if err != nil {
		return incident.RecheckResult{}, err
	}

	reasons, err := genuine(pinned, in.Plan)
	if err != nil {
		return incident.RecheckResult{}, err
	}
	facts := policy.Facts{
		Runbook: in.Plan.Runbook, Service: in.Plan.Service, Symptom: at.service, Account: at.account, Severity: in.Severity,
		Origin: in.Origin, Attempt: in.Plan.Attempt, Recent: recent, Now: in.Now, ToExecute: true,
	}
	reasons = append(reasons, policy.Evaluate(pinned, facts)...)
	reasons = append(reasons, policy.Approved(pinned.Policy, in.Plan.Approval, in.Plan.Digest, in.Decisions, in.Now)...)
	// The plan's own rule came through the workflow, and is of the severity that
	// the incident had then.
	reasons = append(reasons, policy.Approved(pinned.Policy, policy.Rule(pinned.Policy, in.Severity), in.Plan.Digest, in.Decisions, in.Now)...)
	if latest.Commit != pinned.Commit {
		reasons = append(reasons, policy.Evaluate(latest, facts)...)
		reasons = append(reasons, policy.Approved(latest.Policy, policy.Rule(latest.Policy, in.Severity), in.Plan.Digest, in.Decisions, in.Now)...)
	}
	reasons = distinct(reasons)
	return incident.RecheckResult{Allowed: len(reasons) == 0, Reasons: reasons, Latest: latest.Commit}, nil
}

// genuine compares a plan with what the commit that it names really holds.
func genuine(c *runbook.Catalog, p incident.Plan) ([]redact.Text, error) {
	digest, err := policy.Digest(p)
	if err != nil {
		return nil, temporal.NewNonRetryableApplicationError("compute the plan's digest", incident.ErrorMismatch, err)
	}
	var reasons []redact.Text
	deny := func(t redact.Text) { reasons = append(reasons, t) }
	if digest != p.Digest {
		deny(redact.Literal("the plan is not the one that was approved: its digest differs"))
	}
	s, served := c.Services[p.Service]
	if !served {
		return append(reasons, redact.Format("the catalogue has no service %s", redact.Name(p.Service))), nil
	}
	check := func(what redact.Text, name, sha string, parameters map[string][]string) {
		r, ok := c.Runbooks[name]
		if !ok {
			deny(redact.Format("%s: commit %s has no runbook %s", what, redact.Name(c.Commit), redact.Name(name)))
			return
		}
		if r.SHA256 != sha {
			deny(redact.Format("%s: the automation document at commit %s is not the one in the plan", what, redact.Name(c.Commit)))
		}
		if now, err := r.Resolve(s); err != nil || !maps.EqualFunc(now, parameters, slices.Equal) {
			deny(redact.Format("%s: the parameters are not those that the inventory at commit %s gives", what, redact.Name(c.Commit)))
		}
	}
	check(redact.Literal("run"), p.Runbook, p.ContentSHA256, p.Parameters)
	if r := c.Runbooks[p.Runbook]; p.Undo != nil && p.Undo.Runbook != r.Undo {
		deny(redact.Format("undo: runbook %s is not what takes %s back", redact.Name(p.Undo.Runbook), redact.Name(p.Runbook)))
	}
	if p.Undo != nil {
		check(redact.Literal("undo"), p.Undo.Runbook, p.Undo.ContentSHA256, p.Undo.Parameters)
	}
	return reasons, nil
}

func distinct(reasons []redact.Text) []redact.Text {
	var out []redact.Text
	for _, r := range reasons {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
