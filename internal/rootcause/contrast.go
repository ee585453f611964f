package rootcause

import (
	"math"
	"slices"
)

// contrast compares the levels before and after an onset; it keeps its buffer.
type contrast struct {
	buffer []float64
	mean   bool // the level after is a mean, else a median
}

func (c *contrast) median(v []float64) float64 {
	c.buffer = append(c.buffer[:0], v...)
	return median(c.buffer)
}

// at is the level right before sample i and that of the n samples from it on.
func (c *contrast) at(v []float64, i, n int) (before, after float64) {
	before, now := c.median(v[max(0, i-recent):i]), v[i:min(len(v), i+n)]
	if c.mean {
		return before, mean(now)
	}
	return before, c.median(now)
}

// usual is how far a series moves when nothing happens: the median over its past
// of the farthest of as many moves as the search tries, and not less than its
// tail suggests.
func (c *contrast) usual(past []float64, n, onsets int) float64 {
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
	// As many onsets are tried as in the search, of which the farthest counts.
	reach := max(0, (onsets-1)/every/2)
	most := make([]float64, len(moves))
	for i := range moves {
		most[i] = slices.Max(moves[max(0, i-reach):min(len(moves), i+reach+1)])
	}
	middle := median(most) // sorts
	return max(middle, most[(len(most)-1)*9/10]/tail)
}

// mean of the values, which does not overflow.
func mean(v []float64) float64 {
	m := 0.0
	for i, x := range v {
		m += (x - m) / float64(i+1)
	}
	return m
}

// constant tells whether three quarters of the samples are the same. Such a
// series moves by single samples, which medians do not see.
func constant(v []float64) bool {
	s := slices.Sorted(slices.Values(v))
	run, best := 0, 0
	for i := range s {
		if i > 0 && s[i] == s[i-1] {
			run++
		} else {
			run = 1
		}
		best = max(best, run)
	}
	return 4*best >= 3*len(s)
}

// whole tells whether a series counts: all of its samples are integers.
func whole(v []float64) bool {
	for _, x := range v {
		if x != math.Trunc(x) {
			return false
		}
	}
	return true
}
