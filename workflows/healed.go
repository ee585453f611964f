package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Bounds of looking whether the trouble has gone away by itself.
const (
	healedSamples = 5 // consecutive good datapoints that count as gone before there is a plan to say
	healedSeries  = 5 // series that are looked at, at most

	firstLook   = 10 * time.Second // between two looks while the question stands, at least
	longestLook = 10 * time.Minute // and at most
)

// healedAlready ends an incident whose trouble went away while its evidence was
// gathered: nothing is diagnosed or asked about what is no more. Quiet detectors
// alone prove nothing, so that every series with an anomaly has to be known to
// be back in the band from which it strayed.
func (r *incidentRun) healedAlready(ctx workflow.Context) {
	if r.settled() || !r.in.Effects.Remediation || !r.allClosed() {
		return
	}
	specs, ok := r.bands()
	if !ok {
		return
	}
	var names []redact.Text
	for _, spec := range specs {
		reading, err := r.look(ctx, spec)
		switch {
		case ctx.Err() != nil:
			r.cancelled(ctx, incident.PhaseAnalyse)
			return
		case err != nil, reading.Present, !reading.Known:
			r.note(ctx, incident.PhaseAnalyse, redact.Format("All anomalies have closed, but %s is not known to be good again.", metricName(spec.Metric)))
			return
		}
		names = append(names, metricName(spec.Metric))
	}
	if !r.allClosed() {
		return // it came back during the look
	}
	r.healed(ctx, incident.PhaseAnalyse, redact.Join(names, ", "))
}

// healed ends an incident whose trouble has gone away by itself.
func (r *incidentRun) healed(ctx workflow.Context, phase incident.Phase, metrics redact.Text) {
	ran := redact.Literal("Nothing was run.")
	if r.attempts > 0 {
		ran = redact.Format("What had been run before (%d attempts) was not seen to help in its time.", r.attempts)
	}
	r.settle(ctx, incident.StatusResolved, incident.OutcomeSelfHealed, phase, redact.Format("The trouble went away by itself: %s is good again. %s", metrics, ran))
}

// healedBeforeAsking looks once more when everything has gone quiet before the
// question: a person is not woken about what is over.
func (r *incidentRun) healedBeforeAsking(ctx workflow.Context, look *lookout) bool {
	if !look.news(r) || r.inside() {
		return false
	}
	look.looked(r, workflow.Now(ctx))
	verify := r.state.Plan.Verify
	reading, err := r.look(ctx, verify)
	switch {
	case ctx.Err() != nil:
		r.cancelled(ctx, incident.PhaseApprove)
		return true
	case err != nil, reading.Present, !reading.Known, !r.allClosed():
		return false
	}
	r.healed(ctx, incident.PhaseApprove, metricName(verify.Metric))
	return true
}

// lookWhetherHealed reads the live metric while the question stands and nothing
// is anomalous any more. Only a metric that is known to be good withdraws it.
// What was told at one look is not told again at the next.
func (r *incidentRun) lookWhetherHealed(ctx workflow.Context, q *question, again bool) {
	if r.inside() {
		if !again {
			r.note(ctx, incident.PhaseApprove, redact.Literal("All anomalies have closed, but the values were within their bands all the time, so that no metric tells whether the trouble is gone. The question stands."))
		}
		return
	}
	reading, err := r.look(ctx, q.plan.Verify)
	switch {
	case !q.ballot.open():
		// Somebody answered meanwhile; the remediation looks again by itself.
	case err == nil && reading.Known && !reading.Present:
		q.ballot.answer = answerWithdrawn
	case again:
	case err != nil:
		r.note(ctx, incident.PhaseApprove, redact.Format("All anomalies have closed, but the metric could not be read: %s. The question stands.", failure(err)))
	default:
		r.note(ctx, incident.PhaseApprove, redact.Literal("All anomalies have closed, but the metric is not known to be good again. The question stands; the metric is read again."))
	}
}

