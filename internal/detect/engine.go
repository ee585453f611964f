// Package detect finds anomalies in signals: metric series that leave their
// band, log groups whose error rate leaves its band or that say something new,
// alarms, and events that are trouble by themselves.
//
// An Engine has no clock and no goroutine. What it says of a moment depends on
// that moment and earlier ones only, so that a live stream, a restart from a
// snapshot and a replay of the past give the same anomalies.
package detect

import (
	"math"
	"time"

	"firebreak/internal/detect/logs"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// Engine is a set of detectors over all series of a stream. It is not safe for
// concurrent use.
type Engine interface {
	// Observe takes the next signal, its service assigned, and returns what it
	// opened, let grow or closed. Signals of one series come in the order of
	// their partition key; a metric point that is not newer than the last one
	// of its series is counted as late and has no effect.
	Observe(telemetry.Signal) []incident.Anomaly
	// Advance says that the stream is complete up to the watermark, and returns
	// what closed or opened by that: windows that ended, alarms that stayed OK.
	Advance(watermark time.Time) []incident.Anomaly
	// Unheard says that a part of the stream could not be read up to the watermark:
	// series that did not come may have come there. How long one is silent counts
	// from the watermark on.
	Unheard()
	// Snapshot returns the whole state, versioned.
	Snapshot() ([]byte, error)
	// Restore takes the union of snapshots, replacing the state. Where two hold
	// the same series, the one that saw it later wins.
	Restore(snapshots ...[]byte) error
	// Reading returns the latest value of a series with its band and score, and
	// whether there is one. Series are keyed as in telemetry.Signal.Series.
	Reading(series string) (Reading, bool)
	// Stats returns what was counted since the engine was made.
	Stats() Stats
}

// Reading is a series as a detector sees it.
type Reading struct {
	At        time.Time `json:"at"`
	Value     float64   `json:"value"` // what was judged: smoothed over about five seconds where points are closer than that
	Low       float64   `json:"low"`   // expected band
	High      float64   `json:"high"`  //
	Score     float64   `json:"score"` // in [0,1]: how unusual the series is now. Of a series with a role, 0.5 is the edge of its band (RuleLevel); other rules alert at any score, so of any other series it only ranks
	Unsure    bool      `json:"unsure"`
	Anomalous bool      `json:"anomalous"` // an episode is open
	Factor    float64   `json:"factor"`    // what feedback multiplies the threshold with; 1 without any
}

// Options make an engine.
type Options struct {
	Inventory   *incident.Inventory // whose series is what; required
	Redactor    redact.Redactor     // for log samples and reasons; required
	Sensitivity Sensitivity         // Balanced when empty
	MaxSeries   int                 // series of each kind that are kept; 20,000 when 0

	MaxTemplates int // of log lines, over all groups, or 50 for each where that is more; 50,000 when 0
}

// Stats counts what an engine did with its signals.
type Stats struct {
	Signals    int64 `json:"signals"`
	Late       int64 `json:"late"`       // older than what was seen of their series, or behind a closed window
	Duplicates int64 `json:"duplicates"` // metric points of a time that was seen of their series
	Invalid    int64 `json:"invalid"`    // of values or times that nobody can count with
	Unwatched  int64 `json:"unwatched"`  // metric points that no service file names, and trouble of things that no service file names
	Refused    int64 `json:"refused"`    // of series beyond MaxSeries, when none could go for them
	Evicted    int64 `json:"evicted"`    // series that went for others
	Opened     int64 `json:"opened"`     // episodes

	Templates        int64 `json:"templates"`         // of log lines that are kept
	TemplatesEvicted int64 `json:"templates_evicted"` // that went for others, of their group or of another

	Feedback        int64 `json:"feedback"`         // that counts
	FeedbackIgnored int64 `json:"feedback_ignored"` // of unknown series, of rules without a threshold, or repeated
}

// Detector is the Engine.
type Detector struct {
	inv      *incident.Inventory
	redactor redact.Redactor
	rules    thresholds
	patience float64 // factor on how long a series is waited for
	limit    int
	most     int // templates of log lines
	held     int // how many there are
	stats    Stats
	state    state
	bars     logs.Bars // by which log groups are judged that nobody gave feedback on
	heard    []FeedbackOutcome
	due      dueSeries
}

var _ Engine = (*Detector)(nil)

// New returns an engine that has seen nothing.
func New(o Options) *Detector {
	if o.MaxSeries == 0 {
		o.MaxSeries = 20_000
	}
	if o.MaxTemplates == 0 {
		o.MaxTemplates = 50_000
	}
	return &Detector{
		inv: o.Inventory, redactor: o.Redactor, rules: o.Sensitivity.thresholds(), patience: o.Sensitivity.patience(),
		limit: o.MaxSeries, bars: o.Sensitivity.bars(), most: o.MaxTemplates, state: newState(),
	}
}

// UseInventory replaces the inventory, after the catalogue has changed.
func (d *Detector) UseInventory(inv *incident.Inventory) { d.inv = inv }

// Stats returns the counters since New.
func (d *Detector) Stats() Stats {
	s := d.stats
	s.Templates = int64(d.held)
	return s
}

// Observe implements Engine.
func (d *Detector) Observe(s telemetry.Signal) []incident.Anomaly {
	d.stats.Signals++
	if !possibleTime(s.Time) || hollow(s) {
		d.stats.Invalid++
		return nil
	}
	s.Time, s.Series = s.Time.UTC(), boundedKey(s.Series)
	switch s.Kind {
	case telemetry.KindMetric:
		return d.relate(d.metric(&s), s.Time)
	case telemetry.KindLog:
		return d.relate(d.log(&s), s.Time)
	case telemetry.KindAlarm:
		s.Alarm = d.countable(*s.Alarm)
		return d.alarm(s)
	case telemetry.KindEvent:
		return d.event(s)
	case telemetry.KindFeedback:
		if math.Abs(s.Feedback.Reached) <= math.MaxFloat64 && s.Feedback.At.Year() <= 9999 {
			return d.listen(s)
		}
		d.stats.Invalid++
		return nil
	default:
		return nil
	}
}

// Advance implements Engine.
func (d *Detector) Advance(watermark time.Time) []incident.Anomaly {
	if !watermark.After(d.state.Watermark) || !possibleTime(watermark) {
		return nil
	}
	d.state.advance(watermark.UTC())
	var found []incident.Anomaly
	found = append(found, d.relate(append(d.advanceLogs(watermark), d.advanceMetrics(watermark)...), watermark)...)
	found = append(found, d.advanceAlarms(watermark)...)
	return append(found, d.advanceEvents(watermark)...)
}

// Reading implements Engine.
func (d *Detector) Reading(series string) (Reading, bool) {
	series = boundedKey(series)
	if m, ok := d.state.Metrics[series]; ok && m.Signs.Model.N > 0 {
		return m.reading(d.rules), true
	}
	if l, ok := d.state.Logs[series]; ok && l.Base.N > 0 {
		return l.reading(d.rules), true
	}
	return Reading{}, false
}
