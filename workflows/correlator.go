package workflows

import (
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// maxCorrelated is after how many events a correlator continues as new at the
// latest, so that a replay stays quick.
const maxCorrelated = 2_000

// CorrelatorWorkflow turns anomalies into incidents, one per account and
// region: a shell that feeds what arrives to correlate.Reduce and does what that
// says. It lives for ever, continuing as new, but for a backfill's: that ends
// when the backfill is flushed and its incidents have closed.
func CorrelatorWorkflow(ctx workflow.Context, in correlate.Input) error {
	r := &correlatorRun{in: in}
	if in.Scope.Origin() == incident.OriginBackfill {
		r.in.State.EventTime = true
	}
	return r.run(ctx)
}

// run takes what arrives until there is nothing more to come or history is long.
func (r *correlatorRun) run(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, incident.QueryOpen, func() (correlate.State, error) { return r.in.State, nil },
		workflow.QueryHandlerOptions{Description: "Open incidents, joins under way and counters."})
	if err != nil {
		return err
	}
	r.joined = workflow.GetSignalChannel(ctx, incident.SignalJoined)
	r.closed = workflow.GetSignalChannel(ctx, incident.SignalClosed)
	r.observed = workflow.GetSignalChannelWithOptions(ctx, incident.SignalObserved,
		workflow.SignalChannelOptions{Description: "Anomalies from a shard or a backfill."})
	for {
		if err := r.await(ctx); err != nil {
			return err
		}
		r.drain(ctx)
		workflow.SetCurrentDetails(ctx, r.details())
		switch {
		case r.in.State.Idle():
			return nil
		case r.events >= maxCorrelated || workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			// Every child has started and every signal is taken, or else they
			// would not be known to the next run.
			return workflow.NewContinueAsNewError(ctx, incident.WorkflowCorrelator, r.in)
		}
	}
}

// correlatorRun is one run of a CorrelatorWorkflow.
type correlatorRun struct {
	in     correlate.Input // with the state as it is now
	events int

	joined, closed, observed workflow.ReceiveChannel
}

// await waits for a signal, or until a join has to be sent again.
func (r *correlatorRun) await(ctx workflow.Context) error {
	pending := func() bool { return r.joined.Len()+r.closed.Len()+r.observed.Len() > 0 }
	due, any := r.in.State.NextDue()
	if !any {
		return workflow.Await(ctx, pending)
	}
	_, err := await(ctx, max(due.Sub(workflow.Now(ctx)), time.Millisecond), redact.Literal("Joins that nobody acknowledged are sent again"), pending)
	return err
}

// drain takes everything that has arrived, and lets the time pass. An incident
// acknowledges before it reports its end, so that is the order to read in.
func (r *correlatorRun) drain(ctx workflow.Context) {
	for more := true; more; {
		more = false
		for ack := (incident.JoinAck{}); r.joined.ReceiveAsync(&ack); ack = (incident.JoinAck{}) {
			for _, one := range append([]incident.JoinAck{ack}, ack.More...) {
				r.step(ctx, correlate.Event{Joined: &one})
			}
			more = true
		}
		for end := (incident.Closed{}); r.closed.ReceiveAsync(&end); end = (incident.Closed{}) {
			r.step(ctx, correlate.Event{Closed: &end})
			more = true
		}
		var batch incident.Batch
		if r.observed.ReceiveAsync(&batch) {
			r.step(ctx, correlate.Event{Batch: &batch})
			more = true
		}
	}
	r.step(ctx, correlate.Event{})
}

// step reduces one event and does what follows from it, which may bring further
// events: an incident that exists already, or one that is gone.
func (r *correlatorRun) step(ctx workflow.Context, e correlate.Event) {
	for pending := []correlate.Event{e}; len(pending) > 0; pending = pending[1:] {
		next := pending[0]
		next.At = workflow.Now(ctx)
		state, effects := correlate.Reduce(r.in.State, r.in.Mode, next)
		r.in.State = state
		r.events++
		pending = append(pending, r.perform(ctx, effects)...)
	}
}

