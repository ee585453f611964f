package hypothesis

import (
	"cmp"
	"slices"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

const (
	// unlisted is what the best suspect's share of blame is worth for a service
	// that the ranking does not list.
	unlisted = 0.15
	// likelyOutside is how much must speak for a cause elsewhere to say so.
	likelyOutside = 0.5
	// outsideConfidence is the most that "not in this system" is believed: it is
	// known by what is missing.
	outsideConfidence = 0.2
)

// blame is what the ranking of suspects says, where the evidence holds one: who
// is to blame is then its judgement, from series, calls and times that a single
// piece of evidence does not show, and only what is wrong is judged here.
type blame struct {
	listed    []*incident.Evidence // best first
	best      float64
	outside   float64
	elsewhere *incident.Evidence // the piece that says that it is outside; may be nil
}

func blamed(c incident.DiagnoseInput) blame {
	var b blame
	for i := range c.Evidence {
		e := &c.Evidence[i]
		if e.Kind != incident.EvidenceSuspect {
			continue
		}
		b.outside = max(b.outside, e.Facts[incident.FactOutside])
		if e.Service == "" {
			b.elsewhere = e
			continue
		}
		b.listed = append(b.listed, e)
		b.best = max(b.best, e.Facts[incident.FactScore])
	}
	slices.SortStableFunc(b.listed, func(x, y *incident.Evidence) int {
		return cmp.Or(cmp.Compare(y.Facts[incident.FactScore], x.Facts[incident.FactScore]), cmp.Compare(x.Service, y.Service), cmp.Compare(x.ID, y.ID))
	})
	return b
}

// known tells whether there is a ranking that lists anybody.
func (b *blame) known() bool { return b.best > 0 }

// isOutside tells whether the ranking says that none of the services is the cause.
func (b *blame) isOutside() bool { return b.outside >= likelyOutside && b.outside > b.best }

// piece is what the ranking says of a service, nil when it does not list it.
func (b *blame) piece(service string) *incident.Evidence {
	for _, e := range b.listed {
		if e.Service == service {
			return e
		}
	}
	return nil
}

// share is how much a service is to blame, 1 for the best suspect, with the
// reason.
func (b *blame) share(service string) (float64, []redact.Text) {
	e := b.piece(service)
	if e == nil {
		return unlisted, []redact.Text{redact.Literal("it is not among the likely suspects")}
	}
	score := e.Facts[incident.FactScore]
	return max(unlisted, score/b.best), []redact.Text{redact.Format("ranked %.0f of the suspects, %.0f%% likely the cause", e.Facts[incident.FactRank], 100*score)}
}

// unexplained is the best suspect where nothing says what is wrong with it.
func (b *blame) unexplained(ranked []Suspect) (Suspect, bool) {
	if !b.known() {
		return Suspect{}, false
	}
	e := b.listed[0]
	if slices.ContainsFunc(ranked, func(s Suspect) bool { return s.Service == e.Service }) {
		return Suspect{}, false
	}
	return Suspect{
		Service: e.Service, What: Unclear, Score: round(b.best / 2), Citations: []string{e.ID},
		Why: []redact.Text{e.Detail.Cut(200)},
	}, true
}

// notHere is the hypothesis that the cause is none of the services.
func (b *blame) notHere(c incident.DiagnoseInput) incident.Hypothesis {
	h := incident.Hypothesis{
		Service: c.Service.Name, Confidence: round(outsideConfidence * b.outside),
		Cause:     redact.Literal("Not in this system: no service that was looked at explains what is seen."),
		Reasoning: redact.Format("%.0f%% speak for a cause outside, and at most %.0f%% for any of the services. No runbook for a cause that is not known.", 100*b.outside, 100*b.best),
	}
	if b.elsewhere != nil {
		h.Citations = append(h.Citations, b.elsewhere.ID)
	} else if len(b.listed) > 0 {
		h.Citations = append(h.Citations, b.listed[0].ID)
	}
	return h
}
