// Package series judges one metric series, point by point and strictly
// causally: what it says of a point depends on that point and earlier ones.
//
// Several channels look at a point, each for one way of being unusual: a step,
// a level, a shift of level, an hour that is not as this hour usually is, a
// shape never seen, a value that no longer moves. Every channel's raw score
// becomes units of its own tail (see tail), which mean the same on every series.
// Units above the usual add up to evidence, and the evidence goes through one
// more tail. There is one set of constants for everything and none for a series;
// docs/benchmarks.md says what each part brings and how firm each constant is.
//
// A Model has no pointer, clock or goroutine, and takes about 4 KB.
package series

import "math"

// Channel is one way of being unusual.
type Channel int

// Channels.
const (
	Step   Channel = iota // distance from the previous point
	Swing                 // distance from the level of the latest points
	Level                 // distance from the slow level
	Shift                 // the level of the latest points has left the slow one
	Stuck                 // the series moves less than it did
	Hour                  // distance from what is usual at this half-hour of the day
	Day                   // the same, lasting
	Shape                 // the latest values have a form never seen
	Drift                 // residuals lean to one side
	Stairs                // the last points lie apart from those before
	Band                  // the level is rare at this hour of the day
	channels
)

// Time constants, in points. Exponentially weighted means learn the n-th point at
// the rate max(1/n, 1/constant).
const (
	lateLevel   = 24.0
	slowLevel   = 100.0
	stuckPoints = 12.0
	dayPoints   = 5.0
	driftPoints = 20.0
	bandPoints  = 36.0
	usePoints   = 42.0
)

// Bounds on the influence of one point on the slow level and the spread, in
// spreads, after the first points, which find the level at all.
const (
	clipLevel  = 2.0
	clipSpread = 4.0
	freePoints = 8
)

// Points of the two stretches that channel Stairs compares.
const (
	stairsLate  = 12
	stairsEarly = 48
)

var (
	// channelMemory is how a channel's tail forgets, the same for all of them.
	channelMemory = memory{share: 0.033, rate: 0.006, excess: 0.0003, limit: 14}
	// evidenceMemory is for the sum of them.
	evidenceMemory = memory{share: evidenceShare, rate: 0.05, excess: 0.0045, limit: 1000}
)

const (
	// usualUnits is what a channel says on an ordinary day; more is evidence.
	usualUnits = 1.0
	// evidenceShare is the share of points that have any evidence at all.
	evidenceShare = 0.135
)

// Model is what is known of one series. The zero value has seen nothing. Its
// fields are exported for the snapshot only.
type Model struct {
	N     int64 // points seen
	First int64 // when the first one was, in seconds since 1970

	Previous float64 // the latest point
	Least    float64 // the least of all
	Latest   float64 // level over lateLevel points
	Slow     float64 // level over slowLevel points
	Spread   float64 // mean absolute distance from the slow level
	Movement float64 // mean absolute first difference, for Stuck
	DayDrift float64 // mean of squashed distances from the half-hour's level
	Drift    float64 // mean of squashed residuals
	Surprise float64 // mean surprise of the band at its hour

	Late, Early float64 // sums of the stretches of channel Stairs
	Recent      [stairsLate + stairsEarly]float32

	Days  [halfHours]halfHour
	Bands hourBands
	Shape shapes

	Tails    [channels]tail
	Units    [channels]float32 // of the latest point
	Sum      float64           // evidence of the latest point
	Use      float64           // its mean over usePoints
	Heat     float64           // the same over heatPoints, beginning at nothing
	Total    tail
	Evidence float64 // of the latest point, in tail units
}

