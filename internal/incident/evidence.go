package incident

import (
	"time"

	"firebreak/internal/redact"
)

// EvidenceKind is the sort of source that a piece of evidence came from.
type EvidenceKind string

// Kinds of evidence.
const (
	EvidenceAnomaly EvidenceKind = "anomaly" // what the detector saw
	EvidenceMetric  EvidenceKind = "metric"  // a series around the onset, with its band before
	EvidenceAlarm   EvidenceKind = "alarm"   // an alarm's state and its threshold
	EvidenceLogs    EvidenceKind = "logs"    // a log pattern before and after the onset
	EvidenceChange  EvidenceKind = "change"  // a deployment, configuration or scaling event
	EvidenceTrace   EvidenceKind = "trace"   // what traces tell of the calls between services
	EvidencePast    EvidenceKind = "past"    // an incident like this one and what became of it
	EvidenceSuspect EvidenceKind = "suspect" // a service that the ranking suspects, or that none is the cause
)

// Evidence is one piece of what is known about an incident: something that a
// diagnosis can cite and that anyone can look up again.
type Evidence struct {
	ID      string             `json:"id"`               // "ev-" and 8 hex digits of its query, range and kind
	Kind    EvidenceKind       `json:"kind"`             //
	Service string             `json:"service"`          // whose signal it is
	Title   redact.Text        `json:"title"`            // what it shows, in a few words
	Detail  redact.Text        `json:"detail"`           // the finding, in numbers
	Query   string             `json:"query"`            // what to run to see it again
	From    time.Time          `json:"from"`             //
	To      time.Time          `json:"to"`               //
	Facts   map[string]float64 `json:"facts,omitempty"`  // the numbers by name; see the Fact constants
	Samples []redact.Text      `json:"samples,omitzero"` // at most two redacted log lines
	Metric  *MetricRef         `json:"metric,omitempty"` // for EvidenceMetric
	Role    MetricRole         `json:"role,omitempty"`   // for EvidenceMetric
	Whole   *ObjectRef         `json:"whole,omitempty"`  // where all of it is kept, when that is more than is shown here
}

// ObjectRef names an object of the evidence store by its content.
type ObjectRef struct {
	Key    string `json:"key"`    // within the store
	SHA256 string `json:"sha256"` // 64 hex digits, of its bytes
	Bytes  int    `json:"bytes"`  //
}

// Names of facts. Units are those of the series, ratios in [0,1], seconds.
const (
	FactBefore        = "before"           // median before the onset
	FactAfter         = "after"            // median since the onset
	FactLow           = "low"              // expected band before the onset
	FactHigh          = "high"             //
	FactDeviations    = "deviations"       // (after - before) in robust deviations of before
	FactSlope         = "slope"            // change per minute since the onset, in robust deviations of before
	FactCountBefore   = "count_before"     // events in the window before the onset
	FactCountAfter    = "count_after"      // events in the window since the onset
	FactShareAfter    = "share_after"      // share of error lines among all lines since the onset
	FactNew           = "new"              // 1 when the pattern was not seen before the onset
	FactThreshold     = "threshold"        // an alarm's
	FactLimit         = "limit"            // that a climbing series must not reach
	FactSecondsToIt   = "seconds_to_limit" // until it does, by its trend
	FactInAlarm       = "in_alarm"         // 1 when the alarm is in ALARM
	FactSecondsBefore = "seconds_to_onset" // how long before the onset a change happened; negative when after

	// Of traces: besides the medians of response times, in seconds, the shares and
	// the counts of requests above.
	FactShareBefore = "share_before" // share of failed requests among all before the onset
	FactSlowBefore  = "p99_before"   // 99th percentile of response times before the onset, in seconds
	FactSlowAfter   = "p99_after"    // the same since

	// Of incidents of the past.
	FactSimilarity = "similarity" // to this one, in [0,1]
	FactTried      = "tried"      // how often the runbook was run in incidents like this one
	FactFixed      = "fixed"      // how often that helped

	// Of suspects.
	FactRank         = "rank"                  // from 1
	FactScore        = "score"                 // probability in [0,1] that the service is the cause
	FactOutside      = "outside"               // how much speaks for a cause elsewhere, in [0,1]; the same on every piece of a ranking
	FactSecondsAfter = "seconds_after_symptom" // how long after the symptom its own deviation began; negative when before, absent when it has none
	FactHops         = "hops"                  // calls between it and the symptom; absent when no way is known
)

