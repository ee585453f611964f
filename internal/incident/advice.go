package incident

import "firebreak/internal/redact"

// Advice tells what a person should do now, in one or two sentences. Every place
// that shows an incident shows it: somebody who was just woken up looks for
// nothing else.
func (s State) Advice() redact.Text {
	switch s.Status {
	case StatusAnalysing:
		return redact.Literal("Nothing to do yet: the evidence is being gathered.")
	case StatusDiagnosing:
		return redact.Literal("Nothing to do yet: the cause is being looked for.")
	case StatusAwaitingApproval:
		if s.Plan == nil || !s.Pending {
			return redact.Literal("Nothing to do: the answer is being worked on.")
		}
		return redact.Format("Approve or reject %s on %s before %s UTC.",
			redact.Name(s.Plan.Runbook), redact.Name(s.Plan.Service), redact.Name(s.Expires.UTC().Format("2006-01-02 15:04")))
	case StatusRemediating:
		return redact.Literal("Nothing to do: the runbook is running. Afterwards the live metric is checked.")
	case StatusVerifying:
		return redact.Literal("Nothing to do: the runbook has run, and the live metric is being watched.")
	case StatusResolved:
		return s.relief()
	case StatusEscalated:
		return redact.Literal("Take over: Firebreak could not mend this, and nothing of it runs any more.")
	case StatusRejected:
		return redact.Literal("Take over: the plan was rejected, and nothing was run for it.")
	case StatusExpired:
		return redact.Literal("Take over: nobody answered in time, and nothing was run.")
	case StatusCancelled:
		return redact.Literal("Take over if the trouble is still there: the incident was cancelled.")
	case StatusHalted:
		return redact.Literal("Take over: automation is halted.")
	case StatusSuppressed:
		return redact.Literal("Nothing to do: a silence covers this.")
	case StatusShadowed:
		return redact.Literal("Nothing is asked and nothing is run: this is a record.")
	case StatusFailed:
		return redact.Literal("Take over: Firebreak itself failed on this incident.")
	default:
		return redact.Format("Status %s.", s.Status.Words())
	}
}

// relief is the advice for an incident whose trouble is gone.
func (s State) relief() redact.Text {
	switch s.Outcome {
	case OutcomeFixed:
		return redact.Literal("Nothing to do: it was fixed, and the live metric is good again.")
	case OutcomeSelfHealed:
		return redact.Literal("Nothing to do now: the trouble went away by itself. Its cause may still be there.")
	case OutcomeFixedByPerson:
		return redact.Literal("Nothing to do: somebody has fixed it.")
	case OutcomeFalseAlarm:
		return redact.Literal("Nothing to do: it was a false alarm.")
	default:
		return redact.Literal("Nothing to do: the trouble is gone.")
	}
}
