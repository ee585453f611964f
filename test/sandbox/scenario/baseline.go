package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/internal/incident"
	"firebreak/test/stack"
)

// healthyWithin is how long the shop may take to be healthy beyond the time of
// the baseline.
const healthyWithin = 2 * time.Minute

// leastWarm is how long a baseline lasts at least: services have just been
// restarted, and what that sets off has to show before the fault.
const leastWarm = 12 * time.Second

// leastOK is how long alarms have been OK before the next fault: for half a minute
// the detectors count another one as the same trouble, and that of the scenario
// before is over.
const leastOK = 40 * time.Second

// maxFalse is how many incidents may open before the fault: a machine that
// stalls for some seconds slows a healthy shop down, which is unusual and found.
const maxFalse = 2

// errFalse is why a baseline is begun again.
var errFalse = errors.New("an incident opened in a healthy shop, before the fault")

// baseline lets healthy telemetry flow, so that the detectors know what is
// usual. An incident that opens in it is put away, told and counted, and the
// baseline begins again.
func (p *play) baseline(ctx context.Context) (err error) {
	edits := append(slices.Clone(p.sc.Edits), stack.Expiry(p.sc.QuestionStands()))
	if _, err := p.st.Commit("The catalogue of scenario "+p.sc.Name, edits...); err != nil {
		return err
	}
	for {
		err := p.quiet(ctx)
		if !errors.Is(err, errFalse) || p.result.False == maxFalse {
			return err
		}
		p.result.False++
		p.narrator.Step(err.Error() + "; it is put away, and the baseline begins again")
		if err := forget(ctx, p.o.Client); err != nil {
			return err
		}
		p.o.Warm, p.o.Calm = true, time.Time{}
	}
}

// quiet waits until the time of the baseline has passed and the shop is healthy.
func (p *play) quiet(ctx context.Context) (err error) {
	p.result.Began = time.Now()
	if p.before, err = look(ctx, p.st, p.o.Client, p.result.Began); err != nil {
		return err
	}
	lasts := p.limits.Baseline
	if p.o.Warm {
		lasts = p.limits.Warm
		if p.sc.Limits.Warm == 0 && !p.o.Calm.IsZero() { // a time of its own is for something else than rest
			lasts = max(leastWarm, lasts-p.result.Began.Sub(p.o.Calm))
		}
	}
	lasts = cmp.Or(p.o.Baseline, lasts)
	p.narrator.Baseline(lasts)
	end := p.result.Began.Add(lasts)
	for {
		if err := sleep(ctx, min(10*time.Second, max(time.Until(end), time.Second))); err != nil {
			return err
		}
		p.narrator.Traffic(p.st.Shop.Traffic(5 * time.Second))
		ids, err := incidentsSince(ctx, p.o.Client, p.result.Began)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			return fmt.Errorf("%w: %s", errFalse, incident.IncidentIDOf(ids[0]))
		}
		if time.Now().Before(end) {
			continue
		}
		if err = p.healthy(ctx); err == nil || time.Since(end) > healthyWithin {
			return err
		}
	}
}

// healthy tells why the shop is not fit for a fault: callers get errors, or an
// alarm that has to go off is on already, or was a moment ago.
func (p *play) healthy(ctx context.Context) error {
	if seen := p.st.Shop.Traffic(5 * time.Second); seen.Requests == 0 || seen.Errors*20 > seen.Requests {
		return fmt.Errorf("the shop is not healthy: %d of %d requests failed in the last five seconds", seen.Errors, seen.Requests)
	}
	out, err := cw.NewFromConfig(p.st.AWS()).DescribeAlarms(ctx, &cw.DescribeAlarmsInput{})
	if err != nil {
		return fmt.Errorf("ask for the alarms: %w", err)
	}
	for _, a := range out.MetricAlarms {
		if a.StateValue == cwtypes.StateValueAlarm {
			return fmt.Errorf("alarm %s is on in a healthy shop", *a.AlarmName)
		}
		if since := time.Since(aws.ToTime(a.StateTransitionedTimestamp)); p.o.Warm && since < leastOK {
			return fmt.Errorf("alarm %s changed %.0f s ago, in a healthy shop", *a.AlarmName, since.Seconds())
		}
	}
	return nil
}
