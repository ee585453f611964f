package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"firebreak/internal/rootcause"
)

// wrong is something that can be wrong with a case.
type wrong struct {
	name  string
	draws int // how often it is tried; by chance when it is more than once
	make  func(r *rand.Rand, c rootcause.Case) rootcause.Case
	heavy bool // it copies all points
}

// noisySeries is how many unrelated series are added.
const noisySeries = 200

func wrongs() []wrong {
	return []wrong{
		{"as it is", 1, func(_ *rand.Rand, c rootcause.Case) rootcause.Case { return c }, false},
		{"10% of the points dropped", 5, func(r *rand.Rand, c rootcause.Case) rootcause.Case { return dropPoints(r, c, 0.1) }, true},
		{"start 5 minutes early", 1, func(_ *rand.Rand, c rootcause.Case) rootcause.Case { return moveStart(c, -5*time.Minute) }, false},
		{"start 5 minutes late", 1, func(_ *rand.Rand, c rootcause.Case) rootcause.Case { return moveStart(c, 5*time.Minute) }, false},
		{"no calls in the graph", 1, func(_ *rand.Rand, c rootcause.Case) rootcause.Case { c.Calls = nil; return c }, false},
		{"30% of the calls missing", 5, dropCalls, false},
		{"200 noisy series of other services", 3, func(r *rand.Rand, c rootcause.Case) rootcause.Case { return addNoise(r, c, true) }, true},
		{"200 noisy series of the same services", 3, func(r *rand.Rand, c rootcause.Case) rootcause.Case { return addNoise(r, c, false) }, true},
		{"drop, noise and no calls at once", 3, func(r *rand.Rand, c rootcause.Case) rootcause.Case {
			c.Calls = nil
			return addNoise(r, dropPoints(r, c, 0.1), false)
		}, true},
	}
}

// sturdiness ranks cases with each thing wrong. heavy tells whether to try what
// copies all points. It also returns the cases as they are.
func sturdiness(ctx context.Context, cases []labelled, heavy bool) (rows [][]string, plain []judged, err error) {
	for _, w := range wrongs() {
		if w.heavy && !heavy {
			continue
		}
		var all []recall
		for draw := range w.draws {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			r := rand.New(rand.NewPCG(uint64(draw), 20))
			var found []judged
			for _, c := range cases {
				c.given = w.make(r, c.given)
				found = append(found, judge(c))
			}
			if plain == nil {
				plain = found
			}
			all = append(all, recallOf(found))
		}
		rows = append(rows, append([]string{w.name}, meanRecall(all).cells()...))
	}
	return rows, plain, nil
}

func moveStart(c rootcause.Case, by time.Duration) rootcause.Case {
	c.Symptom.Start = c.Symptom.Start.Add(by)
	return c
}

// dropPoints leaves points out by chance. The case that was given stays as it is.
func dropPoints(r *rand.Rand, c rootcause.Case, share float64) rootcause.Case {
	c.Series = slices.Clone(c.Series)
	for i := range c.Series {
		var kept []rootcause.Point
		for _, p := range c.Series[i].Points {
			if r.Float64() >= share {
				kept = append(kept, p)
			}
		}
		c.Series[i].Points = kept
	}
	return c
}

func dropCalls(r *rand.Rand, c rootcause.Case) rootcause.Case {
	var kept []rootcause.Call
	for _, e := range c.Calls {
		if r.Float64() >= 0.3 {
			kept = append(kept, e)
		}
	}
	c.Calls = kept
	return c
}

// addNoise adds series that have nothing to do with anything: noise of light and
// heavy tails, walks, and counts that are mostly zero. They are of services of
// their own, or of those that are there.
func addNoise(r *rand.Rand, c rootcause.Case, others bool) rootcause.Case {
	stamps := stampsOf(c)
	services := servicesOf(c)
	c.Series = slices.Clone(c.Series)
	for k := range noisySeries {
		service := services[r.IntN(len(services))]
		if others {
			service = fmt.Sprintf("other-%d", k%40)
		}
		c.Series = append(c.Series, rootcause.Series{Service: service, Metric: fmt.Sprintf("noise-%d", k), Points: noise(r, stamps, k%4)})
	}
	return c
}

func noise(r *rand.Rand, stamps []time.Time, form int) []rootcause.Point {
	level := math.Exp(4 * r.NormFloat64())
	walk := 0.0
	points := make([]rootcause.Point, len(stamps))
	for i, at := range stamps {
		v := level * (1 + 0.3*r.NormFloat64())
		switch form {
		case 1: // heavy tails
			v = level * math.Exp(1.5*r.NormFloat64())
		case 2:
			walk += r.NormFloat64()
			v = level * (10 + walk)
		case 3:
			v = 0
			if r.Float64() < 0.1 {
				v = math.Ceil(10 * r.Float64())
			}
		}
		points[i] = rootcause.Point{At: at, Value: v}
	}
	return points
}

// stampsOf are the times of the series that has most points.
func stampsOf(c rootcause.Case) []time.Time {
	var longest []rootcause.Point
	for _, s := range c.Series {
		if len(s.Points) > len(longest) {
			longest = s.Points
		}
	}
	stamps := make([]time.Time, len(longest))
	for i, p := range longest {
		stamps[i] = p.At
	}
	return stamps
}

func servicesOf(c rootcause.Case) []string {
	var names []string
	for _, s := range c.Series {
		names = append(names, s.Service)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
