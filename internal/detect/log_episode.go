package detect

import (
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/detect/logs"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// tellLogs makes episodes of what a group says.
func (d *Detector) tellLogs(l *logState, src source, said []logs.Finding) []incident.Anomaly {
	var found []incident.Anomaly
	for i := range said {
		f := &said[i]
		e := l.Open[f.Rule]
		switch {
		case f.State == logs.Opens && e == nil:
			found = append(found, d.beginLog(l, src, f))
		case f.State == logs.Goes && e != nil:
			found = append(found, d.growLog(src, e, f)...)
		case f.State == logs.Ends && e != nil:
			found = append(found, d.endLog(l, f.Rule, f))
		case f.State == logs.Ends && strings.HasPrefix(f.Rule, "/"):
			// A template that is no more, with all that was open of it.
			for _, rule := range slices.Sorted(maps.Keys(l.Open)) {
				if strings.HasSuffix(rule, f.Rule) || strings.Contains(rule, f.Rule+"/") {
					found = append(found, d.endLog(l, rule, f))
				}
			}
		}
	}
	return found
}

// severityOfLog is the service's own for what users feel, and milder for the rest.
func (d *Detector) severityOfLog(service string, s logs.Severity, reached float64) incident.Severity {
	of, _ := d.inv.Service(service)
	units := reached
	if s == logs.Oddity {
		units = 1
	} else {
		units = max(units, 1.5)
	}
	return grade(of, s != logs.Harm, units, 1)
}

func (d *Detector) beginLog(l *logState, src source, f *logs.Finding) incident.Anomaly {
	a := src.anomaly(f.Rule)
	a.Severity, a.Opened, a.LastSeen, a.Count = d.severityOfLog(src.service, f.Rank, f.Reached), eventTime(f.Opened), eventTime(f.Last), f.Count
	a.Observed, a.Low, a.High, a.Previous, a.Rarity = f.Got, f.Low, f.High, f.Before, f.Rarity
	a.Unsure, a.Reached, a.Samples = f.Unsure, f.Reached, f.Samples
	if len(a.Samples) == 0 {
		a.Samples = l.samples()
	}
	a.Why = redact.Format("%s: %s", redact.Name(src.group), f.Why)
	if l.Open == nil {
		l.Open = map[string]*episode{}
	}
	e := d.begin(a, f.Excess)
	l.Open[f.Rule] = e
	return e.Anomaly
}

func (d *Detector) growLog(src source, e *episode, f *logs.Finding) []incident.Anomaly {
	a := &e.Anomaly
	a.Count += f.Count
	a.LastSeen = later(a.LastSeen, eventTime(f.Last))
	a.Reached = max(a.Reached, f.Reached)
	excess := f.Excess
	if excess == 0 {
		// Lines are counted, of which each says the same.
		excess = float64(a.Count)
		a.Observed = excess
	} else {
		a.Observed = f.Got
	}
	if f.Rarity > 0 {
		a.Rarity = min(a.Rarity, f.Rarity)
	}
	if !e.grow(excess, d.severityOfLog(src.service, f.Rank, f.Reached), 2*logWindow) {
		return nil
	}
	if !f.Why.IsEmpty() {
		a.Why = redact.Format("%s: %s", redact.Name(src.group), f.Why)
	}
	return []incident.Anomaly{e.tell(d, incident.EpisodeGrowing, excess)}
}

func (d *Detector) endLog(l *logState, rule string, f *logs.Finding) incident.Anomaly {
	e := l.Open[rule]
	delete(l.Open, rule)
	if !f.Why.IsEmpty() {
		e.Anomaly.Why = redact.Format("%s: %s", redact.Name(e.Anomaly.LogGroup), f.Why)
	}
	at := e.Anomaly.LastSeen
	if f.Last > 0 {
		at = later(at, eventTime(f.Last))
	}
	return e.end(d, at)
}

func eventTime(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// barsOf is by what a group is judged at a time.
func (d *Detector) barsOf(l *logState, at time.Time) *logs.Bars {
	if f := l.feedback; f != nil {
		l.bars = d.bars
		l.bars.Rate, l.bars.New, l.bars.Template = f.factor(RuleLogRate, at), f.factor(RuleLogNew, at), f.factor(RuleLogTemplate, at)
		l.bars.Stopped, l.bars.Ratio, l.bars.Value = f.factor(RuleLogStopped, at), f.factor(RuleLogRatio, at), f.factor(RuleLogValue, at)
		return &l.bars
	}
	return &d.bars
}

// evidenceOfTail is how much evidence, in nats, stands for a unit of the tail of a
// value, so that one sensitivity means about the same for both.
const evidenceOfTail = 4.0 / 3

func (s Sensitivity) bars() logs.Bars {
	t := s.thresholds()
	return logs.Bars{
		Evidence: evidenceOfTail * t.Tail, Effect: t.Effect, Lines: float64(t.Lines), Patience: s.patience(),
		Rate: 1, New: 1, Template: 1, Stopped: 1, Ratio: 1, Value: 1,
	}
}
