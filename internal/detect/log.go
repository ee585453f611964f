package detect

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/detect/logs"
	"firebreak/internal/detect/template"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
	"firebreak/internal/window"
)

// Rules of log anomalies. All but the last are those of package logs; what sets
// the episodes of one rule apart follows after a "/".
const (
	RuleLogRate     = logs.RuleRate     // error lines per five seconds left their band; with "/" and a severity, lines per minute did
	RuleLogNew      = logs.RuleNew      // lines with a template, or a stack trace, that was never seen before
	RuleLogTemplate = logs.RuleTemplate // lines of one template come more or less often
	RuleLogStopped  = logs.RuleStopped  // lines of a template that came regularly do not come any more
	RuleLogRatio    = logs.RuleRatio    // the share of error lines has moved
	RuleLogValue    = logs.RuleValue    // a parameter of a template has an unusual value
	RuleLogSilent   = "log-silent"      // a group that came regularly does not come any more
)

// logState is one log group. Its templates are in its group and have records of
// their own in a snapshot.
type logState struct {
	Base    baseline            `json:"base"` // of error lines per window
	Windows *window.Tumbling    `json:"windows"`
	Began   time.Time           `json:"began"` // event time of the first line
	Last    time.Time           `json:"last"`  // and of the newest
	Lines   int                 `json:"lines"` // at every level
	Latest  float64             `json:"latest"`
	Calm    int                 `json:"calm"`              // windows in a row that were normal, in an episode
	Partial int                 `json:"partial,omitempty"` // lines of the window still open that the episode has counted
	Rate    *episode            `json:"rate,omitempty"`
	Open    map[string]*episode `json:"open,omitempty"` // of what the group says, by rule
	Group   *logs.Group         `json:"group"`
	BeatAt  time.Time           `json:"beat_at,omitzero"` // of the latest beat
	Pulse   pulse               `json:"pulse"`            // of the group as a whole, a beat every five seconds at most

	Samples  []redact.Text `json:"samples,omitempty"`  // latest error lines of different templates, redacted
	Sampled  []template.ID `json:"sampled,omitempty"`  // their templates
	SampleAt time.Time     `json:"sample_at,omitzero"` // when the latest was taken

	feedback *feedback // what people said of the group; nil for most
	held     int       // templates, as the engine has counted them
	lost     int64     // those that went, the same
	bars     logs.Bars // by which it is judged; worked out anew when feedback has a say
}

const (
	logWindow   = 5 * time.Second
	logLateness = 2 * time.Second
	warmWindows = 6   // before that a rate is not judged
	sureWindows = 120 // ten minutes; before that an anomaly is unsure
	calmWindows = 3   // normal windows in a row that close an episode
	sampleApart = time.Second

	learnTime = 5 * time.Minute // after which a group is established
	warmLines = 20              // with so many lines
)

// logTrait judges error lines as the metric of errors is judged, but wants
// more of them: one failed request can write several lines.
var logTrait = trait{dir: up, counts: true, grow: 2, events: 8, strict: 1}

func (d *Detector) log(s *telemetry.Signal) []incident.Anomaly {
	l, ok := d.state.Logs[s.Series]
	if !ok {
		evicted := d.stats.Evicted
		if !room(d, d.state.Logs, &d.state.Rooms.Logs, d.state.logWorth) {
			return nil
		}
		if d.stats.Evicted != evicted {
			d.countTemplates()
		}
		l = &logState{Windows: window.NewTumbling(logWindow, logLateness), Began: s.Time, feedback: d.state.Feedback[s.Series]}
		d.equip(l)
		d.state.Logs[s.Series] = l
	}
	l.Windows.Begin(s.Time)
	l.Lines++
	beat := d.logBeat(s, l)
	if s.Time.After(l.Last) {
		l.Last = s.Time
	}
	said, late := l.Group.Take(s.Time, s.Log, d.barsOf(l, s.Time))
	found := beat
	if len(said) > 0 {
		found = append(found, d.tellLogs(l, logSource(s), said)...)
	}
	if l.Group.Templates() != l.held {
		d.recount(l)
		d.boundTemplates()
	}
	if late {
		d.stats.Late++
		return found
	}
	if !s.Log.Level.IsError() {
		return found
	}
	content := l.Windows.Add(s.Time, 1)
	if content == nil {
		d.stats.Late++
		return found
	}
	l.sample(d, s)
	// A count only grows: a window that is out already need not be over.
	return append(found, l.rate(d, logSource(s), float64(content.Count), *content, time.Time{})...)
}

