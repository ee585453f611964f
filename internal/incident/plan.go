package incident

import (
	"slices"
	"time"

	"firebreak/internal/redact"
)

// Plan is a runbook made ready to run: pinned, with resolved parameters, the
// check that will tell whether it helped, and who has to say yes.
type Plan struct {
	Attempt       int                 `json:"attempt"`        // counted from 1
	Runbook       string              `json:"runbook"`        // name in the catalogue
	Commit        string              `json:"commit"`         // of the catalogue, 40 hex digits
	Service       string              `json:"service"`        // that it acts on
	ContentSHA256 string              `json:"content_sha256"` // of automation.yaml at Commit, 64 hex digits
	Parameters    map[string][]string `json:"parameters"`     // resolved values for SSM
	Targets       []string            `json:"targets"`        // what it touches, for people: instance ids and the like
	Impact        redact.Text         `json:"impact"`         //
	Steps         []PlanStep          `json:"steps"`          // of the document, for the approval card
	Undo          *UndoPlan           `json:"undo,omitempty"` // what takes it back
	Verify        VerifySpec          `json:"verify"`         //
	Approval      ApprovalRule        `json:"approval"`       //
	Digest        string              `json:"digest"`         // "v1:" and 64 hex digits over everything above
}

// PlanStep is a step of an automation document as a person should see it.
type PlanStep struct {
	Name   string `json:"name"`
	Action string `json:"action"` // e.g. aws:runCommand
}

// UndoPlan is the automation that takes a plan back.
type UndoPlan struct {
	Runbook       string              `json:"runbook"`
	ContentSHA256 string              `json:"content_sha256"`
	Parameters    map[string][]string `json:"parameters"`
}

// VerifySpec says when the trouble counts as gone.
type VerifySpec struct {
	Metric     MetricRef `json:"metric"`
	Comparison string    `json:"comparison"`      // "<=" or ">="
	Threshold  float64   `json:"threshold"`       // in the metric's unit
	Samples    int       `json:"samples"`         // consecutive good datapoints, all after the fix
	Timeout    Duration  `json:"timeout_seconds"` // how long to wait for them
	Before     float64   `json:"before"`          // the reading at the time of planning

	// Limit and Headroom, when set, ask for more than values below the threshold:
	// the trend of the datapoints must not reach Limit, in the metric's unit,
	// within Headroom.
	Limit    float64  `json:"limit,omitempty"`
	Headroom Duration `json:"headroom_seconds,omitempty"`

	// Quiet, when set, is for how long the datapoints have to be good, however
	// many there are. No plan has it: it is what an incident has learned since of
	// a signal that comes and goes.
	Quiet Duration `json:"quiet_seconds,omitempty"`

	// Traffic, when set, is the service's requests series: a datapoint of Metric
	// counts only where Traffic is above zero in the same period, because a
	// service that gets no requests shows no errors either.
	Traffic *MetricRef `json:"traffic,omitempty"`

	// Also are checks of the other series in which the trouble was seen: it is gone
	// when all of them say so. They have none of their own, and Timeout is that of
	// the first.
	Also []VerifySpec `json:"also,omitempty"`
}

// All lists a specification and those that have to hold besides it.
func (v VerifySpec) All() []VerifySpec {
	also := slices.Clone(v.Also)
	for i := range also {
		also[i].Quiet, also[i].Timeout = v.Quiet, v.Timeout
	}
	v.Also = nil
	return append([]VerifySpec{v}, also...)
}

// Duration is a time.Duration that travels as seconds.
type Duration float64

// Seconds makes a Duration.
func Seconds(d time.Duration) Duration { return Duration(d.Seconds()) }

// Std converts back.
func (d Duration) Std() time.Duration { return time.Duration(float64(d) * float64(time.Second)) }

// ApprovalRule is what policy demands before the plan may run.
type ApprovalRule struct {
	Approvers       []string `json:"approvers,omitempty"` // identities that may decide; empty: anyone
	Count           int      `json:"count"`               // how many different approvers; 0 runs without asking
	AllowUnverified bool     `json:"allow_unverified"`    // whether an unsigned decision counts
	Expires         Duration `json:"expires_seconds"`     // how long the question stands
}

// CompilePlanInput asks for the plan of a hypothesis.
type CompilePlanInput struct {
	IncidentID string     `json:"incident_id"`
	WorkflowID string     `json:"workflow_id"`
	Origin     Origin     `json:"origin"`
	Severity   Severity   `json:"severity"`
	Service    string     `json:"service"` // the incident's
	Anomalies  []Anomaly  `json:"anomalies"`
	Hypothesis Hypothesis `json:"hypothesis"`
	Commit     string     `json:"commit"`
	Attempt    int        `json:"attempt"`
	Tried      []Tried    `json:"tried,omitempty"`
}

// CompilePlanResult is a plan, or the reasons why there can be none.
type CompilePlanResult struct {
	Plan   Plan          `json:"plan"`
	Denied []redact.Text `json:"denied,omitzero"` // policy's reasons; empty when Plan may go to approval
}

// RecheckInput is asked right before the start, after the approval.
type RecheckInput struct {
	IncidentID string     `json:"incident_id"`
	WorkflowID string     `json:"workflow_id"`
	Origin     Origin     `json:"origin"`
	Severity   Severity   `json:"severity"`
	Plan       Plan       `json:"plan"`
	Decisions  []Accepted `json:"decisions"`
	Now        time.Time  `json:"now"` // the workflow's, for change windows
}

// RecheckResult allows the start, or tells every reason against it.
type RecheckResult struct {
	Allowed bool          `json:"allowed"`
	Reasons []redact.Text `json:"reasons,omitzero"`
	Latest  string        `json:"latest"` // the commit of the latest policy that was also asked
}
