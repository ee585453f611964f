package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// keptOpening is how many of the first timeline entries are always kept.
const keptOpening = 50

// note writes a line into the timeline.
func (r *incidentRun) note(ctx workflow.Context, phase incident.Phase, text redact.Text) {
	if len(r.state.Timeline) >= maxTimeline {
		// How it began and how it stands matter most; the middle gives way.
		r.state.Timeline = append(r.state.Timeline[:keptOpening], r.state.Timeline[keptOpening+1:]...)
	}
	r.state.Timeline = append(r.state.Timeline, incident.Entry{At: workflow.Now(ctx), Phase: phase, Text: text.Cut(maxEntry)})
	workflow.GetLogger(ctx).Info("timeline", "incident", r.in.ID, "service", r.in.Service, "phase", phase, "text", text.String())
	r.show(ctx)
}

// aside writes a line about the telling itself, in whatever phase the story is.
func (r *incidentRun) aside(ctx workflow.Context, text redact.Text) {
	phase := incident.PhaseOpen
	if n := len(r.state.Timeline); n > 0 {
		phase = r.state.Timeline[n-1].Phase
	}
	r.note(ctx, phase, text)
}

// say writes a line into the timeline and into the thread.
func (r *incidentRun) say(ctx workflow.Context, phase incident.Phase, text redact.Text) {
	r.note(ctx, phase, text)
	r.chat.reply(r, text)
}

// tell writes a line into the timeline, the thread and the ticket.
func (r *incidentRun) tell(ctx workflow.Context, phase incident.Phase, text redact.Text) {
	r.say(ctx, phase, text)
	r.tickets.comment(r, text)
}

// move brings the incident to another status that is not an end.
func (r *incidentRun) move(ctx workflow.Context, to incident.Status) {
	if r.state.Status != to {
		r.state.Status = to
		r.chat.root(r)
	}
	r.show(ctx)
}

// settle ends the incident's work, for this round at least.
func (r *incidentRun) settle(ctx workflow.Context, status incident.Status, outcome incident.Outcome, phase incident.Phase, text redact.Text) {
	r.state.Status, r.state.Outcome, r.state.Ended = status, outcome, workflow.Now(ctx)
	r.taking = r.lingers()
	r.note(ctx, phase, text)
}

// handOver ends it with people: there is nothing left that Firebreak may do.
func (r *incidentRun) handOver(ctx workflow.Context, phase incident.Phase, why redact.Text) {
	outcome := incident.OutcomeHandedOver
	if n := len(r.state.Attempts); n > 0 && r.state.Attempts[n-1].Result.Status == incident.RemediationUndone {
		outcome = incident.OutcomeUndone
	}
	r.settle(ctx, incident.StatusEscalated, outcome, phase, redact.Format("%s A person has to take over.", why))
}

// stuck ends it after an activity failed for good: cancelled, if that is why,
// else with people.
func (r *incidentRun) stuck(ctx workflow.Context, phase incident.Phase, what redact.Text, err error) {
	if ctx.Err() != nil || temporal.IsCanceledError(err) {
		r.cancelled(ctx, phase)
		return
	}
	workflow.GetLogger(ctx).Error("activity failed for good", "incident", r.in.ID, "phase", phase, "error", err)
	r.handOver(ctx, phase, redact.Format("%s: %s. The error is in the workflow's history.", what, failure(err)))
}

// cancelled ends it because a person cancelled the workflow.
func (r *incidentRun) cancelled(ctx workflow.Context, phase incident.Phase) {
	r.settle(ctx, incident.StatusCancelled, incident.OutcomeNone, phase, redact.Literal("Cancelled by a person."))
}

// grade sets the severity: the worst of the anomalies', or the service's own
// where they have none.
func (r *incidentRun) grade() {
	var worst incident.Severity
	for _, a := range r.state.Anomalies {
		if a.Severity.Worse(worst) {
			worst = a.Severity
		}
	}
	if worst == "" {
		worst = r.pinned.Service.Severity
	}
	if worst == "" {
		worst = incident.Sev3
	}
	r.state.Severity = worst
}

// onset is when the first anomaly of the round opened.
func (r *incidentRun) onset() time.Time {
	onset := r.state.Anomalies[0].Opened
	if i := r.indexOf(r.recurrence); i >= 0 {
		return r.state.Anomalies[i].Opened
	}
	for _, a := range r.state.Anomalies {
		if at := a.Onset(); at.Before(onset) {
			onset = at
		}
	}
	return onset
}

// attributes are the search attributes that change on the way.
type attributes struct {
	status    incident.Status
	severity  incident.Severity
	team      string
	runbook   string
	anomalies int
}

// show brings the search attributes and the details in the Temporal UI up to
// date. An upsert is an event in history, so only changes are sent.
func (r *incidentRun) show(ctx workflow.Context) {
	if r.unshown {
		return // until all that came together are taken
	}
	now := attributes{status: r.state.Status, severity: r.state.Severity, team: r.state.Team, anomalies: r.state.Joined}
	if r.state.Plan != nil {
		now.runbook = r.state.Plan.Runbook
	}
	if now != r.shown {
		r.shown = now
		if err := workflow.UpsertTypedSearchAttributes(ctx, now.updates(r.in)...); err != nil {
			workflow.GetLogger(ctx).Error("search attributes could not be set", "incident", r.in.ID, "error", err)
		}
	}
	workflow.SetCurrentDetails(ctx, r.details())
}

// updates are the values as Temporal takes them.
func (a attributes) updates(in incident.IncidentInput) []temporal.SearchAttributeUpdate {
	set := []temporal.SearchAttributeUpdate{
		keyStatus.ValueSet(string(a.status)),
		keySeverity.ValueSet(string(a.severity)),
		keyService.ValueSet(in.Service),
		keyOrigin.ValueSet(string(in.Scope.Origin())),
		keyAnomalies.ValueSet(int64(a.anomalies)),
	}
	if a.team != "" {
		set = append(set, keyTeam.ValueSet(a.team))
	}
	if a.runbook != "" {
		set = append(set, keyRunbook.ValueSet(a.runbook))
	}
	return set
}

// Search attributes. They have to be registered before a worker starts: setting
// one that is not fails the workflow task.
var (
	keyStatus    = temporal.NewSearchAttributeKeyKeyword(incident.AttrStatus)
	keySeverity  = temporal.NewSearchAttributeKeyKeyword(incident.AttrSeverity)
	keyService   = temporal.NewSearchAttributeKeyKeyword(incident.AttrService)
	keyRunbook   = temporal.NewSearchAttributeKeyKeyword(incident.AttrRunbook)
	keyOrigin    = temporal.NewSearchAttributeKeyKeyword(incident.AttrOrigin)
	keyTeam      = temporal.NewSearchAttributeKeyKeyword(incident.AttrTeam)
	keyAnomalies = temporal.NewSearchAttributeKeyInt64(incident.AttrAnomalies)
)

// lastSeen is when the latest anomalous signal was seen, in event time.
func (r *incidentRun) lastSeen() time.Time {
	var last time.Time
	for _, a := range r.state.Anomalies {
		if a.LastSeen.After(last) {
			last = a.LastSeen
		}
	}
	return last
}
