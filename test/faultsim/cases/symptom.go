package cases

import (
	"math"
	"math/rand/v2"
	"slices"
)

// sign is where and when a fault was noticed.
type sign struct {
	node     int
	quantity quantity
	minute   int // of the readings
}

// noticed finds what somebody on call would be told of: the first lasting
// departure of latency, errors, requests or a queue, at the node furthest from
// the cause of those to which it got. onset is the minute of the fault.
func noticed(r *rand.Rand, a *app, t trouble, out []readings, onset int) (sign, bool) {
	candidates := slices.Clone(a.entries)
	upstream := a.callers(t.at)
	slices.Reverse(upstream)
	for _, i := range upstream {
		if !slices.Contains(candidates, i) {
			candidates = append(candidates, i)
		}
	}
	// Now and then somebody looks at a service in between.
	if len(candidates) > len(a.entries) && r.Float64() < 0.2 {
		k := len(a.entries) + r.IntN(len(candidates)-len(a.entries))
		candidates[0], candidates[k] = candidates[k], candidates[0]
	}
	if !slices.Contains(candidates, t.at) {
		candidates = append(candidates, t.at)
	}
	for _, i := range candidates {
		watched := []quantity{qErrors, qLatency, qP99, qRequests}
		if a.nodes[i].kind == queue {
			watched = []quantity{qDepth, qAge}
		}
		if t.fault == LostUsers || t.fault == Surge && r.Float64() < 0.5 {
			watched = []quantity{qRequests}
		}
		best, at := sign{minute: math.MaxInt}, 0.0
		for _, q := range watched {
			if minute, far := departure(out[i][q], onset); minute < best.minute || minute == best.minute && far > at {
				best, at = sign{i, q, minute}, far
			}
		}
		if best.minute < math.MaxInt {
			return best, true
		}
	}
	return sign{}, false
}

// departure is the first minute from which on a series is, for two minutes, as
// far out as it never was in the hour before, and by how much.
func departure(v []float64, onset int) (minute int, far float64) {
	before := known(v[max(0, onset-60):onset])
	if len(before) < 20 {
		return math.MaxInt, 0
	}
	slices.Sort(before)
	low, mid, high := before[0], before[len(before)/2], before[len(before)-1]
	room := 0.5*(high-low) + 0.05*math.Abs(mid) + 0.004
	out := func(x float64) float64 { return max(x-high, low-x) / room }
	for k := onset; k+1 < len(v); k++ {
		if a, b := out(v[k]), out(v[k+1]); a > 1 && b > 1 {
			return k, min(a, b)
		}
	}
	return math.MaxInt, 0
}
