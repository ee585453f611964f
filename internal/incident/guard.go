package incident

import (
	"time"

	"firebreak/internal/redact"
)

// Registered names of what looks after incidents that cannot do so themselves,
// because somebody terminated them: workflows and their activities.
const (
	// WorkflowGuard is one round of looking for what terminated incidents left
	// behind; a schedule starts it again and again.
	WorkflowGuard = "GuardWorkflow"
	// WorkflowEpilogue tells the thread and the ticket of one incident that it was
	// terminated.
	WorkflowEpilogue = "EpilogueWorkflow"

	// QueueAutomation: activities/automation.
	ActivityFindOrphans = "FindOrphans"
	ActivityReapOrphan  = "ReapOrphan"

	// QueueWorkflows: activities/guard.
	ActivityFindEnded      = "FindEnded"
	ActivityFindTerminated = "FindTerminated"
	ActivityReadTerminated = "ReadTerminated"
)

// GuardID is the id of the schedule that starts the rounds, and what the
// workflow ids of the rounds begin with: <prefix>guard/<account>/<region>.
func (s Scope) GuardID() string { return s.Prefix + "guard/" + s.Account + "/" + s.Region }

// IncidentPrefix is what the workflow ids of the scope's incidents, and of their
// remediations, begin with.
func (s Scope) IncidentPrefix() string {
	return s.Prefix + "incident/" + s.Account + "/" + s.Region + "/"
}

// EpilogueWorkflowID is <incident workflow id>/epilogue.
func EpilogueWorkflowID(incidentWorkflowID string) string { return incidentWorkflowID + "/epilogue" }

// GuardInput starts a GuardWorkflow.
type GuardInput struct {
	Scope Scope `json:"scope"`
	// Grace is how long something has to have been over before the guard acts on
	// it. What ends in good order settles its own affairs meanwhile.
	Grace    Duration `json:"grace_seconds"`
	Settings Settings `json:"settings"` // UIURL and Namespace only, for links
}

// GuardReport is what a round found and did.
type GuardReport struct {
	Running    int           `json:"running"`               // automations of Firebreak's documents that ran when looked at
	Unsure     int           `json:"unsure,omitempty"`      // of these, left alone because it could not be told whose they are
	Stopped    []Orphan      `json:"stopped,omitempty"`     // automations that nobody watched any more
	Open       int           `json:"open"`                  // incidents that the correlator held open
	OpenUnsure int           `json:"open_unsure,omitempty"` // of these, ones that Temporal could not be asked about
	Forgotten  []string      `json:"forgotten,omitempty"`   // ids of incidents that it was told to forget
	Told       []string      `json:"told,omitempty"`        // ids of terminated incidents whose thread and ticket are being told
	Problems   []redact.Text `json:"problems,omitzero"`     // what could not be done in this round
}

// FindOrphansInput asks for automations whose workflow has ended.
type FindOrphansInput struct {
	Scope Scope    `json:"scope"`
	Grace Duration `json:"grace_seconds"` // since the workflow's end and the automation's start
}

// Orphan is an automation that runs although the workflow that started it, and
// alone could watch it, has ended.
type Orphan struct {
	ExecutionID string    `json:"execution_id"`
	Document    string    `json:"document"`
	WorkflowID  string    `json:"workflow_id"` // of the remediation
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended,omitzero"`   // of the workflow; zero when Temporal does not know it any more
	Status      string    `json:"status,omitempty"` // of the execution, once it was stopped
}

// FindOrphansResult is what was found among the automations that run.
type FindOrphansResult struct {
	Running int      `json:"running"`
	Unsure  int      `json:"unsure"` // could not be told; left for the next round
	Orphans []Orphan `json:"orphans,omitempty"`
}

// ReapOrphanInput asks to stop an orphan, if it still is one.
type ReapOrphanInput struct {
	Orphan Orphan `json:"orphan"`
}

// ReapOrphanResult tells what became of it.
type ReapOrphanResult struct {
	Stopped   bool      `json:"stopped"` // false when its workflow runs again
	Execution Execution `json:"execution,omitzero"`
}

// FindEndedInput asks for incidents that the scope's correlator holds open
// although their workflows have ended.
type FindEndedInput struct {
	Scope Scope    `json:"scope"`
	Grace Duration `json:"grace_seconds"` // since the workflow's end
}

// FindEndedResult holds the reports that the correlator lacks.
type FindEndedResult struct {
	Open   int      `json:"open"`   // incidents that the correlator holds open
	Unsure int      `json:"unsure"` // of these, ones that Temporal could not be asked about
	Ended  []Closed `json:"ended,omitempty"`
}

// FindTerminatedInput asks for incidents that ended without their own doing and
// whose thread and ticket were not told yet.
type FindTerminatedInput struct {
	Scope Scope    `json:"scope"`
	Grace Duration `json:"grace_seconds"`  // since the workflow's end
	Since Duration `json:"within_seconds"` // how long ago it may have ended
	Limit int      `json:"limit"`          // how many at most, the latest first
}

// FindTerminatedResult lists them.
type FindTerminatedResult struct {
	Terminated []Terminated `json:"terminated,omitempty"`
}

// Terminated is an incident whose workflow ended without its own doing.
type Terminated struct {
	WorkflowID string    `json:"workflow_id"`
	RunID      string    `json:"run_id"`
	How        string    `json:"how"` // Temporal's status in lower case: terminated, timed_out, failed
	At         time.Time `json:"at"`
}

// ReadTerminatedInput asks for the last state of such an incident.
type ReadTerminatedInput struct {
	Terminated Terminated `json:"terminated"`
}

// ReadTerminatedResult is the story as far as it had come.
type ReadTerminatedResult struct {
	State  State       `json:"state"`           // without most of its evidence and timeline, so that it stays small
	Reason redact.Text `json:"reason,omitzero"` // that the person gave
}

// EpilogueInput starts an EpilogueWorkflow.
type EpilogueInput struct {
	Terminated Terminated `json:"terminated"`
	Settings   Settings   `json:"settings"` // UIURL and Namespace only, for links
}

// EpilogueResult tells who was told.
type EpilogueResult struct {
	Thread ThreadRef `json:"thread,omitzero"`
	Ticket TicketRef `json:"ticket,omitzero"`
}
