package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// lateAlarm tells whether what seemed to be the trouble coming back is an alarm
// about what was before the resolution, and forgets it then. An alarm judges
// whole periods, and goes off when they are over: one of five minutes tells of
// the restart that mended a service minutes after that was verified. Where the
// alarm's series can be read in shorter periods, the live metric says which it is.
func (r *incidentRun) lateAlarm(ctx workflow.Context) bool {
	i := r.indexOf(r.recurrence)
	if i < 0 {
		return false
	}
	a := r.state.Anomalies[i]
	spec, ok := r.closerLook(a)
	if !ok {
		return false
	}
	reading, err := readSymptom(ctx, incident.ReadSymptomInput{Verify: spec})
	if err != nil || !reading.Known || reading.Present {
		return false
	}
	if r.recurrence == a.ID { // and not another one, which came during the look
		r.recurrence = ""
	}
	r.note(ctx, incident.PhaseClose, redact.Format("Alarm %s went off for what was before: %s has been good since.", redact.Name(a.Alarm), metricName(spec.Metric)))
	return true
}

// closerLook is a check of an alarm's series in the periods in which the
// service's file has it watched. There is none for an alarm all of whose
// datapoints are from after the resolution, nor for a series that is not
// watched more closely than by the alarm.
func (r *incidentRun) closerLook(a incident.Anomaly) (incident.VerifySpec, bool) {
	if a.Kind != incident.KindAlarm || a.Metric == nil || a.Metric.Period <= 0 {
		return incident.VerifySpec{}, false
	}
	// The datapoint that set it off began up to two periods before: its own, and
	// one until it was looked at.
	whole := time.Duration(a.Metric.Period) * time.Second
	if !a.Opened.Add(-2 * whole).Before(r.state.Ended) {
		return incident.VerifySpec{}, false
	}
	for _, w := range r.pinned.Service.Metrics {
		if !sameSeries(w.MetricRef, *a.Metric) || w.Period <= 0 || w.Period >= a.Metric.Period {
			continue
		}
		spec := r.band(a.Service, a.Own())
		spec.Metric.Period = w.Period
		if a.Metric.Stat == "Sum" || a.Metric.Stat == "SampleCount" {
			spec.Threshold *= float64(w.Period) / float64(a.Metric.Period) // what a whole period may hold, shared out
		}
		return spec, true
	}
	return incident.VerifySpec{}, false
}

// sameSeries tells whether two references, with whatever statistics, are of one
// series.
func sameSeries(a, b incident.MetricRef) bool {
	if a.Namespace != b.Namespace || a.Name != b.Name || len(a.Dimensions) != len(b.Dimensions) {
		return false
	}
	for _, name := range workflow.DeterministicKeys(a.Dimensions) {
		if b.Dimensions[name] != a.Dimensions[name] {
			return false
		}
	}
	return true
}
