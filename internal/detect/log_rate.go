package detect

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/window"
)

// rate judges the number of error lines in a window. end is the window's end
// once it is closed and its number final, before that zero.
func (l *logState) rate(d *Detector, src source, count float64, content window.Aggregate, end time.Time) []incident.Anomaly {
	over := !end.IsZero()
	rules := l.feedback.thresholds(d.rules, RuleLogRate, content.Last)
	floor := logTrait.spreadFloor(l.Base.Level, 1)
	units := l.Base.units(count, floor, up)
	out := l.Base.N >= warmWindows && units >= rules.Tail && logTrait.matters(count, l.Base.Level, rules.Effect, 1)
	service, _ := d.inv.Service(src.service)
	severity := grade(service, false, units, rules.Tail)
	switch {
	case l.Rate == nil && out:
		low, high := logTrait.band(&l.Base, rules, 1)
		l.Calm = 0
		if !over {
			l.Partial = content.Count
		}
		a := src.anomaly(RuleLogRate)
		a.Severity, a.Opened, a.LastSeen, a.Count = severity, content.First, content.Last, content.Count
		a.Observed, a.Low, a.High, a.Rarity, a.Previous = count, low, high, rarity(units), l.Latest
		a.Unsure, a.Reached, a.Samples = l.Base.N < sureWindows, units/d.rules.Tail, l.samples()
		a.Why = redact.Format("%d error lines in %s within %s where at most %.3g are expected from the last %d windows",
			content.Count, redact.Name(src.group), logWindow, high, l.Base.N)
		l.Rate = d.begin(a, count-l.Base.Level)
		return []incident.Anomaly{l.Rate.Anomaly}
	case l.Rate == nil, over && !end.After(l.Rate.Anomaly.Opened):
		// An episode can open while windows before it are still open.
		if over {
			l.Base.learn(count, floor, up)
			l.Latest = count
		}
		return nil
	}
	a := &l.Rate.Anomaly
	if over && content.Count > 0 && content.Last.Sub(a.Opened) > freeze {
		// What lasts that long is on its way to being normal.
		l.Base.learn(count, floor, up)
	}
	if out {
		l.Calm = 0
		a.LastSeen, a.Observed, a.Rarity = content.Last, max(a.Observed, count), min(a.Rarity, rarity(units))
		a.Reached = max(a.Reached, units/d.rules.Tail)
		if over {
			a.Count += content.Count - l.Partial
			l.Partial = 0
		}
		if l.Rate.grow(count-l.Base.Level, severity, 2*logWindow) {
			a.Samples = l.samples()
			a.Why = redact.Format("%.0f error lines in %s within %s where at most %.3g are expected", count, redact.Name(src.group), logWindow, a.High)
			return []incident.Anomaly{l.Rate.tell(d, incident.EpisodeGrowing, count-l.Base.Level)}
		}
		return nil
	}
	if !over {
		return nil
	}
	l.Partial = 0
	if units >= rules.Tail/2 && logTrait.matters(count, l.Base.Level, rules.Effect/2, 1) {
		l.Calm = 0
		return nil
	}
	if l.Calm++; l.Calm < calmWindows {
		return nil
	}
	closed := l.Rate.end(d, a.LastSeen)
	l.Rate, l.Calm = nil, 0
	return []incident.Anomaly{closed}
}
