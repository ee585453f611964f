package logtraffic

import (
	"math"
	"slices"
	"time"

	"firebreak/internal/telemetry"
)

// Kind is a sort of trouble.
type Kind string

// Kinds of trouble.
const (
	NewError    Kind = "new error"    // an error line that was never written before comes again and again
	NewTrace    Kind = "new trace"    // a known error line, with a stack trace that is new
	Crash       Kind = "crash"        // one line, once: a panic, or memory has run out
	RateUp      Kind = "rate up"      // a kind of line comes many times as often, from one moment on
	RateClimbs  Kind = "rate climbs"  // the same, over more than an hour
	ErrorsUp    Kind = "errors up"    // every kind of error line comes more often
	ErrorsClimb Kind = "errors climb" // the same, over more than an hour
	Stopped     Kind = "stopped"      // a kind of line does not come any more
	Silent      Kind = "silent"       // nothing comes from the service
	RatioMoved  Kind = "ratio moved"  // more of the same requests fail
	Slow        Kind = "slow"         // the durations in a kind of line are 50 times as long
	NewPeer     Kind = "new host"     // a kind of line names a host that it never named
)

// Kinds lists all kinds of trouble.
func Kinds() []Kind {
	return []Kind{NewError, NewTrace, Crash, RateUp, RateClimbs, ErrorsUp, ErrorsClimb, Stopped, Silent, RatioMoved, Slow, NewPeer}
}

// Trouble is something that goes wrong in one service for some time.
type Trouble struct {
	Kind     Kind
	Service  string
	What     string    // the kind of line, by its name in the service's table, or the text of a new line
	From, To time.Time //
	// Visible is when somebody who knows every usual rate by heart would be sure:
	// after the third line of a new kind or with a new host, the fifth with a long
	// duration, or when the number of lines has become so unlikely that chance would
	// bring it about once in 500 million looks (20 nats), also where trouble happens
	// to write fewer lines than it does on average. What climbs must have become
	// three times the usual, too. One line alone is visible at From.
	Visible time.Time
	Rules   []string // of which one must have found it, without what follows their "/"

	times float64 // factor on the rate, at its end where it climbs; lines a second of a new kind; share of the requests that fail, or of the lines that name the new host
	line  *line   // that is new
	peer  string
	needs int     // lines that show it, until it is visible; 0 where rates do
	shown []int64 // when those were written
}

// show notes a line that shows the trouble.
func (t *Trouble) show(ms int64) {
	if t.needs > 0 {
		t.shown = append(t.shown, ms)
	}
}

// settle puts the line that makes it visible in the place of when it was to come.
func (t *Trouble) settle() {
	if t.needs == 0 || len(t.shown) < t.needs {
		return
	}
	slices.Sort(t.shown)
	t.Visible = time.UnixMilli(t.shown[t.needs-1]).UTC()
}

func (t *Trouble) during(ms int64) bool {
	return ms >= t.From.UnixMilli() && ms < t.To.UnixMilli()
}

// progress is how much of it has passed at a time, from 0 to 1.
func (t *Trouble) progress(ms int64) float64 {
	return float64(ms-t.From.UnixMilli()) / float64(t.To.Sub(t.From).Milliseconds())
}

// rate is the factor that it puts on a kind of line.
func (t *Trouble) rate(s *slot, ms int64, all []*slot) float64 {
	hit := s.name != "" && s.name == t.What
	switch t.Kind {
	case Silent:
		return 0
	case Stopped:
		if hit {
			return 0
		}
	case RateUp:
		if hit {
			return t.times
		}
	case RateClimbs:
		if hit {
			return 1 + (t.times-1)*t.progress(ms)
		}
	case ErrorsUp:
		if s.level.IsError() {
			return t.times
		}
	case ErrorsClimb:
		if s.level.IsError() {
			return 1 + (t.times-1)*t.progress(ms)
		}
	case RatioMoved:
		good, bad := all[0], find(all, t.What)
		switch s {
		case good:
			return 1 - t.times
		case bad:
			return 1 + t.times*good.rate/bad.rate
		}
	}
	return 1
}

func find(slots []*slot, name string) *slot {
	for _, s := range slots {
		if s.name == name {
			return s
		}
	}
	panic("no kind of line is called " + name)
}

// most is an upper bound of factor over the minute that begins at a time.
func (t *tide) most(s *slot, begin int64) float64 {
	most := 1.0
	for _, one := range t.troubles {
		if one.From.UnixMilli() < begin+60_000 && one.To.UnixMilli() > begin {
			// 1.0001: a factor of less than 1 needs the thinning, too.
			most = max(1.0001, most, one.rate(s, begin+60_000, t.slots))
		}
	}
	return most
}

func (t *tide) factor(s *slot, ms int64) float64 {
	factor := 1.0
	for _, one := range t.troubles {
		if one.during(ms) {
			factor *= one.rate(s, ms, t.slots)
		}
	}
	return factor
}

