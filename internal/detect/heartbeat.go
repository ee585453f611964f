package detect

import (
	"fmt"
	"math"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// RuleSilent is the rule of a series that came regularly and has stopped.
const RuleSilent = incident.RuleSilent

// A series is missed when it has not come for several times as long as it
// usually does at most. How long that is, it shows itself: the two longest
// pauses of the last one to two days are remembered, of which the second counts,
// because a single one was an outage and no habit. How far its points usually
// come behind the watermark is added to it: those of CloudWatch arrive minutes
// after the log lines of the same moment.
const (
	leastBeats   = 60               // points before that nothing is said
	leastSilence = time.Minute      // however fast a series is
	missedBeats  = 5                // usual gaps without a point
	usualPauses  = 3.0              // times the longest usual pause, for a series whose pauses are hardly longer than its gaps
	wildPauses   = 10.0             // the same for one with pauses of so many gaps and more
	youngBeats   = 120.0            // with so many points it takes twice as long as later
	pauseMemory  = 24 * time.Hour   // pauses are remembered for once to twice as long
	pauseBeats   = 300              // and for so many usual gaps
	gapMemory    = 200.0            // gaps that the usual one is a mean of
	retired      = 24 * time.Hour   // of silence, after which a series is not missed any more
	hourly       = 15 * time.Minute // up to this gap, hours in which nothing comes are a habit
)

// patience is by how much longer or shorter a sensitivity waits.
func (s Sensitivity) patience() float64 {
	switch s {
	case Sensitive:
		return 0.8
	case Quiet:
		return 1.5
	default:
		return 1
	}
}

// beat takes the rhythm of a series further by a point, and closes its silence.
func (d *Detector) beat(key string, m *metricState, at time.Time, value, samples float64) []incident.Anomaly {
	p := &m.Pulse
	now, factor := unix(at), d.patience*m.feedback.factor(RuleSilent, at)
	patience := p.patience(d.patience)
	p.beat(&d.state.Flow, unix(m.Last), now, d.state.mark, value, samples, factor)
	var found []incident.Anomaly
	if p.Silent != nil {
		p.Due = 0
		found = d.heardAgain(p, m.Last, at, patience)
	}
	if p.Due == 0 && p.Beats >= leastBeats {
		d.await(key, m, now+p.patience(factor))
	}
	return found
}

// heardAgain ends the silence of a series that was heard at a time, for the first
// time since last. patience is how long it was waited for, in seconds.
func (d *Detector) heardAgain(p *pulse, last, at time.Time, patience float64) []incident.Anomaly {
	e := p.Silent
	p.Silent = nil
	silent := unix(at) - unix(last)
	if seen := d.state.Watermark; seen.Before(at) {
		e.Anomaly.LastSeen = later(e.Anomaly.LastSeen, seen)
	}
	e.Anomaly.Reached, e.Anomaly.Count = silent/patience, p.missed(silent)
	return []incident.Anomaly{e.end(d, at)}
}

// missed is how many points should have come in so many seconds.
func (p *pulse) missed(seconds float64) int {
	return int(min(seconds/max(float64(p.Gap), 1e-3), math.MaxInt32))
}

// missing opens the silence of series that are overdue, and gives up those that
// have been silent for so long that they must be gone for good.
func (d *Detector) missing(watermark time.Time) []incident.Anomaly {
	now := unix(watermark)
	var found []incident.Anomaly
	for {
		key, m, ok := d.due.next(now, d.state.Metrics)
		if !ok {
			return found
		}
		found = append(found, d.overdue(key, m, now, watermark)...)
	}
}

// overdue looks at a series whose time has come.
func (d *Detector) overdue(key string, m *metricState, now float64, watermark time.Time) []incident.Anomaly {
	p := &m.Pulse
	p.Due = 0
	if p.Silent != nil {
		return []incident.Anomaly{d.giveUp(m, watermark)}
	}
	last := unix(m.Last)
	patience := p.patience(d.patience * m.feedback.factor(RuleSilent, watermark))
	// While the whole stream was silent, nothing could be heard of this one.
	if due := max(last, d.state.Flow.Resumed) + patience; due > now {
		d.await(key, m, due)
		return nil
	}
	if p.expected(now) {
		d.await(key, m, math.Floor(now/3600+1)*3600)
		return nil
	}
	ref, ok := d.whose(key, m)
	if !ok {
		return nil // no service file names it any more: nobody waits for it
	}
	p.Silent = d.begin(d.silence(key, m, ref, last, now, watermark), 0)
	d.state.open[key] = struct{}{}
	d.await(key, m, now+max(retired.Seconds(), 10*patience))
	return []incident.Anomaly{p.Silent.Anomaly}
}

// giveUp ends the silence of a series that does not come back. What is known of
// its rhythm stays: it may be one that is switched off for days.
func (d *Detector) giveUp(m *metricState, watermark time.Time) incident.Anomaly {
	e := m.Pulse.Silent
	m.Pulse.Silent = nil
	if !m.inEpisode() {
		delete(d.state.open, e.Anomaly.Series)
	}
	e.Anomaly.Why = redact.Format("%s of %s has not come for %s and is taken as retired",
		redact.Name(e.Anomaly.Metric.Name), redact.Name(e.Anomaly.Service), redact.Name(span(watermark.Sub(m.Last).Seconds())))
	return e.end(d, watermark)
}

// silence is the anomaly of a series that does not come. What was expected and
// what was observed are points: the series has no value that could be named.
func (d *Detector) silence(key string, m *metricState, ref incident.MetricRef, last, now float64, watermark time.Time) incident.Anomaly {
	p := &m.Pulse
	account, region, _ := splitSeries(key)
	owner := d.inv.ByMetric(ref)
	service, _ := d.inv.Service(owner)
	gap := float64(p.Gap)
	usual, longest := p.usualPause()
	ref.Stat, ref.Unit, ref.Period = "SampleCount", "", wholePeriod(gap)
	atMost := redact.Format("at most %s", redact.Name(apart(longest)))
	if longest > 2*usual {
		atMost = redact.Format("at most %s but for once %s", redact.Name(apart(usual)), redact.Name(apart(longest)))
	}
	return incident.Anomaly{
		Account: account, Region: region, Service: owner, Kind: incident.KindMetric, Rule: RuleSilent, Series: key, Metric: &ref,
		Severity: grade(service, true, 2, 1), Opened: moment(last + gap), LastSeen: watermark,
		Count: p.missed(now - last), Observed: 0, Low: 1, High: max(1, float64(p.Samples)),
		// In so many pauses there was none as long as this.
		Rarity: 1 / float64(p.Beats), Unsure: p.Beats < sureUnits, Previous: float64(p.Samples),
		Reached: (now - last) / p.patience(d.patience),
		Why: redact.Format("%s of %s came every %s, %s apart in the last %s, and has not come for %s",
			redact.Name(ref.Name), redact.Name(owner), redact.Name(apart(gap)), atMost,
			redact.Name(span(last-p.Since)), redact.Name(span(now-last))),
	}
}

// whose is the metric of a series as the service file names it now.
func (d *Detector) whose(key string, m *metricState) (incident.MetricRef, bool) {
	if m.inv == nil {
		// Restored, and no point has come since.
		_, _, source := splitSeries(key)
		w, ok := d.inv.WatchedKey(source)
		return w.MetricRef, ok
	}
	w, ok := d.inv.Watched(m.watched.MetricRef)
	return w.MetricRef, ok
}

// apart writes seconds for people, short ones with a fraction.
func apart(seconds float64) string {
	if seconds < 10 {
		return fmt.Sprintf("%.2g s", seconds)
	}
	return span(seconds)
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
