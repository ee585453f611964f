package rootcause

import "math"

const (
	// recent is how many samples before a move are what it is compared with. Few,
	// so that a level that shifted long before is not taken for trouble.
	recent = 4
	// longest is over how many samples a move is looked at.
	longest = 64
	// oldest is how many samples of the past are looked at.
	oldest = 2000
	// tries is how many onsets are tried, more where a move would fall between two.
	tries = 60
	// placebos is how many times of its past a series is asked how far it moves
	// when nothing happens.
	placebos = 100
	// leadSeconds is how long before or after the symptom's start a cause may
	// begin to show; two steps where that is longer, and no more than a third of
	// the past.
	leadSeconds = 600
	// tail is how much farther than the median move the tenth farthest may be
	// before the tail decides.
	tail = 1.5
	// resolution is the share of its level by which a series is taken to move at
	// any time, which decides only for those that were constant.
	resolution = 0.02
	// farthest bounds deviations: beyond it more says no more.
	farthest = 100
)

// move is what a series did around the start of the symptom.
type move struct {
	seen          bool    // there is a past and a present to compare
	deviations    float64 // signed, in the usual moves of its own past
	before, after float64 // medians
	onset         int64   // in seconds; meant when deviations is not 0
	level         float64 // median around the symptom
	past          int     // samples before
	gone          bool    // it came regularly and stopped
	fresh         bool    // it was not there before
}

// window is where to look, in seconds.
type window struct {
	start, end int64 // of the symptom; end 0 while it goes on
	now        int64 // of the last sample of all
}

// findMove looks for the strongest move near the symptom's start: the median of
// the samples from an onset on against those right before it, in units of how
// far the series' own past moved within as short a time. Seasons and slow
// drifts thereby count as usual, however large they are over a day. Where the
// level after is nearer to that of the whole past than to that right before, it
// came back to what is usual, and the smaller difference counts.
//
// What was over before the symptom began is not behind it, however far it moved:
// of a move whose level after is all of the time before the symptom, half at
// least has to be left by then.
//
// The quantum is the least by which the series can move, e.g. one request of all
// for a share of failures; 0 when nobody knows. One of them in all of the past
// might have come by chance.
func findMove(s []sample, w window, quantum float64) move {
	if w.end > 0 {
		s = s[:since(s, w.end+1)]
	}
	s = s[max(0, since(s, w.start)-oldest):]
	if len(s) == 0 {
		return move{}
	}
	width := step(s)
	lead := max(2*width, min(leadSeconds, (w.start-s[0].at)/3))
	from := since(s, w.start-lead)
	m := move{past: from}
	if from < 3 {
		m.fresh = from == 0 && len(s) >= 2
		return m
	}
	if last := s[len(s)-1].at; w.now-last >= 3*width {
		m.gone = last >= w.start-lead && regular(s, width)
		if m.gone || last < w.start-width {
			return m
		}
	}
	v := make([]float64, len(s))
	for i, x := range s {
		v[i] = x.value
	}
	began := since(s, w.start)
	n := min(max(len(s)-began, 1), longest)
	var c contrast
	until := since(s, w.start+lead+1)
	c.mean = constant(v[:from])
	if quantum == 0 && whole(v) {
		quantum = 1
	}
	usual := max(c.usual(v[:from], n, until-from), quantum/math.Sqrt(float64(from)))
	normal := c.median(v[:from])
	m.seen, m.level = true, c.median(v[from:min(len(v), from+longest)])
	_, then := c.at(v, min(began, len(v)-1), n)
	for i := from; i < until; i += 1 + min((until-from)/tries, n/4) {
		was, is := c.at(v, i, n)
		base := was
		switch {
		case (is-normal)*(is-was) < 0:
			continue // on its way back from before
		case math.Abs(is-normal) < math.Abs(is-was):
			base = normal
		}
		if i+n <= began && 2*(then-base)/(is-base) < 1 {
			continue // over
		}
		d := deviations(is-base, usual, base)
		if a, b := math.Abs(d), math.Abs(m.deviations); a > b || a == b && math.Abs(is-base) > math.Abs(m.after-m.before) {
			m.deviations, m.before, m.after, m.onset = d, base, is, s[turned(v, i, base, is)].at
		}
	}
	return m
}

// deviations is a difference in units of the usual one.
func deviations(difference, usual, level float64) float64 {
	if difference == 0 {
		return 0
	}
	unit := max(usual, resolution*math.Abs(level), math.Abs(difference)/farthest)
	return difference / unit
}

// turned is the first sample from i on that is nearer to the level after than to
// that before: a median is that of what comes after before the first of it does.
func turned(v []float64, i int, before, after float64) int {
	for k := i; k < len(v); k++ {
		if math.Abs(v[k]-after) <= math.Abs(v[k]-before) {
			return k
		}
	}
	return i
}

// regular tells whether a series had nearly all of its samples while it lasted.
func regular(s []sample, width int64) bool {
	expected := (s[len(s)-1].at-s[0].at)/width + 1
	return len(s) >= 5 && int64(len(s))*10 >= expected*8
}
