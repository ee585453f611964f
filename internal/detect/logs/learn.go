package logs

// lesson is what minutes have to teach.
type lesson struct {
	Minutes int64   `json:"n,omitempty"`
	Own     float64 `json:"own,omitempty"`  // events
	Rest    float64 `json:"rest,omitempty"` // lines beside them
	Far     float64 `json:"far,omitempty"`  // sum of how far counts were from what was expected, squared, in what chance makes
	Came    float64 `json:"came,omitempty"` // minutes in which anything came
	Due     float64 `json:"due,omitempty"`  // events that were expected
}

// study learns from a minute, or puts off what it has to teach. While there is
// evidence of trouble, it is not clear what is usual. When that comes to nothing,
// those minutes are learned like any others: or of a rate that has its ups and
// downs only the downs would ever be learned, and all else look like trouble.
func (r *Rate) study(minute int64, own, rest float64, due span, spread float64, ask Ask) {
	apart := max(own-due.high, due.low-own, 0)
	l := lesson{Own: own, Rest: rest, Due: max(due.high, least), Far: min(apart*apart/max(due.high, 0.5), clipSpread*spread)}
	if own > 0 {
		l.Came = 1
	}
	switch {
	case r.Episode != nil && minute-r.Episode.Since > freezeTime:
		r.Waits = lesson{} // it is on its way to being usual
	case r.Episode != nil || r.doubtful(ask):
		w := &r.Waits
		w.Minutes, w.Own, w.Rest, w.Far, w.Came, w.Due = w.Minutes+1, w.Own+l.Own, w.Rest+l.Rest, w.Far+l.Far, w.Came+l.Came, w.Due+l.Due
		return
	default:
		r.catchUp(minute)
	}
	r.learn(minute, l)
}

// catchUp learns what was put off.
func (r *Rate) catchUp(minute int64) {
	w := r.Waits
	if w.Minutes == 0 {
		return
	}
	n := float64(w.Minutes)
	for range w.Minutes {
		r.learn(minute, lesson{Own: w.Own / n, Rest: w.Rest / n, Far: w.Far / n, Came: w.Came / n})
	}
	r.Waits = lesson{}
}

// doubtful tells whether there is so much evidence that what comes is not usual
// that nothing is learned from it for now. At first nothing is known to doubt.
func (r *Rate) doubtful(ask Ask) bool {
	if r.Minutes < leastMinutes {
		return false
	}
	for t := range turns {
		if u := &r.Runs[t]; !ways[t].down && u.Sum > doubt*ask.Bar && u.Minutes < longestDoubt {
			return true
		}
	}
	return false
}

const (
	hourMinutes  = 60.0
	spreadMemory = 500.0 // minutes
	clipSpread   = 60.0  // most that one minute counts for in Spread
	levelEvents  = 20.0  // that a level should be the mean of
	doubt        = 0.3   // of the evidence that opens an episode
	longestDoubt = 90    // minutes
)

// learn takes a minute over as usual.
func (r *Rate) learn(minute int64, l lesson) {
	r.Minutes++
	n := float64(r.Minutes)
	if r.Minutes > 5 {
		r.Spread += float32(max(1/n, 1/spreadMemory) * (l.Far - float64(r.Spread)))
	} else {
		r.Spread = 1
	}
	// An hour, or as long as it takes for some of the events to come.
	r.Hour.follow(l.Own, l.Rest, max(1/n, 1/max(hourMinutes, min(levelEvents/max(r.Hour.Own, 1e-3), dayMinutes))))
	r.Day.follow(l.Own, l.Rest, max(1/n, 1.0/dayMinutes))
	r.Busy += float32(max(1/n, 1/hourMinutes) * (l.Came - float64(r.Busy)))
	if minute-r.Epoch >= burstDays*dayMinutes {
		r.Bursts[1], r.Bursts[0], r.Epoch = r.Bursts[0], burst{}, minute
	}
}
