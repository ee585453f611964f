package cases

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"firebreak/internal/rootcause"
)

// distractions are unrelated things that happen in an application.
type distractions struct {
	hogs []distraction
}

// distraction is a node that is busy with something harmless for a while: a
// backup, a report, a batch.
type distraction struct {
	node, from, until int
	effect            effect
}

// distract draws what goes on besides a fault. Half of it is near the onset.
func distract(r *rand.Rand, a *app, t trouble, minutes, onset int) distractions {
	var d distractions
	for range r.IntN(3) {
		node := r.IntN(len(a.nodes))
		if node == t.at {
			continue
		}
		from := r.IntN(minutes)
		if r.Float64() < 0.5 {
			from = onset - 12 + r.IntN(18)
		}
		n := a.nodes[node]
		e := effect{hog: 0.3 * n.cores, writes: between(r, 3, 10)}
		if r.Float64() < 0.4 {
			e = effect{leak: between(r, 0.2, 0.8) * n.memory} // a cache is filled
		}
		d.hogs = append(d.hogs, distraction{node, from, from + 4 + r.IntN(20), e})
	}
	return d
}

// join adds what goes on besides to a fault's effects.
func (d distractions) join(effects map[int]effect, minute int) map[int]effect {
	for _, h := range d.hogs {
		if minute < h.from || minute >= h.until {
			continue
		}
		if effects == nil {
			effects = map[int]effect{}
		}
		if e, taken := effects[h.node]; taken {
			e.hog += h.effect.hog
			e.leak += h.effect.leak
			effects[h.node] = e
			continue
		}
		effects[h.node] = h.effect
	}
	return effects
}

// sampler cuts readings into points.
type sampler struct {
	r     *rand.Rand
	begin time.Time     // of the first minute
	step  time.Duration // of the points
	until int           // minutes that are there
	lost  float64       // share of points missing
}

// points are a quantity's points: sums of requests, else means.
func (s sampler) points(v []float64, sum bool, late time.Duration) []rootcause.Point {
	each := int(s.step / time.Minute)
	var out []rootcause.Point
	for from := 0; from+each <= min(len(v), s.until); from += each {
		if s.r.Float64() < s.lost {
			continue
		}
		there := known(v[from : from+each])
		if len(there) == 0 {
			continue
		}
		total := 0.0
		for _, x := range there {
			total += x
		}
		if !sum {
			total /= float64(len(there))
		}
		at := s.begin.Add(time.Duration(from)*time.Minute + late)
		out = append(out, rootcause.Point{At: at, Value: sixDigits(total)})
	}
	return out
}

// odd is a series that has nothing to do with anything.
func (s sampler) odd(form int) []rootcause.Point {
	n := s.until
	v := make([]float64, n)
	level := between(s.r, 1, 500)
	for k := range v {
		switch form {
		case 0: // jumps all the time
			v[k] = level * math.Exp(1.2*s.r.NormFloat64())
			if s.r.Float64() < 0.06 {
				v[k] *= 20
			}
		case 1: // never moves
			v[k] = level
		case 2: // a walk
			if k > 0 {
				v[k] = v[k-1] + s.r.NormFloat64()
			} else {
				v[k] = level
			}
		default: // mostly nothing
			if s.r.Float64() < 0.05 {
				v[k] = math.Floor(between(s.r, 1, 9))
			}
		}
	}
	points := s.points(v, false, 0)
	if form == 3 && len(points) > 6 {
		// One that begins or ends somewhere.
		at := s.r.IntN(len(points))
		if s.r.Float64() < 0.5 {
			return points[at:]
		}
		return points[:at]
	}
	return points
}

// sixDigits rounds as monitoring does.
func sixDigits(v float64) float64 {
	x, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return x
}
