package detect

import (
	"math"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// RuleTrend is the rule of forecasts: a series climbs steadily and is about to
// reach the limit that its service file names.
const RuleTrend = "trend"

// What makes a climb a forecast. A series of role saturation with a limit is
// looked at when
//   - its line rises steadily over the whole window (see line),
//   - nine in ten slopes are at least half of the middle one, and the rise is
//     several times what the points scatter: noise and sawteeth drown;
//   - the line is above what the series has been before the window, so that the
//     upstroke of a sawtooth or of a day stays silent once one was seen;
//   - the limit is reached soon: within as many windows as the sensitivity says.
//     A trend of a minute says nothing about tomorrow. It is the crests that reach
//     it (see line.until), and a climb that slows down may never do;
//   - on the first day of a series, the limit is close: a slow climb may be the day.
//
// And it has to hold for some looks in a row, for longer where the series was
// never seen without a climb: that may be how it always is after a start.
const (
	trendSure    = 0.5  // least lower slope, as a share of the slope
	trendScatter = 4.0  // least rise, in scatters
	trendNew     = 0.25 // share of the rise that is above what the series has been before
	freshStreak  = 30   // looks in a row for a series that was never seen calm
	calmLooks    = 5    // looks without a trend after which it was
	downShare    = 0.25 // share of the climb above which a value has not come down
	topShare     = 0.75 // share above which it is still at the top
	slowDescent  = 10   // points that a descent takes when nothing was restarted
	dayLong      = 24 * 3600.0
	farthest     = 6 * 3600.0 // seconds ahead at most, by what climbs for less than a day
	longClimb    = 2 * 3600.0 // a window that is longer can hold the climb of a day
)

// confirm is how many looks in a row an opening takes, by scale.
var confirm = [scales]int32{2, 2, 2, 1}

// forecast is the trend detector of one series.
type forecast struct {
	Scales  [scales]scale `json:"scales"`
	Episode *episode      `json:"episode,omitempty"`
	At      int           `json:"at,omitempty"`      // scale at which the episode was found
	Start   float64       `json:"start,omitempty"`   // value on the line when it opened
	Flat    int           `json:"flat,omitempty"`    // looks in a row that did not climb, in an episode
	Down    int           `json:"down,omitempty"`    // points in a row that were down, in an episode
	DownAt  time.Time     `json:"down_at,omitzero"`  // the first of them
	Top     float64       `json:"top,omitempty"`     // highest value of the episode's line
	Between int           `json:"between,omitempty"` // points on the way down since one was last near the top
	Began   float64       `json:"began,omitempty"`   // time of the first point, in seconds since 1970
}

// foresee takes a value of a series that has a limit, and returns what that
// opens, lets grow or closes.
func (m *metricState) foresee(d *Detector, s *telemetry.Signal, t trait, value float64) []incident.Anomaly {
	limit := m.watched.Limit
	if m.watched.Role != incident.RoleSaturation || limit <= 0 {
		return m.stopForecast(d)
	}
	p := sampled{At: unix(s.Time), Value: value}
	if m.Trend == nil {
		m.Trend = &forecast{Began: p.At}
	}
	f := m.Trend
	if f.Episode != nil && f.down(p, s.Time) {
		if f.Between >= slowDescent {
			f.settled(limit) // a swing, such as a day's
		}
		return f.close(d, f.DownAt)
	}
	var found []incident.Anomaly
	for i, more := 0, true; more && i < scales; i++ {
		sc := &f.Scales[i]
		p, more = sc.put(p, f.Episode == nil, limit)
		switch {
		case !sc.due():
		case f.Episode == nil:
			found = append(found, f.look(d, m, s, t, i, limit)...)
		case i == f.At:
			found = append(found, f.follow(d, m, s, limit)...)
		}
	}
	return found
}

// look decides whether a series without an episode is about to reach its limit.
func (f *forecast) look(d *Detector, m *metricState, s *telemetry.Signal, t trait, at int, limit float64) []incident.Anomaly {
	sc := &f.Scales[at]
	if len(sc.Values) < leastPoints {
		return nil
	}
	ahead := m.feedback.thresholds(d.rules, RuleTrend, s.Time).Ahead
	if sc.Calm >= calmLooks && !sc.promising(limit, ahead) {
		sc.Streak, sc.Since = 0, 0
		return nil
	}
	var room [scalePoints]float64
	points := sc.window(&room)
	l := fit(points)
	if !l.climbs(points) {
		sc.Streak, sc.Since, sc.Calm = 0, 0, min(sc.Calm+1, calmLooks)
		return nil
	}
	if sc.Since == 0 {
		mean, _ := f.before(at)
		sc.Since = max(points.at[0], points.last()-max(0, l.now-mean)/l.slope)
	}
	if l.now >= limit || l.now-f.usualPeak(at) < trendNew*l.rise || !f.soon(&l, at, limit, ahead) {
		sc.Streak = 0
		return nil
	}
	sc.Streak++
	if sc.Streak < confirm[at] || sc.Calm < calmLooks && sc.Streak < freshStreak {
		return nil
	}
	return f.open(d, m, s, t, at, l, limit)
}

// soon tells whether single values are about to reach the limit, if the series
// still follows the line.
func (f *forecast) soon(l *line, at int, limit, ahead float64) bool {
	horizon := l.horizon(ahead)
	if f.Scales[0].Last-f.Began < dayLong && l.span > longClimb {
		horizon = min(horizon, l.span/8)
	}
	l.crest = f.crest(at, *l)
	about, _, _ := l.until(limit)
	return about <= horizon && !f.fallen(*l) && !l.fades(limit-l.crest)
}

// crest is how far single values rise above a line at a scale: what a slower
// scale's medians hide shows in the points.
func (f *forecast) crest(at int, l line) float64 {
	var room [scalePoints]float64
	crest := l.crestOf(f.Scales[at].window(&room))
	if points := f.Scales[0].window(&room); at > 0 && len(points.at) >= leastPoints {
		crest = max(crest, fit(points).crestOf(points))
	}
	return crest
}

// fallen tells whether the latest points have left the line downwards already:
// the medians of a slow scale come late.
func (f *forecast) fallen(l line) bool {
	points := f.Scales[0].values()
	latest := points[max(0, len(points)-trendBlocks):]
	return medianOf(latest) < l.now-max(l.rise/4, 2*l.crest)
}

// usualPeak is the highest value that was usual before the window, at this
// scale or a slower one, which remembers for longer.
func (f *forecast) usualPeak(at int) float64 {
	peak := math.Inf(-1)
	for i := at; i < scales; i++ {
		if sc := &f.Scales[i]; sc.Known > 0 {
			peak = max(peak, sc.peak())
		}
	}
	return peak
}

// before is what was usual before the window: mean and highest value, or how
// the window began where nothing is known of before.
func (f *forecast) before(at int) (mean, peak float64) {
	sc := &f.Scales[at]
	if sc.Known > 0 {
		return sc.Mean, sc.peak()
	}
	first := medianOf(sc.values()[:leastPoints/trendBlocks])
	return first, first
}

// down tells whether the series has come down again for long enough, whatever
// its trend says: most of the climb is gone.
func (f *forecast) down(p sampled, at time.Time) bool {
	a := &f.Episode.Anomaly
	switch {
	case p.Value >= a.High+topShare*(f.Top-a.High):
		f.Down, f.Between = 0, 0
		return false
	case p.Value > a.High+downShare*(f.Start-a.High):
		f.Between++
		f.Down = 0
		return false
	}
	if f.Down == 0 {
		f.DownAt = at
	}
	f.Down++
	return f.Down >= calmPoints && at.Sub(f.DownAt) >= calmTime || f.Down >= 3*calmPoints
}

// settled learns that a series may be as high as the episode has seen it, unless
// that is the trouble itself.
func (f *forecast) settled(limit float64) {
	if f.Top >= limit {
		return
	}
	for i := range f.Scales {
		sc := &f.Scales[i]
		if sc.Known == 0 {
			sc.Known, sc.Mean = 1, f.Episode.Anomaly.Previous
		}
		sc.Peak = max(sc.Peak, f.Top)
	}
}

// stopForecast ends what was begun under a service file that named a limit.
func (m *metricState) stopForecast(d *Detector) []incident.Anomaly {
	f := m.Trend
	m.Trend = nil
	if f == nil || f.Episode == nil {
		return nil
	}
	return []incident.Anomaly{f.Episode.end(d, f.Episode.Anomaly.LastSeen)}
}

// close ends the episode. The windows hold the climb, so they begin anew.
func (f *forecast) close(d *Detector, at time.Time) []incident.Anomaly {
	closed := f.Episode.end(d, at)
	f.Episode, f.Flat, f.Down = nil, 0, 0
	for i := range f.Scales {
		f.Scales[i].clear()
	}
	return []incident.Anomaly{closed}
}
