package incident

// Registered names of the workflows.
const (
	WorkflowIncident    = "IncidentWorkflow"
	WorkflowRemediation = "RemediationWorkflow"
	WorkflowCorrelator  = "CorrelatorWorkflow"
)

// Messages to and from workflows.
const (
	// SignalApproval carries a Decision to an IncidentWorkflow. It is what a
	// person sends from the Temporal UI.
	SignalApproval = "approval"
	// UpdateDecide carries a Decision to an IncidentWorkflow and returns a
	// DecisionReceipt, so that the sender learns of a refusal.
	UpdateDecide = "decide"
	// QueryState returns a State.
	QueryState = "state"
	// SignalAnomaly carries a Join from the correlator to an IncidentWorkflow.
	SignalAnomaly = "anomaly"
	// SignalObserved carries a Batch from a stream worker or a backfill to a
	// CorrelatorWorkflow.
	SignalObserved = "observed"
	// SignalJoined carries a JoinAck from an IncidentWorkflow back to its correlator.
	SignalJoined = "joined"
	// SignalClosed carries a Closed from an IncidentWorkflow to its correlator.
	SignalClosed = "closed"
	// SignalProgress carries a Progress from a RemediationWorkflow to its incident.
	SignalProgress = "progress"
	// QueryOpen asks a CorrelatorWorkflow for its state: open incidents and counters.
	QueryOpen = "open"
)

// Task queues. Each outside system has one of its own, because
// TaskQueueActivitiesPerSecond limits a queue over all workers.
const (
	QueueWorkflows  = "firebreak"            // workflows, catalogue and planning activities
	QueueEvidence   = "firebreak-evidence"   // CloudWatch and CloudWatch Logs
	QueueDiagnosis  = "firebreak-diagnosis"  // Bedrock
	QueueAutomation = "firebreak-automation" // Systems Manager
	QueueChat       = "firebreak-chat"       // Slack
	QueueTickets    = "firebreak-tickets"    // Jira
)

// Registered names of the activities, grouped by the queue that serves them.
const (
	// QueueWorkflows: activities/catalog and activities/planning.
	ActivityPinCatalog     = "PinCatalog"
	ActivityCompilePlan    = "CompilePlan"
	ActivityVerifyDecision = "VerifyDecision"
	ActivityRecheck        = "Recheck"

	// QueueEvidence: activities/evidence.
	ActivityGatherEvidence = "GatherEvidence"
	ActivityReadSymptom    = "ReadSymptom"
	ActivityVerifyRecovery = "VerifyRecovery"
	ActivityRankSuspects   = "RankSuspects"

	// QueueDiagnosis: activities/diagnosis.
	ActivityDiagnose = "Diagnose"

	// QueueAutomation: activities/automation.
	ActivityPublishDocument = "PublishDocument"
	ActivityStartAutomation = "StartAutomation"
	ActivityWatchAutomation = "WatchAutomation"
	ActivityStopAutomation  = "StopAutomation"

	// QueueChat: activities/chat.
	ActivityPostIncident  = "PostIncident"
	ActivityPostReply     = "PostReply"
	ActivityAskApproval   = "AskApproval"
	ActivityCloseApproval = "CloseApproval"

	// QueueTickets: activities/tickets.
	ActivityOpenTicket       = "OpenTicket"
	ActivityCommentTicket    = "CommentTicket"
	ActivityTransitionTicket = "TransitionTicket"
)

// Types of the errors with which activities fail. The first four are not worth
// another try, and the retry policies leave them at one.
const (
	ErrorValidation  = "Validation"  // the request, or what it is about, can never do as it is
	ErrorPermission  = "Permission"  // credentials or their rights are at fault
	ErrorNotFound    = "NotFound"    // what it needs does not exist
	ErrorMismatch    = "Mismatch"    // what is there is not what was approved
	ErrorThrottled   = "Throttled"   // too many calls; tried again after what the service says
	ErrorUnavailable = "Unavailable" // the service failed or could not be reached; tried again
)
