// Package capacity makes series of what fills up: memory, disks, queues and
// quotas, as they look in operation, each from a seed. Some reach their limit,
// some never do; a back-test over them tells how early forecasts are and how
// often they are wrong, by kind.
package capacity

import (
	"math"
	"math/rand/v2"
	"time"
)

// Limit is what none of the series should reach, in their unit (percent).
const Limit = 100.0

// Kind is one kind of series.
type Kind struct {
	Name string
	// Reaches tells whether its series reach the limit at all, and Sudden that they
	// do it too fast for anybody to foresee.
	Reaches bool
	Sudden  bool

	make func(g *generator, length int) []float64
}

// Period is a distance between points, with the length of a series of it.
type Period struct {
	Step   time.Duration
	Points int
}

// Periods are those that CloudWatch has most: high resolution for hours, a
// minute for days, five minutes for weeks.
func Periods() []Period {
	return []Period{{time.Second, 4 * 3600}, {time.Minute, 10 * 1440}, {5 * time.Minute, 28 * 288}}
}

// start is a Monday at midnight, so that days begin where a series does.
var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// Each makes a series and hands over its points in order.
func (k Kind) Each(p Period, seed uint64, take func(at time.Time, value float64)) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, uint64(p.Step))), step: p.Step}
	for i, v := range k.make(g, p.Points) {
		if math.IsNaN(v) {
			continue // a point that is missing
		}
		take(start.Add(time.Duration(i)*p.Step), v)
	}
}

// generator is the chance in a series, and its clock.
type generator struct {
	*rand.Rand

	step time.Duration
}

// between is an even choice.
func (g *generator) between(low, high float64) float64 { return low + (high-low)*g.Float64() }

// points is an even choice of whole points.
func (g *generator) points(low, high int) int { return low + g.IntN(high-low+1) }

// day is how many points a day has.
func (g *generator) day() int { return int(24 * time.Hour / g.step) }

// noisy adds noise of a deviation, and a hole of a point now and then.
func (g *generator) noisy(values []float64, deviation float64) []float64 {
	for i := range values {
		values[i] += deviation * g.NormFloat64()
		if g.IntN(500) == 0 {
			values[i] = math.NaN()
		}
	}
	return values
}

// smooth is noise with a memory of some points, as load has.
func (g *generator) smooth(length, memory int, deviation float64) []float64 {
	values := make([]float64, length)
	keep := 1 - 1/float64(memory)
	v := 0.0
	for i := range values {
		v = keep*v + math.Sqrt(1-keep*keep)*g.NormFloat64()
		values[i] = deviation * v
	}
	return values
}