// GapKind is why evidence could not be had, for whoever counts or mends.
type GapKind string

// Kinds of gaps.
const (
	GapTimeout       GapKind = "timeout"        // no answer within its time
	GapDenied        GapKind = "denied"         // a permission is missing, which Reason names
	GapThrottled     GapKind = "throttled"      // asked too often
	GapUnavailable   GapKind = "unavailable"    // failed in another way
	GapNotConfigured GapKind = "not_configured" // nobody has said where to look
	GapCut           GapKind = "cut"            // there is more than was read or is shown
	GapNone          GapKind = "none"           // there is nothing to see
)

// Gap is evidence that could not be had, and why.
type Gap struct {
	What   redact.Text `json:"what"`
	Reason redact.Text `json:"reason"`
	Kind   GapKind     `json:"kind,omitempty"` // empty in histories from before it was kept
}

// GatherEvidenceInput asks what CloudWatch knows about the time around an onset.
type GatherEvidenceInput struct {
	IncidentID string    `json:"incident_id"`
	Service    Service   `json:"service"`
	Neighbours []string  `json:"neighbours,omitempty"` // names of services that it depends on
	Commit     string    `json:"commit"`               // of the catalogue, for the neighbours' files
	Anomalies  []Anomaly `json:"anomalies"`            // at most 50
	Onset      time.Time `json:"onset"`                // when the first anomaly opened
	Until      time.Time `json:"until"`                // the workflow's now
}

// GatherEvidenceResult is at most 40 pieces, the telling ones first.
type GatherEvidenceResult struct {
	Evidence []Evidence `json:"evidence"`
	Gaps     []Gap      `json:"gaps,omitempty"`
}

// DiagnoseInput is all that the model gets to see.
type DiagnoseInput struct {
	IncidentID string          `json:"incident_id"`
	Service    Service         `json:"service"`
	Severity   Severity        `json:"severity"`
	Anomalies  []Anomaly       `json:"anomalies"`       // at most 50
	Evidence   []Evidence      `json:"evidence"`        // at most 40
	Runbooks   []RunbookOption `json:"runbooks"`        // the allowed enum
	Tried      []Tried         `json:"tried,omitempty"` // attempts that did not help
}

// Tried is an earlier attempt at this incident.
type Tried struct {
	Runbook string      `json:"runbook"`
	Service string      `json:"service,omitempty"` // that it acted on; empty in histories from before it was kept
	Result  redact.Text `json:"result"`
}

// Hypothesis is one explanation with its evidence.
type Hypothesis struct {
	Cause      redact.Text `json:"cause"`
	Service    string      `json:"service"`           // where the cause is
	Confidence float64     `json:"confidence"`        // [0,1]
	Citations  []string    `json:"citations"`         // ids of evidence, each of which exists
	Runbook    string      `json:"runbook,omitempty"` // one of the allowed, or empty for none
	Reasoning  redact.Text `json:"reasoning,omitzero"`
}

// ModelRanking is the Model of a diagnosis that no model gave: suspects ranked
// by rule, which is what an incident goes on with when no model answers.
const ModelRanking = "deterministic-ranking"

// RankSuspectsInput asks for a ranking by rule in the place of a model's answer.
type RankSuspectsInput struct {
	Case    DiagnoseInput `json:"case"`     // what the model was asked
	NoModel redact.Text   `json:"no_model"` // why there is no answer
}

// Diagnosis is what the model answered, after local validation: best first, at
// least one hypothesis, at most five.
type Diagnosis struct {
	Hypotheses   []Hypothesis `json:"hypotheses"`
	Model        string       `json:"model"`             // model id, e.g. "offline-rules", or ModelRanking
	NoModel      redact.Text  `json:"no_model,omitzero"` // why no model answered; set with ModelRanking
	InputTokens  int          `json:"input_tokens"`
	OutputTokens int          `json:"output_tokens"`
	Notes        []string     `json:"notes,omitempty"` // what validation corrected, e.g. a citation that does not exist
}

// Best is the first hypothesis that names a runbook, or the first of all.
func (d Diagnosis) Best() Hypothesis {
	for _, h := range d.Hypotheses {
		if h.Runbook != "" {
			return h
		}
	}
	if len(d.Hypotheses) == 0 {
		return Hypothesis{}
	}
	return d.Hypotheses[0]
}
