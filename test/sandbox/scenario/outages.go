package scenario

import (
	"context"
	"errors"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/jira"
	"firebreak/test/stack/slack"
	"firebreak/test/stack/victim"
)

// reloaded is victim.BadReload in words.
const reloaded = "a bad configuration was reloaded by checkout; every order fails from now on"

// outages are the scenarios in which an outside system or a fix fails.
func outages() []Scenario {
	cli := newCommandLine()
	return []Scenario{
		{
			Name:    "self-healed",
			Summary: "a colleague mends it while you think",
			Fault:   victim.BadReload(), What: reloaded, Answer: Silence,
			Steps:  []Step{{At: WhenAsked, What: "a colleague puts the configuration of before back and has it reloaded", Do: inject(victim.PutBack())}},
			Status: incident.StatusResolved, Outcome: incident.OutcomeSelfHealed,
			Says: []string{"went away by itself", "Nothing was run"}, TicketSays: []string{"went away by itself", "Nothing was run"},
			Check: servedAgain,
		},
		{
			Name:    "fix-fails",
			Summary: "two runbooks help nothing; handed over",
			Fault:   victim.NewRelease(),
			What:    "a good release of checkout was deployed; at that moment the bank stopped taking the currency",
			Steps: []Step{
				{At: BeforeFault, Do: announceDeployment},
				{At: AfterFault, Do: inject(victim.WithdrawCurrency()), Undo: inject(victim.RestoreCurrency())},
			},
			Edits: []stack.Edit{
				stack.Substitute("runbooks/rollback-release/runbook.yaml", "timeout: 90s", "timeout: 12s"),
				stack.Substitute("runbooks/restart-service/runbook.yaml", "timeout: 90s", "timeout: 12s"),
				// A reload of the scenario before, some minutes ago, must not be a lead.
				stack.Substitute("runbooks/restart-service/runbook.yaml", "  - errors after a configuration reload\n", ""),
			},
			Answer: Approve, Restarts: true,
			Status: incident.StatusEscalated, Outcome: incident.OutcomeHandedOver,
			Runbooks: []string{"rollback-release", "restart-service"}, Started: 3,
			Says:  triedInVain,
			Check: bothFailed, TicketSays: triedInVain,
		},
		{
			Name:    "model-down",
			Summary: "no model answers; ranked by rule",
			Fault:   victim.BadReload(), What: reloaded, Answer: Approve,
			Steps: []Step{{
				At: BeforeFault, What: "Bedrock throttles, then lets a request hang, then answers nonsense",
				Do: confuseTheModel, Undo: func(_ context.Context, st *stack.Stack) error { st.Bedrock.Nonsense(0); return nil },
			}, {At: WhenAsked, Do: cardSays("No model answered (")}},
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
			Says: []string{"because no model answered"}, TicketSays: []string{"because no model answered"},
			Check: rankedByRule,
		},
		{
			Name:    "slack-down",
			Summary: "no Slack for 100 s; decided in a terminal",
			Fault:   victim.BadReload(), What: reloaded, Answer: Elsewhere,
			Steps: append(outage("Slack", slack.Service, 100*time.Second),
				Step{At: Throughout, Do: cli.build, Undo: cli.remove},
				Step{At: WhenAsked, What: "the plan is approved on the command line", Do: cli.approve},
				Step{At: WhenEnded, Do: noLiveButtons}),
			Limits: Limits{Settle: 4 * time.Minute},
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
			Says:  []string{"opened by", "Diagnosis:", "approved the plan", "fixed and verified"},
			Check: caughtUpInSlack,
		},
		{
			Name:    "jira-down",
			Summary: "no Jira for 70 s; the ticket comes late",
			Fault:   victim.BadReload(), What: reloaded, Answer: Approve,
			Steps:  outage("Jira", jira.Service, 70*time.Second),
			Limits: Limits{Settle: 4 * time.Minute},
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
			TicketSays: []string{"Diagnosis:", "approved the plan", "fixed and verified"},
			Check:      caughtUpInJira,
		},
	}
}

// inject makes a fault into what a step does.
func inject(f victim.Fault) Do {
	return func(ctx context.Context, st *stack.Stack) error { return st.Shop.Inject(ctx, f) }
}

// confuseTheModel throttles the first request, lets the second hang for longer
// than a question may take, and has the model answer nonsense from then on.
func confuseTheModel(_ context.Context, st *stack.Stack) error {
	st.Faults.Set(fault.Rule{Service: "bedrock", Kind: fault.Throttle})
	st.Faults.Set(fault.Rule{Service: "bedrock", Kind: fault.Latency, Latency: stack.DiagnoseWithin, Skip: 1})
	st.Bedrock.Nonsense(-1)
	return nil
}

// triedInVain is what everybody has to be told of two attempts that did not help.
var triedInVain = []string{
	"Attempt 1, rollback-release on checkout: ran", "Attempt 2, restart-service on checkout: ran", "did not recover", "The undo ran", "Take over",
}

// bothFailed checks that each attempt ran, was judged by the live metric, and
// was taken back where that can be done.
func bothFailed(r Result) error {
	var e expectations
	st := r.State
	e.that(len(st.Decisions) == 2, "%d decisions were counted, expected one for each attempt", len(st.Decisions))
	for i, a := range st.Attempts {
		v := a.Result.Verification
		e.that(a.Result.Execution.Succeeded && v != nil && !v.OK, "attempt %d was not seen to run and not to help", i+1)
	}
	if len(st.Attempts) == 2 {
		undo := st.Attempts[0].Result.Undo
		e.that(undo != nil && undo.Succeeded, "the rollback was not taken back")
		e.that(st.Attempts[1].Result.Undo == nil, "a restart was taken back")
	}
	e.that(r.Traffic.Errors > 0, "the shop got well by itself")
	e.that(r.Releases.After == r.Releases.Broken, "checkout runs release %q after the undo, %q after the deployment", r.Releases.After, r.Releases.Broken)
	return errors.Join(e.errs...)
}

// rankedByRule checks that the diagnosis says what it is, and that all three
// ways to fail were tried.
func rankedByRule(r Result) error {
	var e expectations
	d := r.State.Diagnosis
	e.that(d != nil && d.Model == incident.ModelRanking && !d.NoModel.IsEmpty(), "the diagnosis does not say that it is a ranking by rule")
	e.that(strings.Contains(timelineText(r.State), "No model answered: its answers could not be used"), "the timeline does not say why no model answered")
	return errors.Join(e.errs...)
}

func timelineText(st incident.State) string {
	var b strings.Builder
	for _, entry := range st.Timeline {
		b.WriteString(entry.Text.String() + "\n")
	}
	return b.String()
}
