package rootcause

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Rank returns the suspects of a case, best first, every known service among them.
func Rank(c Case) Ranking {
	services := map[string]*Suspect{}
	know := func(name string) *Suspect {
		if name == "" {
			return &Suspect{}
		}
		if services[name] == nil {
			services[name] = &Suspect{Service: name}
		}
		return services[name]
	}
	know(c.Symptom.Service)
	for _, n := range c.Nodes {
		know(n)
	}
	for _, e := range c.Calls {
		know(e.Caller)
		know(e.Callee)
	}
	strength := map[string]float64{}
	for i, s := range c.Series {
		d, before, after := moved(s, c.Symptom)
		if s.Role == incident.RoleHealth {
			d = -d
		}
		suspect, own := know(s.Service), math.Abs(d)/(math.Abs(d)+6)
		if own > strength[s.Service] {
			strength[s.Service], suspect.Metric, suspect.Deviation, suspect.Series = own, s.Metric, d, []int{i}
			suspect.Onset = c.Symptom.Start
			suspect.Why = []redact.Text{redact.Format("%s went from %.4g to %.4g, %.1f deviations", redact.Name(s.Metric), before, after, d)}
		}
	}
	for _, ch := range c.Changes {
		know(ch.Service)
	}
	worst := map[string]float64{}
	for _, e := range c.Calls {
		worst[e.Caller] = max(worst[e.Caller], strength[e.Callee])
	}
	r, total := Ranking{}, 1.0
	names := slices.Sorted(maps.Keys(services))
	for _, name := range names {
		s := services[name]
		s.Score = strength[name] * (1 - 0.7*worst[name])
		total += s.Score
	}
	for _, name := range names {
		s := services[name]
		s.Score /= total
		s.Path = path(c.Calls, s.Service, c.Symptom.Service)
		r.Suspects = append(r.Suspects, *s)
	}
	r.Outside = 1 / total
	slices.SortFunc(r.Suspects, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Service, b.Service))
	})
	return r
}

// moved is how far a series moved at the onset, in robust deviations.
func moved(s Series, sy Symptom) (deviations, before, after float64) {
	var was, is []float64
	for _, p := range s.Points {
		switch {
		case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
		case p.At.Before(sy.Start.Add(-5 * time.Minute)):
			was = append(was, p.Value)
		case sy.End.IsZero() || !p.At.After(sy.End):
			is = append(is, p.Value)
		}
	}
	if len(was) < 3 || len(is) == 0 {
		return 0, 0, 0
	}
	before, after = median(was), median(is)
	off := make([]float64, len(was))
	for i, v := range was {
		off[i] = math.Abs(v - before)
	}
	return (after - before) / max(1.4826*median(off), 0.02*math.Abs(before), 1e-6), before, after
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// path is a shortest way from a service to the symptom's along its callers.
func path(calls []Call, from, to string) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			var out []string
			for ; at != ""; at = before[at] {
				out = append(out, at)
			}
			slices.Reverse(out)
			return out
		}
		for _, e := range calls {
			if _, seen := before[e.Caller]; e.Callee == at && !seen && e.Caller != "" {
				before[e.Caller] = at
				queue = append(queue, e.Caller)
			}
		}
	}
	return nil
}
