package logs

import "math"

// turn is a way of leaving the usual.
type turn uint8

// The ways: against the last hour and against the last day, up and down, and by
// little and by much. Evidence for a small change is weak in single lines.
const (
	rises turn = iota
	leaps
	falls
	stops
	climbs
	soars
	sinks
	turns
)

var ways = [turns]struct {
	times float64 // the change that evidence is collected for
	slow  bool
	down  bool
	stop  bool // nothing or nearly nothing comes
}{
	rises: {times: 3}, leaps: {times: 10}, falls: {times: 0.3, down: true},
	stops:  {times: 0.03, down: true, stop: true},
	climbs: {times: 2, slow: true}, soars: {times: 8, slow: true}, sinks: {times: 0.5, slow: true, down: true},
}

// run is a stretch of minutes in which evidence adds up.
type run struct {
	Sum     float64 `json:"sum"`
	Got     float64 `json:"got"` // events
	Due     float64 `json:"due"` // expected ones
	Minutes int64   `json:"n"`
	Total   float64 `json:"total"` // Sum, without a bound
	Burst   burst   `json:"burst"`
	Window  float64 `json:"window"` // excess of the last minutes, about burstMinutes of them
	Most    float64 `json:"most"`   // the most that was
}

const (
	longestRun   = 120  // minutes
	staleShare   = 0.05 // of the most excess in some minutes, below which a stretch has ended
	staleMinutes = 15
)

// add takes a minute. A stretch that came to nothing is over with it, and how far
// it went is returned.
func (u *run) add(own, due, gain, limit float64, now burst) (over burst) {
	u.Sum += gain
	if u.Sum <= 0 {
		over = u.Burst
		over.most(now, 1)
		*u = run{}
		return over
	}
	u.Sum = min(u.Sum, limit)
	u.Total += gain
	u.Got += own
	u.Due += due
	u.Minutes++
	now.Nats = ratio(u.Total, u.Due/float64(u.Minutes))
	u.Burst.most(now, 1)
	u.Window += own - due - u.Window/burstMinutes
	u.Most = max(u.Most, u.Window)
	if u.Window < staleShare*u.Most && u.Minutes > staleMinutes {
		// That was it: what comes later is something else.
		over = u.Burst
		*u = run{}
		return over
	}
	if u.Minutes > longestRun {
		u.Got, u.Due, u.Most, u.Minutes = u.Got/2, u.Due/2, u.Most/2, u.Minutes/2
	}
	return burst{}
}

// lately is how much more than expected there would be, had it all come at the
// rate of the last minutes.
func (u *run) lately() float64 {
	memory := burstMinutes * (1 - math.Pow(1-1/burstMinutes, float64(u.Minutes)))
	return u.Window / memory * float64(u.Minutes)
}
