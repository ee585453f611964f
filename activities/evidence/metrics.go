package evidence

import (
	"context"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// Limits of what is read of a series beyond the time right before the onset: how
// it usually is tells how unusual it has become. GetMetricData has its price by
// the series and not by the datapoint, but takes its time.
const (
	historyPoints = 3600    // of one series
	leastPoints   = 720     // however many series there are
	manyPoints    = 500_000 // of all series of one period, five pages
	longestPast   = 6 * time.Hour
)

// metricSource reads the watched series of one period around the onset, with
// their history.
type metricSource struct {
	a      *Activities
	what   redact.Text
	period int // seconds
	from   time.Time
	series []watched
}

// watched is a series to be read, and whose it is.
type watched struct {
	incident.WatchedMetric
	service string
}

// words name the series, such as "errors of checkout, Shop/Errors".
func (w watched) words() redact.Text {
	return redact.Format("%s of %s, %s/%s", redact.Name(string(w.Role)), redact.Name(w.service), redact.Name(w.Namespace), redact.Name(w.Name))
}

// metricSources are those of every watched series of the services, one for each
// period: what can be read of the past depends on it.
func (a *Activities) metricSources(q *question) ([]source, answer) {
	var gaps answer
	byPeriod := map[int][]watched{}
	n := 0
	for _, service := range q.services {
		for _, w := range service.Metrics {
			w.Period = periodAt(w.Period, q.from, q.now)
			if n++; n <= maxQueries {
				byPeriod[w.Period] = append(byPeriod[w.Period], watched{w, service.Name})
			}
		}
	}
	if n == 0 {
		gaps.gap(incident.GapNone, redact.Literal("metrics"), redact.Literal("the service files name none"))
	}
	if n > maxQueries {
		gaps.gap(incident.GapCut, redact.Literal("metrics"), redact.Format("%d series are watched, the first %d were read", n, maxQueries))
	}
	var out []source
	for _, period := range slices.Sorted(maps.Keys(byPeriod)) {
		what := redact.Literal("metrics")
		if len(byPeriod) > 1 {
			what = redact.Format("metrics of %d s", period)
		}
		out = append(out, metricSource{a, what, period, pastFrom(period, len(byPeriod[period]), q), byPeriod[period]})
	}
	return out, gaps
}

func (s metricSource) name() redact.Text { return s.what }

func (metricSource) needs() []string { return []string{"cloudwatch:GetMetricData"} }

// gather reads all series in one question.
func (s metricSource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	refs := make([]incident.MetricRef, len(s.series))
	for i, w := range s.series {
		refs[i] = w.MetricRef
	}
	all, failed, err := s.a.readEach(ctx, refs, s.from, q.until)
	if err != nil {
		return out, err
	}
	for i, points := range all {
		w := s.series[i]
		if failed[i] != nil {
			kind, why := s.a.reason(failed[i], s.needs())
			out.gap(kind, w.words(), why)
			continue
		}
		if len(points) > 0 {
			out.series = append(out.series, seriesOf(w, points))
		}
		near := points[sort.Search(len(points), func(i int) bool {
			return !points[i].at.Before(q.from.Truncate(time.Duration(s.period) * time.Second))
		}):]
		out.metric(w, near, points, q)
	}
	return out, nil
}

// seriesOf is a series for the ranking.
func seriesOf(w watched, points []point) series {
	out := series{ref: w.MetricRef, Series: rootcause.Series{Service: w.service, Metric: w.Namespace + "/" + w.Name, Role: w.Role}}
	for _, p := range points {
		out.Points = append(out.Points, rootcause.Point{At: p.at, Value: p.value})
	}
	return out
}

// wholeSeries is all that was read of a series, for the store.
type wholeSeries struct {
	Metric incident.MetricRef `json:"metric"`
	Onset  time.Time          `json:"onset"`
	Points [][2]float64       `json:"points"` // seconds since 1970 and value
}

func wholeOf(r incident.MetricRef, points []point, q *question) wholeSeries {
	out := wholeSeries{Metric: r, Onset: q.onset.UTC(), Points: make([][2]float64, len(points))}
	for i, p := range points {
		out.Points[i] = [2]float64{float64(p.at.Unix()), p.value}
	}
	return out
}

// metric compares one series before and since the onset. Near are its points
// around the onset, all of them are kept as a whole.
func (c *answer) metric(w watched, points, all []point, s *question) {
	service, role, r, region, name := w.service, w.Role, w.MetricRef, s.region, w.words()
	if len(points) == 0 {
		c.gap(incident.GapNone, name, redact.Literal("no datapoints around the onset"))
		return
	}
	whole := wholeOf(r, all, s)
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
		c.addWhole(e, weightCalm, whole)
		return
	case len(after) == 0:
		was := median(valuesOf(before))
		e.Facts[incident.FactBefore] = was
		e.Title = redact.Format("%s: stopped reporting", name)
		e.Detail = redact.Format("No datapoint since the onset; the median of %d datapoints before it was %.4g %s.", len(before), was, unit)
		c.addWhole(e, weightSignal+100, whole)
		return
	case len(before) == 0:
		now := median(valuesOf(after))
		e.Facts[incident.FactAfter] = now
		e.Title = redact.Format("%s: %.4g, nothing to compare with", name, now)
		e.Detail = redact.Format("No datapoint before the onset; the median of %d datapoints since is %.4g %s.", len(after), now, unit)
		c.addWhole(e, weightCalm, whole)
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
	c.addWhole(e, weight, whole)
}

func clamp(v float64) float64 { return max(-maxDeviations, min(maxDeviations, v)) }

func least(points []point) float64 {
	out := math.Inf(1)
	for _, p := range points {
		out = min(out, p.value)
	}
	return out
}
