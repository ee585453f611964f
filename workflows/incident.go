package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// IncidentWorkflow takes one incident from its first anomaly to its end and
// returns the whole story. It fails only on an input that is no incident; it is
// cancelled when a person cancels it before it has settled, with the story as
// the error's details. Whatever else goes wrong ends in a status.
//
// Without any effects (a backfill) it is a record: the anomalies, status
// shadowed, outcome none, and no activity at all. With chat or tickets but
// without remediation it reads, diagnoses and plans, tells, and ends shadowed
// with the plan that it would have asked about.
func IncidentWorkflow(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
	ctx = withLostAfter(ctx, in.Settings.LostAfter)
	r, err := newIncidentRun(ctx, in)
	if err != nil {
		return incident.State{}, err
	}
	return r.run(ctx)
}

// run is the story: handled once, and again for as long as it comes back.
func (r *incidentRun) run(ctx workflow.Context) (incident.State, error) {
	for again := true; again; again = r.recurs(ctx) {
		r.handle(ctx)
	}
	r.leave(ctx)
	if r.state.Status == incident.StatusCancelled {
		return r.state, temporal.NewCanceledError(r.state)
	}
	return r.state, nil
}

// handle goes through the phases until one of them settles the incident, and
// through all but the first again for each further attempt.
func (r *incidentRun) handle(ctx workflow.Context) {
	r.open(ctx)
	for !r.settled() {
		for _, phase := range []func(workflow.Context){r.analyse, r.diagnose, r.plan, r.approve, r.remediate} {
			if phase(ctx); r.settled() {
				break
			}
		}
	}
	r.close(ctx)
}

// incidentRun is one run of an IncidentWorkflow.
type incidentRun struct {
	in     incident.IncidentInput
	state  incident.State            // what the query answers
	pinned incident.PinCatalogResult // the catalogue, fixed for a round
	tried  []incident.Tried          // what did not help, for the model and for policy
	seen   map[string]bool           // ids of anomalies that joined; never iterated

	rounds   int // how often the incident was opened: 1 and the reopenings
	attempts int // plans that ran in this round
	closings int // counts the moments at which every episode had closed

	widened int            // how often it was told that an anomaly shows in more series
	breadth map[string]int // in how many at that time, by its id; never iterated

	question *question      // the latest one
	voting   workflow.Mutex // one decision is looked at at a time
	deciding int            // signalled decisions being looked at

	unshown    bool   // several anomalies are being taken, and shown together
	taking     bool   // anomalies are still taken and acknowledged
	acking     int    // acknowledgements on their way
	recurrence string // id of the anomaly that came after the resolution

	chat    *outbox
	tickets *outbox
	linked  bool       // the ticket leads to the Slack thread
	shown   attributes // the search attributes as last set
}

// newIncidentRun checks the input and makes ready to be asked and told.
func newIncidentRun(ctx workflow.Context, in incident.IncidentInput) (*incidentRun, error) {
	if in.ID == "" || in.Service == "" || len(in.Anomalies) == 0 {
		return nil, temporal.NewNonRetryableApplicationError("an incident needs an id, a service and an anomaly", incident.ErrorValidation, nil)
	}
	info := workflow.GetInfo(ctx).WorkflowExecution
	if in.Settings.MaxAttempts <= 0 {
		in.Settings.MaxAttempts = defaultAttempts
	}
	if in.Settings.DiagnoseWithin <= 0 {
		in.Settings.DiagnoseWithin = incident.Seconds(defaultDiagnose)
	}
	r := &incidentRun{
		in: in, seen: map[string]bool{}, breadth: map[string]int{}, voting: workflow.NewMutex(ctx), taking: true,
		state: incident.State{
			ID: in.ID, WorkflowID: info.ID, RunID: info.RunID, Origin: in.Scope.Origin(), Service: in.Service,
			Opened: workflow.Now(ctx), Status: incident.StatusAnalysing, Outcome: incident.OutcomeNone,
		},
	}
	r.state.UIURL = r.uiURL()
	if in.Previous != nil {
		r.state.Thread, r.state.Ticket = in.Previous.Thread, in.Previous.Ticket
	}
	r.chat = newOutbox(ctx, r, redact.Literal("Slack"), in.Effects.Chat)
	r.tickets = newOutbox(ctx, r, redact.Literal("Jira"), in.Effects.Tickets)
	return r, r.listen(ctx)
}

// settled tells whether the incident has reached a status that is an end.
func (r *incidentRun) settled() bool { return r.state.Status.Terminal() }

// shadow tells whether the incident may only be recorded.
func (r *incidentRun) shadow() bool { return r.in.Effects == incident.Effects{} }
