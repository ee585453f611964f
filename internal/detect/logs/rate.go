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
	Epoch   int64        `json:"epoch"`  // minute since when it is these
	Runs    [turns]run   `json:"runs"`
	Hours   *hours       `json:"hours,omitempty"`
	Episode *rateEpisode `json:"episode,omitempty"`
	Quiet   int64        `json:"quiet,omitempty"` // minute before which no other one opens
}

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

// burst is how far counts went above what was expected, as a ratio: in one minute
// and in some of them.
type burst struct {
	Short float32 `json:"short"`
	Long  float32 `json:"long"`
	Top   float32 `json:"top"` // the most in one minute, as a count
}

// ratio is of a count to what was expected and could come by chance.
func ratio(own, due float64) float32 { return float32(own / (due + 3*math.Sqrt(due) + 1)) }

// beyond tells whether a burst is clearly greater than others that there were.
func (b burst) beyond(known [2]burst, times float32) bool {
	return b.Short > times*max(known[0].Short, known[1].Short) || b.Long > times*max(known[0].Long, known[1].Long)
}

func (b *burst) most(o burst, share float32) {
	b.Short, b.Long, b.Top = max(b.Short, share*o.Short), max(b.Long, share*o.Long), max(b.Top, o.Top)
}

// level is a mean count a minute of the events and of the lines beside them.
type level struct {
	Own  float64 `json:"own"`
	Rest float64 `json:"rest"`
}

// turn is a way of leaving the usual.
type turn uint8

// The ways: against the last hour and against the last day, up and down, and up by
// little and by much. Evidence for a small change is weak in single lines.
const (
	rises turn = iota
	leaps
	falls
	climbs
	soars
	sinks
	turns
)

var ways = [turns]struct {
	times float64 // the change that evidence is collected for
	slow  bool
	down  bool
}{
	rises: {times: 3}, leaps: {times: 10}, falls: {times: 0.3, down: true},
	climbs: {times: 2, slow: true}, soars: {times: 8, slow: true}, sinks: {times: 0.5, slow: true, down: true},
}

// run is a stretch of minutes in which evidence adds up.
type run struct {
	Sum     float64 `json:"sum"`
	Got     float64 `json:"got"` // events
	Due     float64 `json:"due"` // expected ones
	Minutes int64   `json:"n"`
	Burst   burst   `json:"burst"`
	Window  float64 `json:"window"` // excess of the last minutes, about burstMinutes of them
	Most    float64 `json:"most"`   // the most that was
}

const (
	hourMinutes  = 60.0
	dayMinutes   = 1440
	leastMinutes = 45     // learned, before anything is said
	sureMinutes  = 6 * 60 // before that an episode is unsure
	spreadMemory = 500.0  // minutes
	clipSpread   = 60.0   // most that one minute counts for in Spread
	busyShare    = 0.5    // a rate that is busier is a regular one
	least        = 0.02   // events a minute that are always expected
	longestRun   = 120    // minutes
	burstDays    = 8      // for which bursts are remembered at least
	levelEvents  = 20.0   // that a level should be the mean of
	burstMinutes = 6.0    // that bursts last, about
	jobTop       = 10     // events in a minute
	youngBurst   = 2      // times as large a burst must be in the first day
	burstHabit   = 0.5    // how much of a burst that was told of counts as usual from then on
	staleShare   = 0.05   // of the most excess in some minutes, below which a stretch has ended
	staleMinutes = 15
	backBar      = 10.0 // nats that it takes to believe that an episode is over
	leastCalm    = 3    // minutes
	quietMinutes = 10   // after an episode no other one opens
	freezeTime   = 45   // minutes of an episode in which nothing is learned
)

// Ask is what has to come together before a rate is in trouble.
type Ask struct {
	Bar   float64 // evidence, in nats
	Grow  float64 // least ratio to what is expected by the last hour, upwards
	Climb float64 // the same by the last day
	Fall  float64 // most ratio, downwards
	Least float64 // events more or less than expected
	Lasts float64 // times the excess of a few minutes, that of a stretch must be to be no burst
	Burst float32 // some things come in bursts; one that is not so many times as large as others is none

	Share bool // judged by the ratio to the other lines alone
	Rises bool // only upwards
	Fast  bool // only against the last hour
}

