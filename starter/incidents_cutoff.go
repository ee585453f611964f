package main

import (
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// cutOff says how a workflow was ended from outside: terminated, timed_out or
// failed; it is empty for one that runs or came to an end of its own.
func cutOff(status enums.WorkflowExecutionStatus) string {
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return "terminated"
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return "timed_out"
	case enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		return "failed"
	default:
		return ""
	}
}

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
	how := cutOff(info.GetStatus())
	if how == "" {
		return s
	}
	t := incident.Terminated{WorkflowID: s.WorkflowID, RunID: s.RunID, How: how, At: info.GetCloseTime().AsTime()}
	return s.CutOff(t, t.Words(redact.Text{}))
}
