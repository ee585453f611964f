// Package policy decides what may run, when, how often and on whose word. It is
// pure: facts and a policy file in, reasons out. It always gives every reason,
// so that a person who has to change something sees all of it at once.
package policy

import (
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
)

// Facts are what a decision depends on.
type Facts struct {
	Runbook   string            // that is to run
	Service   string            // that it acts on
	Symptom   string            // the incident's service
	Account   string            // AWS account, 12 digits; empty when unknown
	Severity  incident.Severity // of the incident
	Origin    incident.Origin   // of the incident
	Attempt   int               // counted from 1
	Recent    int               // remediations in the last hour for incidents of Symptom, this one not counted
	Now       time.Time         // for change windows
	ToExecute bool              // about to start, not only to be planned: Origin counts
}

// Evaluate returns every reason why the catalogue does not allow what the facts
// say; none means that it does.
func Evaluate(c *runbook.Catalog, f Facts) []redact.Text {
	p := c.Policy
	var reasons []redact.Text
	deny := func(t redact.Text) { reasons = append(reasons, t) }
	name, service := redact.Name(f.Runbook), redact.Name(f.Service)

	if r, ok := c.Runbooks[f.Runbook]; !ok {
		deny(redact.Format("the catalogue has no runbook %s", name))
	} else {
		if !slices.Contains(r.Services, f.Service) {
			deny(redact.Format("runbook %s is not written for service %s", name, service))
		}
		if r.UndoOnly {
			deny(redact.Format("runbook %s only takes another one back", name))
		}
	}
	if slices.Contains(p.Deny, f.Runbook) {
		deny(redact.Format("policy denies runbook %s everywhere for the moment", name))
	}
	if !slices.Contains(p.Allow[f.Service], f.Runbook) {
		deny(redact.Format("policy does not allow runbook %s on service %s", name, service))
	}
	if !c.Reaches(f.Symptom, f.Service) {
		deny(redact.Format("service %s is neither the incident's, %s, nor one that it depends on", service, redact.Name(f.Symptom)))
	}
	if len(p.Accounts) > 0 && !slices.Contains(p.Accounts, f.Account) {
		deny(redact.Format("policy does not allow anything in AWS account %s", redact.Name(f.Account)))
	}
	if f.ToExecute && !mayChange(p, f.Origin) {
		deny(redact.Format("policy does not let incidents of origin %s change anything", redact.Name(string(f.Origin))))
	}
	if f.Attempt > p.MaxAttempts {
		deny(redact.Format("this is attempt %d, and policy allows %d for one incident", f.Attempt, p.MaxAttempts))
	}
	if f.Recent >= p.PerHour {
		deny(redact.Format("incidents of service %s had %d remediations in the last hour, and policy allows %d", redact.Name(f.Symptom), f.Recent, p.PerHour))
	}
	if !open(p, f.Severity, f.Now) {
		deny(redact.Format("no change window is open at %s UTC for %s", redact.Name(f.Now.UTC().Format("Mon 15:04")), redact.Name(string(f.Severity))))
	}
	return reasons
}

// mayChange tells whether incidents of an origin may change something: live
// ones do, unless the policy lists others in their place.
func mayChange(p runbook.PolicyFile, o incident.Origin) bool {
	if len(p.Origins) == 0 {
		return o == incident.OriginLive
	}
	return slices.Contains(p.Origins, o)
}

// open tells whether a change window is, or none is needed.
func open(p runbook.PolicyFile, s incident.Severity, now time.Time) bool {
	if len(p.Windows) == 0 || slices.Contains(p.WindowsExempt, s) {
		return true
	}
	return slices.ContainsFunc(p.Windows, func(w runbook.Window) bool { return w.Contains(now) })
}
