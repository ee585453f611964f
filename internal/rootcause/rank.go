package rootcause

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Rank returns the suspects of a case, best first: every service that occurs in
// it. Scores and Outside add up to 1.
func Rank(c Case) Ranking {
	g := graphOf(&c)
	s := readSigns(&c, g)
	m := newModel(&c, g, s)
	short := s.shortfall(&c, g)
	changed, change := changedBefore(&c, g)
	// Services that no known call connects are one more suspect together, however
	// many they are: in some of very many something moves at any time.
	apart := math.Log(float64(g.apart()))
	scores := make([]float64, len(g.names)+1) // the last is outside
	for n := range g.names {
		scores[n] = m.likelihood(n) - short[n] + changed[n]
		if !s.known(n) {
			scores[n] -= hidden
		}
		switch {
		case !g.known:
			scores[n] += s.added(n)
		case !g.placed(n):
			scores[n] -= apart
		}
	}
	scores[len(g.names)] = m.likelihood(outside)
	normalise(scores)
	r := Ranking{Outside: scores[len(g.names)], Notes: notes(&c, g, s)}
	for n, name := range g.names {
		x := Suspect{Service: name, Score: scores[n], Path: g.path(n)}
		w := witness{c: &c, g: g, s: s, n: n, short: short[n], change: change[n], changed: changed[n]}
		w.tell(&x)
		r.Suspects = append(r.Suspects, x)
	}
	slices.SortStableFunc(r.Suspects, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(math.Abs(b.Deviation), math.Abs(a.Deviation)), cmp.Compare(a.Service, b.Service))
	})
	return r
}

// known tells whether any metric or log says whether a service is in trouble.
// How much it is called does not, nor does one that nobody named and that is calm.
func (s *signs) known(n int) bool {
	for k := range kinds {
		if s.of[n][k].seen && k != flow && (k != unnamed || s.of[n][k].weight > 0) {
			return true
		}
	}
	return false
}

// normalise turns logarithms of likelihoods into probabilities, of which it
// drops the digits that the order of additions decides.
func normalise(scores []float64) {
	top, total := slices.Max(scores), 0.0
	for i, x := range scores {
		scores[i] = math.Exp(x - top)
		total += scores[i]
	}
	for i := range scores {
		scores[i] = math.Round(scores[i]/total*1e6) / 1e6
	}
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
