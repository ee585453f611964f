package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// rank has the suspects ranked by rule, because no model gave an answer that
// can be used.
func (r *incidentRun) rank(ctx workflow.Context, in incident.DiagnoseInput, why error) (incident.Diagnosis, error) {
	reason := redact.Format("%s, tried for at most %s", failure(why), r.in.Settings.DiagnoseWithin.Std())
	workflow.GetLogger(ctx).Warn("no model answered", "incident", r.in.ID, "service", r.in.Service, "error", why)
	r.note(ctx, incident.PhaseDiagnose, redact.Format("No model answered: %s. The suspects are ranked by rule.", reason))
	return rankSuspects(ctx, incident.RankSuspectsInput{Case: in, NoModel: reason})
}

// withoutFailed takes from a diagnosis the runbooks that ran in this round on the
// same service and were seen not to help: what a model proposes all the same is
// not asked about again.
func (r *incidentRun) withoutFailed(d *incident.Diagnosis) {
	failed := r.state.Attempts[len(r.state.Attempts)-r.attempts:]
	for i := range d.Hypotheses {
		h := &d.Hypotheses[i]
		again := slices.ContainsFunc(failed, func(a incident.AttemptRecord) bool {
			v := a.Result.Verification
			return v != nil && !v.OK && h.Runbook != "" && a.Runbook == h.Runbook && a.Service == r.actsOn(*h)
		})
		if again {
			d.Notes = append(d.Notes, redact.Format("hypothesis %d proposed runbook %s, which did not help; removed", i+1, redact.Name(h.Runbook)).String())
			h.Runbook = ""
		}
	}
}

// actsOn is the service that a hypothesis' runbook would act on.
func (r *incidentRun) actsOn(h incident.Hypothesis) string {
	if h.Service == "" {
		return r.in.Service
	}
	return h.Service
}

// diagnoser says who made a diagnosis. That no model did has to be plain to
// whoever decides on it.
func diagnoser(d incident.Diagnosis) redact.Text {
	if d.NoModel.IsEmpty() {
		return redact.Format("by %s", redact.Name(d.Model))
	}
	return redact.Format("a ranking by rule, because no model answered: %s", d.NoModel)
}

// because is the cause of a plan and what it rests on, for the approval card.
func (r *incidentRun) because(d incident.Diagnosis) (redact.Text, []redact.Text) {
	best := d.Best()
	if d.NoModel.IsEmpty() {
		return best.Cause, r.cited(best)
	}
	return redact.Format("No model answered (%s). Ranked by rule: %s", d.NoModel, best.Cause), r.cited(best)
}
