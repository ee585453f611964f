package logs

import "math"

// burst is how far counts went above what was expected: as a ratio, in one minute
// and in some of them, and by how much evidence that they were too many, against
// what is expected in a minute.
type burst struct {
	Short float32 `json:"short"`
	Long  float32 `json:"long"`
	Nats  float32 `json:"nats"`
	Top   float32 `json:"top"` // the most in one minute, as a count
}

const (
	burstDays    = 8   // for which bursts are remembered at least
	burstMinutes = 6.0 // that bursts last, about
	jobTop       = 10  // events in a minute
	youngBurst   = 2   // times as large a burst must be in the first day
	burstHabit   = 0.5 // how much of a burst that was told of counts as usual from then on
	burstLasts   = 10  // minutes of an episode, after which it was no burst
	likeBefore   = 2   // times as much evidence as there ever was is no burst as before
)

// ratio is of a count to what was expected and could come by chance.
func ratio(own, due float64) float32 { return float32(own / (due + 3*math.Sqrt(due) + 1)) }

// beyond tells whether a burst is clearly greater than others that there were.
func (b burst) beyond(known [2]burst, times float32) bool {
	usual := known[0]
	usual.most(known[1], 1)
	return b.Short > times*usual.Short || b.Long > times*usual.Long || b.Nats > max(times, likeBefore)*usual.Nats
}

func (b *burst) most(o burst, share float32) {
	b.Short, b.Long = max(b.Short, share*o.Short), max(b.Long, share*o.Long)
	b.Nats, b.Top = max(b.Nats, share*o.Nats), max(b.Top, o.Top)
}