// Observe takes the next point: at in seconds since 1970, not before the one
// before it, and x finite and within +-1e100. It returns the evidence that the
// series is in trouble, in units whose chance is the same on every series.
func (m *Model) Observe(at int64, x float64) float64 {
	m.N++
	n := float64(m.N)
	if m.N == 1 {
		m.First, m.Previous, m.Least, m.Latest, m.Slow = at, x, x, x, x
	}
	var raw [channels]float64
	step := math.Abs(x - m.Previous)
	m.Previous, m.Least = x, min(m.Least, x)
	residual := x - m.Slow
	z := squash(residual, m.Spread)

	raw[Step] = step
	raw[Swing] = math.Abs(x - m.Latest)
	raw[Level] = math.Abs(residual)
	follow(&m.Latest, x, n, lateLevel)
	m.learnLevel(residual, n)
	raw[Shift] = math.Abs(m.Latest - m.Slow)

	follow(&m.Movement, step, n, stuckPoints)
	// The addend keeps the logarithm finite when nothing moves at all.
	raw[Stuck] = -math.Log(m.Movement + 1e-9*(1e-9+m.Spread))

	dayKnown := at-m.First >= secondsDay
	hour, half := m.clock(at)
	hourKnown := dayKnown && half.Spread > 0
	if dayKnown && half.N > 0 {
		raw[Hour] = math.Abs(x-half.Level) / max(half.Spread, 1e-12)
		follow(&m.DayDrift, squash(x-half.Level, half.Spread), n, dayPoints)
		raw[Day] = math.Abs(m.DayDrift)
	}
	half.learn(x, m.Spread, n*(secondsDay/halfHours)/float64(at-m.First+1))
	if surprise := m.Bands.add(hour, z); dayKnown {
		follow(&m.Surprise, surprise, n, bandPoints)
		raw[Band] = m.Surprise
	}

	raw[Shape] = m.Shape.add(z)
	follow(&m.Drift, z, n, driftPoints)
	raw[Drift] = math.Abs(m.Drift)
	raw[Stairs] = m.stairs(z)

	ready := [channels]bool{
		Step: m.N > 1, Swing: true, Level: true, Shift: true, Stuck: m.N > 30, Hour: hourKnown, Day: dayKnown && half.N > 1,
		Shape: m.N > 32, Drift: true, Stairs: m.N >= stairsLate+stairsEarly, Band: dayKnown && m.Spread > 0,
	}
	m.Sum = 0
	for c := range channels {
		units := 0.0
		if ready[c] {
			units = m.Tails[c].add(raw[c], channelMemory)
		}
		m.Units[c] = float32(units)
		m.Sum += max(units-usualUnits, 0)
	}
	follow(&m.Use, m.Sum, n, usePoints)
	m.Heat += (m.Sum - m.Heat) / heatPoints
	m.Evidence = m.Total.add(m.Sum+m.Use, evidenceMemory)
	return m.Evidence
}

// clock is where in the day a point is, in UTC.
func (m *Model) clock(at int64) (hour int64, half *halfHour) {
	second := (at%secondsDay + secondsDay) % secondsDay
	return second / (secondsDay / hours), &m.Days[second/(secondsDay/halfHours)]
}

// learnLevel moves the slow level and the spread by a point's residual.
func (m *Model) learnLevel(residual, n float64) {
	apart := math.Abs(residual)
	if n > freePoints && m.Spread > 0 {
		residual = max(-clipLevel*m.Spread, min(clipLevel*m.Spread, residual))
		apart = min(apart, clipSpread*m.Spread)
	}
	follow(&m.Spread, apart, n, slowLevel)
	m.Slow += max(1/slowLevel, 1/n) * residual
}

// stairs moves the two stretches on by one and returns how far apart they are.
func (m *Model) stairs(z float64) float64 {
	at := m.N % int64(len(m.Recent))
	middle := (m.N + stairsEarly) % int64(len(m.Recent)) // what passes from late to early
	v := float32(z)
	m.Early += float64(m.Recent[middle]) - float64(m.Recent[at])
	m.Late += float64(v) - float64(m.Recent[middle])
	m.Recent[at] = v
	return math.Abs(m.Late/stairsLate - m.Early/stairsEarly)
}

// follow moves an exponentially weighted mean.
func follow(mean *float64, x, n, points float64) {
	*mean += max(1/n, 1/points) * (x - *mean)
}

// squash is a residual in spreads, bounded to [-2,2], so that one wild value
// does not drown a stretch of plain ones.
func squash(residual, spread float64) float64 {
	switch {
	case residual == 0:
		return 0
	case spread == 0:
		return math.Copysign(2, residual)
	default:
		y := residual / spread
		if math.IsInf(y, 0) {
			return math.Copysign(2, residual)
		}
		return y / (1 + math.Abs(y)/2)
	}
}
