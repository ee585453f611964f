// Package telemetry turns what arrives on the stream into signals: bytes of a
// Kinesis record in, metric points, log lines, alarm changes and events out.
// The decoders keep no state and read no clock. Everything that it reads was written by
// somebody else, so every length is bounded and every text is raw: whoever lets
// a text out of the process redacts it first.
package telemetry

import (
	"encoding/json"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry/logline"
)

// Kind is the sort of a signal.
type Kind string

// Kinds. Exactly the pointer of the same name is set in a Signal.
const (
	KindMetric Kind = "metric"
	KindLog    Kind = "log"
	KindAlarm  Kind = "alarm"
	KindEvent  Kind = "event"
	// KindFeedback is what a person said of a series; see Feedback.
	KindFeedback Kind = "feedback"
)

// Signal is one thing that was said about the system at one moment.
type Signal struct {
	Kind      Kind
	Service   string    // set by Assign; the decoders leave it empty
	Series    string    // <account>/<region>/<kind>/<what>, the key that detectors keep state under
	Key       string    // names this very signal: a second one with the same key is a repeated delivery; empty for metric points
	Time      time.Time // event time, UTC
	Arrival   time.Time // when the stream took the record; for lag only, never for windows
	Account   string
	Region    string
	Partition string // the record's partition key

	Metric *MetricPoint
	Log    *LogLine
	Alarm  *AlarmChange
	Event  *Event

	Feedback *Feedback
}

// SeriesKey is a Signal's Series. For a metric, what is its SourceKey, for a log
// line its group.
func SeriesKey(account, region string, kind Kind, what string) string {
	return account + "/" + region + "/" + string(kind) + "/" + what
}

// MetricPoint is one datapoint of a metric stream: the statistics of all
// samples that fell into its period.
type MetricPoint struct {
	Namespace   string
	Name        string
	Dimensions  map[string]string
	Unit        string
	Count       float64            // samples in the period
	Sum         float64            //
	Min         float64            //
	Max         float64            //
	Percentiles map[string]float64 // by CloudWatch's names, e.g. "p99" or "TM(25%:75%)"; those that the metric stream is set to send
}

// Ref names the series of the point under a statistic and a period in seconds.
func (m MetricPoint) Ref(stat string, period int) incident.MetricRef {
	return incident.MetricRef{Namespace: m.Namespace, Name: m.Name, Dimensions: m.Dimensions, Stat: stat, Period: period, Unit: m.Unit}
}

// Value reads a statistic by CloudWatch's name. The second result is false
// when the point does not carry it.
func (m MetricPoint) Value(stat string) (float64, bool) {
	switch stat {
	case "Sum":
		return m.Sum, true
	case "SampleCount":
		return m.Count, true
	case "Minimum":
		return m.Min, true
	case "Maximum":
		return m.Max, true
	case "Average":
		if m.Count == 0 {
			return 0, false
		}
		return m.Sum / m.Count, true
	default:
		v, ok := m.Percentiles[stat]
		return v, ok
	}
}

// LogLine is one event of a log group.
type LogLine struct {
	Group   string
	Stream  string
	ID      string // CloudWatch's event id
	Message string // the line as written, cut at MaxMessage bytes
	Level   Level  //
	Text    string // the line's own words: the message and the error of a structured line, else the line without its header; cut like Message

	Fields []logline.Field // raw and bounded, as logline.Line has them; nil when there are none
	Trace  string          // the stack trace in a field of a structured line; empty without one
}

// Read takes Message apart: it fills Level, Text, Fields and Trace, cuts Message
// and Text, and returns what else the line says. All of a long line is read,
// since half a JSON object is none.
func (l *LogLine) Read() logline.Line {
	read := logline.Parse(l.Message)
	l.Message, l.Text = cut(l.Message, MaxMessage), cut(read.Message, MaxMessage)
	l.Level, l.Fields, l.Trace = read.Level, read.Fields, read.Trace
	return read
}

// AlarmState is a CloudWatch alarm's state.
type AlarmState string

// States of an alarm. Missing data is not health.
const (
	AlarmOK               AlarmState = "OK"
	AlarmALARM            AlarmState = "ALARM"
	AlarmInsufficientData AlarmState = "INSUFFICIENT_DATA"
)

// AlarmChange is a state change of a CloudWatch alarm, or of one contributor of
// an alarm over several series.
type AlarmChange struct {
	ARN         string
	Name        string
	Contributor string            // id of the series inside the alarm; empty for the alarm as a whole
	Attributes  map[string]string // the contributor's
	State       AlarmState        //
	Previous    AlarmState        // empty for a new alarm
	Description string            // written by people, raw
	Reason      string            // written by CloudWatch, raw
	Composite   bool              //
	Rule        string            // a composite alarm's expression
	Triggering  []string          // ARNs of the alarms that set a composite one off
	Suppressed  string            // why actions are held back, e.g. "Alarm" or the ARN of a mute rule; transitions go on all the same
	Metric      *incident.MetricRef
	Threshold   *float64 // nil when there is none, as with an anomaly band
	Low         *float64 // latest lower edge of an anomaly band
	High        *float64 // latest upper edge
	Value       *float64 // latest datapoint that was judged
}

// Class says what an event means for detection.
type Class string

// Classes of events.
const (
	ClassTrouble Class = "trouble" // is trouble by itself, e.g. a task that stopped with an error
	ClassChange  Class = "change"  // somebody or something changed the system: evidence, not trouble
	ClassNotice  Class = "notice"  // neither
)

// Event is an EventBridge event that is no alarm change.
type Event struct {
	ID         string
	Source     string
	DetailType string
	Resources  []string // ARNs that the event names
	Names      []string // what else may tell whose event it is: ids and names from its detail, most specific first
	Service    string   // detail.service of a custom event: a claim, checked against the inventory by Assign
	Class      Class
	State      string          // the state in the event, e.g. "STOPPED" or "FAILURE"
	Summary    string          // one line on what happened, raw, at most maxSummary bytes
	Version    int64           // detail.version of ECS events, which orders them per resource
	Raw        json.RawMessage // the event as it came; nil when longer than MaxRaw
}

// Limits on what a signal carries, in bytes.
const (
	MaxMessage = 16 << 10
	MaxRaw     = 8 << 10
	maxSummary = 500
	maxName    = 512
)

// cut shortens s to at most limit bytes at a rune boundary.
func cut(s string, limit int) string { return logline.Cut(s, limit) }
