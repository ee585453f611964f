package logs

import "math"

// burst is how far counts went above what was expected, as a ratio: in one minute
// and in some of them.
type burst struct {
	Short float32 `json:"short"`
	Long  float32 `json:"long"`
	Top   float32 `json:"top"` // the most in one minute, as a count
}

const (
	burstDays    = 8   // for which bursts are remembered at least
	burstMinutes = 6.0 // that bursts last, about
	jobTop       = 10  // events in a minute
	youngBurst   = 2   // times as large a burst must be in the first day
	burstHabit   = 0.5 // how much of a burst that was told of counts as usual from then on
)

// ratio is of a count to what was expected and could come by chance.
func ratio(own, due float64) float32 { return float32(own / (due + 3*math.Sqrt(due) + 1)) }

// beyond tells whether a burst is clearly greater than others that there were.
func (b burst) beyond(known [2]burst, times float32) bool {
	return b.Short > times*max(known[0].Short, known[1].Short) || b.Long > times*max(known[0].Long, known[1].Long)
}

func (b *burst) most(o burst, share float32) {
	b.Short, b.Long, b.Top = max(b.Short, share*o.Short), max(b.Long, share*o.Long), max(b.Top, o.Top)
}
