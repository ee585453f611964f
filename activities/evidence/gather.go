package evidence

import (
	"context"
	"fmt"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// GatherEvidence collects what is known about the service and those around it at
// the time of the onset. A source that fails is a gap in the result;
// only when every source failed in a way that may pass is it an error, so that
// it is tried again.
func (a *Activities) GatherEvidence(ctx context.Context, in incident.GatherEvidenceInput) (incident.GatherEvidenceResult, error) {
	if in.Service.Name == "" || in.Onset.IsZero() || in.Until.Before(in.Onset) {
		return incident.GatherEvidenceResult{}, awserror.Refuse(incident.ErrorValidation,
			"gather evidence for %s: a service and an onset before %s are needed", in.IncidentID, in.Until)
	}
	q := &question{
		span:     span{from: in.Onset.Add(-a.opts.Before), onset: in.Onset, until: in.Until},
		incident: in.IncidentID, anomalies: in.Anomalies, region: regionOf(in.Anomalies), now: a.opts.Now(),
	}
	found := a.around(ctx, in, q)
	found.join(a.anomaliesSeen(q))
	found.join(a.changesSeen(q))
	sources, gaps := a.sources(q)
	found.join(gaps)
	answers, sum := a.ask(ctx, sources, q)
	found.join(answers)
	if err := ctx.Err(); err != nil {
		return incident.GatherEvidenceResult{}, fmt.Errorf("gather evidence for %s: %w", in.IncidentID, err)
	}
	if sum.hopeless() {
		return incident.GatherEvidenceResult{}, awserror.Classify(fmt.Sprintf("gather evidence for %s: no source answered", in.IncidentID), sum.last)
	}
	ranked, _ := a.ask(ctx, []source{suspects{a, found}}, q)
	found.join(ranked)
	return a.result(ctx, &found), nil
}

// sources are all that can be asked, with what is known beforehand to be missing.
func (a *Activities) sources(q *question) ([]source, answer) {
	out, gaps := a.metricSources(q)
	out = append(out, a.alarmSources(q)...)
	out = append(out, a.alarmHistorySources(q)...)
	out = append(out, a.logSources(q)...)
	out = append(out, a.furtherSources(q)...)
	return out, gaps
}

func regionOf(anomalies []incident.Anomaly) string {
	for _, a := range anomalies {
		if a.Region != "" {
			return a.Region
		}
	}
	return ""
}

// clean redacts text that somebody else wrote.
func (a *Activities) clean(raw string) redact.Text { return redact.Clean(a.opts.Redactor, raw) }
