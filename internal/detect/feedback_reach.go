package detect

import "time"

// nearly is how much of the way to the worst that a series can be its threshold
// is raised at most.
const nearly = 0.9

// levelRules are the thresholds for the values of a series at a time, moved by
// feedback. falls tells on which side of its level the value is.
//
// Some series cannot be far out: nothing falls below zero, and memory is full
// at its limit. There, several times the usual threshold could be further than
// a breakdown, so it is raised to just within the worst that can be.
func (m *metricState) levelRules(usual thresholds, t trait, at time.Time, falls bool, points int) thresholds {
	if m.feedback == nil {
		return usual
	}
	factor := m.feedback.factor(RuleLevel, at)
	if worst, bounded := m.worst(falls); factor > 1 && bounded {
		reach := m.Base.units(worst, t.spreadFloor(m.Base.Level, points), t.dir) / t.bar(usual, falls)
		factor = min(factor, max(1, nearly*reach))
	}
	return usual.times(factor)
}

// worst is how far a series can fall or rise, if that is known.
func (m *metricState) worst(falls bool) (float64, bool) {
	switch level := m.Base.Level; {
	case falls:
		return 0, level > 0
	case m.watched.Limit > 0:
		return m.watched.Limit, level < m.watched.Limit
	case m.watched.Unit == "Percent":
		return 100, level < 100
	default:
		return 0, false
	}
}

// describe looks up how a service file describes a restored series that has
// feedback, so that it reads as it did before, also until its next point.
func (d *Detector) describe(key string, m *metricState) {
	_, _, source := splitSeries(key)
	if w, ok := d.inv.WatchedKey(source); ok && m != nil {
		m.watched = w
	}
}
