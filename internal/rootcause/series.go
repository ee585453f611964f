package rootcause

import (
	"cmp"
	"math"
	"slices"
)

// sample is one value at a time in seconds.
type sample struct {
	at    int64
	value float64
}

const (
	// finest is the shortest step in seconds that is looked at: the causes of an
	// incident are minutes apart from its end, and finer series only cost time.
	finest = 30
	// largest keeps sums of squares and differences finite.
	largest = 1e300
)

// samples are the points in order of time, without what is no number; of
// several at one time their mean, and of a series finer than 30 s the means.
func samples(points []Point) []sample {
	out := make([]sample, 0, len(points))
	for _, p := range points {
		if math.Abs(p.Value) <= largest {
			out = append(out, sample{p.At.Unix(), p.Value})
		}
	}
	if !slices.IsSortedFunc(out, bySample) {
		slices.SortFunc(out, bySample)
	}
	width := int64(1)
	if step(out) < finest {
		width = finest
	}
	kept := out[:0]
	for i := 0; i < len(out); {
		bin, sum, n := floor(out[i].at, width), 0.0, 0
		first := out[i].at
		for ; i < len(out) && floor(out[i].at, width) == bin; i++ {
			n++
			sum += (out[i].value - sum) / float64(n)
		}
		kept = append(kept, sample{first, sum})
	}
	return kept
}

// bySample orders by time and then by value, so that the order of the input
// does not matter where a time occurs twice.
func bySample(a, b sample) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.value, b.value))
}

func floor(at, width int64) int64 {
	if at < 0 {
		return (at - width + 1) / width
	}
	return at / width
}

// step is the usual time in seconds between two samples, 60 when there is none.
func step(s []sample) int64 {
	gaps := make([]int64, 0, len(s))
	for i := 1; i < len(s); i++ {
		if gap := s[i].at - s[i-1].at; gap > 0 {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		return 60
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// since is the index of the first sample at or after a time.
func since(s []sample, at int64) int {
	i, _ := slices.BinarySearchFunc(s, at, func(x sample, t int64) int { return cmp.Compare(x.at, t) })
	return i
}

// median of the values, which it sorts; 0 of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[(len(v)-1)/2]/2 + v[len(v)/2]/2
}
