package incident

import (
	"time"

	"firebreak/internal/redact"
)

// RemediationInput starts a RemediationWorkflow: one attempt at one plan.
type RemediationInput struct {
	IncidentID string     `json:"incident_id"`
	ParentID   string     `json:"parent_id"` // workflow id of the incident
	Scope      Scope      `json:"scope"`
	Severity   Severity   `json:"severity"`
	Plan       Plan       `json:"plan"`
	Decisions  []Accepted `json:"decisions"`
	LastSeen   time.Time  `json:"last_seen"`                    // event time of the incident's latest anomalous signal
	LostAfter  Duration   `json:"lost_after_seconds,omitempty"` // see Settings
	Quiet      Duration   `json:"quiet_seconds,omitempty"`      // see VerifySpec
	Inside     bool       `json:"inside,omitempty"`             // all that was seen was within its band, so that a good metric does not say that the trouble is gone
}

// RemediationStatus is how an attempt ended.
type RemediationStatus string

// Ends of an attempt.
const (
	RemediationVerified  RemediationStatus = "verified"  // ran, and the live metric is good again
	RemediationDenied    RemediationStatus = "denied"    // Recheck said no; nothing was started
	RemediationHealed    RemediationStatus = "healed"    // the trouble was gone before anything was started
	RemediationUndone    RemediationStatus = "undone"    // did not help, its undo ran
	RemediationFailed    RemediationStatus = "failed"    // did not help, and there is no undo or the undo failed
	RemediationCancelled RemediationStatus = "cancelled" // stopped on request, automation included
)

// RemediationResult is what a RemediationWorkflow returns.
type RemediationResult struct {
	Status       RemediationStatus `json:"status"`
	Reasons      []redact.Text     `json:"reasons,omitzero"` // for denied, failed and undone
	Document     Document          `json:"document,omitzero"`
	Execution    Execution         `json:"execution,omitzero"`
	Verification *Verification     `json:"verification,omitempty"` // nil when it did not come to it
	Undo         *Execution        `json:"undo,omitempty"`         // nil when none ran
}

// Document is an SSM document that was published and read back.
type Document struct {
	Name          string `json:"name"`
	Version       string `json:"version"`        // the numeric version
	VersionName   string `json:"version_name"`   // sha256-<16 hex>
	ContentSHA256 string `json:"content_sha256"` // of what was read back
}

// PublishDocumentInput publishes a runbook's automation document.
type PublishDocumentInput struct {
	IncidentID    string `json:"incident_id"`
	Runbook       string `json:"runbook"`
	Commit        string `json:"commit"`
	ContentSHA256 string `json:"content_sha256"` // that the approved plan names
}

// StartAutomationInput starts a document; the same incident, step and attempt
// always give the same execution.
type StartAutomationInput struct {
	IncidentID string              `json:"incident_id"`
	Step       string              `json:"step"` // "run" or "undo"
	Attempt    int                 `json:"attempt"`
	Document   Document            `json:"document"`
	Parameters map[string][]string `json:"parameters"`
}

// WatchAutomationInput follows an execution until something changes.
type WatchAutomationInput struct {
	ExecutionID string `json:"execution_id"`
	SeenSteps   int    `json:"seen_steps"` // steps that had ended when last looked at
}

// StopAutomationInput stops an execution that nobody watches at the moment.
type StopAutomationInput struct {
	ExecutionID string `json:"execution_id"`
}

// Execution is an SSM Automation execution as far as it has come.
type Execution struct {
	ID              string      `json:"id"`
	Status          string      `json:"status"`    // SSM's AutomationExecutionStatus
	Done            bool        `json:"done"`      // whether Status is terminal
	Succeeded       bool        `json:"succeeded"` // terminal, Success, and no step failed behind it
	DocumentVersion string      `json:"document_version"`
	Steps           []Step      `json:"steps,omitempty"` // at most 100
	Failure         redact.Text `json:"failure,omitzero"`
	Started         time.Time   `json:"started,omitzero"`
	Ended           time.Time   `json:"ended,omitzero"`
}

// EndedSteps counts the steps that have come to an end.
func (e Execution) EndedSteps() int {
	n := 0
	for _, s := range e.Steps {
		if s.Ended {
			n++
		}
	}
	return n
}

// Step is one step of an execution.
type Step struct {
	Name    string      `json:"name"`
	Action  string      `json:"action"`
	Status  string      `json:"status"`
	Ended   bool        `json:"ended"`
	Failure redact.Text `json:"failure,omitzero"` // redacted, at most 500 bytes
}

// ReadSymptomInput asks whether the trouble is still there. It is read again
// right before anything is started.
type ReadSymptomInput struct {
	Verify VerifySpec `json:"verify"`
	// Since is when the latest anomalous signal was seen, in event time. Datapoints
	// of before say nothing about whether the trouble has gone since.
	Since time.Time `json:"since"`
}

// SymptomReading is one look at the live metric.
type SymptomReading struct {
	Present bool      `json:"present"` // the trouble is still there, or cannot be ruled out
	Known   bool      `json:"known"`   // there were datapoints to judge by
	Value   float64   `json:"value"`   // the latest
	At      time.Time `json:"at"`
}

// VerifyRecoveryInput watches the live metric after a fix.
type VerifyRecoveryInput struct {
	IncidentID string     `json:"incident_id"`
	Verify     VerifySpec `json:"verify"`
	Since      time.Time  `json:"since"` // the fix's end: only datapoints that start at or after it count
}

// Verification is what the live metric said. Running out of time without enough
// good datapoints is a result with OK false, not an error.
type Verification struct {
	OK      bool        `json:"ok"`
	Metric  string      `json:"metric"`  // namespace/name, for people
	Before  float64     `json:"before"`  // right before the fix
	After   float64     `json:"after"`   // median of the judged samples
	Samples int         `json:"samples"` // how many datapoints were judged
	Detail  redact.Text `json:"detail"`
	At      time.Time   `json:"at"` // of the last sample
}

// Progress is what a RemediationWorkflow tells its incident on the way.
type Progress struct {
	Phase Phase       `json:"phase"`
	Text  redact.Text `json:"text"`
	At    time.Time   `json:"at"`
}
