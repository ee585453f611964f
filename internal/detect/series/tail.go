package series

import "math"

// tail turns a raw score into units that mean the same on every series: how far
// the score lies above a high quantile of its past, in multiples of the mean
// exceedance over that quantile. For a tail that falls off exponentially, u
// units are exceeded with the chance share*exp(-u), whatever the score's own
// unit and scale; a heavier tail has a larger mean exceedance, which asks for
// more.
type tail struct {
	Quantile float64 // running estimate, by stochastic approximation
	Spread   float64 // mean distance of scores from it
	Excess   float64 // mean exceedance over it
	Exceeded float32 // how many exceedances Excess knows, at most 1/excess rate
	N        uint32  // scores seen, at most settled
}

// memory is how a tail forgets.
type memory struct {
	share  float64 // of scores above the quantile
	rate   float64 // least rate of quantile and spread
	excess float64 // least rate of the mean exceedance
	limit  float64 // units that one score counts for at most
}

const (
	// settled is after how many scores rates are at their least.
	settled = 1 << 20
	// prior is how many exceedances the spread counts for while few were seen.
	prior = 20.0
	// leastScores is how many scores a quantile needs to be worth a comparison.
	leastScores = 20
	// Bounds on the influence of one score, as multiples of what is usual.
	clipDistance = 20.0
	clipExcess   = 10.0
)

// add takes the next score, which is finite, and returns its units, judged by
// what came before it.
func (t *tail) add(s float64, m memory) float64 {
	if t.N < settled {
		t.N++
	}
	if t.N == 1 {
		t.Quantile = s
		return 0
	}
	over := s - t.Quantile
	units := 0.0
	if over > 0 && t.N > leastScores {
		units = m.limit
		if unit := t.unit(); over < m.limit*unit {
			units = over / unit
		}
	}
	rate := max(m.rate, 1/float64(t.N))
	apart := math.Abs(over)
	if t.N > leastScores && t.Spread > 0 {
		apart = min(apart, clipDistance*t.Spread)
	}
	t.Spread += rate * (apart - t.Spread)
	if over <= 0 {
		t.Quantile -= 4 * rate * t.Spread * m.share
		return units
	}
	t.Quantile += 4 * rate * t.Spread * (1 - m.share)
	t.Exceeded = min(t.Exceeded+1, float32(1/m.excess))
	if t.Excess > 0 {
		over = min(over, clipExcess*t.Excess)
	}
	t.Excess += max(m.excess, 1/float64(t.Exceeded)) * (over - t.Excess)
	return units
}

// unit is the mean exceedance, leaning on the spread while few were seen.
func (t *tail) unit() float64 {
	return (float64(t.Exceeded)*t.Excess + prior*t.Spread) / (float64(t.Exceeded) + prior)
}

// usualReach is how many units a score may have and still be usual: with an
// exponential tail, one in two hundred has more.
const usualReach = 2

// reach is the score that is still usual.
func (t *tail) reach() float64 { return max(0, t.Quantile+usualReach*t.unit()) }