func (t *tide) silent(ms int64) bool {
	for _, one := range t.troubles {
		if one.Kind == Silent && one.during(ms) {
			return true
		}
	}
	return false
}

// touch changes what stands in a line.
func (t *tide) touch(s *slot, e *entry) {
	for _, one := range t.troubles {
		if s.name == "" || s.name != one.What || !one.during(e.at) {
			continue
		}
		switch one.Kind {
		case Slow:
			e.slow = one.times
			one.show(e.at)
		case NewPeer:
			if t.rng.Float64() < one.times {
				e.peer = one.peer
				one.show(e.at)
			}
		}
	}
}

// inject adds the lines that are new.
func (t *tide) inject(out []entry, begin int64) []entry {
	for _, one := range t.troubles {
		if one.line == nil || one.From.UnixMilli() >= begin+60_000 || one.To.UnixMilli() <= begin {
			continue
		}
		if one.Kind == Crash {
			if from := one.From.UnixMilli(); from >= begin {
				out = append(out, entry{at: from, tide: t, line: one.line, host: t.pick(from), slow: 1})
			}
			continue
		}
		for range poisson(t.rng, 60*one.times) {
			if ms := begin + t.rng.Int64N(60_000); one.during(ms) {
				one.show(ms)
				out = append(out, entry{at: ms, tide: t, line: one.line, host: t.pick(ms), slow: 1})
			}
		}
	}
	return out
}

// evidence is how sure one can be that lines are no chance: the logarithm of
// the likelihood of so many, or so few, at the usual rate, in nats. What trouble
// writes is a matter of chance itself, so it counts only when it would do with
// two standard deviations less.
type evidence struct{ mean, variance float64 }

// add takes seconds into account in which the rate was so many times the usual.
func (e *evidence) add(seconds, rate, times float64) {
	if times == 0 {
		e.mean += seconds * rate
		return
	}
	e.mean += seconds * rate * (times*math.Log(times) - times + 1)
	e.variance += seconds * rate * times * math.Log(times) * math.Log(times)
}

func (e *evidence) sure() bool { return e.mean-2*math.Sqrt(e.variance) >= 20 }

// surely is after how many seconds the evidence is in, when the rate is that many
// times the usual one at a time, and at least as many times as a person would
// mind.
func surely(rate, least float64, times func(passed float64) float64) float64 {
	const step, end = 1.0, 24 * 60 * 60
	var e evidence
	passed := 0.0
	for passed < end {
		now := times(passed)
		e.add(step, rate, now)
		passed += step
		if e.sure() && now >= least {
			break
		}
	}
	return passed
}

// see computes Visible, for a service whose traffic is at its season: where single
// lines show it, when the last of them is to come.
func (t *Trouble) see(s *service) {
	load := s.season(t.From)
	rateOf := func(want func(*shape) bool) float64 {
		sum := 0.0
		for i := range s.shapes {
			if sh := &s.shapes[i]; want(sh) {
				switch sh.drive {
				case byTraffic:
					sum += sh.rate * load
				case steadily:
					sum += sh.rate
				}
			}
		}
		return sum
	}
	named := func(sh *shape) bool { return sh.name != "" && sh.name == t.What }
	errors := func(sh *shape) bool { return sh.level.IsError() }
	always := func(times float64) func(float64) float64 { return func(float64) float64 { return times } }
	var seconds float64
	switch t.Kind {
	case Crash:
	case NewError, NewTrace:
		t.needs = 3
		seconds = 3 / t.times
	case Stopped:
		seconds = surely(rateOf(named), 0, always(0))
	case Silent:
		seconds = surely(rateOf(func(*shape) bool { return true }), 0, always(0))
	case RateUp:
		seconds = surely(rateOf(named), 0, always(t.times))
	case ErrorsUp:
		seconds = surely(rateOf(errors), 0, always(t.times))
	case RatioMoved:
		bad := rateOf(named)
		seconds = surely(bad, 0, always(1+t.times*s.shapes[0].rate*load/bad))
	case RateClimbs, ErrorsClimb:
		rate := rateOf(named)
		if t.Kind == ErrorsClimb {
			rate = rateOf(errors)
		}
		whole := t.To.Sub(t.From).Seconds()
		seconds = surely(rate, 3, func(passed float64) float64 { return 1 + (t.times-1)*passed/whole })
	case Slow:
		t.needs = 5
		seconds = 5 / rateOf(named)
	case NewPeer:
		t.needs = 3
		seconds = 3 / (rateOf(named) * t.times)
	}
	t.Visible = t.From.Add(time.Duration(seconds * float64(time.Second)))
}

// newLine makes a line that the service never wrote.
func newLine(sh shape) *line {
	if sh.level == "" && !sh.raw {
		sh.level = telemetry.LevelError
	}
	return sh.ready()
}