// perform starts the incidents and sends the joins, and returns what could not
// be done. Joins come after the starts that they may be meant for.
func (r *correlatorRun) perform(ctx workflow.Context, effects []correlate.Effect) []correlate.Event {
	var failed []correlate.Event
	started := make([]workflow.ChildWorkflowFuture, len(effects))
	for i, e := range effects {
		if e.Start != nil {
			started[i] = r.start(ctx, *e.Start)
		}
	}
	for i, e := range effects {
		if e.Start == nil {
			continue
		}
		// Waited for, because a child that has not started is lost when this
		// run continues as new.
		if err := started[i].GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
				workflow.GetLogger(ctx).Error("an incident could not be started", "incident", e.Start.IncidentID, "error", err)
			}
			failed = append(failed, correlate.Event{Exists: &correlate.Exists{
				IncidentID: e.Start.IncidentID, Service: e.Start.Service, Anomalies: e.Start.Anomalies,
			}})
		}
	}
	return append(failed, r.join(ctx, effects)...)
}

// maxTogether is how many anomalies and witnesses of them join with one signal.
// Sixteen of the largest stay within 64 KiB.
const maxTogether = 16

// join hands anomalies to their incidents, those of one incident together.
func (r *correlatorRun) join(ctx workflow.Context, effects []correlate.Effect) []correlate.Event {
	type parcel struct {
		to   correlate.Join // the first
		load incident.Join
		sent workflow.Future

		series int // in it
	}
	var parcels []*parcel
	for _, e := range effects {
		if e.Join == nil {
			continue
		}
		series := 1 + len(e.Join.Anomaly.Witnesses)
		i := slices.IndexFunc(parcels, func(p *parcel) bool { return p.to.IncidentID == e.Join.IncidentID && p.series+series <= maxTogether })
		if i < 0 {
			parcels = append(parcels, &parcel{to: *e.Join, load: incident.Join{Anomaly: e.Join.Anomaly}, series: series})
			continue
		}
		parcels[i].load.More = append(parcels[i].load.More, e.Join.Anomaly)
		parcels[i].series += series
	}
	for _, p := range parcels {
		id := r.in.Scope.IncidentWorkflowID(p.to.Service, p.to.IncidentID)
		p.sent = workflow.SignalExternalWorkflow(ctx, id, "", incident.SignalAnomaly, p.load)
	}
	var failed []correlate.Event
	for _, p := range parcels {
		err := p.sent.Get(ctx, nil)
		if err == nil {
			continue
		}
		var gone *temporal.UnknownExternalWorkflowExecutionError
		for _, a := range p.load.All() {
			failed = append(failed, correlate.Event{JoinFailed: &correlate.JoinFailed{
				IncidentID: p.to.IncidentID, AnomalyID: a.ID, Full: !errors.As(err, &gone),
			}})
		}
	}
	return failed
}

// start asks for an incident's workflow. It outlives this run, and its id is
// used once.
func (r *correlatorRun) start(ctx workflow.Context, s correlate.Start) workflow.ChildWorkflowFuture {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            r.in.Scope.IncidentWorkflowID(s.Service, s.IncidentID),
		TaskQueue:             incident.QueueWorkflows,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			keyStatus.ValueSet(string(incident.StatusAnalysing)),
			keySeverity.ValueSet(string(s.Anomalies[0].Severity)),
			keyService.ValueSet(s.Service),
			keyOrigin.ValueSet(string(r.in.Scope.Origin())),
			keyAnomalies.ValueSet(int64(len(s.Anomalies))),
		),
		StaticSummary: redact.Format("%s: %s", redact.Name(s.Service), s.Anomalies[0].Why).Cut(maxSummary).String(),
		StaticDetails: "What is going on and what to do now stands under Current Details.",
	})
	return workflow.ExecuteChildWorkflow(ctx, incident.WorkflowIncident, incident.IncidentInput{
		ID: s.IncidentID, Scope: r.in.Scope, Service: s.Service, Anomalies: s.Anomalies, Effects: r.in.Effects,
		Correlator: workflow.GetInfo(ctx).WorkflowExecution.ID, Previous: s.Previous, Settings: r.in.Settings,
	})
}
