package evidence

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// VerifyRecovery watches the live metric until enough consecutive datapoints
// since the fix are good, or time is up. It holds no state between two looks:
// every look judges everything since the fix, so that a worker that takes over
// continues where another ended. The time counts from the fix, and at least one
// look is taken however late it is.
func (a *Activities) VerifyRecovery(ctx context.Context, in incident.VerifyRecoveryInput) (incident.Verification, error) {
	if err := checkSpec(in.Verify); err != nil {
		return incident.Verification{}, err
	}
	if in.Since.IsZero() {
		return incident.Verification{}, awserror.Refuse(incident.ErrorValidation, "verify the recovery of %s: the end of the fix is missing", in.IncidentID)
	}
	period := time.Duration(in.Verify.Metric.Period) * time.Second
	// The last datapoint of the window needs its time to be complete.
	deadline := in.Since.Add(in.Verify.Timeout.Std() + settle(period))
	tick := time.NewTicker(a.opts.Poll)
	defer tick.Stop()

	var latest incident.Verification
	looked := false
	for {
		now := a.opts.Now()
		verification, err := a.recovery(ctx, in.Verify, in.Since, now)
		switch {
		case err == nil:
			looked = true
			latest = verification
			if latest.OK {
				return latest, nil
			}
		case ctx.Err() != nil:
			return incident.Verification{}, fmt.Errorf("verify the recovery of %s: %w", in.IncidentID, ctx.Err())
		case !awserror.Retryable(err):
			return incident.Verification{}, awserror.Classify("verify the recovery of "+in.IncidentID, err)
		case !now.Before(deadline) && !looked:
			return incident.Verification{}, awserror.Classify("verify the recovery of "+in.IncidentID, err)
		}
		if !now.Before(deadline) {
			latest.Detail = redact.Format("Time is up after %s. %s", in.Verify.Timeout.Std(), latest.Detail)
			return latest, nil
		}
		activity.RecordHeartbeat(ctx, latest.Samples)
		select {
		case <-ctx.Done():
			return incident.Verification{}, fmt.Errorf("verify the recovery of %s: %w", in.IncidentID, ctx.Err())
		case <-tick.C:
		}
	}
}

// recovery judges the metric, and the others that have to be good besides it:
// the first that is not decides.
func (a *Activities) recovery(ctx context.Context, spec incident.VerifySpec, since, now time.Time) (incident.Verification, error) {
	var out incident.Verification
	for i, v := range spec.All() {
		points, err := a.judge(ctx, v, since, now)
		if err != nil {
			return incident.Verification{}, err
		}
		one := a.verdict(v, points, time.Duration(v.Metric.Period)*time.Second)
		switch {
		case i == 0:
			out = one
		case one.OK:
			out.Detail = redact.Format("%s %s/%s is good, too.", out.Detail, redact.Name(v.Metric.Namespace), redact.Name(v.Metric.Name))
		}
		if !one.OK {
			return one, nil
		}
	}
	return out, nil
}

// verdict sums up what the datapoints since the fix say.
func (a *Activities) verdict(v incident.VerifySpec, points []judged, period time.Duration) incident.Verification {
	out := incident.Verification{Metric: v.Metric.Namespace + "/" + v.Metric.Name, Before: v.Before}
	run := goodRun(points, period)
	var counted []judged
	idle := 0
	for _, p := range points {
		if p.idle && p.good {
			idle++
			continue
		}
		counted = append(counted, p)
	}
	out.Samples = len(counted)
	ok, more := recovered(run, v, period)
	if ok {
		out.OK = true
		out.Samples = len(run)
		counted = run
	}
	if len(counted) > 0 {
		values := make([]float64, len(counted))
		for i, p := range counted {
			values[i] = p.value
		}
		out.After = median(values)
		out.At = counted[len(counted)-1].at
	}
	missing := redact.Text{}
	switch {
	case len(points) == 0:
		missing = redact.Literal(" No datapoint has come since the fix.")
	case idle > 0:
		missing = redact.Format(" %d datapoints did not count, because there was no traffic.", idle)
	}
	out.Detail = redact.Format("%d of %d needed consecutive datapoints are %s %.6g %s; median %.6g, %.6g right before the fix.%s%s",
		min(len(run), v.Samples), v.Samples, redact.Name(comparisonWords(v.Comparison)), v.Threshold, redact.Name(v.Metric.Unit), out.After, v.Before, missing, more)
	return out
}

func comparisonWords(c string) string {
	if c == ">=" {
		return "at least"
	}
	return "at most"
}
