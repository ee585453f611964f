package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"firebreak/internal/incident"
	"firebreak/test/stack/jira"
)

// expectations collects everything in which a result differs from what was expected.
type expectations struct{ errs []error }

func (e *expectations) that(ok bool, format string, args ...any) {
	if !ok {
		e.errs = append(e.errs, fmt.Errorf(format, args...))
	}
}

// Check tells everything in which a result differs from what the scenario
// expects; nil when nothing does.
func (r Result) Check() error {
	var e expectations
	sc, st := r.Scenario, r.State
	e.that(st.Status == sc.Status && st.Outcome == sc.Outcome, "the incident ended with %s, expected %s", End(st.Status, st.Outcome), sc.End())
	e.that(len(r.Missed) == 0, "the play ended before the moment of some steps came: %s", strings.Join(r.Missed, "; "))
	r.checkCounts(&e)
	r.checkFix(&e)
	r.checkWords(&e)
	if sc.Check != nil {
		if err := sc.Check(r); err != nil {
			e.errs = append(e.errs, err)
		}
	}
	return errors.Join(e.errs...)
}

// checkCounts holds what happened against what the stand-ins counted.
func (r Result) checkCounts(e *expectations) {
	sc, seen := r.Scenario, r.Seen
	e.that(len(seen.Incidents) == 1, "%d incidents opened, expected 1", len(seen.Incidents))
	e.that(len(seen.Threads) == 1, "there are %d Slack threads, expected 1", len(seen.Threads))
	e.that(len(seen.Tickets) == 1, "there are %d tickets, expected 1", len(seen.Tickets))
	if len(seen.Tickets) == 1 {
		is := seen.Tickets[0]
		done := is.Status.Category == jira.CategoryDone
		e.that(is.Key == r.State.Ticket.Key, "the ticket is %s, but the incident knows %q", is.Key, r.State.Ticket.Key)
		e.that(done == (sc.Status == incident.StatusResolved), "ticket %s is %q at the end", is.Key, is.Status.Name)
	}
	if len(seen.Threads) == 1 {
		thread := seen.Threads[0]
		e.that(thread.TS == r.State.Thread.TS, "the thread is %s, but the incident knows %q", thread.TS, r.State.Thread.TS)
		e.that(len(thread.Messages) == r.State.Messages, "the thread has %d messages, but the incident posted %d", len(thread.Messages), r.State.Messages)
	}
	started := cmp.Or(sc.Started, len(sc.Runbooks))
	e.that(len(seen.Automations) == started, "%d automations were started, expected %d", len(seen.Automations), started)
}

// checkFix holds the attempts against the runbooks that were to be tried, and
// the process against what they should have done to it.
func (r Result) checkFix(e *expectations) {
	sc := r.Scenario
	var tried []string
	for _, a := range r.State.Attempts {
		tried = append(tried, a.Runbook)
	}
	e.that(slices.Equal(tried, sc.Runbooks), "tried were %v, expected %v", tried, sc.Runbooks)
	if sc.Heals == "" {
		untouched := len(sc.Runbooks) > 0 || sc.Restarts || r.After.PID == r.Broken.PID
		e.that(untouched, "the process was replaced (pid %d, then %d), although nothing was to run", r.Broken.PID, r.After.PID)
		return
	}
	e.that(r.After.PID != r.Broken.PID && r.After.PID != 0, "the process of %s was not replaced: pid %d before and %d after", sc.Heals, r.Broken.PID, r.After.PID)
	a, ran := lastRun(r.State)
	e.that(ran && a.Result.Status == incident.RemediationVerified, "no remediation was verified")
}

// checkWords holds the diagnosis, the thread and the ticket against what they
// should say.
func (r Result) checkWords(e *expectations) {
	sc := r.Scenario
	if d := r.State.Diagnosis; d != nil {
		want := cmp.Or(sc.Names, sc.unit())
		best := d.Best()
		e.that(best.Service == want, "the diagnosis names %q, expected %q", best.Service, want)
		e.that(len(best.Citations) > 0, "the diagnosis cites no evidence")
	}
	for _, text := range sc.Says {
		e.that(slices.ContainsFunc(r.Seen.Threads, func(t Thread) bool { return containsFold(t.Text(), text) }), "the Slack thread does not say %q", text)
	}
	for _, text := range sc.TicketSays {
		e.that(slices.ContainsFunc(r.Seen.Tickets, func(is jira.Issue) bool { return containsFold(ticketText(is), text) }), "the ticket does not say %q", text)
	}
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

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
