package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// Of the flapping scenario: orders succeed for about 22 seconds of every window,
// and fail for the other 30.
const (
	flapWindow = 52 * time.Second
	flapWrites = 22 * 24 // 24 orders come in a second
)

// trends are the scenarios whose signals are hard to group or to see early.
func trends() []Scenario {
	return []Scenario{
		{
			Name:    "memory-leak",
			Summary: "memory leaks; recycled before it alarms",
			Fault:   victim.Leak(),
			What:    "a shopper asked checkout to be remembered; no session after that one is ever cleared",
			Steps:   []Step{{At: WhenFound, Do: beforeTheAlarm}, {At: WhenEnded, Do: withoutTheAlarm}},
			Limits:  Limits{Baseline: 65 * time.Second, Warm: 45 * time.Second, Detect: 150 * time.Second, End: 5 * time.Minute},
			Answer:  Approve,
			Status:  incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"recycle-process"}, Heals: victim.Checkout,
			Check: foreseen,
		},
		{
			Name:    "flapping",
			Summary: "payments fails now and then; one incident",
			Fault:   victim.LimitLedger(flapWrites, flapWindow),
			What:    "payments' ledger takes the writes of 22 seconds and then none for 30, over and over",
			Limits:  Limits{Thinking: 75 * time.Second, End: 5 * time.Minute},
			Answer:  Approve,
			Status:  incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Payments, Names: victim.Payments,
			Check: waitedOut,
		},
		{
			Name:    "storm",
			Summary: "over 40 series at once; one incident",
			Fault:   victim.SlowPayments(3 * time.Second),
			What:    "payments' ledger takes 3 s for a write from now on; orders of all 11 shops time out",
			Edits:   []stack.Edit{watchEveryShop},
			Steps: []Step{
				{At: Throughout, What: "checkout publishes metrics of each of its 11 shops, too", Do: detailed(true), Undo: detailed(false)},
				{At: WhenEnded, Do: smallHistory},
			},
			Limits: Limits{Baseline: 65 * time.Second, Warm: 65 * time.Second, Thinking: 25 * time.Second},
			Answer: Approve,
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Payments, Names: victim.Payments,
			Check: grouped,
		},
	}
}

const memoryAlarm = "checkout-memory"

// beforeTheAlarm checks in the alarm's own history that it has not gone off by
// the time at which the incident is there.
func beforeTheAlarm(ctx context.Context, st *stack.Stack) error {
	return noAlarm(ctx, st, "before the incident opened")
}

// withoutTheAlarm checks at the end that it never had to.
func withoutTheAlarm(ctx context.Context, st *stack.Stack) error {
	return noAlarm(ctx, st, "although the leak was foreseen and mended")
}

func noAlarm(ctx context.Context, st *stack.Stack, when string) error {
	out, err := cloudwatch.NewFromConfig(st.AWS()).DescribeAlarmHistory(ctx, &cloudwatch.DescribeAlarmHistoryInput{
		AlarmName: aws.String(memoryAlarm), HistoryItemType: cwtypes.HistoryItemTypeStateUpdate,
	})
	if err != nil {
		return fmt.Errorf("read the history of alarm %s: %w", memoryAlarm, err)
	}
	for _, item := range out.AlarmHistoryItems {
		var data struct {
			NewState struct {
				StateValue string `json:"stateValue"`
			} `json:"newState"`
		}
		if err := json.Unmarshal([]byte(aws.ToString(item.HistoryData)), &data); err != nil {
			return fmt.Errorf("read the history of alarm %s: %w", memoryAlarm, err)
		}
		if data.NewState.StateValue == string(cwtypes.StateValueAlarm) {
			return fmt.Errorf("alarm %s went off at %s, %s", memoryAlarm, aws.ToTime(item.Timestamp).Format(time.RFC3339), when)
		}
	}
	return nil
}

// foreseen checks that a forecast of checkout's memory opened the incident, and
// that recovery meant more than a value below a threshold.
func foreseen(r Result) error {
	var e expectations
	st := r.State
	if len(st.Anomalies) == 0 {
		return errors.New("the incident has no anomaly")
	}
	first := st.Anomalies[0]
	e.that(first.Kind == incident.KindForecast && first.Metric != nil && first.Metric.Name == "MemoryUsed", "the first anomaly is of kind %s: %s", first.Kind, first.Why)
	if f := first.Forecast; f != nil {
		e.that(first.Observed < f.Limit, "the limit of %g was reached", f.Limit)
	}
	e.that(cites(st, func(ev incident.Evidence) bool {
		return ev.Kind == incident.EvidenceAnomaly && ev.Facts[incident.FactLimit] > 0
	}), "the diagnosis does not cite the forecast")
	if p := st.Plan; p != nil {
		e.that(p.Verify.Metric.Name == "MemoryUsed" && p.Verify.Threshold < first.Observed, "the plan watches %s, which has to be at most %g, and was %g", p.Verify.Metric.Name, p.Verify.Threshold, first.Observed)
		e.that(p.Verify.Headroom > 0 && p.Verify.Limit > 0, "the plan does not ask whether memory fills up again")
	}
	return errors.Join(e.errs...)
}

