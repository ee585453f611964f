package scenario

import (
	"errors"
	"fmt"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack/victim"
)

// decisions are the scenarios of one fault and every answer that a person can give.
func decisions() []Scenario {
	return []Scenario{
		{
			Name:    "error-spike",
			Summary: "bad configuration; restored and restarted",
			Fault:   victim.BadReload(), What: reloaded, Answer: Approve,
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
			Check: servedAgain,
		},
		{
			Name:    "rejected",
			Summary: "the same; the person says no",
			Fault:   victim.BadReload(), What: reloaded, Answer: Reject,
			Status: incident.StatusRejected, Outcome: incident.OutcomeDeclined,
			Check: untouched,
		},
		{
			Name:    "expired",
			Summary: "the same; nobody answers in time",
			Fault:   victim.BadReload(), What: reloaded, Answer: Silence, Expiry: 20 * time.Second,
			Status: incident.StatusExpired, Outcome: incident.OutcomeTimedOut,
			Check: untouched,
		},
	}
}

// servedAgain checks that callers get what they ask for.
func servedAgain(r Result) error {
	if r.Traffic.Requests == 0 || r.Traffic.Errors > 0 {
		return fmt.Errorf("callers still get errors: %d of %d requests failed", r.Traffic.Errors, r.Traffic.Requests)
	}
	return nil
}

// untouched checks that nothing was done and that nothing became well by itself,
// which would prove nothing.
func untouched(r Result) error {
	var e expectations
	report := r.Report()
	e.that(report.Remediation == nil && report.Verification == nil, "the report tells of a remediation")
	e.that((report.Approval == nil) == (r.Scenario.Answer == Silence), "the report tells of the answer %v", report.Approval)
	e.that(r.Traffic.Errors > 0, "the shop got well by itself")
	return errors.Join(e.errs...)
}
