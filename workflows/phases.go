package workflows

import (
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// open tells the world that there is an incident, and pins the catalogue that
// everything from here on goes by.
func (r *incidentRun) open(ctx workflow.Context) {
	r.rounds++
	r.attempts = 0
	if r.rounds == 1 {
		for _, a := range r.in.Anomalies {
			r.take(ctx, a)
		}
	}
	if r.shadow() {
		r.settle(ctx, incident.StatusShadowed, incident.OutcomeNone, incident.PhaseOpen,
			redact.Literal("Recorded only: this incident may touch nothing outside."))
		return
	}
	r.chat.root(r)
	r.tickets.open(r)
	if r.rounds == 1 {
		r.say(ctx, incident.PhaseOpen, r.opening())
	}
	if r.in.Previous != nil && r.rounds == 1 {
		r.tell(ctx, incident.PhaseOpen, redact.Format("It is back: %s ended a short while ago on the same service.", redact.Name(r.in.Previous.IncidentID)))
	}
	pinned, err := pinCatalog(ctx, incident.PinCatalogInput{Service: r.in.Service})
	if err != nil {
		r.stuck(ctx, incident.PhaseOpen, redact.Literal("The catalogue could not be pinned"), err)
		return
	}
	r.pinned = pinned
	r.state.Catalog, r.state.Team = pinned.Commit, pinned.Service.Team
	r.grade()
	r.note(ctx, incident.PhaseOpen, redact.Format("Catalogue pinned at %s: %s allowed.", redact.Name(short(pinned.Commit)), incident.Count(len(pinned.Runbooks), "runbook", "runbooks")))
	if pinned.Problem != "" {
		r.say(ctx, incident.PhaseOpen, redact.Literal("The newest commit of the catalogue is broken, so an older one is used; `starter runbooks lint` tells why."))
	}
	if !pinned.Known {
		r.say(ctx, incident.PhaseOpen, redact.Format("No service file describes %s, so nothing can be run for it.", redact.Name(r.in.Service)))
	}
}

// analyse gathers what CloudWatch knows about the time around the onset, once
// there has been time for it to get there.
func (r *incidentRun) analyse(ctx workflow.Context) {
	r.move(ctx, incident.StatusAnalysing)
	// At most Settle, even for an onset that a wrong clock puts into the future.
	settle := r.in.Settings.Settle.Std()
	if wait := min(r.onset().Add(settle).Sub(workflow.Now(ctx)), settle); wait > 0 {
		timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "Telemetry of the onset is still arriving"})
		if err := timer.Get(ctx, nil); err != nil {
			r.cancelled(ctx, incident.PhaseAnalyse)
			return
		}
	}
	found, err := gatherEvidence(ctx, incident.GatherEvidenceInput{
		IncidentID: r.in.ID, Service: r.pinned.Service, Neighbours: r.pinned.Service.DependsOn, Commit: r.pinned.Commit,
		Anomalies: r.state.Anomalies, Onset: r.onset(), Until: workflow.Now(ctx),
	})
	if err != nil {
		r.state.Gaps = append(r.state.Gaps, incident.Gap{What: redact.Literal("all evidence"), Reason: failure(err)})
		r.stuck(ctx, incident.PhaseAnalyse, redact.Literal("The evidence could not be gathered"), err)
		return
	}
	r.state.Evidence, r.state.Gaps = found.Evidence, found.Gaps
	r.say(ctx, incident.PhaseAnalyse, redact.Format("Evidence: %s, %s.%s", incident.Count(len(found.Evidence), "piece", "pieces"),
		incident.Count(len(found.Gaps), "gap", "gaps"), titles(found.Evidence, 4)))
	r.healedAlready(ctx)
}

// diagnose asks the model what the evidence means. When none answers in time
// and in sense, the suspects are ranked by rule instead, and everybody is told
// so. A model that answers again later is asked at the next diagnosis only.
func (r *incidentRun) diagnose(ctx workflow.Context) {
	r.move(ctx, incident.StatusDiagnosing)
	in := incident.DiagnoseInput{
		IncidentID: r.in.ID, Service: r.pinned.Service, Severity: r.state.Severity, Anomalies: r.state.Anomalies,
		Evidence: r.state.Evidence, Runbooks: r.pinned.Runbooks, Tried: r.tried,
	}
	answer, err := diagnose(ctx, r.in.Settings.DiagnoseWithin.Std(), in)
	if err != nil && ctx.Err() == nil {
		answer, err = r.rank(ctx, in, err)
	}
	if err != nil {
		r.stuck(ctx, incident.PhaseDiagnose, redact.Literal("There is no diagnosis"), err)
		return
	}
	r.withoutFailed(&answer)
	r.state.Diagnosis = &answer
	r.tell(ctx, incident.PhaseDiagnose, r.findings(answer))
}

// plan makes the best hypothesis into something that may be asked for.
func (r *incidentRun) plan(ctx workflow.Context) {
	best := r.state.Diagnosis.Best()
	if best.Runbook == "" {
		why := redact.Literal("No runbook fits the diagnosis.")
		if r.attempts > 0 {
			why = redact.Format("No other runbook fits the diagnosis, after %d that did not help.", r.attempts)
		}
		r.handOver(ctx, incident.PhasePlan, why)
		return
	}
	compiled, err := compilePlan(ctx, incident.CompilePlanInput{
		IncidentID: r.in.ID, WorkflowID: r.state.WorkflowID, Origin: r.state.Origin, Severity: r.state.Severity, Service: r.in.Service,
		Anomalies: r.state.Anomalies, Hypothesis: best, Commit: r.pinned.Commit, Attempt: len(r.state.Attempts) + 1, Tried: r.tried,
	})
	if err != nil {
		r.stuck(ctx, incident.PhasePlan, redact.Format("Runbook %s could not be made into a plan", redact.Name(best.Runbook)), err)
		return
	}
	if len(compiled.Denied) > 0 {
		r.handOver(ctx, incident.PhasePlan, redact.Format("Policy denies runbook %s: %s", redact.Name(best.Runbook), redact.Join(compiled.Denied, "; ")))
		return
	}
	r.state.Plan = &compiled.Plan
	r.say(ctx, incident.PhasePlan, planned(compiled.Plan))
	if !r.in.Effects.Remediation {
		r.settle(ctx, incident.StatusShadowed, incident.OutcomeNone, incident.PhasePlan,
			redact.Literal("Nobody is asked and nothing is run: remediation is off for this incident."))
	}
}
