package scenario

import (
	"errors"
	"fmt"
	"slices"

	"firebreak/internal/incident"
)

// Check tells everything in which a result differs from what the scenario
// expects; nil when nothing does.
func (r Result) Check() error {
	var errs []error
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	sc, st := r.Scenario, r.State
	expect(st.Status == sc.Status, "the incident ended with status %q, expected %q", st.Status, sc.Status)
	expect(st.Outcome == sc.Outcome, "the incident ended with outcome %q, expected %q", st.Outcome, sc.Outcome)
	expect(r.Others <= 0, "%d more incidents opened for the same fault", r.Others)
	expect(!st.Thread.IsZero(), "the incident has no Slack thread")
	expect(!st.Ticket.IsZero(), "the incident has no ticket")
	if sc.Heals == "" {
		expect(r.After.PID == r.Before.PID, "the process was replaced (pid %d, then %d), although nothing was approved", r.Before.PID, r.After.PID)
		expect(len(st.Attempts) == 0, "%d remediations ran, although nothing was approved", len(st.Attempts))
		return errors.Join(errs...)
	}
	expect(r.After.PID != r.Before.PID && r.After.PID != 0, "the process of %s was not replaced: pid %d before and %d after", sc.Heals, r.Before.PID, r.After.PID)
	a, ran := lastRun(st)
	expect(ran && a.Result.Status == incident.RemediationVerified, "no remediation was verified")
	return errors.Join(errs...)
}

// lastRun is the last attempt that started an automation.
func lastRun(st incident.State) (incident.AttemptRecord, bool) {
	for _, a := range slices.Backward(st.Attempts) {
		if a.Result.Execution.ID != "" {
			return a, true
		}
	}
	return incident.AttemptRecord{}, false
}
