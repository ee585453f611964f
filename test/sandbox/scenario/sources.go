package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// sources are the scenarios in which a fault has to be found in telemetry of one
// sort, because the other sorts do not arrive. All of it stays in CloudWatch,
// where an open incident finds it as evidence.
func sources() []Scenario {
	return []Scenario{
		{
			Name:    "logs-only",
			Summary: "the same; no alarms and no metrics arrive",
			Fault:   victim.BadReload(), What: reloaded, Answer: Approve,
			Steps: []Step{
				alarmsAreOff(),
				unstreamed("no metrics are on the stream any more: only CloudWatch has them", victim.Checkout, victim.Payments),
			},
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
			Check: foundIn(incident.KindLog),
		},
		{
			Name:    "metrics-only",
			Summary: "the same; no alarms and no logs arrive",
			Fault:   victim.BadReload(), What: reloaded, Answer: Approve,
			Steps:  []Step{alarmsAreOff(), logsAreOff()},
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
			Check: foundIn(incident.KindMetric),
		},
	}
}

// alarmsAreOff disables the rule that sends the changes of alarms to the stream.
// Disabling an alarm's actions would not do: EventBridge hears of it all the same.
func alarmsAreOff() Step {
	set := func(ctx context.Context, st *stack.Stack, state ebtypes.RuleState) error {
		client := eb.NewFromConfig(st.AWS())
		found, err := client.ListRules(ctx, &eb.ListRulesInput{NamePrefix: aws.String(stack.AlarmRule)})
		if err != nil {
			return fmt.Errorf("list the rules: %w", err)
		}
		if len(found.Rules) != 1 {
			return fmt.Errorf("there are %d rules called %s, expected 1", len(found.Rules), stack.AlarmRule)
		}
		r := found.Rules[0]
		_, err = client.PutRule(ctx, &eb.PutRuleInput{Name: r.Name, EventPattern: r.EventPattern, State: state})
		if err != nil {
			return fmt.Errorf("set rule %s to %s: %w", *r.Name, state, err)
		}
		return nil
	}
	return Step{
		At: BeforeFault, What: "the rule that sends the changes of alarms to the stream is disabled",
		Do:   func(ctx context.Context, st *stack.Stack) error { return set(ctx, st, ebtypes.RuleStateDisabled) },
		Undo: func(ctx context.Context, st *stack.Stack) error { return set(ctx, st, ebtypes.RuleStateEnabled) },
	}
}

// unstreamed keeps the metrics of services off the stream; what says so in the
// story.
func unstreamed(what string, services ...string) Step {
	restore := func() {}
	return Step{
		At: BeforeFault, What: what,
		Do: func(_ context.Context, st *stack.Stack) error {
			restore = st.Unstream(services...)
			return nil
		},
		Undo: func(context.Context, *stack.Stack) error { restore(); return nil },
	}
}

// logsAreOff deletes the subscriptions that send logs to the stream.
func logsAreOff() Step {
	services := []string{victim.Checkout, victim.Payments}
	return Step{
		At: BeforeFault, What: "the subscriptions of the logs are deleted",
		Do: func(ctx context.Context, st *stack.Stack) error {
			client := cwl.NewFromConfig(st.AWS())
			for _, service := range services {
				group := victim.LogGroup(service)
				if _, err := client.DeleteSubscriptionFilter(ctx, &cwl.DeleteSubscriptionFilterInput{LogGroupName: &group, FilterName: aws.String(stack.LogSubscription)}); err != nil {
					return fmt.Errorf("delete subscription %s of %s: %w", stack.LogSubscription, group, err)
				}
			}
			return nil
		},
		Undo: func(ctx context.Context, st *stack.Stack) error {
			for _, service := range services {
				if err := st.Subscribe(ctx, service); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// foundIn checks that callers are served again, that the incident was opened by
// an anomaly of one kind, and that nothing else joined it but the silence of what
// had been switched off.
func foundIn(kind incident.AnomalyKind) func(Result) error {
	return func(r Result) error {
		var e expectations
		all := r.State.Anomalies
		if len(all) > 0 {
			e.that(all[0].Kind == kind && !missing(all[0]), "the incident was opened by a %s anomaly, expected %s: %s", all[0].Kind, kind, all[0].Why)
		}
		e.that(!slices.ContainsFunc(all, func(a incident.Anomaly) bool { return a.Kind != kind && !missing(a) }),
			"anomalies of other kinds than %s joined: %v", kind, kinds(all))
		return errors.Join(append(e.errs, servedAgain(r))...)
	}
}

// missing tells whether an anomaly is that less came than usual.
func missing(a incident.Anomaly) bool { return a.Observed < a.Low }

func kinds(all []incident.Anomaly) []string {
	var names []string
	for _, a := range all {
		names = append(names, string(a.Kind)+" "+a.Rule)
	}
	return names
}
