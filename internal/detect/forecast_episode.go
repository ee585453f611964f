package detect

import (
	"fmt"
	"math"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// open begins an episode. It opens where the climb began, because that is what evidence and changes are to be compared with.
func (f *forecast) open(d *Detector, m *metricState, s *telemetry.Signal, t trait, at int, l line, limit float64) []incident.Anomaly {
	sc := &f.Scales[at]
	mean, peak := f.before(at)
	opened := moment(sc.Since)
	service, _ := d.inv.Service(s.Service)
	ref := s.Metric.Ref(t.stat, wholePeriod(m.Step))
	ref.Unit = m.watched.Unit
	ahead := aheadOf(l, limit)
	f.Episode = d.begin(incident.Anomaly{
		Account: s.Account, Region: s.Region, Service: s.Service, Kind: incident.KindForecast, Rule: RuleTrend, Series: s.Series,
		Metric: &ref, Severity: grade(service, t.ease, 2, 1), Opened: opened, LastSeen: s.Time, Count: int(sc.Streak),
		Observed: l.now, Low: max(min(0, mean), 2*mean-peak), High: peak, Unsure: sc.Calm < calmLooks, Previous: mean,
		Reached:  l.horizon(d.rules.Ahead) / max(ahead.Seconds, 1),
		Forecast: &ahead, Why: climb(ref, s.Service, opened, ahead),
	}, 1/max(ahead.Seconds, 1))
	f.At, f.Start, f.Top, f.Flat, f.Down, f.Between = at, l.now, l.now, 0, 0, 0
	sc.Streak = 0
	return []incident.Anomaly{f.Episode.Anomaly}
}

// follow looks at an open episode's trend: it goes on, it has become urgent, or
// the series has stopped climbing for a whole window. To go on takes less than
// to open: the limit may be twice as far away.
func (f *forecast) follow(d *Detector, m *metricState, s *telemetry.Signal, limit float64) []incident.Anomaly {
	sc := &f.Scales[f.At]
	a := &f.Episode.Anomaly
	if len(sc.Values) < leastPoints {
		return nil // after a gap
	}
	var room [scalePoints]float64
	l := fit(sc.window(&room))
	l.crest = f.crest(f.At, l)
	f.Top = max(f.Top, l.now)
	about, _, _ := l.until(limit)
	if l.low <= 0 || about > 2*l.horizon(m.feedback.thresholds(d.rules, RuleTrend, s.Time).Ahead) {
		if f.Flat++; f.Flat < scalePoints/lookEvery {
			return nil
		}
		// It stays where it is: that is what is usual from now on.
		f.settled(limit)
		return f.close(d, a.LastSeen)
	}
	f.Flat = 0
	ahead := aheadOf(l, limit)
	a.Count++
	a.LastSeen, a.Observed, a.Forecast = s.Time, l.now, &ahead
	a.Reached = max(a.Reached, l.horizon(d.rules.Ahead)/max(ahead.Seconds, 1))
	severity := a.Severity
	gap := max(10*time.Second, seconds(2*m.Step))
	if service, ok := d.inv.Service(s.Service); ok && l.now >= limit && s.Time.Sub(f.Episode.ToldAt) >= gap {
		severity = grade(service, false, 2, 1) // the limit is no longer a forecast
	}
	// Whoever has been told of ten seconds is told again when it has happened.
	excess := 1 / max(ahead.Seconds, gap.Seconds())
	if !f.Episode.grow(excess, severity, gap) {
		return nil
	}
	a.Why = climb(*a.Metric, s.Service, a.Opened, ahead)
	return []incident.Anomaly{f.Episode.tell(d, incident.EpisodeGrowing, excess)}
}

// horizon is how many seconds ahead a limit may be that a line is told to reach.
// What climbs for a day or more is not one day's swing.
func (l line) horizon(windows float64) float64 {
	if l.span < dayLong {
		return min(windows*l.span, farthest)
	}
	return min(windows*l.span, max(farthest, l.span/2))
}

// longestTold is the longest time that is told, in seconds.
const longestTold = 30 * dayLong

// aheadOf is what a line says of a limit, in numbers that travel: JSON has no
// infinity.
func aheadOf(l line, limit float64) incident.Forecast {
	about, soonest, latest := l.until(limit)
	return incident.Forecast{
		Limit: limit, Slope: l.slope,
		Seconds: math.Min(about, longestTold), Soonest: math.Min(soonest, longestTold), Latest: math.Min(latest, longestTold),
	}
}

// climb says in numbers what climbs, since when, and where it leads.
func climb(ref incident.MetricRef, service string, since time.Time, f incident.Forecast) redact.Text {
	where := redact.Format("reaches its limit of %.4g in about %s (%s to %s)",
		f.Limit, redact.Name(span(f.Seconds)), redact.Name(span(f.Soonest)), redact.Name(span(f.Latest)))
	if f.Seconds <= 0 {
		where = redact.Format("has reached its limit of %.4g", f.Limit)
	}
	return redact.Format("%s of %s climbs %s since %s UTC and %s",
		redact.Name(ref.Name), redact.Name(service), redact.Name(rate(f.Slope, ref.Unit)), redact.Name(since.UTC().Format("15:04:05")), where)
}

// rate writes a slope in the unit of time in which it is a handy number.
func rate(perSecond float64, unit string) string {
	per, value := "s", perSecond
	switch {
	case perSecond*60 < 0.1:
		per, value = "h", perSecond*3600
	case perSecond < 0.1:
		per, value = "min", perSecond*60
	}
	if unit == "" || unit == "None" {
		return fmt.Sprintf("%.2g/%s", value, per)
	}
	return fmt.Sprintf("%.2g %s/%s", value, unit, per)
}

// span writes seconds for people.
func span(s float64) string {
	switch {
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}

// moment is a time of whole milliseconds.
func moment(at float64) time.Time { return time.UnixMilli(milliseconds(at)).UTC() }
