package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// causes are the scenarios in which the cause has to be told from where it
// shows, or from another one that looks alike.
func causes() []Scenario {
	return []Scenario{
		{
			Name:    "bad-dependency",
			Summary: "payments is slow; mended there",
			Fault:   victim.SlowPayments(800 * time.Millisecond),
			What:    "payments' ledger takes 0.8 s for a write from now on; every order waits for it",
			// What opens the incident is what checkout's callers suffer from, and the cause
			// has to be looked for.
			Steps: []Step{
				unstreamed("payments' metrics are not on the stream, as those of another team's service: only CloudWatch has them", victim.Payments),
				{At: BeforeFault, Do: afterAlarms},
			},
			Answer: Approve,
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Payments, Names: victim.Payments,
			Check: actedOnTheDependency,
		},
		{
			Name:    "bad-deploy",
			Summary: "a release panics; rolled back",
			Fault:   victim.BadRelease(),
			What:    "release 1.5.0 of checkout was deployed; every order panics from now on",
			Steps:   []Step{{At: BeforeFault, Do: announceDeployment}},
			Answer:  Approve,
			Status:  incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"rollback-release"}, Heals: victim.Checkout,
			Check: rolledBack,
		},
	}
}

// alarmPeriod is the period of the stack's alarms.
const alarmPeriod = 10 * time.Second

// afterAlarms waits until the alarms have just been evaluated, so that what the
// fault does to them comes after what it does to a metric of one second.
func afterAlarms(ctx context.Context, _ *stack.Stack) error {
	return sleep(ctx, time.Until(time.Now().Truncate(alarmPeriod).Add(alarmPeriod+time.Second)))
}

// actedOnTheDependency checks that the cause was found in payments by evidence
// about payments, that the runbook acted there and nowhere else, and that what
// was watched is what checkout's callers suffered from.
func actedOnTheDependency(r Result) error {
	var e expectations
	st := r.State
	e.that(st.Service == victim.Checkout, "the incident is %s's, expected checkout's", st.Service)
	e.that(slices.ContainsFunc(st.Anomalies, func(a incident.Anomaly) bool {
		return a.Service == victim.Checkout && slices.ContainsFunc(a.Sightings(), func(w incident.Witness) bool {
			return w.Metric != nil && w.Metric.Name == "Latency"
		})
	}), "checkout's latency was not among the anomalies")
	e.that(cites(st, func(ev incident.Evidence) bool {
		return ev.Service == victim.Payments && ev.Kind == incident.EvidenceMetric && ev.Role == incident.RoleLatency
	}), "the diagnosis does not cite the latency of payments")
	// What X-Ray saw of the orders that really went from checkout to payments.
	e.that(slices.ContainsFunc(st.Evidence, func(ev incident.Evidence) bool {
		return ev.Service == victim.Payments && ev.Kind == incident.EvidenceTrace && ev.Facts[incident.FactAfter] > 10*ev.Facts[incident.FactBefore]
	}), "X-Ray's graph does not tell that calls to payments are slower")
	if p := st.Plan; p != nil {
		e.that(p.Service == victim.Payments, "the plan acts on %s", p.Service)
		e.that(slices.Equal(p.Parameters["InstanceId"], []string{victim.PaymentsInstance}), "the plan's instance is %v", p.Parameters["InstanceId"])
		e.that(slices.Contains(p.Targets, victim.PaymentsInstance) && !slices.Contains(p.Targets, victim.CheckoutInstance), "the plan touches %v", p.Targets)
		e.that(p.Verify.Metric.Dimensions["service"] == victim.Checkout, "the plan watches %s", p.Verify.Metric.SourceKey())
	}
	return errors.Join(e.errs...)
}

// announceDeployment puts the event on the bus with which a deployment tool
// says that it begins.
func announceDeployment(ctx context.Context, st *stack.Stack) error {
	out, err := eventbridge.NewFromConfig(st.AWS()).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: aws.String("shop.deploy"), DetailType: aws.String("Shop Deployment State Change"), Time: aws.Time(time.Now()),
		Detail: aws.String(`{"service": "checkout", "state": "STARTED", "change": "deployment of release 1.5.0 began, release 1.4.2 before"}`),
	}}})
	if err != nil {
		return fmt.Errorf("announce the deployment: %w", err)
	}
	if out.FailedEntryCount > 0 {
		return fmt.Errorf("announce the deployment: %s", aws.ToString(out.Entries[0].ErrorMessage))
	}
	return nil
}

// rolledBack checks that the deployment and the new pattern of the log are
// evidence that was cited, and that checkout runs the release of before.
func rolledBack(r Result) error {
	var e expectations
	e.that(cites(r.State, func(ev incident.Evidence) bool {
		return ev.Kind == incident.EvidenceChange && strings.Contains(ev.Detail.String(), "release 1.5.0")
	}), "the diagnosis does not cite the deployment")
	e.that(cites(r.State, func(ev incident.Evidence) bool {
		return ev.Kind == incident.EvidenceLogs && ev.Facts[incident.FactNew] > 0 && containsFold(ev.Detail.String(), "panic")
	}), "the diagnosis does not cite a log pattern that was never seen before")
	is := r.Releases
	e.that(is.Before != "" && is.Before != is.Broken, "release %q was not replaced by the fault", is.Before)
	e.that(is.After == is.Before, "checkout runs release %q, %q before the fault", is.After, is.Before)
	return errors.Join(e.errs...)
}

// cites tells whether the best hypothesis cites evidence of the incident that fits.
func cites(st incident.State, fits func(incident.Evidence) bool) bool {
	if st.Diagnosis == nil {
		return false
	}
	cited := st.Diagnosis.Best().Citations
	return slices.ContainsFunc(st.Evidence, func(ev incident.Evidence) bool { return slices.Contains(cited, ev.ID) && fits(ev) })
}
