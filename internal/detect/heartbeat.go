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

// pulse is the rhythm of one series. Times are seconds since 1970.
type pulse struct {
	Beats   uint32     `json:"beats"`            // points so far
	Moved   bool       `json:"moved,omitempty"`  // the value has not always been the same
	First   float64    `json:"first"`            // the first value
	Samples float32    `json:"samples"`          // in the latest point
	Gap     float32    `json:"gap"`              // usual seconds between points
	Began   float64    `json:"began"`            //
	Epoch   float64    `json:"epoch"`            // since when pauses are in Pauses; those before are in Former
	Since   float64    `json:"since"`            // since when they are in Former
	Pauses  [2]float32 `json:"pauses"`           // the two longest, in seconds
	Former  [2]float32 `json:"former"`           //
	Lags    [2]float32 `json:"lags"`             // the two furthest behind the watermark that points came, in seconds, since Epoch
	Lagged  float32    `json:"lagged"`           // the second of those of before
	Hour    int32      `json:"hour"`             // of the latest point, since 1970
	Hours   [3]uint64  `json:"hours"`            // hours of the week before Hour in which a point came
	Due     float64    `json:"due,omitempty"`    // watermark at which it is looked at; 0 for never
	Silent  *episode   `json:"silent,omitempty"` //
}

const weekHours = 7 * 24

// beat takes a point that came at a time, after the one at last, while the
// stream was complete up to a mark.
func (p *pulse) beat(f *flow, last, at, mark, value, samples, factor float64) {
	p.Samples = float32(min(samples, math.MaxFloat32))
	p.visit(int32(at/3600), f, mark)
	if p.Beats == 0 {
		p.Beats, p.First, p.Began, p.Epoch, p.Since = 1, value, at, at, at
		return
	}
	pause, counts := p.pause(last, at, mark, f.Resumed, factor)
	gap := at - last
	if p.Beats++; p.Beats == 2 {
		p.Gap = float32(gap)
	}
	p.Moved = p.Moved || value != p.First
	usual := float64(p.Gap)
	rate := max(1/float64(p.Beats), 1/gapMemory)
	p.Gap += float32(rate * (min(gap, missedBeats*usual) - usual))
	if at-p.Epoch >= max(pauseMemory.Seconds(), pauseBeats*usual) {
		p.Former, p.Pauses = p.Pauses, [2]float32{}
		p.Lagged, p.Lags = p.Lags[1], [2]float32{}
		p.Since, p.Epoch = p.Epoch, at
	}
	if counts {
		longest(&p.Pauses, pause)
	}
	if lag := mark - at; lag > 0 {
		if p.Beats > leastBeats {
			lag = min(lag, 2*(p.lag()+leastSilence.Seconds()))
		}
		longest(&p.Lags, lag)
	}
}

// lag is how far behind the watermark points usually come, in seconds.
func (p *pulse) lag() float64 { return float64(max(p.Lags[1], p.Lagged)) }

// pause is how long the series had not come, in seconds, and whether that is to
// be learned.
func (p *pulse) pause(last, at, mark, resumed, factor float64) (float64, bool) {
	pause := at - last
	if p.Beats < leastBeats || pause < leastSilence.Seconds()/2 {
		return pause, true
	}
	patience := p.patience(factor)
	switch {
	case pause < patience:
		return pause, true
	case mark-last < patience, resumed > last, p.expected(at):
		// Nothing at all was heard in that time, or not of this series, as usual.
		return 0, false
	default:
		// An outage is no habit, but what comes again and again becomes one.
		return min(pause, 2*patience), true
	}
}

// longest keeps the two longest of all, the longest first.
func longest(of *[2]float32, seconds float64) {
	if s := float32(seconds); s > of[0] {
		of[0], of[1] = s, of[0]
	} else if s > of[1] {
		of[1] = s
	}
}

// visit notes that something came in an hour, and nothing in those since the
// latest one, unless nothing came of any series then.
func (p *pulse) visit(hour int32, f *flow, mark float64) {
	if hour <= p.Hour && p.Beats > 0 {
		return
	}
	from := max(p.Hour+1, hour-weekHours+1)
	if p.Beats == 0 {
		from = hour
	}
	for h := from; h <= hour; h++ {
		if bit := uint64(1) << (h % weekHours % 64); f.heard(h, mark) {
			p.Hours[h%weekHours/64] &^= bit
		} else {
			p.Hours[h%weekHours/64] |= bit
		}
	}
	p.Hours[hour%weekHours/64] |= 1 << (hour % weekHours % 64)
	p.Hour = hour
}

// came tells whether a point came in an hour, as far as that is known.
func (p *pulse) came(hour int32) bool {
	if hour > p.Hour || hour <= p.Hour-weekHours || float64(hour)*3600 < p.Began {
		return true
	}
	return p.Hours[hour%weekHours/64]&(1<<(hour%weekHours%64)) != 0
}

// expected tells whether silence at a time is a habit: a day or a week ago there
// was silence, too. Pauses begin and end within an hour, so that the hours
// around it count as well.
func (p *pulse) expected(now float64) bool {
	if float64(p.Gap) > hourly.Seconds() {
		return false // of a series as slow as that, hours say nothing; its pauses do
	}
	hour := int32(now / 3600)
	for _, ago := range []int32{24, weekHours} {
		for h := hour - ago - 1; h <= hour-ago+1; h++ {
			if !p.came(h) {
				return true
			}
		}
	}
	return false
}

// usualPause is the longest pause that is a habit, and longest the longest of
// all, in seconds.
func (p *pulse) usualPause() (usual, longest float64) {
	return float64(max(p.Pauses[1], p.Former[1])), float64(max(p.Pauses[0], p.Former[0]))
}

// patience is after how many seconds without a point the series is missed.
func (p *pulse) patience(factor float64) float64 {
	gap := float64(p.Gap)
	usual, _ := p.usualPause()
	times := max(usualPauses, min(usual/max(gap, 1e-3), wildPauses))
	young := 1 + youngBeats/float64(max(p.Beats, 1))
	return max(leastSilence.Seconds(), missedBeats*gap, times*usual)*young*factor + p.lag()
}

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
	if p.Silent != nil {
		p.Silent.Anomaly.Reached = (now - unix(m.Last)) / p.patience(d.patience)
	}
	p.beat(&d.state.Flow, unix(m.Last), now, d.state.mark, value, samples, factor)
	var found []incident.Anomaly
	if e := p.Silent; e != nil {
		p.Silent, p.Due = nil, 0
		if seen := d.state.Watermark; seen.Before(at) {
			e.Anomaly.LastSeen = later(e.Anomaly.LastSeen, seen)
		}
		e.Anomaly.Count = p.missed(now - unix(m.Last))
		found = []incident.Anomaly{e.end(d, at)}
	}
	if p.Due == 0 && p.Beats >= leastBeats {
		d.await(key, m, now+p.patience(factor))
	}
	return found
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
