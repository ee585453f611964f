package series

import "math"

// Mature is from how many points on a model is asked for a decision, and Sure
// from how many it is sure of itself.
const (
	Mature = 30
	Sure   = 300
)

// The bar rises with the logarithm of the history, so that the expected number
// of chance alerts does not grow with it: the tail of the evidence falls off
// exponentially. Up to a few hundred points it is a constant, and higher for
// the first dozens, whose quantiles are guesses.
const (
	barBase   = 3.0 // at barPoints
	barSlope  = 3.5 // for every factor of e
	barPoints = 1000.0
	barLeast  = 1.2
	barYoung  = 20.0
	barLimit  = 16_384 // points from which on chance alerts stay as rare as they are
)

// Bar is the evidence from which on the series is in trouble. horizon is over
// how many points one chance alert is too many, at least; what the model has
// seen counts where it is more.
func (m *Model) Bar(horizon float64) float64 {
	n := float64(m.N)
	points := max(min(n, barLimit), horizon)
	return max(barLeast, barBase+barSlope*math.Log(points/barPoints)) * (1 + barYoung/max(n, 1))
}

// most is how many channels see as much trouble as they can in a breakdown that
// nobody could overlook.
const most = 8

// Most is the evidence of such a point: as much as can be asked for.
func (m *Model) Most() float64 {
	sum := most * (channelMemory.limit - usualUnits)
	return max(barLeast, (sum-m.Total.Quantile)/max(m.Total.unit(), 1e-9))
}

// Chance is the chance of as much evidence on a healthy series, if its tail
// falls off exponentially. Tails are often heavier, and nobody knows more of a
// chance than was seen of it: it is never less than one in as many points.
func (m *Model) Chance() float64 {
	return max(evidenceShare*math.Exp(-m.Evidence), 1/float64(max(m.N, 1)))
}

// The score looks at the last hundred points rather than the last one, and
// trusts a young series less.
const (
	heatPoints = 100.0
	heatLatest = 0.05 // what the latest point's own evidence counts
	heatMiddle = 10.0 // heat at which the score is a half
)

// Score tells in [0,1) how unusual the latest stretch of the series is. It
// ranks stretches, and is no chance; whether to speak is for Evidence and Bar.
func (m *Model) Score() float64 {
	n := float64(m.N)
	heat := (m.Heat + heatLatest*m.Sum) * n / (n + Sure)
	return heat / (heat + heatMiddle)
}

// Strongest is the channel that says most of the latest point.
func (m *Model) Strongest() Channel {
	strongest := Step
	for c := range channels {
		if m.Units[c] > m.Units[strongest] {
			strongest = c
		}
	}
	return strongest
}

// How far from its level a point may be and still be usual is learned as a tail.
// For people to look at, that is bounded: a tail that one great outlier has
// stretched, or that was measured in spreads of hours when nothing moves, would
// call everything usual for weeks.
const mostReach = 6.0 // spreads

// Expected is where a point at that time is expected: around a level, which is
// that of the half-hour once a day is known, and how far from it is still usual.
func (m *Model) Expected(at int64) (level, reach float64) {
	_, half := m.clock(at)
	reach = min(m.Tails[Level].reach(), mostReach*m.Spread)
	if at-m.First < secondsDay || half.N < 2 || half.Spread == 0 {
		return m.Slow, reach
	}
	if hours := &m.Tails[Hour]; hours.N >= leastScores {
		reach = min(hours.reach(), mostReach) * half.Spread
	}
	return half.Level, reach
}
