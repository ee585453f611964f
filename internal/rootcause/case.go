// Package rootcause ranks suspects: which service is behind a symptom, from time
// series, the service graph, log patterns and changes. It is pure: it needs no
// network, no clock and no model, and the same case gives the same ranking in
// whatever order its parts come.
package rootcause

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Case is all that is looked at.
type Case struct {
	Symptom Symptom
	Calls   []Call       // edges of the service graph; empty when unknown; may hold cycles
	Nodes   []string     // services known besides those in Calls and Series, without metrics of their own
	Series  []Series     // with history from before the onset
	Logs    []LogPattern // optional
	Changes []Change     // optional
}

// Symptom is where and when the trouble shows.
type Symptom struct {
	Service string
	Metric  string // as in Series; empty when nobody knows
	Start   time.Time
	End     time.Time // zero: still going on
}

// Call is an edge of the service graph.
type Call struct{ Caller, Callee string }

// Series is one metric of one service.
type Series struct {
	Service, Metric string
	Role            incident.MetricRole // empty when nobody knows
	Points          []Point             // in any order; what was not measured is absent or NaN
}

// Point is one sample: At is the start of the time that it covers.
type Point struct {
	At    time.Time
	Value float64
}

// LogPattern is how often one kind of log line came.
type LogPattern struct {
	Service, ID string
	Text        redact.Text
	Severe      bool    // its level or its words say that it is about an error
	Points      []Point // counts; a time without lines may be absent
}

// Change is a deployment, a configuration change or a scaling event.
type Change struct {
	At            time.Time
	Service, Kind string
	Text          redact.Text
}

// Ranking is what is thought of a case.
type Ranking struct {
	Suspects []Suspect     // best first
	Outside  float64       // in [0,1]: how much speaks for a cause that is not among these services
	Notes    []redact.Text // what was missing: no graph, little history, ...
}

// Suspect is a service that may be the cause.
type Suspect struct {
	Service, Metric string        // Metric is its most telling one, empty when only logs or changes speak
	Score           float64       // in [0,1], to be read as the probability that this service is the cause
	Onset           time.Time     // of its own deviation; zero when it has none
	Deviation       float64       // of its most telling series, in robust deviations; negative when it fell
	Path            []string      // from the suspect to the symptom's service along callers; empty when none is known
	Why             []redact.Text // reasons in numbers, weightiest first
	Against         []redact.Text // what speaks against it
	Series          []int         // indices into Case.Series behind it
	Changes         []int         // into Case.Changes
	Logs            []int         // into Case.Logs
}
