package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/jira"
	"firebreak/test/stack/victim"
)

// fixed is the result of an incident that was fixed by one run of a runbook.
func fixed() Result {
	return Result{
		Scenario: Scenario{
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout, Says: []string{"all is WELL"},
		},
		State: incident.State{
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed, Messages: 2,
			Thread: incident.ThreadRef{TS: "1.1"}, Ticket: incident.TicketRef{Key: "OPS-7"},
			Diagnosis: &incident.Diagnosis{Hypotheses: []incident.Hypothesis{{Service: victim.Checkout, Runbook: "restart-service", Citations: []string{"ev-1"}}}},
			Attempts: []incident.AttemptRecord{{Runbook: "restart-service", Result: incident.RemediationResult{
				Status: incident.RemediationVerified, Execution: incident.Execution{ID: "x"},
			}}},
			Evidence: []incident.Evidence{{ID: "ev-1", Kind: incident.EvidenceChange, Detail: redact.Literal("a change")}},
		},
		Seen: Seen{
			Incidents: []string{"incident/1"}, Automations: []Automation{{ID: "x"}},
			Threads: []Thread{{TS: "1.1", Messages: []string{"root", "now all is well again"}}},
			Tickets: []jira.Issue{{Key: "OPS-7", Status: jira.Status{Category: jira.CategoryDone}}},
		},
		Broken: victim.UnitStatus{PID: 1}, After: victim.UnitStatus{PID: 2},
	}
}

func TestCheckFindsEveryDifference(t *testing.T) {
	t.Parallel()
	require.NoError(t, fixed().Check())
	for name, c := range map[string]struct {
		spoil func(*Result)
		want  string
	}{
		"another outcome":        {func(r *Result) { r.State.Outcome = incident.OutcomeSelfHealed }, "ended with resolved, self healed, expected resolved, fixed"},
		"a second incident":      {func(r *Result) { r.Seen.Incidents = append(r.Seen.Incidents, "incident/2") }, "2 incidents opened, expected 1"},
		"a second thread":        {func(r *Result) { r.Seen.Threads = append(r.Seen.Threads, Thread{}) }, "2 Slack threads"},
		"a message posted twice": {func(r *Result) { r.Seen.Threads[0].Messages = append(r.Seen.Threads[0].Messages, "root") }, "the thread has 3 messages"},
		"no ticket":              {func(r *Result) { r.Seen.Tickets = nil }, "there are 0 tickets"},
		"the ticket is open":     {func(r *Result) { r.Seen.Tickets[0].Status.Category = jira.CategoryInProgress }, "ticket OPS-7 is"},
		"a second automation":    {func(r *Result) { r.Seen.Automations = append(r.Seen.Automations, Automation{ID: "y"}) }, "2 automations were started, expected 1"},
		"another runbook":        {func(r *Result) { r.Scenario.Runbooks = []string{"rollback-release"} }, "tried were [restart-service], expected [rollback-release]"},
		"the same process":       {func(r *Result) { r.After = r.Broken }, "was not replaced"},
		"nothing verified":       {func(r *Result) { r.State.Attempts[0].Result.Status = incident.RemediationFailed }, "no remediation was verified"},
		"another service":        {func(r *Result) { r.Scenario.Names = victim.Payments }, `the diagnosis names "checkout", expected "payments"`},
		"no evidence":            {func(r *Result) { r.State.Diagnosis.Hypotheses[0].Citations = nil }, "cites no evidence"},
		"other words":            {func(r *Result) { r.Seen.Threads[0].Messages = []string{"root", "?"} }, `the Slack thread does not say "all is WELL"`},
		"a step without moment":  {func(r *Result) { r.Missed = []string{"when asked"} }, "when asked"},
		"its own check":          {func(r *Result) { r.Scenario.Check = rolledBack }, "the diagnosis does not cite the deployment"},
		"a process that nobody was to touch": {func(r *Result) {
			r.Scenario.Runbooks, r.Scenario.Heals = nil, ""
			r.State.Attempts, r.Seen.Automations = nil, nil
		}, "the process was replaced (pid 1, then 2)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fixed()
			c.spoil(&r)
			require.ErrorContains(t, r.Check(), c.want)
		})
	}
}

func TestSeenWithoutWhatWasThereBefore(t *testing.T) {
	t.Parallel()
	before := fixed().Seen
	now := fixed().Seen
	now.Automations = append(now.Automations, Automation{ID: "y"})
	now.Tickets = append(now.Tickets, jira.Issue{Key: "OPS-8"})
	got := now.without(before)
	require.Empty(t, got.Incidents)
	require.Empty(t, got.Threads)
	require.Equal(t, []Automation{{ID: "y"}}, got.Automations)
	require.Equal(t, "OPS-8", got.Tickets[0].Key)
}
