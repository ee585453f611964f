package detect

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
	"firebreak/internal/window"
)

// Rules of log anomalies.
const (
	RuleLogRate = "log-rate" // error lines per window left their band
	RuleLogNew  = "log-new"  // error lines with a template that was never seen before
)

// logState is one log group.
type logState struct {
	Base    baseline         `json:"base"` // of error lines per window
	Windows *window.Tumbling `json:"windows"`
	Began   time.Time        `json:"began"` // event time of the first line
	Last    time.Time        `json:"last"`  // and of the newest
	Lines   int              `json:"lines"` // at every level
	Latest  float64          `json:"latest"`
	Calm    int              `json:"calm"`              // windows in a row that were normal, in an episode
	Partial int              `json:"partial,omitempty"` // lines of the window still open that the episode has counted
	Rate    *episode         `json:"rate,omitempty"`

	Seen    map[string]time.Time `json:"seen,omitempty"` // templates of error lines by hash, with the newest time
	Fresh   map[string]*fresh    `json:"fresh,omitempty"`
	New     *episode             `json:"new,omitempty"`
	NewHash string               `json:"new_hash,omitempty"`
	Samples []redact.Text        `json:"samples,omitempty"` // latest error lines of different templates, redacted
	Hashes  []string             `json:"hashes,omitempty"`  // their templates

	feedback *feedback // what people said of the group; nil for most
}

// fresh is a template that is not known yet and may become an anomaly.
type fresh struct {
	First time.Time `json:"first"`
	Count int       `json:"count"`
}

const (
	logWindow    = 5 * time.Second
	logLateness  = 2 * time.Second
	warmWindows  = 6                // before that a rate is not judged
	sureWindows  = 120              // ten minutes; before that an anomaly is unsure
	calmWindows  = 3                // normal windows in a row that close an episode
	warmTime     = 30 * time.Second // before that every template is known
	warmLines    = 20               // and so many lines must have come
	learnTime    = 5 * time.Minute  // in which most templates are heard
	freshTime    = 30 * time.Second // in which the lines of a new template must come
	newSilence   = time.Minute      // without its lines closes an episode
	maxTemplates = 500
	maxFresh     = 100
)

// logTrait judges error lines as the metric of errors is judged, but wants
// more of them: one failed request can write several lines.
var logTrait = trait{dir: up, counts: true, grow: 2, events: 8, strict: 1}

func (d *Detector) log(s telemetry.Signal) []incident.Anomaly {
	l, ok := d.state.Logs[s.Series]
	if !ok {
		if !room(d, d.state.Logs, &d.state.Rooms.Logs, d.state.logWorth) {
			return nil
		}
		l = &logState{
			Windows: window.NewTumbling(logWindow, logLateness), Began: s.Time,
			Seen: map[string]time.Time{}, Fresh: map[string]*fresh{}, feedback: d.state.Feedback[s.Series],
		}
		d.state.Logs[s.Series] = l
	}
	l.Windows.Begin(s.Time)
	l.Lines++
	if s.Time.After(l.Last) {
		l.Last = s.Time
	}
	if !s.Log.Level.IsError() {
		return nil
	}
	content := l.Windows.Add(s.Time, 1)
	if content == nil {
		d.stats.Late++
		return nil
	}
	hash := templateHash(s.Log.Text)
	l.sample(d, s.Log.Message, hash)
	found := l.template(d, s, hash)
	// A count only grows: a window that is out already need not be over.
	return append(found, l.rate(d, logSource(s), float64(content.Count), *content, time.Time{})...)
}

// source is what the anomalies of a log group share.
type source struct{ account, region, service, series, group string }

func logSource(s telemetry.Signal) source {
	return source{s.Account, s.Region, s.Service, s.Series, s.Log.Group}
}

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
		l.Rate = d.begin(incident.Anomaly{
			Account: src.account, Region: src.region, Service: src.service, Kind: incident.KindLog, Rule: RuleLogRate, Series: src.series,
			LogGroup: src.group, Severity: severity, Opened: content.First, LastSeen: content.Last, Count: content.Count,
			Observed: count, Low: low, High: high, Rarity: rarity(units), Unsure: l.Base.N < sureWindows, Previous: l.Latest,
			Reached: units / d.rules.Tail,
			Why: redact.Format("%d error lines in %s within %s where at most %.3g are expected from the last %d windows",
				content.Count, redact.Name(src.group), logWindow, high, l.Base.N),
			Samples: l.samples(),
		}, count-l.Base.Level)
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

// advanceLogs closes windows and the episodes of templates that fell silent.
func (d *Detector) advanceLogs(watermark time.Time) []incident.Anomaly {
	var found []incident.Anomaly
	for _, key := range dueKeys(d.state.Logs, func(l *logState) bool { return l.due(watermark) }) {
		l := d.state.Logs[key]
		src := l.source(key, d)
		for _, w := range l.Windows.Advance(watermark) {
			found = append(found, l.rate(d, src, float64(w.Count), w.Aggregate, w.End)...)
		}
		if l.New != nil && watermark.Sub(l.New.Anomaly.LastSeen) >= newSilence {
			found = append(found, l.New.end(d, l.New.Anomaly.LastSeen))
			l.New, l.NewHash = nil, ""
		}
	}
	return found
}

// due tells whether a window is to be closed or an episode to be ended.
func (l *logState) due(watermark time.Time) bool {
	w := l.Windows
	return w.Next != 0 && watermark.UnixNano() >= w.Next+int64(w.Size+w.Lateness) ||
		l.New != nil && watermark.Sub(l.New.Anomaly.LastSeen) >= newSilence
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
		At: l.Last, Factor: l.feedback.factor(RuleLogRate, l.Last), Value: l.Latest, Low: low, High: high, Unsure: l.Base.N < sureWindows, Anomalous: l.Rate != nil,
		Score: score(l.Base.units(l.Latest, floor, up), rules.Tail),
	}
}
