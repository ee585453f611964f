package evidence

import (
	"context"
	"math"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// metrics reads every watched series of the services around the onset.
func (a *Activities) metrics(ctx context.Context, services []incident.Service, s span, region string, c *collected) {
	var refs []incident.MetricRef
	var watched []incident.WatchedMetric
	var owners []string
	for _, service := range services {
		for _, w := range service.Metrics {
			r := w.MetricRef
			r.Period = periodAt(r.Period, s.from, a.opts.Now())
			refs, watched, owners = append(refs, r), append(watched, w), append(owners, service.Name)
		}
	}
	if len(refs) == 0 {
		c.gap(redact.Literal("metrics"), redact.Literal("the service files name none"))
		return
	}
	if len(refs) > maxQueries {
		c.gap(redact.Literal("metrics"), redact.Format("%d series are watched, the first %d were read", len(refs), maxQueries))
		refs = refs[:maxQueries]
	}
	series, err := a.read(ctx, refs, s.from, s.until)
	c.asked(a, redact.Literal("metrics"), err)
	if err != nil {
		return
	}
	for i, points := range series {
		a.metric(owners[i], watched[i].Role, refs[i], points, s, region, c)
	}
}

// metric compares one series before and since the onset.
func (a *Activities) metric(service string, role incident.MetricRole, r incident.MetricRef, points []point, s span, region string, c *collected) {
	name := redact.Format("%s of %s, %s/%s", redact.Name(string(role)), redact.Name(service), redact.Name(r.Namespace), redact.Name(r.Name))
	if len(points) == 0 {
		c.gap(name, redact.Literal("no datapoints around the onset"))
		return
	}
	period := time.Duration(r.Period) * time.Second
	before, after := split(points, s.onset, period)
	e := incident.Evidence{
		Kind: incident.EvidenceMetric, Service: service, From: s.from, To: s.until, Metric: &r, Role: role,
		Query: metricQuery(r, s.from, s.until, region), Facts: map[string]float64{},
	}
	unit := redact.Name(r.Unit)
	switch {
	case len(after) == 0 && !overdue(before, period, s.until):
		was := median(valuesOf(before))
		e.Facts[incident.FactBefore] = was
		e.Title = redact.Format("%s: no datapoint since the onset yet", name)
		e.Detail = redact.Format("The median of %d datapoints before it was %.4g %s; the next one is not due yet.", len(before), was, unit)
		c.add(e, weightCalm)
		return
	case len(after) == 0:
		was := median(valuesOf(before))
		e.Facts[incident.FactBefore] = was
		e.Title = redact.Format("%s: stopped reporting", name)
		e.Detail = redact.Format("No datapoint since the onset; the median of %d datapoints before it was %.4g %s.", len(before), was, unit)
		c.add(e, weightSignal+100)
		return
	case len(before) == 0:
		now := median(valuesOf(after))
		e.Facts[incident.FactAfter] = now
		e.Title = redact.Format("%s: %.4g, nothing to compare with", name, now)
		e.Detail = redact.Format("No datapoint before the onset; the median of %d datapoints since is %.4g %s.", len(after), now, unit)
		c.add(e, weightCalm)
		return
	}
	was, now := median(valuesOf(before)), median(valuesOf(after))
	dev := deviation(valuesOf(before))
	apart := clamp((now - was) / dev)
	trend := clamp(slope(after) / dev)
	low, high := was-bandWidth*dev, was+bandWidth*dev
	if least(before) >= 0 {
		low = max(low, 0) // a series that never was negative has no negative normal
	}
	e.Facts = map[string]float64{
		incident.FactBefore: was, incident.FactAfter: now, incident.FactLow: low, incident.FactHigh: high,
		incident.FactDeviations: apart, incident.FactSlope: trend,
	}
	how := redact.Literal("within its band")
	if now > high {
		how = redact.Literal("above its band")
	} else if now < low {
		how = redact.Literal("below its band")
	}
	e.Title = redact.Format("%s: %.4g before, %.4g since, %s", name, was, now, how)
	e.Detail = redact.Format("Median %.4g %s over %d datapoints before the onset (band %.4g to %.4g), %.4g over %d datapoints since: %.1f robust deviations, changing by %.2f deviations a minute.",
		was, unit, len(before), low, high, now, len(after), apart, trend)
	weight := float64(weightCalm)
	if now > high || now < low || math.Abs(trend) > bandWidth {
		weight = weightSignal + min(200, max(math.Abs(apart), math.Abs(trend)))
	}
	c.add(e, weight)
}

func clamp(v float64) float64 { return max(-maxDeviations, min(maxDeviations, v)) }

func least(points []point) float64 {
	out := math.Inf(1)
	for _, p := range points {
		out = min(out, p.value)
	}
	return out
}
