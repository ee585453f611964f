package detect

import (
	"math"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// A log group as a whole has a rhythm as a metric has, see heartbeat.go. Of its
// lines, one in five seconds counts, so that what a beat costs is not paid for
// every line.

// logBeat takes a line and closes the group's silence.
func (d *Detector) logBeat(s *telemetry.Signal, l *logState) []incident.Anomaly {
	p := &l.Pulse
	if p.Silent == nil && p.Beats > 0 && s.Time.Sub(l.BeatAt) < logWindow {
		return nil
	}
	if !s.Time.After(l.BeatAt) || p.Silent != nil && !s.Time.After(l.Last) {
		return nil // from before the silence, if there is one
	}
	patience := p.patience(d.patience)
	p.beat(&d.state.Flow, unix(l.BeatAt), unix(s.Time), d.state.mark, float64(l.Lines), 1, d.patience*l.feedback.factor(RuleLogSilent, s.Time))
	l.BeatAt = s.Time
	if p.Silent == nil {
		return nil
	}
	return d.heardAgain(p, l.Last, s.Time, patience)
}

// logMissing opens the silence of a group that is overdue, and gives up one that
// has been silent for so long that it must be gone for good.
func (d *Detector) logMissing(l *logState, src source, watermark time.Time) []incident.Anomaly {
	p := &l.Pulse
	if p.Beats < leastBeats {
		return nil
	}
	now, last := unix(watermark), unix(l.Last)
	if p.Silent != nil {
		if watermark.Sub(l.Last) < retired {
			return nil
		}
		e := p.Silent
		p.Silent, p.Beats = nil, 0
		e.Anomaly.Why = redact.Format("%s has written nothing for a day and is taken as retired", redact.Name(src.group))
		return []incident.Anomaly{e.end(d, watermark)}
	}
	patience := p.patience(d.patience * l.feedback.factor(RuleLogSilent, watermark))
	if max(last, d.state.Flow.Resumed)+patience > now || now-last > retired.Seconds() || p.expected(now) {
		return nil
	}
	service, _ := d.inv.Service(src.service)
	usual, longest := p.usualPause()
	a := src.anomaly(RuleLogSilent)
	a.Severity, a.Opened, a.LastSeen, a.Count = grade(service, false, 2, 1), moment(last+float64(p.Gap)), watermark, p.missed(now-last)
	a.Low, a.High, a.Previous = 1, max(1, math.Round(float64(l.Lines)/max(l.Last.Sub(l.Began).Seconds(), 1)*logWindow.Seconds())), 1
	a.Rarity, a.Unsure, a.Reached = 1/float64(p.Beats), p.Beats < sureUnits, (now-last)/p.patience(d.patience)
	a.Samples = l.samples()
	a.Why = redact.Format("%s wrote something every %s, at most %s apart, and has written nothing for %s", redact.Name(src.group),
		redact.Name(apart(float64(p.Gap))), redact.Name(apart(max(usual, longest))), redact.Name(span(now-last)))
	p.Silent = d.begin(a, 0)
	return []incident.Anomaly{p.Silent.Anomaly}
}

// gap is the latest stretch of time in which nothing could be heard.
func (f *flow) gap() (deaf, again time.Time) {
	if f.Resumed == 0 {
		return time.Time{}, time.Time{}
	}
	return moment(f.Left), moment(f.Resumed)
}
