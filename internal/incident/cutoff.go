package incident

import (
	"slices"

	"go.temporal.io/api/enums/v1"

	"firebreak/internal/redact"
)

// HowCutOff says how a workflow was ended from outside: terminated, timed_out or
// failed. It is empty for one that runs or came to an end of its own.
func HowCutOff(status enums.WorkflowExecutionStatus) string {
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

// HasEnded tells whether a status is that of a workflow that has ended. Only what
// is known to be an end counts as one.
func HasEnded(status enums.WorkflowExecutionStatus) bool {
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return true
	default:
		return HowCutOff(status) != ""
	}
}

// Words say what cut an incident off and what that means. The reason is what the
// person gave who terminated it, empty when nobody did.
func (t Terminated) Words(reason redact.Text) redact.Text {
	what := redact.Literal("The incident's workflow failed")
	switch t.How {
	case "terminated":
		what = redact.Literal("The incident was terminated in Temporal")
	case "timed_out":
		what = redact.Literal("The incident's workflow ran out of time")
	}
	if !reason.IsEmpty() {
		what = redact.Format("%s (reason: %s)", what, reason)
	}
	return redact.Format("%s at %s UTC. Nothing is watched any more: whether the trouble is over is not known. "+
		"An automation of it that still runs is being stopped. The next anomaly opens a new incident.",
		what, redact.Name(t.At.UTC().Format("2006-01-02 15:04:05")))
}

// CutOff is the state of an incident that could not write its own end: what its
// query last answered is not how things stand. One that had settled before
// keeps the end that it came to.
func (s State) CutOff(t Terminated, words redact.Text) State {
	if s.Status.Terminal() {
		return s
	}
	s.Status, s.Outcome, s.Ended = StatusCancelled, OutcomeNone, t.At
	s.Pending, s.Card = false, CardRef{}
	s.Timeline = append(slices.Clone(s.Timeline), Entry{At: t.At, Phase: PhaseClose, Text: words})
	return s
}