// source is what the anomalies of a log group share.
type source struct{ account, region, service, series, group string }

func logSource(s *telemetry.Signal) source {
	return source{s.Account, s.Region, s.Service, s.Series, s.Log.Group}
}

// anomaly is what the anomalies of a log group have in common.
func (src source) anomaly(rule string) incident.Anomaly {
	return incident.Anomaly{
		Account: src.account, Region: src.region, Service: src.service, Kind: incident.KindLog, Rule: rule, Series: src.series, LogGroup: src.group,
	}
}

// sample keeps the latest error line of each of the two latest templates. To
// redact a line takes longer than all else that is done with it. A line that
// continues another is none: what it continues is the sample.
func (l *logState) sample(d *Detector, s *telemetry.Signal) {
	id, ok := l.Group.Latest()
	if !ok {
		return
	}
	if slices.Contains(l.Sampled, id) || len(l.Sampled) == 2 && s.Time.Sub(l.SampleAt) < sampleApart {
		return
	}
	l.SampleAt = s.Time
	l.Sampled = append(l.Sampled, id)
	l.Samples = append(l.Samples, d.sample(s.Log.Message))
	if len(l.Sampled) > 2 {
		l.Sampled, l.Samples = slices.Delete(l.Sampled, 0, 1), slices.Delete(l.Samples, 0, 1)
	}
}

func (l *logState) samples() []redact.Text { return slices.Clone(l.Samples) }

// advanceLogs closes windows and minutes, and looks for what does not come.
func (d *Detector) advanceLogs(watermark time.Time) []incident.Anomaly {
	var found []incident.Anomaly
	deaf, again := d.state.Flow.gap()
	for _, key := range dueKeys(d.state.Logs, func(l *logState) bool { return l.due(watermark) || l.Group.Due(watermark) }) {
		l := d.state.Logs[key]
		src := l.source(key, d)
		if l.Group.Due(watermark) {
			found = append(found, d.tellLogs(l, src, l.Group.Complete(watermark, d.barsOf(l, watermark)))...)
		}
		if !l.due(watermark) {
			continue
		}
		for _, w := range l.Windows.Advance(watermark) {
			found = append(found, l.rate(d, src, float64(w.Count), w.Aggregate, w.End)...)
		}
		said := l.Group.Advance(watermark.Add(-logLateness), deaf, again, d.barsOf(l, watermark))
		found = append(found, d.tellLogs(l, src, said)...)
		found = append(found, d.logMissing(l, src, watermark)...)
	}
	return found
}

// due tells whether a window is to be closed.
func (l *logState) due(watermark time.Time) bool {
	w := l.Windows
	return w.Next != 0 && watermark.UnixNano() >= w.Next+int64(w.Size+w.Lateness)
}

// source finds what a group's anomalies share, from the key of its series.
func (l *logState) source(key string, d *Detector) source {
	account, region, group := splitSeries(key)
	return source{account, region, d.inv.ByLogGroup(group), key, group}
}

func (l *logState) reading(rules thresholds) Reading {
	rules = l.feedback.thresholds(rules, RuleLogRate, l.Last)
	floor := logTrait.spreadFloor(l.Base.Level, 1)
	low, high := logTrait.band(&l.Base, rules, 1)
	return Reading{
		At: l.Last, Factor: l.feedback.factor(RuleLogRate, l.Last), Value: l.Latest, Low: low, High: high, Unsure: l.Base.N < sureWindows, Anomalous: l.inEpisode(),
		Score: score(l.Base.units(l.Latest, floor, up), rules.Tail),
	}
}

// inEpisode tells whether any episode of the group is open.
func (l *logState) inEpisode() bool { return l.Rate != nil || l.Pulse.Silent != nil || len(l.Open) > 0 }

// splitSeries takes a series' key apart: account, region and what follows the
// kind.
func splitSeries(key string) (account, region, what string) {
	parts := strings.SplitN(key, "/", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	return parts[0], parts[1], parts[3]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
