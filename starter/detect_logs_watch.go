package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/detect/template"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
)

// errNoTimes is the failure of a log in which no line can be placed in time.
var errNoTimes = errors.New("no line of it carries a time, so that there are no rates to judge; without --anomalies its templates are found all the same")

// logSettled is how long after the last line the engine is told that time has
// passed, so that the last windows are judged and a last stack trace is whole.
// Nothing is silent for so short a time.
const logSettled = 10 * time.Second

// Steps in which time passes between two lines, and how long it does: after a day
// without a line a log is at its end.
const (
	passStep   = 20 * time.Second
	mostPassed = 25 * time.Hour
)

// logWatcher runs one log through an engine of its own, which knows one service
// with one log group: the file.
type logWatcher struct {
	engine *detect.Detector
	signal telemetry.Signal
	near   time.Time // about when the first line was written, for times without a year
	clock  logClock
	now    logMoment // the line that the engine sees, or saw last
	at     time.Time // present
	report anomaliesReport
	index  map[string]int // of the episodes, by id
	curve  *levelCurve    // what is drawn; nil where nothing is
}

func newLogWatcher(file string, sensitivity detect.Sensitivity, near time.Time) *logWatcher {
	service, _ := seriesName(file)
	inventory := incident.NewInventory([]incident.Service{{Name: service, LogGroups: []string{service}}})
	w := &logWatcher{
		engine: detect.New(detect.Options{Inventory: inventory, Redactor: rules.Default(), Sensitivity: sensitivity}),
		near:   near,
		report: anomaliesReport{Episodes: []logEpisodeReport{}},
		index:  map[string]int{},
	}
	w.signal = telemetry.Signal{
		Kind: telemetry.KindLog, Service: service, Series: telemetry.SeriesKey("file", "file", telemetry.KindLog, service),
		Account: "file", Region: "file", Log: &w.now.line,
	}
	return w
}

// take reads the next line, of that number. The engine sees it once its time is
// certain.
func (w *logWatcher) take(line string, number int) {
	m := w.read(line, number)
	if m.at.IsZero() {
		w.report.Untimed++
	} else {
		w.report.Timed++
	}
	w.clock.place(m, w.observe)
}

// read takes a line apart for the engine, as the decoder of the stream does.
func (w *logWatcher) read(line string, number int) logMoment {
	m := logMoment{number: number, line: telemetry.LogLine{Group: w.signal.Service, Stream: "file", Message: line}}
	read := m.line.Read()
	near := w.clock.at
	if near.IsZero() {
		near = w.near
	}
	if at, ok := read.At(near); ok {
		m.at = at.UTC()
	}
	return m
}

// observe shows the engine a line.
func (w *logWatcher) observe(m logMoment) {
	w.pass(m.at)
	w.now, w.at = m, m.at
	if w.report.First.IsZero() || m.at.Before(w.report.First) {
		w.report.First = m.at
	}
	if m.at.After(w.report.Last) {
		w.report.Last = m.at
	}
	if w.curve != nil {
		w.curve.add(m.at, m.line.Level)
	}
	w.signal.Time, w.signal.Arrival = m.at, m.at
	// Time passes before a line of that time is seen.
	w.note(w.engine.Advance(m.at))
	w.note(w.engine.Observe(w.signal))
}

// pass lets the time until the next line pass in small steps, as it does on a
// stream on which others go on: a leap would look as if the stream had been cut
// off, and a log that falls silent would not be found.
func (w *logWatcher) pass(until time.Time) {
	if w.at.IsZero() || until.Sub(w.at) <= passStep {
		return
	}
	end := w.at.Add(mostPassed)
	for w.at = w.at.Add(passStep); w.at.Before(until) && w.at.Before(end); w.at = w.at.Add(passStep) {
		w.note(w.engine.Advance(w.at))
	}
}

// note keeps what the engine says.
func (w *logWatcher) note(found []incident.Anomaly) {
	for _, a := range found {
		if i, ok := w.index[a.ID]; ok {
			w.follow(&w.report.Episodes[i], a)
			continue
		}
		if a.State != incident.EpisodeOpen {
			continue // of an episode beyond those that are listed
		}
		w.report.Alerts++
		if len(w.report.Episodes) < maxEpisodes {
			w.index[a.ID] = len(w.report.Episodes)
			w.report.Episodes = append(w.report.Episodes, w.newEpisode(a))
		}
	}
}

func (w *logWatcher) newEpisode(a incident.Anomaly) logEpisodeReport {
	e := logEpisodeReport{episodeReport: newEpisodeReport(a, w.at, w.now.number), ID: a.ID, Template: w.template(a.Rule), Samples: []redact.Text{}}
	w.follow(&e, a)
	return e
}

// follow takes a later word on an episode.
func (w *logWatcher) follow(e *logEpisodeReport, a incident.Anomaly) {
	e.follow(a)
	e.Count = a.Count
	if len(a.Samples) > 0 {
		e.Samples = a.Samples
	}
	e.Others = nil
	for _, other := range a.Witnesses {
		e.Others = append(e.Others, logWitness{other, w.template(other.Rule)})
	}
}

// template is the text of the template that a rule names, if it names one.
func (w *logWatcher) template(rule string) redact.Text {
	_, name, _ := strings.Cut(rule, "/")
	name, _, _ = strings.Cut(name, "/")
	id, err := strconv.ParseUint(name, 16, 64)
	if err != nil || len(name) != len(template.ID(0).String()) {
		return redact.Text{}
	}
	text, _ := w.engine.LogTemplate(w.signal.Series, template.ID(id))
	return text
}

// finish ends the log and returns what was found in it.
func (w *logWatcher) finish() (anomaliesReport, error) {
	if w.report.Untimed > 0 && w.report.Timed == 0 {
		return w.report, fmt.Errorf("look for anomalies: %w", errNoTimes)
	}
	w.clock.believe(w.observe)
	if w.report.Timed > 0 {
		w.at = w.report.Last.Add(logSettled)
		w.note(w.engine.Advance(w.at))
	}
	w.report.Passed, w.report.Misdated = w.clock.passed, w.clock.misdated
	stats := w.engine.Stats()
	w.report.Late, w.report.Refused = stats.Late, stats.Refused+stats.Invalid
	return w.report, nil
}
