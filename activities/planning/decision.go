package planning

import (
	"context"
	"strings"
	"time"
	"unicode"

	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/redact"
)

// Limits of a decision.
const (
	maxAge       = 10 * time.Minute // of IssuedAt, so that a recorded decision cannot be sent again later
	maxAhead     = 2 * time.Minute  // for clocks that disagree
	maxNote      = 1000             // bytes
	maxName      = 256              // bytes of an approver
	maxSignature = 8 << 10          // bytes; an RSA-4096 signature takes about 1,700
)

// VerifyDecision tells whether a decision counts: whether it means the pending
// plan, is fresh, comes from somebody who may decide, and whether a signature
// proves that. A signature that proves nothing is a refusal, never an unsigned
// decision. It returns an error only when the catalogue cannot be had.
func (a *Activities) VerifyDecision(ctx context.Context, in incident.VerifyDecisionInput) (incident.Verdict, error) {
	d := in.Decision
	verdict := incident.Verdict{Note: redact.Clean(a.o.Redactor, d.Note).Cut(maxNote)}
	refuse := func(why redact.Text) (incident.Verdict, error) {
		verdict.Accepted, verdict.Verified, verdict.Reason = false, false, why
		return verdict, nil
	}
	if why := checkShape(in); !why.IsEmpty() {
		return refuse(why)
	}
	c, err := a.catalog(ctx, in.Commit)
	if err != nil {
		return incident.Verdict{}, err
	}
	p := c.Policy
	person, listed := policy.Person(p, d.Approver)
	if !policy.MayDecide(p, in.Rule, d.Approver) {
		if len(in.Rule.Approvers) == 0 {
			return refuse(redact.Format("%s is not of a Slack team that policy lists; add the person to approvers, or the team to slack_gateway.teams, in policy.yaml", redact.Name(d.Approver)))
		}
		return refuse(redact.Format("%s is not among the approvers that policy lists", redact.Name(d.Approver)))
	}
	if d.Signature == "" {
		// Both the rule that the plan was approved under and the policy have to
		// allow it: the rule came through the workflow.
		if !in.Rule.AllowUnverified || !p.AllowUnverified {
			return refuse(redact.Literal("the decision is not signed, and policy does not count unverified decisions; use `starter approve --key` or the button in Slack"))
		}
		verdict.Accepted, verdict.Identity = true, person
		return verdict, nil
	}
	keys := p.Gateway
	if !strings.HasPrefix(d.Approver, policy.SlackPrefix) {
		if listed == nil {
			return refuse(redact.Format("policy lists no SSH key of %s", redact.Name(d.Approver)))
		}
		keys = listed.Keys
	}
	if why := verifySignature(in, keys); !why.IsEmpty() {
		return refuse(why)
	}
	verdict.Accepted, verdict.Verified, verdict.Identity = true, true, person
	return verdict, nil
}

// checkShape refuses what is wrong with a decision whoever sent it.
func checkShape(in incident.VerifyDecisionInput) redact.Text {
	d := in.Decision
	switch {
	case d.PlanDigest == "" || d.PlanDigest != in.Digest:
		return redact.Literal("the decision is about another plan than the pending one; look at the pending plan and decide again")
	case d.Approver == "" || len(d.Approver) > maxName:
		return redact.Format("the approver's name must have 1 to %d bytes", maxName)
	case len(d.Signature) > maxSignature:
		return redact.Format("the signature is longer than %d bytes", maxSignature)
	}
	// DecisionMessage writes one field a line: a line break inside a field
	// would let one signature fit two decisions.
	for _, field := range []string{d.Approver, d.IssuedAt, d.PlanDigest, in.Namespace, in.WorkflowID, in.RunID} {
		if strings.ContainsFunc(field, unicode.IsControl) {
			return redact.Literal("the decision holds control characters")
		}
	}
	if d.IssuedAt == "" {
		if d.Signature != "" {
			return redact.Literal("a signed decision needs issued_at")
		}
		return redact.Text{}
	}
	issued, err := time.Parse(time.RFC3339, d.IssuedAt)
	switch {
	case err != nil:
		return redact.Literal("issued_at is not a time as RFC 3339 writes it")
	case in.Now.Sub(issued) > maxAge:
		return redact.Format("the decision was made %s ago, and only %s are allowed; decide again", in.Now.Sub(issued).Round(time.Second), maxAge)
	case issued.Sub(in.Now) > maxAhead:
		return redact.Format("the decision is dated %s in the future; check the clock of the machine that made it", issued.Sub(in.Now).Round(time.Second))
	}
	return redact.Text{}
}
