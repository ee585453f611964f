package detect

import (
	"math"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// RuleLevel is the rule of metric anomalies: the level left its band.
const RuleLevel = "level"

// judge decides what a value means for the series.
func (m *metricState) judge(d *Detector, s *telemetry.Signal, t trait, x float64, points int) []incident.Anomaly {
	floor := t.spreadFloor(m.Base.Level, points)
	falls := x < m.Base.Level
	rules := m.levelRules(d.rules, t, s.Time, falls, points)
	threshold, needed := t.bar(rules, falls), t.inARow(falls, points)
	units := m.Base.units(x, floor, t.dir)
	latest := m.Recent[len(m.Recent)-1]
	// The mean stays out for five points after a single wild one; the newest
	// point itself must be out of line, too.
	out := m.Base.N >= warmPoints && units >= threshold &&
		t.matters(x, m.Base.Level, rules.Effect, points) && sameSide(latest, x, m.Base.Level)
	if !out {
		m.Out = 0
	} else {
		if m.Out == 0 {
			m.OutAt = s.Time
		}
		m.Out++
	}
	if m.Episode != nil && m.Episode.Anomaly.Rule == RuleLevel {
		return m.during(d, s, t, x, units, out, points)
	}
	if m.Out >= needed && m.Episode == nil && !s.Time.Before(m.MuteTo) {
		return m.opens(d, s, t, x, units, points)
	}
	// What lasts that long is on its way to being normal, whichever rule saw it.
	if m.Out < needed || m.Episode != nil && s.Time.Sub(m.Episode.Anomaly.Opened) > freeze {
		m.learn(x, floor, t.dir)
	}
	return nil
}

// learn puts a value in the queue of those to be learned, and learns the
// oldest once the queue is full. The delay keeps the rise of a spike, which is
// not out of line yet, from widening the band that the spike is held against.
// A single value that is out is learned like any other, clipped: a series that
// has such values now and then has a heavier tail.
func (m *metricState) learn(x, floor float64, dir direction) {
	m.Pending = append(m.Pending, x)
	if len(m.Pending) > learnDelay {
		m.Base.learn(m.Pending[0], floor, dir)
		m.Pending = append(m.Pending[:0], m.Pending[1:]...)
	}
}

// sameSide tells whether the newest point lies at least half as far out as the
// mean, on the same side.
func sameSide(latest, mean, level float64) bool {
	if mean > level {
		return latest >= level+(mean-level)/2
	}
	return latest <= level-(level-mean)/2
}

func (m *metricState) opens(d *Detector, s *telemetry.Signal, t trait, x, units float64, points int) []incident.Anomaly {
	rules := m.levelRules(d.rules, t, s.Time, x < m.Base.Level, points)
	threshold := t.bar(rules, x < m.Base.Level)
	low, high := t.band(&m.Base, rules, points)
	service, _ := d.inv.Service(s.Service)
	ref := s.Metric.Ref(t.stat, wholePeriod(m.Step))
	m.Episode = d.begin(incident.Anomaly{
		Account: s.Account, Region: s.Region, Service: s.Service, Kind: incident.KindMetric, Rule: RuleLevel, Series: s.Series,
		Metric: &ref, Severity: grade(service, t.ease, units, threshold), Opened: m.OutAt, LastSeen: s.Time, Count: m.Out,
		Observed: x, Low: low, High: high, Rarity: rarity(units), Unsure: m.Base.N < sureUnits, Previous: m.Normal,
		Reached: units / t.bar(d.rules, x < m.Base.Level),
		Why: redact.Format("%s of %s is %.4g where %.4g to %.4g is expected from the last %d values; just before it was %.4g",
			redact.Name(ref.Name), redact.Name(s.Service), x, low, high, m.Base.N, m.Normal),
	}, math.Abs(x-m.Base.Level))
	m.Healthy, m.Pending = 0, nil
	return []incident.Anomaly{m.Episode.Anomaly}
}

// during follows an open episode: it grows, closes, or goes on silently.
func (m *metricState) during(d *Detector, s *telemetry.Signal, t trait, x, units float64, out bool, points int) []incident.Anomaly {
	a := &m.Episode.Anomaly
	rules := m.levelRules(d.rules, t, s.Time, x < m.Base.Level, points)
	threshold := t.bar(rules, x < m.Base.Level)
	// Hysteresis: to count as normal again, a value must be back within half
	// of the threshold, not just below it.
	inside := units < threshold/2 || !t.matters(x, m.Base.Level, rules.Effect/2, points)
	if inside {
		if m.Healthy == 0 {
			m.BackAt = s.Time
		}
		m.Healthy++
		if m.Healthy >= calmPoints && s.Time.Sub(m.BackAt) >= calmTime || m.Healthy >= 3*calmPoints {
			closed := m.Episode.end(d, m.BackAt)
			m.close(s.Time)
			return []incident.Anomaly{closed}
		}
		return nil
	}
	m.Healthy = 0
	if s.Time.Sub(a.Opened) > freeze {
		// What lasts that long is on its way to being normal.
		m.Base.learn(x, t.spreadFloor(m.Base.Level, points), t.dir)
	}
	if !out {
		return nil
	}
	a.Count++
	a.LastSeen, a.Observed, a.Rarity = s.Time, x, min(a.Rarity, rarity(units))
	a.Reached = max(a.Reached, units/t.bar(d.rules, x < m.Base.Level))
	service, _ := d.inv.Service(s.Service)
	excess := math.Abs(x - m.Base.Level)
	if !m.Episode.grow(excess, grade(service, t.ease, units, threshold), max(10*time.Second, seconds(2*m.Step))) {
		return nil
	}
	a.Why = redact.Format("%s of %s has grown to %.4g where %.4g to %.4g is expected",
		redact.Name(a.Metric.Name), redact.Name(s.Service), x, a.Low, a.High)
	return []incident.Anomaly{m.Episode.tell(d, incident.EpisodeGrowing, excess)}
}

func (m *metricState) close(at time.Time) {
	m.Episode, m.Out, m.Healthy = nil, 0, 0
	m.MuteTo = at.Add(seconds(quietPoints * m.Step))
}
