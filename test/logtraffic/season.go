package logtraffic

import (
	"math"
	"math/rand/v2"
	"time"
)

// season is the traffic that the hour and the weekday lead one to expect,
// against 1 on an average working day.
func (s *service) season(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	wave := 0.5 * (1 + math.Cos(2*math.Pi*(hour-s.peak)/24))
	late := (hour - 12.5) / 1.6
	noon := math.Exp(-late * late / 2)
	return (s.trough + (1-s.trough)*(1.55*wave+0.25*noon)) * s.week(at)
}

// week is the weekday's factor; Friday becomes Saturday within four hours
// around midnight.
func (s *service) week(at time.Time) float64 {
	factor := func(t time.Time) float64 {
		if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
			return s.weekend
		}
		return 1
	}
	sum := 0.0
	for h := -2; h < 2; h++ {
		sum += factor(at.Add(time.Duration(h)*time.Hour + 30*time.Minute))
	}
	return sum / 4
}

// weather is how traffic differs from its season: slowly over tens of minutes,
// a little from minute to minute, and from day to day.
type weather struct {
	slow, today float64
	day         int
}

func (w *weather) next(rng *rand.Rand, at time.Time) float64 {
	if day := at.YearDay(); day != w.day {
		w.day, w.today = day, 0.05*rng.NormFloat64()
	}
	w.slow = 0.97*w.slow + 0.02*rng.NormFloat64()
	return math.Exp(w.slow + w.today + 0.03*rng.NormFloat64())
}

// spell is a time of some minutes in which a kind of line comes more often.
type spell struct {
	left  int // minutes
	times float64
}

// next is the factor on this minute. A spell begins four times a day on
// average.
func (s *spell) next(rng *rand.Rand, bursts float64) float64 {
	if bursts == 0 {
		return 1
	}
	if s.left > 0 {
		s.left--
		return s.times
	}
	if rng.Float64() < 4.0/(24*60) {
		s.left, s.times = 1+rng.IntN(5), 1+bursts*(0.5+rng.Float64())
	}
	return 1
}

// poisson draws a count.
func poisson(rng *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	n, p, limit := 0, rng.Float64(), math.Exp(-mean)
	for p > limit {
		p *= rng.Float64()
		n++
	}
	return n
}