// inside tells whether everything that was seen was within its band, as far as it
// is listed: no check of a value was failed by such trouble, and none that is
// passed says it is gone.
func (r *incidentRun) inside() bool {
	seen := r.sightings()
	return len(seen) > 0 && !slices.ContainsFunc(seen, func(w incident.Witness) bool { return !w.Inside() })
}

// bands are the series in which anomalies were found with the bands that the
// detectors expected, as checks. ok is false when there is none to go by, or too
// many to look at. A series whose values were in the band all the time has none
// to go by.
func (r *incidentRun) bands() (specs []incident.VerifySpec, ok bool) {
	seen := map[string]bool{}
	listed := 0
	for _, a := range r.state.Anomalies {
		for _, w := range a.Sightings() {
			listed++
			if w.Inside() || w.Metric == nil || seen[w.Rule+" "+w.Series] || w.Metric.Period <= 0 {
				continue
			}
			seen[w.Rule+" "+w.Series] = true
			specs = append(specs, r.band(a.Service, w))
		}
	}
	return specs, len(specs) > 0 && len(specs) <= healedSeries && r.state.Series() == listed
}

// band is the band from which a service's series strayed, as a check.
func (r *incidentRun) band(service string, w incident.Witness) incident.VerifySpec {
	spec := incident.VerifySpec{Metric: *w.Metric, Comparison: "<=", Threshold: w.High, Samples: healedSamples, Traffic: r.traffic(service, *w.Metric)}
	if w.Observed < w.Low {
		spec.Comparison, spec.Threshold = ">=", w.Low
	}
	if w.Rule == incident.RuleSilent {
		spec.Traffic = nil // its points have to come again, traffic or not
	}
	return spec
}

// look reads a live metric: whether it has been good since the latest anomalous
// signal, and for long enough where the trouble comes and goes.
func (r *incidentRun) look(ctx workflow.Context, verify incident.VerifySpec) (incident.SymptomReading, error) {
	return readSymptom(ctx, incident.ReadSymptomInput{Verify: patient(verify, r.quietTime()), Since: r.lastSeen()})
}

// traffic is the requests series beside one of a service, when that is the
// incident's own: a service without requests shows no trouble either.
func (r *incidentRun) traffic(service string, of incident.MetricRef) *incident.MetricRef {
	if service != r.pinned.Service.Name {
		return nil
	}
	for _, m := range r.pinned.Service.Metrics {
		if m.Role == incident.RoleRequests && (m.Namespace != of.Namespace || m.Name != of.Name) {
			return &m.MetricRef
		}
	}
	return nil
}

// lookout says when the live metric is read while a question stands: when every
// episode has closed, and after that now and then for as long as none is open,
// because metrics are slower than detectors.
type lookout struct {
	seen  int       // closings that were looked at
	next  time.Time // of the look after the last one; zero when there was none
	pause time.Duration
}

// newLookout begins without anything seen. The first pause is the time that a
// check's datapoints take.
func newLookout(v incident.VerifySpec) *lookout {
	needed := time.Duration(v.Samples*v.Metric.Period) * time.Second
	return &lookout{pause: min(max(needed, firstLook), longestLook)}
}

// news tells whether everything has gone quiet since the last look.
func (l *lookout) news(r *incidentRun) bool { return r.closings > l.seen && r.allClosed() }

// due tells whether it is time to look.
func (l *lookout) due(r *incidentRun, now time.Time) bool {
	return l.news(r) || (!l.next.IsZero() && !now.Before(l.next) && r.allClosed())
}

// wait is how long to wait for the next look, at most left.
func (l *lookout) wait(r *incidentRun, now time.Time, left time.Duration) time.Duration {
	if l.next.IsZero() || !r.allClosed() {
		return left
	}
	return min(left, max(l.next.Sub(now), 0))
}

// looked notes a look and returns whether it repeats one; the more often it
// does, the longer the next waits.
func (l *lookout) looked(r *incidentRun, now time.Time) (again bool) {
	again = !l.news(r)
	if again {
		l.pause = min(2*l.pause, longestLook)
	}
	l.seen, l.next = r.closings, now.Add(l.pause)
	return again
}
