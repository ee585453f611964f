package incident

import (
	"time"

	"firebreak/internal/redact"
)

// Severity is how bad it is: sev1 (worst) to sev4.
type Severity string

// Severities.
const (
	Sev1 Severity = "sev1"
	Sev2 Severity = "sev2"
	Sev3 Severity = "sev3"
	Sev4 Severity = "sev4"
)

// Worse tells whether s is more severe than other. The empty severity is the
// least severe.
func (s Severity) Worse(other Severity) bool {
	return s != "" && (other == "" || s < other)
}

// AnomalyKind is the sort of signal an anomaly was found in.
type AnomalyKind string

// Kinds.
const (
	KindMetric   AnomalyKind = "metric"   // a series left its band
	KindForecast AnomalyKind = "forecast" // a series climbs and will reach its limit soon
	KindLog      AnomalyKind = "log"      // a log pattern is new or its rate left its band
	KindAlarm    AnomalyKind = "alarm"    // a CloudWatch alarm went into ALARM
	KindEvent    AnomalyKind = "event"    // an EventBridge event that is trouble by itself
)

// RuleSilent is the rule of metric anomalies in which a series that came
// regularly does not come any more. Its numbers are of points and not of the
// metric: Metric asks for SampleCount, of which at least Low was expected and
// none was observed. Such trouble is gone when points come again.
const RuleSilent = "silent"

// RuleEvidence is the rule of metric anomalies in which many signs of trouble add
// up. The value alone can be usual: it is then the hour, the order or the
// stillness of the latest points that is not.
const RuleEvidence = "evidence"

// Rules of log anomalies. What sets those of one rule apart, as the id of a
// template, follows after a "/".
const (
	RuleLogRate     = "log-rate"     // lines of a severity, or all of them, come more or less often
	RuleLogNew      = "log-new"      // something was said that was never said before
	RuleLogTemplate = "log-template" // lines of one template come more or less often
	RuleLogStopped  = "log-stopped"  // lines of a template that came regularly do not come any more
	RuleLogRatio    = "log-ratio"    // the share of error lines has moved
	RuleLogValue    = "log-value"    // a parameter of a template has an unusual value
	RuleLogSilent   = "log-silent"   // a group that came regularly does not come any more
)

// EpisodeState is where an anomaly's episode stands.
type EpisodeState string

// States of an episode. An engine emits an anomaly when it opens, when it grows
// notably, and when it closes, each time with the same id.
const (
	EpisodeOpen    EpisodeState = "open"
	EpisodeGrowing EpisodeState = "growing"
	EpisodeClosed  EpisodeState = "closed"
)

