package workflows

import (
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// attempted tells one attempt: what was run on what, what became of it, why it
// did not help, and what took it back. Whoever takes over has to know it all.
func attempted(n int, a incident.AttemptRecord) redact.Text {
	line := redact.Format("Attempt %d, %s", n, redact.Name(a.Runbook))
	if a.Service != "" {
		line = redact.Format("%s on %s", line, redact.Name(a.Service))
	}
	res := a.Result
	if res.Execution.ID == "" {
		line = redact.Format("%s: nothing was started.", line)
	} else {
		line = redact.Format("%s: ran %s (%s, execution %s).", line, stepsOf(res.Execution), redact.Name(res.Execution.Status), redact.Name(res.Execution.ID))
	}
	line = redact.Format("%s %s", line, ended(res).Cut(500))
	switch {
	case res.Undo == nil:
	case res.Undo.Succeeded:
		line = redact.Format("%s The undo ran %s (%s).", line, stepsOf(*res.Undo), redact.Name(res.Undo.Status))
	default:
		line = redact.Format("%s The undo did not go through (%s).", line, redact.Name(res.Undo.Status))
	}
	return line
}

// stepsOf are the names of the steps that an execution came to the end of.
func stepsOf(e incident.Execution) redact.Text {
	var names []redact.Text
	for _, s := range e.Steps {
		if s.Ended {
			names = append(names, redact.Name(s.Name))
		}
	}
	if len(names) == 0 {
		return redact.Literal("no step")
	}
	return redact.Join(names, ", ")
}

// detailTried lists in the Temporal UI what was tried.
func (r *incidentRun) detailTried(b *page) {
	if len(r.state.Attempts) == 0 {
		return
	}
	b.WriteString("### Tried\n\n")
	for i, a := range r.state.Attempts {
		b.linef("- %s\n", plainUpTo(attempted(i+1, a), 2*detailText))
	}
	b.WriteString("\n")
}