// waitedOut checks that the signal came more than once into the one incident,
// and that it was called fixed only after it had been gone for longer than in
// any of its pauses.
func waitedOut(r Result) error {
	var e expectations
	var seen []incident.Witness // each series of each anomaly
	for _, a := range r.State.Anomalies {
		seen = append(seen, a.Sightings()...)
	}
	episodes, pause := map[string]int{}, time.Duration(0)
	for _, a := range seen {
		episodes[a.Rule+" "+a.Series]++
		for _, b := range seen {
			if a.Same(b) && !a.Closed.IsZero() && b.Opened.After(a.Closed) {
				pause = max(pause, b.Opened.Sub(a.Closed))
			}
		}
	}
	most := 0
	for _, n := range episodes {
		most = max(most, n)
	}
	e.that(most >= 2, "no signal came back: %v", episodes)
	if a, ran := lastRun(r.State); ran && a.Result.Verification != nil {
		lasted := a.Result.Verification.At.Sub(a.Result.Execution.Ended)
		e.that(lasted > pause, "it was called fixed after %s, but had been gone for %s before", lasted, pause)
	}
	return errors.Join(e.errs...)
}

// grouped checks that the storm became one incident that stays readable.
func grouped(r Result) error {
	var e expectations
	e.that(r.State.Series() >= 40, "it was seen in %d series, expected at least 40", r.State.Series())
	for _, thread := range r.Seen.Threads {
		e.that(len(thread.Messages) <= 25, "the thread has %d messages", len(thread.Messages))
	}
	return errors.Join(e.errs...)
}

func detailed(on bool) Do {
	return func(ctx context.Context, st *stack.Stack) error {
		return st.Shop.Inject(ctx, victim.DetailedMetrics(on))
	}
}

// watchEveryShop has checkout's service file list the metrics of every shop.
func watchEveryShop(files map[string][]byte) error {
	const before = "alarms: [checkout-errors"
	var metrics strings.Builder
	for _, shop := range victim.Shops() {
		for _, m := range []struct{ role, name, stat, unit string }{
			{"errors", "ShopErrors", "Sum", "Count"}, {"latency", "ShopLatency", "Average", "Milliseconds"}, {"latency", "ShopSlowest", "Maximum", "Milliseconds"}, {"health", "ShopSuccess", "Average", "None"},
		} {
			fmt.Fprintf(&metrics, "  - {role: %s, namespace: Shop, name: %s, dimensions: {service: checkout, shop: %s}, stat: %s, period: 1, unit: %s}\n",
				m.role, m.name, shop, m.stat, m.unit)
		}
	}
	return stack.Substitute("services/checkout.yaml", before, metrics.String()+before)(files)
}

// What the storm may leave in histories: a calm incident has some hundred
// events, and no payload is over 64 KiB.
const (
	maxStormEvents  = 700
	maxStormPayload = 64 << 10
)

// smallHistory counts the events of the incident and of the correlator.
func smallHistory(ctx context.Context, st *stack.Stack) error {
	c, err := st.Temporal.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	correlator := stack.Scope().CorrelatorWorkflowID()
	for _, id := range []string{Incident(ctx).WorkflowID, correlator} {
		events, largest := 0, 0
		history := c.GetWorkflowHistory(ctx, id, "", false, 0)
		for history.HasNext() {
			event, err := history.Next()
			if err != nil {
				return fmt.Errorf("read the history of %s: %w", id, err)
			}
			events++
			largest = max(largest, event.Size())
		}
		slog.InfoContext(ctx, "history after the storm", "workflow", id, "events", events, "largest_event_bytes", largest)
		if events > maxStormEvents || largest > maxStormPayload {
			return fmt.Errorf("%s has %d events, the largest of %d bytes; expected at most %d and %d", id, events, largest, maxStormEvents, maxStormPayload)
		}
	}
	return nil
}
