package main

import (
	workflowpb "go.temporal.io/api/workflow/v1"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// standing is the status to show. One that was cut off stays in the status that
// it had, which nobody works on any more.
func (s summary) standing() string {
	if s.CutOff != "" && !s.Status.Terminal() {
		return s.CutOff
	}
	return string(s.Status)
}

// asItStands corrects the state of an incident that could not write its own end.
func asItStands(s incident.State, info *workflowpb.WorkflowExecutionInfo) incident.State {
	how := incident.HowCutOff(info.GetStatus())
	if how == "" {
		return s
	}
	t := incident.Terminated{WorkflowID: s.WorkflowID, RunID: s.RunID, How: how, At: info.GetCloseTime().AsTime()}
	return s.CutOff(t, t.Words(redact.Text{}))
}
