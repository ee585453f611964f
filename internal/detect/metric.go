package detect

import (
	"math"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// metricState is one metric series. What is judged is the mean of the points
// of the last five seconds, or the point itself where points are further apart:
// single odd points of a dense series are noise.
type metricState struct {
	Base    baseline  `json:"base"`
	Last    time.Time `json:"last"`              // event time of the newest point
	Step    float64   `json:"step"`              // usual seconds between points
	Votes   int       `json:"votes"`             // points in a row that say so, about
	Recent  []float64 `json:"recent,omitempty"`  // latest points, at most smoothPoints, oldest first
	Pending []float64 `json:"pending,omitempty"` // values judged normal but not learned yet, oldest first
	Normal  float64   `json:"normal"`            // latest value that was judged normal
	Role    string    `json:"role,omitempty"`
	Stat    string    `json:"stat"`
	Out     int       `json:"out"`               // points in a row that were out
	OutAt   time.Time `json:"out_at,omitzero"`   // the first of them
	Healthy int       `json:"healthy"`           // points in a row that were not, in an episode
	BackAt  time.Time `json:"back_at,omitzero"`  // the first of them
	MuteTo  time.Time `json:"mute_to,omitzero"`  // no new episode before
	Episode *episode  `json:"episode,omitempty"` //
	Trend   *forecast `json:"trend,omitempty"`   // for series with a limit
	Signs   evidence  `json:"evidence"`          // what its model says
	Pulse   pulse     `json:"pulse"`             // when its points come

	watched incident.WatchedMetric // as inv describes the series
	inv     *incident.Inventory    // nil until it was asked

	feedback *feedback // what people said of the series; nil for most
}

const (
	smoothSeconds = 5.0
	smoothPoints  = 5
	warmPoints    = 24               // learned; before that nothing is said
	sureUnits     = 300              // before that what is said is unsure
	learnDelay    = 6                // points until a normal value is learned
	calmPoints    = 5                // points in a row that must be normal to close
	calmTime      = 15 * time.Second // and for how long
	quietPoints   = 20               // after an episode no new one opens
	freeze        = 30 * time.Minute // of an episode, in which its values teach nothing
	silence       = 30 * time.Minute // without points closes an episode
)

func (d *Detector) metric(s *telemetry.Signal) []incident.Anomaly {
	if s.Service == incident.Unassigned {
		d.stats.Unwatched++
		return nil
	}
	m, ok := d.state.Metrics[s.Series]
	if !ok || m.inv != d.inv {
		watched, named := d.inv.Watched(s.Metric.Ref("", 0))
		if !named {
			// Direction and meaning of a metric come from a service file. Without
			// one, any unusual hour of any of an account's series would be trouble.
			d.stats.Unwatched++
			return nil
		}
		if !ok {
			if !room(d, d.state.Metrics, &d.state.Rooms.Metrics, d.state.metricWorth) {
				return nil
			}
			m = &metricState{feedback: d.state.Feedback[s.Series]}
			d.state.Metrics[s.Series] = m
		}
		m.watched, m.inv = watched, d.inv
	}
	if !d.newer(s.Time, m.Last) {
		return nil
	}
	t := traitOf(m.watched.Role, m.watched.Stat)
	value, ok := s.Metric.Value(t.stat)
	if !ok {
		t.stat, t.counts = "Average", false
		if value, ok = s.Metric.Value(t.stat); !ok {
			return nil
		}
	}
	if !d.counts(value, s.Metric.Count) {
		return nil
	}
	was := m.inEpisode()
	beat := d.beat(s.Series, m, s.Time, value, s.Metric.Count)
	m.Role, m.Stat = string(m.watched.Role), t.stat
	judged, points := m.smooth(value, s.Time)
	m.Signs.observe(s.Time, value)
	found := beat
	if m.Role != "" || m.Episode != nil && m.Episode.Anomaly.Rule == RuleLevel {
		found = append(found, m.judge(d, s, t, judged, points)...)
	} else {
		m.Out = 0
	}
	found = append(found, m.weigh(d, s, t, judged, points)...)
	if m.Episode == nil && m.Out == 0 && m.Signs.Over == 0 {
		m.Normal = judged
	}
	found = append(found, m.foresee(d, s, t, value)...)
	if is := m.inEpisode(); is && !was {
		d.state.open[s.Series] = struct{}{}
	} else if was && !is {
		delete(d.state.open, s.Series)
	}
	return found
}

// inEpisode tells whether any episode of the series is open.
func (m *metricState) inEpisode() bool {
	return m.Episode != nil || m.Pulse.Silent != nil || m.Trend != nil && m.Trend.Episode != nil
}

// smooth adds a point and returns the mean of the latest five seconds.
func (m *metricState) smooth(value float64, at time.Time) (float64, int) {
	if !m.Last.IsZero() {
		gap := at.Sub(m.Last).Seconds()
		m.typicalStep(gap)
		if gap > 3*max(m.Step, 1) {
			m.Recent = m.Recent[:0]
		}
	}
	m.Last = at
	keep := 1
	if m.Step > 0 {
		keep = int(max(1, min(smoothPoints, math.Round(smoothSeconds/m.Step))))
	}
	m.Recent = append(m.Recent, value)
	if extra := len(m.Recent) - keep; extra > 0 {
		m.Recent = append(m.Recent[:0], m.Recent[extra:]...)
	}
	return m.mean(), len(m.Recent)
}

// mean is what is judged of the latest points.
func (m *metricState) mean() float64 {
	sum := 0.0
	for _, v := range m.Recent {
		sum += v
	}
	return sum / float64(max(len(m.Recent), 1))
}

// advanceMetrics closes episodes of series that fell silent.
func (d *Detector) advanceMetrics(watermark time.Time) []incident.Anomaly {
	var silent []string
	for key := range d.state.open {
		if m := d.state.Metrics[key]; watermark.Sub(m.Last) >= max(silence, seconds(3*m.Step)) {
			silent = append(silent, key)
		}
	}
	slices.Sort(silent)
	var found []incident.Anomaly
	for _, key := range silent {
		m := d.state.Metrics[key]
		if m.Episode != nil {
			found = append(found, m.Episode.end(d, m.Last))
			m.close(m.Last)
		}
		if m.Trend != nil && m.Trend.Episode != nil {
			found = append(found, m.Trend.close(d, m.Last)...)
		}
		if !m.inEpisode() {
			delete(d.state.open, key)
		}
	}
	return append(found, d.missing(watermark)...)
}

func (m *metricState) reading(rules thresholds) Reading {
	if m.Role == "" {
		return m.readEvidence()
	}
	t := traitOf(incident.MetricRole(m.Role), m.Stat)
	x, points := m.mean(), len(m.Recent)
	rules = m.levelRules(rules, t, m.Last, x < m.Base.Level, points)
	threshold := t.bar(rules, x < m.Base.Level)
	low, high := t.band(&m.Base, rules, points)
	return Reading{
		At: m.Last, Factor: m.feedback.factor(RuleLevel, m.Last), Value: x, Low: low, High: high, Unsure: m.Base.N < sureUnits, Anomalous: m.inEpisode(),
		Score: score(m.Base.units(x, t.spreadFloor(m.Base.Level, points), t.dir), threshold),
	}
}

// wholePeriod is the CloudWatch period that points so far apart have: 1, 5, 10
// or 30 seconds or whole minutes.
func wholePeriod(step float64) int {
	for _, p := range []int{1, 5, 10, 30} {
		if step < float64(p)*1.5 {
			return p
		}
	}
	return max(60, int(math.Round(step/60))*60)
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s, maxSeconds) * float64(time.Second))
}
