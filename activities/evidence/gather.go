package evidence

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// collected is what gathering has found so far.
type collected struct {
	pieces []ranked
	gaps   []incident.Gap

	tried    int   // sources asked
	answered int   // sources that answered
	final    bool  // a source failed for good
	last     error // the latest failure
}

// ranked is a piece with what it is worth: the higher, the more telling.
type ranked struct {
	incident.Evidence
	weight float64
}

func (c *collected) add(e incident.Evidence, weight float64) {
	c.pieces = append(c.pieces, ranked{e, weight})
}

func (c *collected) gap(what, reason redact.Text) {
	c.gaps = append(c.gaps, incident.Gap{What: what.Cut(maxTitle), Reason: reason.Cut(maxDetail)})
}

// asked notes how a source answered. A source that failed is a gap.
func (c *collected) asked(a *Activities, what redact.Text, err error) {
	c.tried++
	if err == nil {
		c.answered++
		return
	}
	c.last = err
	c.final = c.final || !awserror.Retryable(err)
	c.gap(what, a.clean(err.Error()))
}

// span is the time that evidence is about.
type span struct {
	from, onset, until time.Time
}

// GatherEvidence collects what is known about the service and the services that
// it depends on around the onset. A source that fails is a gap in the result;
// only when every source failed in a way that may pass is it an error, so that
// it is tried again.
func (a *Activities) GatherEvidence(ctx context.Context, in incident.GatherEvidenceInput) (incident.GatherEvidenceResult, error) {
	if in.Service.Name == "" || in.Onset.IsZero() || in.Until.Before(in.Onset) {
		return incident.GatherEvidenceResult{}, awserror.Refuse(incident.ErrorValidation,
			"gather evidence for %s: a service and an onset before %s are needed", in.IncidentID, in.Until)
	}
	s := span{from: in.Onset.Add(-a.opts.Before), onset: in.Onset, until: in.Until}
	var c collected
	services := a.services(ctx, in, &c)
	region := regionOf(in.Anomalies)

	a.anomalies(in.Anomalies, services, region, &c)
	a.changes(in.Anomalies, s, region, &c)
	activity.RecordHeartbeat(ctx, "metrics")
	a.metrics(ctx, services, s, region, &c)
	activity.RecordHeartbeat(ctx, "alarms")
	a.alarms(ctx, services, s, region, &c)
	for _, service := range services {
		for _, group := range service.LogGroups {
			activity.RecordHeartbeat(ctx, "logs "+group)
			a.logs(ctx, service.Name, group, s, region, &c)
		}
	}
	if err := ctx.Err(); err != nil {
		return incident.GatherEvidenceResult{}, fmt.Errorf("gather evidence for %s: %w", in.IncidentID, err)
	}
	if c.tried > 0 && c.answered == 0 && !c.final {
		return incident.GatherEvidenceResult{}, awserror.Classify(fmt.Sprintf("gather evidence for %s: no source answered", in.IncidentID), c.last)
	}
	return c.result(), nil
}

// services are the incident's own and its neighbours, each once, in the order
// of the input.
func (a *Activities) services(ctx context.Context, in incident.GatherEvidenceInput, c *collected) []incident.Service {
	out := []incident.Service{in.Service}
	if len(in.Neighbours) == 0 {
		return out
	}
	catalog, err := a.opts.Catalog.At(ctx, in.Commit)
	if err != nil {
		c.gap(redact.Literal("services that it depends on"), a.clean(err.Error()))
		return out
	}
	for _, name := range in.Neighbours {
		known := slices.ContainsFunc(out, func(s incident.Service) bool { return s.Name == name })
		if service, ok := catalog.Services[name]; ok && !known {
			out = append(out, service)
		} else if !ok {
			c.gap(redact.Format("service %s", redact.Name(name)), redact.Literal("the catalogue has no file for it"))
		}
	}
	return out
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
