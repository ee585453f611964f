// Package replay keeps recorded histories of workflows, one JSON file each, and
// tests that today's code still replays them: an incident that is waiting for
// its approval when a new version is deployed has to carry on.
//
// The histories come from the code that is deployed, not from the branch under
// test. To add one, check the deployed commit out and run
//
//	go run ./test/replay/record
//
// which records what is missing and leaves every file that exists alone. A file
// may go once no workflow of its time can still be open.
package replay

import "firebreak/internal/incident"

// Case is one history that there has to be.
type Case struct {
	Name     string           // of its file, without .json
	Workflow string           // registered name of its workflow
	Status   incident.Status  // in which an incident ended
	Outcome  incident.Outcome // of the incident
	About    string           // what makes it different from the others
}

// Cases are all that have to be there.
func Cases() []Case {
	const (
		incidentType    = incident.WorkflowIncident
		remediationType = incident.WorkflowRemediation
		correlatorType  = incident.WorkflowCorrelator
	)
	return []Case{
		{"resolved", incidentType, incident.StatusResolved, incident.OutcomeFixed, "approved by update, fixed and verified"},
		{"rejected", incidentType, incident.StatusRejected, incident.OutcomeDeclined, "rejected by signal, after one decision that did not count"},
		{"expired", incidentType, incident.StatusExpired, incident.OutcomeTimedOut, "nobody answered"},
		{"escalated", incidentType, incident.StatusEscalated, incident.OutcomeHandedOver, "no runbook fits"},
		{"ranked", incidentType, incident.StatusResolved, incident.OutcomeFixed, "no model answered, ranked by rule"},
		{"undone", incidentType, incident.StatusEscalated, incident.OutcomeUndone, "two attempts that did not help"},
		{"cancelled", incidentType, incident.StatusCancelled, incident.OutcomeNone, "cancelled while its automation ran"},
		{"cancelled-waiting", incidentType, incident.StatusCancelled, incident.OutcomeNone, "cancelled while its question stood"},
		{"joined", incidentType, incident.StatusResolved, incident.OutcomeFixed, "a second anomaly joined through the correlator"},
		{"self-healed", incidentType, incident.StatusResolved, incident.OutcomeSelfHealed, "the anomaly closed while the question stood"},
		{"reopened", incidentType, incident.StatusResolved, incident.OutcomeFixed, "the trouble came back within the reopen window"},
		{"outage", incidentType, incident.StatusResolved, incident.OutcomeFixed, "chat was down at first"},
		{"shadowed", incidentType, incident.StatusShadowed, incident.OutcomeNone, "of a backfill, without effects"},
		{"remediation", remediationType, "", "", "verified"},
		{"remediation-undone", remediationType, "", "", "did not help and was undone"},
		{"remediation-cancelled", remediationType, "", "", "stopped while its automation ran"},
		{"guard", incident.WorkflowGuard, "", "", "an orphan stopped, a terminated incident forgotten and told"},
		{"epilogue", incident.WorkflowEpilogue, "", "", "thread, root message, buttons and ticket of a terminated incident"},
		{"correlator", correlatorType, "", "", "two anomalies, one incident, cancelled in the end"},
		{"correlator-backfill", correlatorType, "", "", "flushed, and ended with its incidents"},
	}
}
