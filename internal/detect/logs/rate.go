package logs

import "math"

// Rate judges how many events come a minute. What is expected is said twice,
// absolutely and relative to the other lines of the group, once by the last hour
// and once by the last day, and a minute counts as unusual only when it is so by
// both: what follows the group's traffic moves with it, what does not stays where
// it was, and what is a mixture of the two lies between. So neither a season nor
// a timer at night looks like trouble. From the second day on, the same hour of
// the days before has a say, too.
//
// Evidence adds up over minutes, as a sum of log-likelihood ratios that never
// falls below zero (Page's CUSUM): a large change is found in its first minute, a
// small one in as many as it takes.
type Rate struct {
	Minutes int64        `json:"n"`      // learned
	Hour    level        `json:"hour"`   // over the last hour
	Day     level        `json:"day"`    // over the last day
	Busy    float32      `json:"busy"`   // share of the last hour's minutes in which anything came
	Spread  float32      `json:"spread"` // variance of counts in multiples of what chance alone makes, at least 1
	Lately  float64      `json:"lately"` // events of the last minutes, about burstMinutes of them
	Bursts  [2]burst     `json:"bursts"` // the greatest of these days and of those before
	Held    burst        `json:"held"`   // of stretches that are over, while another goes on
	Epoch   int64        `json:"epoch"`  // minute since when Bursts are these
	Runs    [turns]run   `json:"runs"`
	Waits   lesson       `json:"waits"` // minutes of which it is not clear yet whether they are usual
	Hours   *hours       `json:"hours,omitempty"`
	Episode *rateEpisode `json:"episode,omitempty"`
	Quiet   int64        `json:"quiet,omitempty"` // minute before which no other one opens
}

const (
	dayMinutes   = 1440
	leastMinutes = 45     // learned, before anything is said
	sureMinutes  = 6 * 60 // before that an episode is unsure
	busyShare    = 0.5    // a rate that is busier is a regular one
	least        = 0.02   // events a minute that are always expected
)

// Regular tells whether the events come in most minutes, at all hours.
func (r *Rate) Regular() bool {
	return r.Busy >= busyShare && r.Minutes >= leastMinutes && !(r.Hours != nil && r.Hours.pauses(r.Hour.Own))
}

// Minute takes the count of a minute that is over, with how many other lines the
// group had.
func (r *Rate) Minute(minute int64, own, rest float64, ask Ask) Move {
	var by [2]span // the last hour and the last day
	by[0].low, by[0].high = r.Hour.expected(rest, ask.Share)
	by[1].low, by[1].high = r.Day.expected(rest, ask.Share)
	if h := r.Hours; h != nil && !ask.Share {
		if low, high, known := h.at(minute); known {
			for i := range by {
				by[i].low, by[i].high = min(by[i].low, low), max(by[i].high, high)
			}
		}
	}
	spread := max(1, float64(r.Spread))
	r.Lately += own - r.Lately/burstMinutes
	now := burst{Short: ratio(own, by[0].high), Long: ratio(r.Lately, burstMinutes*by[0].high), Top: float32(own)}
	r.collect(own, rest, by, now, spread, ask)
	move := r.decide(minute, own, by, spread, ask)
	r.study(minute, own, rest, by[0], spread, ask)
	// What happens at an hour is remembered even when it was told: if it happens
	// every day, it is usual.
	if r.Hours == nil {
		r.Hours = &hours{}
	}
	r.Hours.learn(minute, own)
	return move
}

// collect adds the evidence of a minute.
func (r *Rate) collect(own, rest float64, by [2]span, now burst, spread float64, ask Ask) {
	for t := range turns {
		w := ways[t]
		if w.down && ask.Rises || w.slow && (r.Minutes < dayMinutes || ask.Fast) {
			continue
		}
		due := by[0]
		if w.slow {
			due = by[1]
		}
		expected := max(due.high, least)
		switch {
		case w.stop:
			// A single line speaks so much against it that what is expected may be too
			// much by half. Not by more: the other lines are others than they were, too.
			expected = min(max(due.low, min(r.Hour.relative(rest), 1.5*r.Hour.Own)), due.high)
		case w.down:
			expected = due.low
		}
		gain := (own*math.Log(w.times) - (w.times-1)*expected) / spread
		over := r.Runs[t].add(own, expected, gain, 2*ask.Bar, now)
		if w.down {
			continue
		}
		if r.Minutes <= leastMinutes {
			over = burst{Top: over.Top} // of what is expected nothing is known yet
		}
		r.Held.most(over, 1)
	}
	if r.Episode == nil && !r.doubtful(ask) {
		r.Bursts[0].most(r.Held, 1)
		r.Held = burst{}
	}
}
