package rootcause

import (
	"cmp"
	"math"
	"slices"
)

// The weight of evidence is the logarithm of how much more likely it is where
// there is trouble than where there is none. Without trouble, deviations have a
// heavy tail: those beyond d are as rare as 1/d². With trouble, every size is
// as likely as any other on a logarithmic scale. The quotient grows with d².
const (
	// even is how many deviations speak neither for nor against trouble.
	even = 3.5
	// lightest and heaviest bound what one series says: the model is not to be
	// trusted beyond.
	lightest = -2
	heaviest = 7
	// stopped is the weight of a series that stopped, and begun that of one of
	// failures that was not there before.
	stopped, begun = 2, 1.4
)

func weight(deviations float64) float64 {
	if deviations <= 0 {
		return lightest
	}
	return min(max(2*math.Log(deviations/even), lightest), heaviest)
}

// sign is what all series of one kind say of a service.
type sign struct {
	seen   bool
	weight float64
	best   int // the weightiest, an index into the case; -1 when there is none
}

// signs are the evidence by service and kind.
type signs struct {
	of       [][kinds]sign
	moves    []move
	readings []reading
	volume   []float64 // requests that each service usually gets in a step; 0 when nobody counts
}

// readSigns looks at every series, log pattern and change. Of several series of
// one kind any one may be the one that shows, so that their likelihoods are
// averaged; a service with many series is no likelier to be the cause.
func readSigns(c *Case, g *graph) *signs {
	s := &signs{of: make([][kinds]sign, len(g.names)), moves: make([]move, len(c.Series)), readings: make([]reading, len(c.Series)), volume: make([]float64, len(g.names))}
	w := window{start: c.Symptom.Start.Unix()}
	if !c.Symptom.End.IsZero() {
		w.end = max(c.Symptom.End.Unix(), w.start)
	}
	weights := make([][kinds][]float64, len(g.names))
	add := func(n int, k kind, i int, x float64) {
		sign := &s.of[n][k]
		if !sign.seen || cmp.Or(cmp.Compare(x, slices.Max(weights[n][k])), s.further(c, k, i, sign.best)) > 0 {
			sign.seen, sign.best = true, i
		}
		weights[n][k] = append(weights[n][k], x)
	}
	w.now = s.count(c, g, w.end)
	for i := range c.Series {
		n, ok := g.number[c.Series[i].Service]
		if !ok {
			continue
		}
		points := samples(c.Series[i].Points)
		r := readingOf(&c.Series[i])
		if r.kind == unnamed && looksHealthy(points) {
			r = reading{kind: failures, health: true}
		}
		if r.health {
			failing(points)
		}
		m := findMove(points, w, s.quantum(n, r, points))
		s.moves[i], s.readings[i] = m, r
		switch {
		case m.seen:
			add(n, r.kind, i, weight(r.trouble(m.deviations)))
		case m.gone && r.kind == resource:
			add(n, resource, i, stopped)
		case m.gone: // perhaps it only is not called any more
			add(n, flow, i, stopped)
		case m.fresh && r.kind == failures && !r.health:
			add(n, failures, i, begun)
		}
	}
	hear(c, g, w, add)
	for n := range s.of {
		for k := range kinds {
			if s.of[n][k].seen {
				s.of[n][k].weight = average(weights[n][k])
			}
		}
	}
	return s
}

// average is the logarithm of the mean of what the weights are logarithms of.
func average(weights []float64) float64 {
	top, sum := slices.Max(weights), 0.0
	for _, x := range slices.Sorted(slices.Values(weights)) { // the same sum in any order
		sum += math.Exp(x - top)
	}
	return top + math.Log(sum/float64(len(weights)))
}

// further orders two series of a kind, or two log patterns, that weigh the same,
// so that their order in the case does not matter.
func (s *signs) further(c *Case, k kind, i, than int) int {
	if k == logged {
		return cmp.Compare(c.Logs[than].ID, c.Logs[i].ID)
	}
	return cmp.Or(
		cmp.Compare(math.Abs(s.moves[i].deviations), math.Abs(s.moves[than].deviations)),
		cmp.Compare(c.Series[than].Metric, c.Series[i].Metric))
}

// quantum is the least by which the failures of a service can move: one request
// of those that it usually gets. 0 when nobody counts them.
func (s *signs) quantum(n int, r reading, points []sample) float64 {
	if s.volume[n] <= 0 || r.kind != failures {
		return 0
	}
	if lowest := slices.MinFunc(points, func(a, b sample) int { return cmp.Compare(a.value, b.value) }); r.health && lowest.value < -1 {
		return 100 / s.volume[n] // percent
	}
	return 1 / s.volume[n]
}

// count reads how many requests each service usually gets, and returns the time
// of the last sample of all up to the end.
func (s *signs) count(c *Case, g *graph, end int64) (last int64) {
	for i := range c.Series {
		for _, p := range c.Series[i].Points {
			if at := p.At.Unix(); at > last && (end == 0 || at <= end) {
				last = at
			}
		}
		n, ok := g.number[c.Series[i].Service]
		if !ok || !readingOf(&c.Series[i]).volume {
			continue
		}
		points := samples(c.Series[i].Points)
		v := make([]float64, len(points))
		for k, p := range points {
			v[k] = p.value
		}
		s.volume[n] = max(s.volume[n], median(v))
	}
	return last
}
