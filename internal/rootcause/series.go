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

// largest keeps sums and differences finite.
const largest = 1e300

// samples are the points in order of time, without what is no number; of
// several in one second their mean.
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
	kept := out[:0]
	for i := 0; i < len(out); {
		at, mean, n := out[i].at, 0.0, 0.0
		for ; i < len(out) && out[i].at == at; i++ {
			n++
			mean += (out[i].value - mean) / n
		}
		kept = append(kept, sample{at, mean})
	}
	return kept
}

// bySample orders by time and then by value, so that the order of the input
// does not matter where a time occurs twice.
func bySample(a, b sample) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.value, b.value))
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
