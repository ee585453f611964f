package policy

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
)

// SlackPrefix begins the approver of a decision that the Slack gateway vouches
// for: "slack:", team id, ":", user id.
const SlackPrefix = "slack:"

// Rule is what the policy demands for a severity before a plan may run. An
// unknown severity is treated as the worst.
func Rule(p runbook.PolicyFile, s incident.Severity) incident.ApprovalRule {
	count, ok := p.Approvals[s]
	if !ok {
		count = p.Approvals[incident.Sev1]
	}
	rule := incident.ApprovalRule{Count: count.Count, AllowUnverified: p.AllowUnverified, Expires: incident.Seconds(count.Expires)}
	for _, a := range p.Approvers {
		rule.Approvers = append(rule.Approvers, a.Identity)
	}
	return rule
}

// Answerable returns why nobody could give the approvals that the policy asks
// for; none means that somebody could. Asking a question that nobody can answer
// would only let an incident run into its expiry.
func Answerable(p runbook.PolicyFile, rule incident.ApprovalRule) []redact.Text {
	if rule.Count == 0 || (rule.AllowUnverified && len(p.Approvers) == 0) {
		return nil
	}
	able := 0
	for _, a := range p.Approvers {
		if rule.AllowUnverified || len(a.Keys) > 0 || (len(a.Slack) > 0 && len(p.Gateway) > 0) {
			able++
		}
	}
	// Without a list of approvers everybody in the Slack teams of the gateway may answer.
	if len(p.Approvers) == 0 && len(p.Gateway) > 0 && len(p.Teams) > 0 {
		return nil
	}
	if able < rule.Count {
		return []redact.Text{redact.Format("policy asks for %d approvals, but lists %d approvers whose decision could count; add approvers with an SSH key or a Slack user to policy.yaml", rule.Count, able)}
	}
	return nil
}

// Person finds who an approver's name stands for: an identity of the policy, by
// itself or by its Slack user. The second result is nil when the policy lists
// nobody of that name.
func Person(p runbook.PolicyFile, approver string) (string, *runbook.Approver) {
	slack, isSlack := strings.CutPrefix(approver, SlackPrefix)
	for i, a := range p.Approvers {
		if !isSlack && a.Identity == approver {
			return a.Identity, &p.Approvers[i]
		}
		for _, s := range a.Slack {
			if isSlack && s == slack {
				return a.Identity, &p.Approvers[i]
			}
		}
	}
	return approver, nil
}

// MayDecide tells whether an approver's name stands for one of a rule's
// approvers. An empty list admits everybody, except that of Slack's people only
// members of the teams that the policy names count: a channel that is shared
// with another organisation has guests who can press its buttons as well. Where
// unverified decisions count, anybody's does.
func MayDecide(p runbook.PolicyFile, rule incident.ApprovalRule, approver string) bool {
	if len(rule.Approvers) > 0 {
		person, _ := Person(p, approver)
		return slices.Contains(rule.Approvers, person)
	}
	id, isSlack := strings.CutPrefix(approver, SlackPrefix)
	if !isSlack || (rule.AllowUnverified && p.AllowUnverified) {
		return true
	}
	team, user, _ := strings.Cut(id, ":")
	return slices.Contains(p.Teams, team) && !strings.Contains(user, ":")
}

// Approved returns every reason why the decisions do not carry a plan under a
// policy and a rule; none means that they do. One person counts once, however
// often and over whichever way the person answered, and one "no" is enough.
func Approved(p runbook.PolicyFile, rule incident.ApprovalRule, digest string, decisions []incident.Accepted, now time.Time) []redact.Text {
	var noes, uncounted []redact.Text
	yes := map[string]bool{}
	for _, d := range decisions {
		person, _ := Person(p, d.Decision.Approver)
		who := redact.Name(person)
		switch {
		case d.Decision.PlanDigest != digest:
			uncounted = append(uncounted, redact.Format("the decision of %s is about another plan", who))
		case !d.Decision.Approved:
			noes = append(noes, redact.Format("%s said no", who))
		case !d.Verified && !rule.AllowUnverified:
			uncounted = append(uncounted, redact.Format("the approval of %s is not verified", who))
		case !MayDecide(p, rule, d.Decision.Approver):
			uncounted = append(uncounted, redact.Format("%s is not an approver", who))
		case rule.Expires > 0 && now.Sub(d.At) > rule.Expires.Std():
			uncounted = append(uncounted, redact.Format("the approval of %s is %s old, and policy lets one stand for %s", who, now.Sub(d.At).Round(time.Second), rule.Expires.Std()))
		default:
			yes[person] = true
		}
	}
	if len(yes) < rule.Count {
		uncounted = append(uncounted, redact.Format("%d of %d approvals count", len(yes), rule.Count))
		return append(noes, uncounted...)
	}
	return noes
}
