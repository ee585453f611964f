package evidence

import (
	"context"
	"time"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
)

// lookback is how many periods the present symptom is judged by, at least.
const lookback = 30

// ReadSymptom looks at the live metrics now. A symptom counts as gone only
// when as many consecutive datapoints as a verification needs are good, all of
// them since the latest anomalous signal: detectors are faster than metrics, so
// that the latest datapoints can be from before the trouble. Without datapoints
// it cannot be ruled out, and is present but not known. Of several symptoms the
// first that is not gone is the reading; the trouble is gone when all are.
func (a *Activities) ReadSymptom(ctx context.Context, in incident.ReadSymptomInput) (incident.SymptomReading, error) {
	if err := checkSpec(in.Verify); err != nil {
		return incident.SymptomReading{}, err
	}
	var first incident.SymptomReading
	for i, v := range in.Verify.All() {
		reading, err := a.symptom(ctx, v, in.Since)
		if err != nil || reading.Present {
			return reading, err
		}
		if i == 0 {
			first = reading
		}
	}
	return first, nil
}

// symptom looks at one metric.
func (a *Activities) symptom(ctx context.Context, v incident.VerifySpec, notBefore time.Time) (incident.SymptomReading, error) {
	period := time.Duration(v.Metric.Period) * time.Second
	now := a.opts.Now()
	since := now.Add(-max(time.Minute, time.Duration(max(lookback, 2*v.Samples))*period, 2*v.Quiet.Std()))
	if notBefore.After(since) {
		since = notBefore
	}
	points, err := a.judge(ctx, v, since, now)
	if err != nil {
		return incident.SymptomReading{}, awserror.Classify("read the symptom "+v.Metric.SourceKey(), err)
	}
	if len(points) == 0 {
		return incident.SymptomReading{Present: true}, nil
	}
	last := points[len(points)-1]
	gone, _ := recovered(goodRun(points, period), v, period)
	return incident.SymptomReading{
		Present: !gone,
		Known:   true, Value: last.value, At: last.at,
	}, nil
}

// checkSpec refuses a specification that could never be judged rightly.
func checkSpec(v incident.VerifySpec) error {
	for _, also := range v.Also {
		if err := checkSpec(also); err != nil {
			return err
		}
	}
	switch {
	case v.Metric.IsZero() || v.Metric.Period <= 0 || v.Metric.Stat == "":
		return awserror.Refuse(incident.ErrorValidation, "the metric to verify by is incomplete: %s", v.Metric.SourceKey())
	case v.Comparison != "<=" && v.Comparison != ">=":
		return awserror.Refuse(incident.ErrorValidation, "comparison %q is neither <= nor >=", v.Comparison)
	case v.Samples < 1:
		return awserror.Refuse(incident.ErrorValidation, "%d datapoints prove nothing, at least 1 is needed", v.Samples)
	default:
		return nil
	}
}

// judged is a complete datapoint with its verdict.
type judged struct {
	point
	good bool
	idle bool // nothing happened in its period: it tells nothing
}

// judge reads the metric, and the traffic where the specification names it, and
// judges every complete datapoint whose period lies between since and now.
func (a *Activities) judge(ctx context.Context, v incident.VerifySpec, since, now time.Time) ([]judged, error) {
	refs := []incident.MetricRef{v.Metric}
	if v.Traffic != nil {
		traffic := *v.Traffic
		traffic.Period = v.Metric.Period // one period for both, or they cannot be matched
		refs = append(refs, traffic)
	}
	series, err := a.read(ctx, refs, since, now)
	if err != nil {
		return nil, err
	}
	traffic := map[int64]float64{}
	if v.Traffic != nil {
		for _, p := range series[1] {
			traffic[p.at.Unix()] = p.value
		}
	}
	period := time.Duration(v.Metric.Period) * time.Second
	var out []judged
	for _, p := range series[0] {
		// A period that began before the fix holds what was before it, and one that
		// has only just ended may still grow.
		if p.at.Before(since) || p.at.Add(period+settle(period)).After(now) {
			continue
		}
		good := p.value <= v.Threshold
		if v.Comparison == ">=" {
			good = p.value >= v.Threshold
		}
		idle := v.Traffic != nil && traffic[p.at.Unix()] <= 0
		out = append(out, judged{point: p, good: good, idle: idle})
	}
	return out, nil
}

// settle is how long after its end a datapoint may still change, because what
// belongs to it is still on its way.
func settle(period time.Duration) time.Duration { return min(max(period, time.Second), time.Minute) }

// goodRun is the latest unbroken run of good datapoints. A bad datapoint ends
// it, and so does silence: more than one period in a row without a datapoint.
// Datapoints of periods without traffic are no silence, and do not count; a bad
// one ends the run all the same, since trouble needs no traffic to be trouble.
func goodRun(points []judged, period time.Duration) []judged {
	var run []judged
	var last time.Time
	for _, p := range points {
		if !last.IsZero() && p.at.Sub(last) > 2*period {
			run = nil
		}
		last = p.at
		switch {
		case !p.good:
			run = nil
		case !p.idle:
			run = append(run, p)
		}
	}
	return run
}
