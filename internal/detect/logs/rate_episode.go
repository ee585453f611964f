package logs

import "math"

// rateEpisode is a stretch in which a rate is unusual.
type rateEpisode struct {
	Turn    turn     `json:"turn"`
	Since   int64    `json:"since"`   // minute at which it began
	Mean    float64  `json:"mean"`    // events a minute in it, by the furthest that they went
	Back    float64  `json:"back"`    // evidence that it is over
	Calm    int64    `json:"calm"`    // minutes in which that has added up
	Reached float64  `json:"reached"` // strongest evidence, in bars
	Usual   [2]level `json:"usual"`   // Hour and Day before it
}

const (
	backBar      = 10.0 // nats that it takes to believe that an episode is over
	told         = 2    // times what was expected, that an episode teaches at most
	toldEvents   = 4    // and besides
	clearly      = 5    // standard deviations
	leastCalm    = 3    // minutes
	quietMinutes = 10   // after an episode no other one opens
	freezeTime   = 45   // minutes of an episode in which nothing is learned
)

// decide opens an episode or follows it.
func (r *Rate) decide(minute int64, own float64, by [2]span, spread float64, ask Ask) Move {
	if r.Episode != nil {
		return r.follow(minute, own, by, spread, ask)
	}
	if r.Minutes < leastMinutes || minute < r.Quiet {
		return Move{}
	}
	for t := range turns {
		u := &r.Runs[t]
		if u.Sum < ask.Bar || !r.matters(u, t, own, by, ask) {
			continue
		}
		r.Episode = &rateEpisode{
			Turn: t, Since: minute - u.Minutes + 1, Mean: u.Got / float64(u.Minutes), Reached: u.Sum / ask.Bar, Usual: [2]level{r.Hour, r.Day},
		}
		return r.move(Opens, *u, minute, by, spread)
	}
	return Move{}
}

// matters tells whether a stretch is far enough from what is expected for people
// to care.
func (r *Rate) matters(u *run, t turn, own float64, by [2]span, ask Ask) bool {
	if ways[t].down {
		return u.Got <= ask.Fall*u.Due && u.Due-u.Got >= ask.Least && !(r.Hours != nil && r.Hours.pauses(u.Due/float64(u.Minutes)))
	}
	grow := ask.Grow
	if ways[t].slow {
		grow = ask.Climb
	}
	due := by[0].high
	if ways[t].slow {
		due = by[1].high
	}
	if own <= due || u.lately() < (u.Got-u.Due)/2 {
		return false // it was so, and is not any more
	}
	// It may have become so in the course of the stretch.
	recent := burstMinutes * u.lately() / float64(u.Minutes)
	grown := recent >= (grow-1)*burstMinutes*due && recent >= max(ask.Least, clearly*math.Sqrt(burstMinutes*due))
	if u.Got-u.Due < ask.Least || u.Got < grow*u.Due && !grown {
		return false
	}
	// What lasts for longer than a burst is none, unless it does so every day.
	lasts := u.Got-u.Due > ask.Lasts*u.Most && !(r.Hours != nil && r.Hours.pauses(u.Got/float64(u.Minutes)))
	times := ask.Burst
	if r.Minutes < dayMinutes {
		times *= youngBurst
	}
	if top := max(r.Bursts[0].Top, r.Bursts[1].Top); !r.Regular() && top >= jobTop && u.Burst.Top <= times*top {
		return false // what comes now and then, and many times then, is a job
	}
	return lasts || u.Burst.beyond(r.Bursts, times)
}

// follow takes a minute of an open episode. Whether it is over is a matter of
// evidence, too: between what is usual and what the episode came to.
func (r *Rate) follow(minute int64, own float64, by [2]span, spread float64, ask Ask) Move {
	e := r.Episode
	w := ways[e.Turn]
	due := by[0]
	if w.slow {
		due = by[1]
	}
	usual, mean := max(due.high, least), max(e.Mean, 1.5*max(due.high, least))
	if w.down {
		usual = max(due.low, least)
		mean = max(min(e.Mean, usual/1.5), usual/10)
	}
	if e.Back += ((mean - usual) - own*math.Log(mean/usual)) / spread; e.Back > 0 {
		if e.Calm++; e.Back < backBar || e.Calm < leastCalm {
			return Move{}
		}
		m := r.move(Ends, run{Minutes: 1}, minute-e.Calm, by, spread)
		r.close(minute, own)
		return m
	}
	e.Back, e.Calm = 0, 0
	if w.down == (own < e.Mean) {
		e.Mean += 0.2 * (own - e.Mean)
	}
	e.Reached = max(e.Reached, r.Runs[e.Turn].Sum/ask.Bar)
	return r.move(Goes, run{Got: own, Due: usual, Minutes: 1}, minute, by, spread)
}

// close ends the episode. When the rate is back where it was, what was learned in
// the meantime is not what is usual.
func (r *Rate) close(minute int64, own float64) {
	e := r.Episode
	was, is := e.Usual[0].Own, r.Hour.Own
	if math.Abs(math.Log((own+0.5)/(was+0.5))) <= math.Abs(math.Log((own+0.5)/(is+0.5))) {
		r.Hour, r.Day = e.Usual[0], e.Usual[1]
	}
	if ways[e.Turn].down {
		r.Waits = lesson{}
	}
	// What was told was perhaps no trouble, but the ups of what is usual: it teaches
	// a little, so that the same is not told for ever.
	most := told*r.Waits.Due + 3*math.Sqrt(r.Waits.Due) + toldEvents
	r.Waits.Own, r.Waits.Far = min(r.Waits.Own, most), min(r.Waits.Far, told*float64(r.Waits.Minutes)*max(1, float64(r.Spread)))
	r.catchUp(minute)
	// What was over soon was a burst, of which there will be more; what lasted was
	// trouble, and is told again.
	if minute-e.Since-e.Calm < burstLasts {
		for t := range r.Runs {
			if !ways[t].down {
				r.Held.most(r.Runs[t].Burst, 1)
			}
		}
		r.Bursts[0].most(r.Held, burstHabit)
	}
	r.Held = burst{}
	r.Episode, r.Quiet, r.Runs = nil, minute+quietMinutes, [turns]run{}
}

func (r *Rate) move(s State, u run, minute int64, by [2]span, spread float64) Move {
	w := ways[r.Episode.Turn]
	due := by[0]
	if w.slow {
		due = by[1]
	}
	return Move{
		State: s, Down: w.down, Slow: w.slow, Got: u.Got, Due: u.Due, Minutes: u.Minutes, Since: minute - u.Minutes + 1,
		Low: max(0, due.low-3*math.Sqrt(spread*due.low)), High: due.high + 3*math.Sqrt(spread*max(due.high, least)),
		Reached: r.Episode.Reached, Unsure: r.Minutes < sureMinutes,
	}
}
