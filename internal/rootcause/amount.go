package rootcause

import (
	"math"

	"firebreak/internal/incident"
)

// maxShort bounds how much a lack of amount says against a service, as a
// logarithm: some of what happens is seen in no metric of the cause.
const maxShort = 3

// shortfall is by how many times, as a logarithm, the trouble of the symptom is
// larger than that of each service: the seconds that callers wait longer, and
// the requests that fail, cannot be more than what the cause loses. Where
// requests are counted, averages and shares are multiplied by them. A service
// that has the symptom's metric is compared by it, another by the metrics that
// both have. 0 where nothing can be compared.
func (s *signs) shortfall(c *Case, g *graph) []float64 {
	out := make([]float64, len(g.names))
	if g.symptom < 0 {
		return out
	}
	wanted := s.symptomKind(c)
	at := map[string]float64{}
	for i := range c.Series {
		r := s.readings[i]
		if c.Series[i].Service == c.Symptom.Service && r.kind <= unnamed && (wanted == unnamed || r.kind == wanted) && math.Abs(s.moves[i].deviations) >= 2 {
			if x := s.excess(i); x > 0 {
				at[c.Series[i].Metric] = x
			}
		}
	}
	ratios := make([][]float64, len(g.names))
	same := make([]bool, len(g.names))
	for i := range c.Series {
		n, ok := g.number[c.Series[i].Service]
		metric := c.Series[i].Metric
		want := at[metric]
		if !ok || n == g.symptom || want == 0 || !s.moves[i].seen {
			continue
		}
		x := max(s.excess(i), want/1000)
		if mine, theirs := s.volume[n], s.volume[g.symptom]; mine > 0 && theirs > 0 && !quantile(metric) {
			x *= mine / theirs
		}
		ratio := math.Log(max(1, want/x))
		if metric == c.Symptom.Metric {
			ratios[n], same[n] = []float64{ratio}, true
		} else if !same[n] {
			ratios[n] = append(ratios[n], ratio)
		}
	}
	for n := range out {
		out[n] = min(median(ratios[n]), maxShort)
	}
	return out
}

// excess is by how much a series is worse than before, in its own unit.
func (s *signs) excess(i int) float64 {
	m, r := s.moves[i], s.readings[i]
	switch d := m.after - m.before; {
	case r.kind == unnamed:
		return math.Abs(d)
	case r.health:
		return max(-d, 0)
	default:
		return max(d, 0)
	}
}

// symptomKind is what the symptom's metric measures; unnamed when nobody knows.
func (s *signs) symptomKind(c *Case) kind {
	role := incident.MetricRole("")
	for i := range c.Series {
		if c.Series[i].Service == c.Symptom.Service && c.Series[i].Metric == c.Symptom.Metric {
			if k := s.readings[i].kind; k <= failures {
				return k
			}
			role = c.Series[i].Role
		}
	}
	if k := readingOf(&Series{Metric: c.Symptom.Metric, Role: role}).kind; c.Symptom.Metric != "" && k <= failures {
		return k
	}
	return unnamed
}

// added is the logarithm of the share of the time of a service's answers that was
// not there before. Who calls waits for what is called besides its own work, so
// that of a chain in which all have become slower by as much the last has the
// highest share. Only where no call is known: there the graph says who waits.
func (s *signs) added(n int) float64 {
	sign := s.of[n][slowness]
	if !sign.seen || sign.weight <= 0 {
		return 0
	}
	m := s.moves[sign.best]
	if m.after <= 0 || m.after <= m.before {
		return 0
	}
	return math.Log((m.after - m.before) / m.after)
}
