// Package hypothesis explains an incident by rule: which service is behind it,
// and what is wrong with it, from the evidence alone. It is what an incident
// goes on with when no model answers. It is pure and needs no network; names of
// services and of evidence are compared with each other and mean nothing else.
//
// The rules are few and their weights are judgement, not fitted to data:
//   - how far a series moved in the direction that is trouble, in deviations;
//   - log patterns that are new, or more frequent than before;
//   - changes shortly before the onset;
//   - whose anomalies came first;
//   - what is called before who calls it: callers suffer from what they call.
//
// Where the evidence holds a ranking of suspects, that says who is to blame in
// the place of the last two, and the rules here only say what is wrong.
package hypothesis

import (
	"cmp"
	"math"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// What is a way for a service to go wrong.
type What string

// Ways to go wrong, the most specific first.
const (
	Changed   What = "change"     // something was changed right before
	Growing   What = "growth"     // a resource keeps growing
	Overrun   What = "traffic"    // more requests than it can serve
	Exhausted What = "exhaustion" // a resource is used up
	Failing   What = "errors"     // it fails requests
	Slow      What = "latency"    // it answers slowly
	Unhealthy What = "health"     // part of it does not respond
	Unclear   What = "unclear"    // the ranking suspects it, and nothing says why
)

// Suspect is one explanation with its reasons.
type Suspect struct {
	Service   string
	What      What
	Score     float64       // in [0,1]; comparable within one ranking, no probability
	Why       []redact.Text // reasons in numbers, the weightiest first
	Citations []string      // ids of the evidence behind them
	Runbook   string        // of the allowed ones, for the service; empty when none fits
	Fixes     string        // the declared symptom by which the runbook was chosen
}

// leastScore is the score below which there is no suspicion.
const leastScore = 0.1

// Rank returns the suspects of a case, best first. The same case gives the same
// ranking, in whatever order its evidence comes.
func Rank(c incident.DiagnoseInput) []Suspect {
	readings, b := readAll(c), blamed(c)
	var out []Suspect
	for _, r := range readings {
		place, where := placed(c, readings, r)
		place *= r.punctual()
		if b.known() {
			place, where = b.share(r.service)
		} else {
			where = append(r.when(), where...)
		}
		for i := range mechanisms {
			if s, ok := suspect(c, r, &mechanisms[i], place, where); ok {
				if e := b.piece(r.service); e != nil {
					s.Citations = append(s.Citations, e.ID)
				}
				out = append(out, s)
			}
		}
	}
	if s, ok := b.unexplained(out); ok {
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(order(a.What), order(b.What)), cmp.Compare(a.Service, b.Service))
	})
	return out
}

// mechanism is how likely a way to go wrong is by a service's reading, and which
// topics its evidence is about.
type mechanism struct {
	what   What
	likely func(r *reading) float64
	topics []topic
}

var mechanisms = []mechanism{
	{Changed, func(r *reading) float64 {
		if r.changed() < 0.2 {
			return 0
		}
		return r.trouble() * (0.45 + 0.5*r.changed())
	}, []topic{change, deployment, configuration, scaling, errors, latency, saturation, health, crash}},
	{
		Growing, func(r *reading) float64 { return 0.9 * min(r.about(growth), r.about(saturation)) },
		[]topic{growth, saturation, memory, disk, pool},
	},
	{Overrun, func(r *reading) float64 {
		return 0.75 * min(r.about(traffic), max(r.about(latency), r.about(saturation), r.about(errors)))
	}, []topic{traffic, latency, saturation, errors}},
	{Exhausted, func(r *reading) float64 { return 0.65 * r.about(saturation) }, []topic{saturation, memory, cpu, disk, pool, latency}},
	{
		Failing, func(r *reading) float64 { return 0.65 * max(r.about(errors), r.about(crash)) },
		[]topic{errors, crash, dependency, certificate, access},
	},
	{Slow, func(r *reading) float64 { return 0.55 * r.about(latency) }, []topic{latency, cpu, pool, dependency}},
	{Unhealthy, func(r *reading) float64 { return 0.6 * r.about(health) }, []topic{health, crash, errors}},
}

func order(w What) int {
	if w == Unclear {
		return len(mechanisms)
	}
	return slices.IndexFunc(mechanisms, func(m mechanism) bool { return m.what == w })
}

// suspect weighs one mechanism of one service, which stands where placed says.
func suspect(c incident.DiagnoseInput, r *reading, m *mechanism, place float64, where []redact.Text) (Suspect, bool) {
	backing := r.backing(m)
	score := m.likely(r) * place * corroborated(backing)
	if score = round(min(score, 0.95)); score < leastScore {
		return Suspect{}, false
	}
	s := Suspect{Service: r.service, What: m.what, Score: score}
	for _, f := range backing {
		s.Why, s.Citations = append(s.Why, f.why), append(s.Citations, f.evidence.ID)
	}
	s.Why = append(s.Why, where...)
	s.Runbook, s.Fixes = choose(c, r, m)
	return s, true
}

// placed weighs where a service stands: trouble in what is called takes from the
// caller's own explanations, less when only the caller was changed; a service
// that the incident's own does not call explains little.
func placed(c incident.DiagnoseInput, all []*reading, r *reading) (float64, []redact.Text) {
	var own, below *reading
	for _, q := range all {
		switch {
		case q.service == c.Service.Name:
			own = q
		case slices.Contains(c.Service.DependsOn, q.service) && (below == nil || q.trouble() > below.trouble()):
			below = q
		}
	}
	switch {
	case r == own && below == nil:
		return 1, nil
	case r == own:
		share := 0.6
		if r.changed() > below.changed() {
			share = 0.3
		}
		if below.trouble() < 0.3 {
			return 1 - share*below.trouble(), nil
		}
		return 1 - share*below.trouble(), []redact.Text{redact.Format("it calls %s, which is in trouble itself (%.2f of 1)", redact.Name(below.service), below.trouble())}
	case slices.Contains(c.Service.DependsOn, r.service):
		if own == nil {
			return 0.7, nil
		}
		return 0.7 + 0.3*own.trouble(), []redact.Text{redact.Format("%s calls it and suffers (%.2f of 1)", redact.Name(own.service), own.trouble())}
	default:
		return 0.5, []redact.Text{redact.Format("%s is not known to call it", redact.Name(c.Service.Name))}
	}
}

// punctual weighs whose anomalies came first: a cause is not later than its
// effects. Clocks and detectors differ by some seconds.
func (r *reading) punctual() float64 {
	switch {
	case !r.anomalous:
		return 0.85
	case r.lag <= 5*time.Second:
		return 1
	default:
		return max(0.6, math.Exp(-r.lag.Seconds()/120))
	}
}

// when is the order of the onsets in words.
func (r *reading) when() []redact.Text {
	switch {
	case !r.anomalous || r.alone:
		return nil
	case r.lag == 0:
		return []redact.Text{redact.Literal("its anomaly opened first")}
	default:
		return []redact.Text{redact.Format("its first anomaly opened %.0f s after the first of all", r.lag.Seconds())}
	}
}

// corroborated grows with the kinds of evidence that agree: one is worth three
// quarters, three all.
func corroborated(backing []finding) float64 {
	kinds := map[incident.EvidenceKind]bool{}
	for _, f := range backing {
		kinds[f.source()] = true
	}
	return min(1, 0.75+0.125*float64(max(len(kinds)-1, 0)))
}

// round removes what the order of additions leaves in the last digits.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
