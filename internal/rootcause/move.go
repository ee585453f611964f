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
	// tries is how many onsets are tried.
	tries = 60
	// placebos is how many times of its past a series is asked how far it moves
	// when nothing happens.
	placebos = 200
	// leadSeconds is how long before or after the symptom's start a cause may
	// begin to show; two steps where that is longer, and no more than a third of
	// the past.
	leadSeconds = 600
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
type window struct{ start, end int64 }

// findMove looks for the strongest move near the symptom's start: the median of
// the samples from an onset on against those right before it, in units of how
// far the series' own past moved within as short a time. Seasons and slow
// drifts thereby count as usual, however large they are over a day. Where the
// level after is nearer to that of the whole past than to that right before, it
// came back to what is usual, and the smaller difference counts.
func findMove(s []sample, w window) move {
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
	if s[len(s)-1].at < w.start-width {
		m.gone = regular(s, width)
		return m
	}
	v := make([]float64, len(s))
	for i, x := range s {
		v[i] = x.value
	}
	n := min(max(len(s)-since(s, w.start), 1), longest)
	var c contrast
	usual := c.usual(v[:from], n)
	normal := c.median(v[:from])
	m.seen, m.level = true, c.median(v[from:min(len(v), from+longest)])
	until := since(s, w.start+lead+1)
	for i := from; i < until; i += 1 + (until-from)/tries {
		was, is := c.at(v, i, n)
		base := was
		switch {
		case (is-normal)*(is-was) < 0:
			continue // on its way back from before
		case math.Abs(is-normal) < math.Abs(is-was):
			base = normal
		}
		d := deviations(is-base, usual, base)
		if a, b := math.Abs(d), math.Abs(m.deviations); a > b || a == b && math.Abs(is-base) > math.Abs(m.after-m.before) {
			m.deviations, m.before, m.after, m.onset = d, base, is, s[i].at
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

// contrast compares medians; it keeps its buffer.
type contrast struct{ buffer []float64 }

func (c *contrast) median(v []float64) float64 {
	c.buffer = append(c.buffer[:0], v...)
	return median(c.buffer)
}

// at is the level right before sample i and that of the n samples from it on.
func (c *contrast) at(v []float64, i, n int) (before, after float64) {
	return c.median(v[max(0, i-recent):i]), c.median(v[i:min(len(v), i+n)])
}

// usual is how far a series moves when nothing happens: robustly the deviation
// of the moves in its past, and not less than its tail suggests.
func (c *contrast) usual(past []float64, n int) float64 {
	k := min(recent, len(past)-1)
	n = min(n, max(1, (len(past)-k)/2))
	last := len(past) - n
	every := max(1, (last-k+1)/placebos)
	moves := make([]float64, 0, placebos+1)
	for i := k; i <= last; i += every {
		before, after := c.at(past, i, n)
		moves = append(moves, math.Abs(after-before))
	}
	if len(moves) == 0 {
		return 0
	}
	middle := median(moves) // sorts
	// 1.4826 and 1/1.645 turn the median and the 90th percentile of the absolute
	// values of a normal distribution into its deviation.
	return max(1.4826*middle, moves[(len(moves)-1)*9/10]/1.645)
}

// regular tells whether a series had nearly all of its samples while it lasted.
func regular(s []sample, width int64) bool {
	expected := (s[len(s)-1].at-s[0].at)/width + 1
	return len(s) >= 5 && int64(len(s))*10 >= expected*8
}
