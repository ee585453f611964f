package incident

import (
	"time"

	"firebreak/internal/redact"
)

// Status is where an incident stands; it is also the search attribute.
type Status string

// Statuses.
const (
	StatusAnalysing        Status = "analysing"
	StatusDiagnosing       Status = "diagnosing"
	StatusAwaitingApproval Status = "awaiting_approval"
	StatusRemediating      Status = "remediating"
	StatusVerifying        Status = "verifying"
	StatusResolved         Status = "resolved"
	StatusEscalated        Status = "escalated"
	StatusRejected         Status = "rejected"
	StatusExpired          Status = "expired"
	StatusSuppressed       Status = "suppressed"
	StatusCancelled        Status = "cancelled"
	StatusHalted           Status = "halted"
	StatusShadowed         Status = "shadowed"
	StatusFailed           Status = "failed"
)

// Outcome is what became of the trouble.
type Outcome string

// Outcomes.
const (
	OutcomeFixed         Outcome = "fixed"
	OutcomeSelfHealed    Outcome = "self_healed"
	OutcomeFixedByPerson Outcome = "fixed_by_person"
	OutcomeUndone        Outcome = "undone"
	OutcomeHandedOver    Outcome = "handed_over"
	OutcomeDeclined      Outcome = "declined"
	OutcomeTimedOut      Outcome = "timed_out"
	OutcomeFalseAlarm    Outcome = "false_alarm"
	OutcomeNone          Outcome = "none"
)

// Phase names a part of the incident's story in its timeline.
type Phase string

// Phases, in the order in which they come.
const (
	PhaseOpen      Phase = "open"
	PhaseAnalyse   Phase = "analyse"
	PhaseDiagnose  Phase = "diagnose"
	PhasePlan      Phase = "plan"
	PhaseApprove   Phase = "approve"
	PhaseRemediate Phase = "remediate"
	PhaseVerify    Phase = "verify"
	PhaseClose     Phase = "close"
)

// IncidentInput starts an IncidentWorkflow.
type IncidentInput struct {
	ID         string    `json:"id"`
	Scope      Scope     `json:"scope"`
	Service    string    `json:"service"`
	Anomalies  []Anomaly `json:"anomalies"`            // what opened it, at least one
	Effects    Effects   `json:"effects"`              //
	Correlator string    `json:"correlator,omitempty"` // workflow id to report to; empty for none
	Previous   *Previous `json:"previous,omitempty"`   // the incident that this one recurs from
	Settings   Settings  `json:"settings"`             //
}

// Previous is an incident that closed a short while ago on the same trouble.
type Previous struct {
	IncidentID string    `json:"incident_id"`
	Thread     ThreadRef `json:"thread,omitzero"`
	Ticket     TicketRef `json:"ticket,omitzero"`
}

// Settings are the durations and limits of an incident, fixed at its start.
type Settings struct {
	ReopenWindow Duration `json:"reopen_seconds"` // how long it stays open after its work has ended
	// Settle is how long after its onset the evidence is gathered: detectors are
	// faster than the metrics and logs that have to tell what happened.
	Settle      Duration `json:"settle_seconds"`
	MaxAttempts int      `json:"max_attempts"` // plans tried before it escalates
	// LostAfter is how long an activity's try may be silent before its worker
	// counts as lost and another one takes over: the heartbeat timeout of every
	// activity. 0 takes 30 seconds.
	LostAfter Duration `json:"lost_after_seconds,omitempty"`
	// DiagnoseWithin is how long a model is tried for a diagnosis before the
	// suspects are ranked by rule instead. 0 takes the default.
	DiagnoseWithin Duration `json:"diagnose_within_seconds,omitempty"`
	// CatchUp is how long after its end an incident still tries to tell Slack and
	// Jira what they missed. 0 tries once more and gives up.
	CatchUp   Duration `json:"catch_up_seconds,omitempty"`
	UIURL     string   `json:"ui_url,omitempty"` // base address of the Temporal UI
	Namespace string   `json:"namespace"`        // for that address
}

// Entry is one line of the timeline.
type Entry struct {
	At    time.Time   `json:"at"`
	Phase Phase       `json:"phase"`
	Text  redact.Text `json:"text"`
}

// State is what the query "state" answers and, at its end, what the workflow
// returns: the whole story so far.
type State struct {
	ID           string          `json:"id"`
	WorkflowID   string          `json:"workflow_id"`
	RunID        string          `json:"run_id"`
	UIURL        string          `json:"ui_url,omitempty"` // of its details in the Temporal UI
	Origin       Origin          `json:"origin"`
	Service      string          `json:"service"`
	Team         string          `json:"team,omitempty"`
	Severity     Severity        `json:"severity"`
	Status       Status          `json:"status"`
	Outcome      Outcome         `json:"outcome"`
	Opened       time.Time       `json:"opened"`
	Ended        time.Time       `json:"ended,omitzero"` // when it left its last working phase
	Anomalies    []Anomaly       `json:"anomalies"`      // at most 50; Joined counts all
	Joined       int             `json:"joined"`
	Catalog      string          `json:"catalog,omitempty"` // pinned commit
	Evidence     []Evidence      `json:"evidence,omitempty"`
	Gaps         []Gap           `json:"gaps,omitempty"`
	Diagnosis    *Diagnosis      `json:"diagnosis,omitempty"`
	Plan         *Plan           `json:"plan,omitempty"`   // the pending or latest one
	Pending      bool            `json:"pending"`          // a decision on Plan is awaited
	Expires      time.Time       `json:"expires,omitzero"` // of the pending question
	Card         CardRef         `json:"card,omitzero"`    // of the pending question, once it is posted
	Decisions    []Accepted      `json:"decisions,omitempty"`
	Refused      int             `json:"refused"` // decisions that did not count
	Attempts     []AttemptRecord `json:"attempts,omitempty"`
	Thread       ThreadRef       `json:"thread,omitzero"`
	Messages     int             `json:"messages"` // posted in the thread, the root included
	Ticket       TicketRef       `json:"ticket,omitzero"`
	TicketStatus string          `json:"ticket_status,omitempty"`
	Timeline     []Entry         `json:"timeline"` // at most 500
}

// AttemptRecord is a plan and what became of it.
type AttemptRecord struct {
	Runbook string            `json:"runbook"`
	Service string            `json:"service,omitempty"` // that it acted on
	Digest  string            `json:"digest"`
	Result  RemediationResult `json:"result"`
}

// Terminal tells whether the status is an end.
func (s Status) Terminal() bool {
	switch s {
	case StatusResolved, StatusEscalated, StatusRejected, StatusExpired, StatusSuppressed,
		StatusCancelled, StatusHalted, StatusShadowed, StatusFailed:
		return true
	default:
		return false
	}
}
