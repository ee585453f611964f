package logs

import (
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// State is where an episode stands.
type State uint8

// States.
const (
	Nothing State = iota
	Opens
	Goes // another anomalous minute or line
	Ends
)

// Rules, without what sets the episodes of one apart.
const (
	RuleNew      = incident.RuleLogNew
	RuleRate     = incident.RuleLogRate
	RuleTemplate = incident.RuleLogTemplate
	RuleStopped  = incident.RuleLogStopped
	RuleRatio    = incident.RuleLogRatio
	RuleValue    = incident.RuleLogValue
)

// Finding is what is to be said of a group.
type Finding struct {
	Rule    string // with what sets it apart, if anything, after a "/"
	State   State
	Rank    Severity
	Opened  int64 // ns of event time
	Last    int64 // of the latest anomalous line, or the end of the latest anomalous minute
	Count   int   // anomalous lines in addition to those of earlier findings of the episode
	Got     float64
	Low     float64
	High    float64
	Before  float64 // what was usual just before
	Reached float64 // in multiples of the usual threshold
	Rarity  float64
	Excess  float64 // for growth
	Unsure  bool
	Why     redact.Text
	Samples []redact.Text
}

// Severity is how much an episode matters, before the service has a say.
type Severity uint8

// Severities.
const (
	Harm    Severity = iota // what users feel: errors, crashes
	Symptom                 // a step milder
	Oddity                  // another step
)

func severityOf(r rank) Severity {
	switch r {
	case failing, dying:
		return Harm
	case warning, unranked:
		return Symptom
	default:
		return Oddity
	}
}
