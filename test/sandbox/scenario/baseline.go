package scenario

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/test/stack"
)

// healthyWithin is how long the shop may take to be healthy beyond the time of
// the baseline.
const healthyWithin = time.Minute

// baseline lets healthy telemetry flow, so that the detectors know what is
// usual. It lasts until its time has passed and the shop is healthy.
func (p *play) baseline(ctx context.Context) (err error) {
	edits := append(slices.Clone(p.sc.Edits), stack.Expiry(p.sc.QuestionStands()))
	if _, err := p.st.Commit("The catalogue of scenario "+p.sc.Name, edits...); err != nil {
		return err
	}
	p.result.Began = time.Now()
	if p.before, err = look(ctx, p.st, p.o.Client, p.result.Began); err != nil {
		return err
	}
	lasts := p.limits.Baseline
	if p.o.Warm {
		lasts = p.limits.Warm
	}
	lasts = cmp.Or(p.o.Baseline, lasts)
	p.narrator.Baseline(lasts)
	end := p.result.Began.Add(lasts)
	for {
		if err := sleep(ctx, min(10*time.Second, max(time.Until(end), time.Second))); err != nil {
			return err
		}
		p.narrator.Traffic(p.st.Shop.Traffic(5 * time.Second))
		if time.Now().Before(end) {
			continue
		}
		err := p.healthy(ctx)
		if err == nil {
			break
		}
		if time.Since(end) > healthyWithin {
			return err
		}
	}
	if ids, err := incidentsSince(ctx, p.o.Client, p.result.Began); err != nil || len(ids) > 0 {
		return cmp.Or(err, fmt.Errorf("an incident opened in a healthy shop, before the fault: %s", strings.Join(ids, ", ")))
	}
	return nil
}

// healthy tells why the shop is not fit for a fault: callers get errors, or an
// alarm that has to go off is on already.
func (p *play) healthy(ctx context.Context) error {
	if seen := p.st.Shop.Traffic(5 * time.Second); seen.Requests == 0 || seen.Errors*20 > seen.Requests {
		return fmt.Errorf("the shop is not healthy: %d of %d requests failed in the last five seconds", seen.Errors, seen.Requests)
	}
	out, err := cw.NewFromConfig(p.st.AWS()).DescribeAlarms(ctx, &cw.DescribeAlarmsInput{StateValue: cwtypes.StateValueAlarm})
	if err != nil {
		return fmt.Errorf("ask for the alarms: %w", err)
	}
	for _, a := range out.MetricAlarms {
		return fmt.Errorf("alarm %s is on in a healthy shop", *a.AlarmName)
	}
	return nil
}