// MetricRef names one CloudWatch series.
type MetricRef struct {
	Namespace  string            `json:"namespace"`
	Name       string            `json:"name"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
	Stat       string            `json:"stat"`           // Average, Sum, Minimum, Maximum, SampleCount or pNN
	Period     int               `json:"period_seconds"` // seconds: 1, 5, 10, 30 or a multiple of 60
	Unit       string            `json:"unit,omitempty"` // CloudWatch unit, for display
}

// IsZero tells whether there is no metric.
func (m MetricRef) IsZero() bool { return m.Name == "" }

// Anomaly is one episode of something unusual in one series, and for metrics in
// those of the same service that left their bands with it.
type Anomaly struct {
	ID        string       `json:"id"`                   // AnomalyID(Rule, Series, Opened)
	Account   string       `json:"account"`              // 12 digits
	Region    string       `json:"region"`               //
	Service   string       `json:"service"`              // name of a service file, or "unassigned"
	DependsOn []string     `json:"depends_on,omitempty"` // the services that this one calls, from its file
	Kind      AnomalyKind  `json:"kind"`                 //
	Rule      string       `json:"rule"`                 // which detector rule, e.g. "level", "log-rate", "alarm"
	Series    string       `json:"series"`               // key of the series on the stream
	Metric    *MetricRef   `json:"metric,omitempty"`     // set when the series is a CloudWatch metric
	LogGroup  string       `json:"log_group,omitempty"`  // set for KindLog
	Alarm     string       `json:"alarm,omitempty"`      // alarm name, set for KindAlarm
	State     EpisodeState `json:"state"`                //
	Severity  Severity     `json:"severity"`             //
	Opened    time.Time    `json:"opened"`               // event time
	LastSeen  time.Time    `json:"last_seen"`            // event time of the latest anomalous signal
	Closed    time.Time    `json:"closed,omitzero"`      // event time, set when State is closed
	Again     time.Time    `json:"again,omitzero"`       // event time at which what had been back to normal came again last; zero when nothing has
	Count     int          `json:"count"`                // anomalous signals in the episode so far

	Observed float64 `json:"observed"`           // the latest anomalous value, in the metric's unit or events per window
	Low      float64 `json:"low"`                // expected band, same unit
	High     float64 `json:"high"`               //
	Rarity   float64 `json:"rarity"`             // tail probability of the observation, in (0,1]; 0 when unknown
	Unsure   bool    `json:"unsure,omitempty"`   // the series is still young
	Previous float64 `json:"previous,omitempty"` // the value just before the episode opened

	Forecast *Forecast `json:"forecast,omitempty"` // set for KindForecast

	// Witnesses are the other series, in which the same trouble shows. Then Severity
	// is the worst of all, Count and LastSeen are of all together, Why is about the
	// one that is furthest out, and State is closed when the last is back to normal.
	// Everything else is of the anomaly's own series, which was found first.
	Witnesses     []Witness `json:"witnesses,omitempty"`      // at most MaxWitnesses, one of each role first
	MoreWitnesses int       `json:"more_witnesses,omitempty"` // that are not listed
	Back          time.Time `json:"back,omitzero"`            // event time at which its own series was back to normal, where others were not

	Reached  float64     `json:"reached,omitempty"` // how far out the episode came at most, in multiples of the usual threshold of its rule; 0 when the rule has none
	Feedback redact.Text `json:"feedback,omitzero"` // how people's feedback has moved that threshold, as Why says it; empty when it has not

	Why     redact.Text   `json:"why"`               // one sentence in numbers that a person understands
	Samples []redact.Text `json:"samples,omitzero"`  // at most two redacted log samples
	Changes []Change      `json:"changes,omitempty"` // at most five, latest first; see Change
}

// Forecast is where a climbing series is going, as of an anomaly's LastSeen.
type Forecast struct {
	Limit   float64 `json:"limit"`           // that its service file names, in the metric's unit
	Slope   float64 `json:"slope"`           // metric's unit per second
	Seconds float64 `json:"seconds"`         // until the limit is reached; 0 when it is
	Soonest float64 `json:"soonest_seconds"` // the same by the steepest of the likely slopes
	Latest  float64 `json:"latest_seconds"`  // the same by the flattest of them
}

// Change is a deployment, configuration, scaling or state-change event that an
// engine saw on the stream shortly before an episode opened, of the anomaly's
// service or of one that it depends on. It is a coincidence in time and claims
// no more.
type Change struct {
	At      time.Time   `json:"at"`      // event time
	Service string      `json:"service"` // whose change it is
	Kind    string      `json:"kind"`    // source and detail-type of the event, e.g. "aws.codedeploy/CodeDeploy Deployment State-change Notification"
	Text    redact.Text `json:"text"`    // what changed, redacted, at most 300 bytes
}

// Batch is what a stream worker or a backfill sends to the correlator.
type Batch struct {
	Shard     string    `json:"shard"`           // shard id, or the backfill's source
	Fence     int64     `json:"fence"`           // grows with every owner of the shard; lower ones are dropped
	Watermark time.Time `json:"watermark"`       // event time up to which the shard is complete
	Anomalies []Anomaly `json:"anomalies"`       // at most 100 a batch
	Flush     bool      `json:"flush,omitempty"` // the end of a backfill: no more will come
}

// Join is an anomaly that the correlator hands to an incident that is already
// open, with the others of the same moment: in a storm a signal each would fill
// histories.
type Join struct {
	Anomaly Anomaly   `json:"anomaly"`
	More    []Anomaly `json:"more,omitempty"` // at most 15
}

// All lists every anomaly of the join in order.
func (j Join) All() []Anomaly { return append([]Anomaly{j.Anomaly}, j.More...) }

// JoinAck tells the correlator that an incident has taken an anomaly.
type JoinAck struct {
	IncidentID string       `json:"incident_id"`
	AnomalyID  string       `json:"anomaly_id"`
	State      EpisodeState `json:"state"`          // which of the anomaly's emissions was taken
	More       []JoinAck    `json:"more,omitempty"` // of the others that came with it
}

// Closed tells the correlator that an incident's workflow is about to return.
type Closed struct {
	IncidentID string    `json:"incident_id"`
	Status     Status    `json:"status"`
	Outcome    Outcome   `json:"outcome"`
	At         time.Time `json:"at"`
	Thread     ThreadRef `json:"thread,omitzero"` // so that a recurrence can keep the thread
	Ticket     TicketRef `json:"ticket,omitzero"` // and the ticket
}
