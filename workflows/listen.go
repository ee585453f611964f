package workflows

import (
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// listen registers everything that an incident can be asked and told. The
// listeners run beside the story under a context that a cancellation does not
// reach, so that they still answer while the story ends.
func (r *incidentRun) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, incident.QueryState,
		func() (incident.State, error) { return r.state, nil },
		workflow.QueryHandlerOptions{Description: "The incident as far as it has come."})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, incident.UpdateDecide, r.handleDecision, workflow.UpdateHandlerOptions{
		Validator:   r.validateDecision,
		Description: "Approve or reject the pending plan. The answer says whether the decision counts.",
	})
	if err != nil {
		return err
	}
	detached, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(detached, r.listenToApprovals)
	workflow.Go(detached, r.listenToAnomalies)
	workflow.Go(detached, r.listenToProgress)
	return nil
}

// listenToApprovals takes the decisions that come by signal.
func (r *incidentRun) listenToApprovals(ctx workflow.Context) {
	signals := workflow.GetSignalChannelWithOptions(ctx, incident.SignalApproval,
		workflow.SignalChannelOptions{Description: "Approve or reject the pending plan; its digest has to be in the payload."})
	for {
		var d incident.Decision
		signals.Receive(ctx, &d)
		r.deciding++
		r.decide(ctx, d)
		r.deciding--
	}
}

// listenToAnomalies takes the anomalies that join, and tells the correlator so.
// An incident that is about to end takes none: an unacknowledged join becomes
// an incident of its own.
func (r *incidentRun) listenToAnomalies(ctx workflow.Context) {
	signals := workflow.GetSignalChannelWithOptions(ctx, incident.SignalAnomaly,
		workflow.SignalChannelOptions{Description: "From the correlator: an anomaly of the same trouble."})
	for {
		var j incident.Join
		signals.Receive(ctx, &j)
		if !r.taking || j.Anomaly.ID == "" {
			continue
		}
		r.takeAll(ctx, j.All())
		r.acknowledge(ctx, j.All())
	}
}

// listenToProgress takes what the remediation tells on its way.
func (r *incidentRun) listenToProgress(ctx workflow.Context) {
	signals := workflow.GetSignalChannelWithOptions(ctx, incident.SignalProgress,
		workflow.SignalChannelOptions{Description: "From the remediation: how far it has come."})
	for {
		var p incident.Progress
		signals.Receive(ctx, &p)
		if r.settled() {
			continue
		}
		if p.Phase == incident.PhaseVerify {
			r.move(ctx, incident.StatusVerifying)
		}
		r.say(ctx, p.Phase, p.Text)
	}
}

// hearOut waits until the listener has taken all that the remediation told
// before it ended. Where a worker takes over after another one died, the end and
// what was told before it arrive together, and the end would be seen first.
func (r *incidentRun) hearOut(ctx workflow.Context) {
	detached, _ := workflow.NewDisconnectedContext(ctx)
	told := workflow.GetSignalChannel(detached, incident.SignalProgress)
	// The listener may hold one that no longer counts as unread. What starts now
	// runs after it.
	turn := false
	workflow.Go(detached, func(workflow.Context) { turn = true })
	_ = workflow.Await(detached, func() bool { return turn && told.Len() == 0 })
}

// acknowledge tells the correlator that anomalies are in good hands. Should the
// correlator be gone, nobody waits for it.
func (r *incidentRun) acknowledge(ctx workflow.Context, taken []incident.Anomaly) {
	if r.in.Correlator == "" {
		return
	}
	r.acking++
	ack := incident.JoinAck{IncidentID: r.in.ID, AnomalyID: taken[0].ID, State: taken[0].State}
	for _, a := range taken[1:] {
		ack.More = append(ack.More, incident.JoinAck{IncidentID: r.in.ID, AnomalyID: a.ID, State: a.State})
	}
	if err := workflow.SignalExternalWorkflow(ctx, r.in.Correlator, "", incident.SignalJoined, ack).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the correlator could not be told of a join", "incident", r.in.ID, "anomalies", len(taken), "error", err)
	}
	r.acking--
}

// takeAll adds the anomalies of one moment, and shows them once.
func (r *incidentRun) takeAll(ctx workflow.Context, all []incident.Anomaly) {
	r.unshown = len(all) > 1
	for _, a := range all {
		if a.ID != "" {
			r.take(ctx, a)
		}
	}
	if r.unshown {
		r.unshown = false
		r.show(ctx)
	}
}

// take adds an anomaly to the story, or what is new about one that is known.
func (r *incidentRun) take(ctx workflow.Context, a incident.Anomaly) {
	i := r.indexOf(a.ID)
	switch {
	case i >= 0 && r.state.Anomalies[i].State == incident.EpisodeClosed:
		return // an old emission that came late
	case i >= 0:
		before := r.state.Anomalies[i]
		r.keep(i, a)
		r.announceWitnesses(ctx, before, a)
	case r.seen[a.ID]:
		// One of those that are only counted.
	default:
		r.seen[a.ID] = true
		r.breadth[a.ID] = a.Breadth()
		r.state.Joined++
		if len(r.state.Anomalies) < maxAnomalies {
			r.state.Anomalies = append(r.state.Anomalies, incident.Anomaly{})
			r.keep(len(r.state.Anomalies)-1, a)
		}
		r.announce(ctx, a)
	}
	if r.allClosed() {
		r.closings++
	}
	r.grade()
	r.watchForRecurrence(a)
	r.show(ctx)
}

// keep stores an anomaly at its place.
func (r *incidentRun) keep(i int, a incident.Anomaly) {
	r.state.Anomalies[i] = a
	incident.Bound(r.state.Anomalies, maxFull, maxAnomalies)
}

// announce tells of an anomaly that joined. In a storm the root message and the
// search attribute count them, rather than a message each.
func (r *incidentRun) announce(ctx workflow.Context, a incident.Anomaly) {
	switch {
	case r.state.Joined <= len(r.in.Anomalies):
	case r.state.Joined <= len(r.in.Anomalies)+maxAnnounced:
		r.say(ctx, incident.PhaseAnalyse, redact.Format("Another anomaly joins: %s", a.Why))
	case r.state.Joined%stormStep == 0:
		r.say(ctx, incident.PhaseAnalyse, redact.Format("%d anomalies have joined by now; they are counted and no longer told one by one.", r.state.Joined))
	default:
		r.chat.root(r)
	}
}

// announceWitnesses tells of further series in which a known anomaly shows: when
// they have become twice as many. The root message counts the others.
func (r *incidentRun) announceWitnesses(ctx workflow.Context, before, now incident.Anomaly) {
	if now.Breadth() <= before.Breadth() || now.State == incident.EpisodeClosed {
		return
	}
	if r.widened >= maxAnnounced || now.Breadth() < 2*r.breadth[now.ID] {
		r.chat.root(r)
		return
	}
	r.widened++
	r.breadth[now.ID] = now.Breadth()
	said := redact.Format("Seen in %d series of %s by now", now.Breadth(), redact.Name(now.Service))
	if what := broken(before, now); !what.IsEmpty() {
		said = redact.Format("%s: %s", said, what)
	}
	r.say(ctx, incident.PhaseAnalyse, said)
}

func (r *incidentRun) indexOf(anomalyID string) int {
	for i, a := range r.state.Anomalies {
		if a.ID == anomalyID {
			return i
		}
	}
	return -1
}

// allClosed tells whether every episode is known to be over.
func (r *incidentRun) allClosed() bool {
	for _, a := range r.state.Anomalies {
		if !a.Over() {
			return false
		}
	}
	return r.state.Joined == len(r.state.Anomalies)
}
