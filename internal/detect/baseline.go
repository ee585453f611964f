package detect

import "math"

// baseline is what is normal for one series: a level that follows it slowly, a
// spread around it, and how its tail falls off, so that a heavy-tailed series
// needs a larger deviation than a calm one to be unusual. All of it is robust:
// each value has bounded influence.
type baseline struct {
	N     int     `json:"n"`     // values learned
	Level float64 `json:"level"` // exponentially weighted mean, residuals clipped
	Scale float64 `json:"scale"` // exponentially weighted mean absolute residual, clipped
	Tail  tail    `json:"tail"`
}

// Rates and limits. They are those of the recipe that did best on recorded
// cloud series: a memory of about 300 values, clipping at a few scales.
const (
	memory     = 293
	clipLevel  = 4.0
	clipScale  = 5.0
	freeValues = 8 // values that are learned unclipped, to find the level at all
)

// learn takes a healthy value. floor is the least spread that the series can
// have, see spreadFloor.
func (b *baseline) learn(x, floor float64, dir direction) {
	b.N++
	rate := math.Max(1/float64(b.N), 1.0/memory)
	if b.N == 1 {
		b.Level = x
		return
	}
	scale := math.Max(b.Scale, floor)
	residual := x - b.Level
	b.Tail.learn(dir.of(residual)/scale, b.N-1)
	clipped := residual
	if b.N > freeValues {
		clipped = max(-clipLevel*scale, min(clipLevel*scale, residual))
		b.Scale += rate * (min(math.Abs(residual), clipScale*scale) - b.Scale)
	} else {
		b.Scale += rate * (math.Abs(residual) - b.Scale)
	}
	b.Level += rate * clipped
}

// units tells how far out a value is in the direction that matters, in
// multiples of the mean exceedance over the running quantile.
func (b *baseline) units(x, floor float64, dir direction) float64 {
	return b.Tail.units(dir.of(x-b.Level) / math.Max(b.Scale, floor))
}

// reach is the distance from the level at which a value is at the given units.
func (b *baseline) reach(units, floor float64) float64 {
	return (b.Tail.Quantile + units*b.Tail.unit()) * math.Max(b.Scale, floor)
}

// tail turns deviations into multiples of the mean exceedance over a running
// quantile, which makes series of different shape comparable.
type tail struct {
	Quantile float64 `json:"q"` // that tailShare of the deviations exceed
	Spread   float64 `json:"d"` // mean distance of deviations from it
	Excess   float64 `json:"e"` // mean exceedance over it
	Exceeded float64 `json:"k"` // how many exceedances Excess knows
}

const (
	tailShare  = 0.0402 // share of healthy values above the quantile
	tailRate   = 0.02   // least rate of quantile and spread
	excessRate = 0.00134
	prior      = 18.0 // exceedances that the prior, Spread, counts for
	leastUnit  = 0.5  // in scales; the tail of a normal distribution has about this
)

func (t *tail) learn(s float64, n int) {
	distance := math.Abs(s - t.Quantile)
	if n > 20 {
		distance = min(distance, 18.9*t.Spread+leastUnit)
	}
	rate := math.Max(tailRate, 1/float64(n))
	t.Spread += rate * (distance - t.Spread)
	// The first deviations would throw the quantile far up, from where it comes
	// down slowly.
	step := 4 * min(rate, 0.1) * t.Spread
	if s > t.Quantile {
		t.Exceeded = min(t.Exceeded+1, 1/excessRate)
		over := min(s-t.Quantile, max(6.3*t.Excess, t.Spread, leastUnit))
		t.Excess += (over - t.Excess) / t.Exceeded
		t.Quantile += step * (1 - tailShare)
		return
	}
	t.Quantile = max(0, t.Quantile-step*tailShare)
}

// unit is the mean exceedance, leaning on the spread while few were seen.
func (t *tail) unit() float64 {
	return max(leastUnit, (t.Exceeded*t.Excess+prior*t.Spread)/(t.Exceeded+prior))
}

func (t *tail) units(s float64) float64 { return max(s-t.Quantile, 0) / t.unit() }

// rarity is the chance of a healthy value this far out, if the tail falls off
// exponentially. It is never 0, which would claim to know.
func rarity(units float64) float64 { return max(tailShare*math.Exp(-units), 1e-12) }

// score maps units to [0,1) so that the threshold is at 0.5.
func score(units, threshold float64) float64 { return units / (units + threshold) }

// direction is where trouble lies.
type direction int

const (
	up   direction = 1
	down direction = -1
	both direction = 0
)

// of is the part of a residual that counts.
func (d direction) of(residual float64) float64 {
	switch d {
	case up:
		return max(residual, 0)
	case down:
		return max(-residual, 0)
	default:
		return math.Abs(residual)
	}
}