// Move is what a minute means for a rate.
type Move struct {
	State     State
	Down      bool
	Slow      bool
	Got, Due  float64 // events and expected ones in the stretch that speaks
	Minutes   int64   // its length
	Since     int64   // its first minute
	Low, High float64 // usual counts a minute
	Reached   float64 // evidence in bars
	Unsure    bool
}

// Regular tells whether the events come in most minutes, at all hours.
func (r *Rate) Regular() bool {
	return r.Busy >= busyShare && r.Minutes >= leastMinutes && !(r.Hours != nil && r.Hours.pauses(r.Hour.Own))
}

// expected is the range in which the mean of the next minute is expected.
func (l level) expected(rest float64, share bool) (low, high float64) {
	relative := l.Own
	if l.Rest >= 1 {
		relative = l.Own / l.Rest * rest
	}
	if share {
		return relative, relative
	}
	return min(l.Own, relative), max(l.Own, relative)
}

// span is a range of expected counts.
type span struct{ low, high float64 }

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
	r.collect(own, by, now, spread, ask)
	move := r.decide(minute, own, by, spread, ask)
	if r.Episode == nil && !r.doubtful(ask) || r.Episode != nil && minute-r.Episode.Since > freezeTime {
		r.learn(minute, own, rest, by[0], spread)
	}
	// What happens at an hour is remembered even when it was told: if it happens
	// every day, it is usual.
	if r.Hours == nil {
		r.Hours = &hours{}
	}
	r.Hours.learn(minute, own)
	return move
}

// collect adds the evidence of a minute.
func (r *Rate) collect(own float64, by [2]span, now burst, spread float64, ask Ask) {
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
		if w.down {
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
		r.Bursts[0].most(over, 1)
	}
}

// doubtful tells whether there is so much evidence that what comes is not usual
// that nothing is learned from it for now.
func (r *Rate) doubtful(ask Ask) bool {
	for t := range turns {
		if u := &r.Runs[t]; !ways[t].down && u.Sum > doubt*ask.Bar && u.Minutes < longestDoubt {
			return true
		}
	}
	return false
}

const (
	doubt        = 0.3 // of the evidence that opens an episode
	longestDoubt = 90  // minutes
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
	u.Got += own
	u.Due += due
	u.Minutes++
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
	if recent := u.Window / burstMinutes * float64(u.Minutes); own <= due || recent < (u.Got-u.Due)/2 {
		return false // it was so, and is not any more
	}
	if u.Got-u.Due < ask.Least || u.Got < grow*u.Due && !(own >= grow*due && own-due >= ask.Least) {
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
	for t := range r.Runs {
		if !ways[t].down {
			r.Bursts[0].most(r.Runs[t].Burst, burstHabit)
		}
	}
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

// learn takes a minute over as usual.
func (r *Rate) learn(minute int64, own, rest float64, due span, spread float64) {
	r.Minutes++
	n := float64(r.Minutes)
	apart := max(own-due.high, due.low-own, 0)
	if r.Minutes > 5 {
		far := min(apart*apart/max(due.high, 0.5), clipSpread*spread)
		r.Spread += float32(max(1/n, 1/spreadMemory) * (far - float64(r.Spread)))
	} else {
		r.Spread = 1
	}
	// An hour, or as long as it takes for some of the events to come.
	r.Hour.follow(own, rest, max(1/n, 1/max(hourMinutes, min(levelEvents/max(r.Hour.Own, 1e-3), dayMinutes))))
	r.Day.follow(own, rest, max(1/n, 1.0/dayMinutes))
	came := 0.0
	if own > 0 {
		came = 1
	}
	r.Busy += float32(max(1/n, 1/hourMinutes) * (came - float64(r.Busy)))
	if minute-r.Epoch >= burstDays*dayMinutes {
		r.Bursts[1], r.Bursts[0], r.Epoch = r.Bursts[0], burst{}, minute
	}
}

func (l *level) follow(own, rest, rate float64) {
	l.Own += rate * (own - l.Own)
	l.Rest += rate * (rest - l.Rest)
}
