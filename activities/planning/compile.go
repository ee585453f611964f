package planning

import (
	"context"

	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
)

// CompilePlan makes a runbook ready to run: parameters resolved from the
// inventory at the pinned commit, the check that will tell whether it helped,
// and who has to say yes. The same input gives the same plan, but for the
// reading before the fix. The plan comes back even when policy denies it, so
// that people can see what was denied.
func (a *Activities) CompilePlan(ctx context.Context, in incident.CompilePlanInput) (incident.CompilePlanResult, error) {
	at, err := placeOf(in.WorkflowID)
	if err != nil {
		return incident.CompilePlanResult{}, err
	}
	if in.Attempt < 1 || in.Hypothesis.Runbook == "" {
		return incident.CompilePlanResult{}, invalid("a plan needs a runbook and an attempt counted from 1, not %q and %d", in.Hypothesis.Runbook, in.Attempt)
	}
	c, err := a.catalog(ctx, in.Commit)
	if err != nil {
		return incident.CompilePlanResult{}, err
	}
	service := in.Hypothesis.Service
	if service == "" {
		service = in.Service
	}
	now := a.o.Now()
	recent, err := a.recent(ctx, at, now, "")
	if err != nil {
		return incident.CompilePlanResult{}, err
	}
	denied := policy.Evaluate(c, policy.Facts{
		Runbook: in.Hypothesis.Runbook, Service: service, Symptom: in.Service, Account: at.account,
		Severity: in.Severity, Origin: in.Origin, Attempt: in.Attempt, Recent: recent, Now: now,
	})
	r, known := c.Runbooks[in.Hypothesis.Runbook]
	s, served := c.Services[service]
	if !known || !served {
		return incident.CompilePlanResult{Denied: denied}, nil
	}
	plan, err := a.compile(c, r, s, in)
	if err != nil { // a catalogue that loads resolves for every service that a runbook lists
		return incident.CompilePlanResult{Denied: append(denied, redact.Clean(a.o.Redactor, "it cannot be made ready: "+err.Error()))}, nil //nolint:nilerr // the reason is in the result
	}
	denied = append(denied, policy.Answerable(c.Policy, plan.Approval)...)
	plan.Verify.Before = a.before(ctx, in, plan.Verify.Metric)
	for i := range plan.Verify.Also {
		plan.Verify.Also[i].Before = a.before(ctx, in, plan.Verify.Also[i].Metric)
	}
	if plan.Digest, err = policy.Digest(plan); err != nil {
		return incident.CompilePlanResult{}, invalid("%s", err)
	}
	return incident.CompilePlanResult{Plan: plan, Denied: denied}, nil
}

// compile fills in everything of a plan but the reading before and the digest.
func (a *Activities) compile(c *runbook.Catalog, r runbook.Runbook, s incident.Service, in incident.CompilePlanInput) (incident.Plan, error) {
	parameters, err := r.Resolve(s)
	if err != nil {
		return incident.Plan{}, err
	}
	verify, err := verifySpec(c, r, s, in)
	if err != nil {
		return incident.Plan{}, err
	}
	plan := incident.Plan{
		Attempt: in.Attempt, Runbook: r.Name, Commit: c.Commit, Service: s.Name, ContentSHA256: r.SHA256,
		Parameters: parameters, Targets: r.ResolveTargets(parameters),
		Impact: redact.Clean(a.o.Redactor, r.Impact), Steps: r.Document.Steps,
		Verify: verify, Approval: policy.Rule(c.Policy, in.Severity),
	}
	if undo, ok := c.Runbooks[r.Undo]; ok {
		back, err := undo.Resolve(s)
		if err != nil {
			return incident.Plan{}, err
		}
		plan.Undo = &incident.UndoPlan{Runbook: undo.Name, ContentSHA256: undo.SHA256, Parameters: back}
	}
	return plan, nil
}
