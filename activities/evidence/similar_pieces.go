package evidence

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// remedy is a runbook as it was run on a service.
type remedy struct{ runbook, service string }

// record is how often a remedy was tried, and how often it helped.
type record struct {
	remedy

	tried, fixed int
	took         []float64 // seconds from the onset until the metric was good again
	last         incident.State
}

// recordsOf counts the remedies of the past. What was refused before it ran, or
// was cancelled, or was not needed any more, was not tried.
func recordsOf(past []pastIncident) []*record {
	all := map[remedy]*record{}
	for _, p := range past {
		for _, at := range p.Attempts {
			switch at.Result.Status {
			case incident.RemediationVerified, incident.RemediationUndone, incident.RemediationFailed:
			default:
				continue
			}
			key := remedy{at.Runbook, cmp.Or(at.Service, p.Service)}
			r := all[key]
			if r == nil {
				r = &record{remedy: key, last: p.State}
				all[key] = r
			}
			r.tried++
			if at.Result.Status == incident.RemediationVerified {
				r.fixed++
				if v := at.Result.Verification; v != nil && v.At.After(p.Opened) {
					r.took = append(r.took, v.At.Sub(p.Opened).Seconds())
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *record) int {
		return cmp.Or(cmp.Compare(b.fixed, a.fixed), cmp.Compare(b.tried, a.tried), cmp.Compare(a.runbook, b.runbook), cmp.Compare(a.service, b.service))
	})
}

// pieces tells of the remedies, and of the incidents that are most alike.
func (s pastSource) pieces(similar []pastIncident, looked int, q *question, out *answer) {
	own := redact.Name(q.service().Name)
	from := q.onset.Add(-pastReach)
	list := "starter incidents list --all --service " + shellQuote(q.service().Name)
	days := int(pastReach.Hours() / 24)
	if len(similar) == 0 {
		out.add(incident.Evidence{
			Kind: incident.EvidencePast, Service: q.service().Name, From: from, To: q.onset, Query: list,
			Title:  redact.Format("no incident of %s in %d days was like this one", own, days),
			Detail: redact.Format("%s looked at.", incident.Count(looked, "incident that is over was", "incidents that are over were")),
			Facts:  map[string]float64{incident.FactCountBefore: 0},
		}, weightCalm-3)
		return
	}
	records := recordsOf(similar)
	ends := map[incident.Outcome]int{}
	for _, p := range similar {
		ends[p.Outcome]++
	}
	var ended []redact.Text
	for _, o := range slices.Sorted(maps.Keys(ends)) {
		ended = append(ended, redact.Format("%s %d", redact.Name(cmp.Or(string(o), "unknown")), ends[o]))
	}
	for _, r := range records[:min(len(records), fixesShown)] {
		e := incident.Evidence{
			Kind: incident.EvidencePast, Service: r.service, From: from, To: q.onset, Query: "starter incidents show " + shellQuote(r.last.ID),
			Title: redact.Format("%s on %s fixed %d of %d incidents like this one", redact.Name(r.runbook), redact.Name(r.service), r.fixed, r.tried),
			Detail: redact.Format("Of %d incidents of %s that are over, %d were like this one; they ended: %s. It was tried %s and helped %s%s. That it did is no proof that it will again.",
				looked, own, len(similar), redact.Join(ended, ", "), incident.Count(r.tried, "time", "times"), incident.Count(r.fixed, "time", "times"), tookWords(r.took)),
			Facts: map[string]float64{incident.FactTried: float64(r.tried), incident.FactFixed: float64(r.fixed), incident.FactCountBefore: float64(len(similar))},
		}
		out.add(e, weightPast+50+min(40, 10*float64(r.fixed)))
	}
	for _, p := range similar[:min(len(similar), pastShown)] {
		out.add(s.one(p, q), weightPast+40*p.score)
	}
	if more := len(similar) - pastShown; more > 0 {
		out.gap(incident.GapCut, s.name(), redact.Format("%d were like this one, of which the %d most alike are shown", len(similar), pastShown))
	}
}

func tookWords(seconds []float64) redact.Text {
	if len(seconds) == 0 {
		return redact.Text{}
	}
	d := time.Duration(median(seconds) * float64(time.Second)).Round(time.Second)
	return redact.Format(", a median of %s after the onset", redact.Name(d.String()))
}

// one is the evidence of one incident.
func (s pastSource) one(p pastIncident, q *question) incident.Evidence {
	e := incident.Evidence{
		Kind: incident.EvidencePast, Service: p.Service, From: p.Opened, To: p.Opened, Query: "starter incidents show " + shellQuote(p.ID),
		Title: redact.Format("%s was %.0f%% like this one and ended %s", redact.Name(p.ID), 100*p.score, redact.Name(string(p.Outcome))),
		Facts: map[string]float64{incident.FactSimilarity: p.score, incident.FactFixed: 0},
	}
	if !p.Ended.IsZero() {
		e.To = p.Ended
	}
	detail := redact.Format("It began %s, %.1f days before: %s.", redact.Name(stamp(p.Opened)), q.onset.Sub(p.Opened).Hours()/24, p.words())
	if p.Diagnosis != nil {
		// It was redacted when it was written, maybe by fewer rules.
		if best := p.Diagnosis.Best(); !best.Cause.IsEmpty() {
			detail = redact.Format("%s Its cause was thought to be in %s: %s", detail, redact.Name(best.Service), s.a.clean(best.Cause.String()).FirstLine().Cut(160))
		}
	}
	for _, at := range p.Attempts {
		where := redact.Name(cmp.Or(at.Service, p.Service))
		switch at.Result.Status {
		case incident.RemediationVerified:
			e.Facts[incident.FactFixed] = 1
			detail = redact.Format("%s Fixed by %s on %s.", detail, redact.Name(at.Runbook), where)
		case incident.RemediationUndone, incident.RemediationFailed:
			detail = redact.Format("%s %s on %s did not help.", detail, redact.Name(at.Runbook), where)
		default:
		}
	}
	e.Detail = detail
	return e
}
