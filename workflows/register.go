// Package workflows orchestrates incidents: IncidentWorkflow is the story of
// one, RemediationWorkflow one attempt at fixing it, CorrelatorWorkflow the
// shell that starts incidents from anomalies, GuardWorkflow a look at what
// terminated ones left behind. Everything here is deterministic;
// whatever touches the world is an activity, known by its name and types in
// internal/incident only, so that no SDK of an outside system is linked.
package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
)

// Register makes the workflows known to a worker or a replayer under the names
// by which they are started.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(IncidentWorkflow, workflow.RegisterOptions{Name: incident.WorkflowIncident})
	r.RegisterWorkflowWithOptions(RemediationWorkflow, workflow.RegisterOptions{Name: incident.WorkflowRemediation})
	r.RegisterWorkflowWithOptions(CorrelatorWorkflow, workflow.RegisterOptions{Name: incident.WorkflowCorrelator})
	r.RegisterWorkflowWithOptions(GuardWorkflow, workflow.RegisterOptions{Name: incident.WorkflowGuard})
	r.RegisterWorkflowWithOptions(EpilogueWorkflow, workflow.RegisterOptions{Name: incident.WorkflowEpilogue})
}
