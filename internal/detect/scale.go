package detect

import "math"

// A leak shows in a minute or in a day. The same trend is therefore looked for
// at four scales: in the points themselves, in medians of four of them, in
// medians of four of those, and once more. For points of a second that is a
// minute, four, sixteen and an hour; for points of a minute it is an hour, four,
// sixteen and two and a half days.
const (
	scales      = 4
	scaleFactor = 4
	scalePoints = 60 // that a window holds
	scaleRoom   = 64 // values that are kept, so that they need not be moved at every one
	leastPoints = 40 // before that there is no trend
	// lookEvery is how many values come between two looks: neighbours are alike.
	lookEvery = 4
	// gapPoints is how many points may be missing in a row; after more, the
	// window begins anew.
	gapPoints = 6
	// longestGap is the longest one in a window, in seconds, for times take 32
	// bits. Only the slowest scale of a series of one point a day comes to it,
	// which takes seven years for a window.
	longestGap = math.MaxUint32 / 1000
	// memoryPoints is for how many medians the highest one of before is
	// remembered at least, and for twice as many at most.
	memoryPoints = 1000 / lookEvery
)

// scale is a series at one scale: a bounded window, and what was usual before
// the window.
type scale struct {
	Values []float64 `json:"values,omitempty"` // oldest first, at most scaleRoom; the window is the end of it
	Gaps   []uint32  `json:"gaps,omitempty"`   // milliseconds from the value before each of them; of the first one they mean nothing
	Last   float64   `json:"last,omitempty"`   // time of the latest value, in seconds since 1970
	Step   float64   `json:"step,omitempty"`   // seconds between values, the least seen
	Mean   float64   `json:"mean,omitempty"`   // of those that are Known, exponentially weighted over a window's length
	Peak   float64   `json:"peak,omitempty"`   // the highest of the latest of those
	Former float64   `json:"former,omitempty"` // the highest of the memoryPoints before
	Since  float64   `json:"since,omitempty"`  // when the trend began that there is now; 0 for none
	Fresh  int32     `json:"fresh,omitempty"`  // values since the last one was passed on to the next scale
	Known  int32     `json:"known,omitempty"`  // medians of values that have left the window, in Mean and Peak
	Aged   int32     `json:"aged,omitempty"`   // values that Peak is of
	Calm   int32     `json:"calm,omitempty"`   // looks at which there was no trend, as far as it is counted
	Streak int32     `json:"streak,omitempty"` // looks in a row at which there was one that reaches the limit soon
}

// put takes the next value and returns what the next scale gets, if it is time.
// What leaves the window is learned as usual unless the series is in trouble,
// climbs, or is at its limit.
func (s *scale) put(p sampled, learn bool, limit float64) (passed sampled, pass bool) {
	gap := 0.0
	if len(s.Values) > 0 {
		gap = p.At - s.Last
		if s.Step == 0 || gap < s.Step {
			s.Step = gap
		}
		if gap > gapPoints*max(s.Step, 1) || gap > longestGap {
			s.clear()
			s.Step = 0 // one odd point must not spoil every window from then on
		}
	}
	if cap(s.Values) < scaleRoom { // a new one, or one from a snapshot
		s.Values = append(make([]float64, 0, scaleRoom), s.Values...)
		s.Gaps = append(make([]uint32, 0, scaleRoom), s.Gaps...)
	}
	if w := s.values(); len(w) == scalePoints && learn && s.Since == 0 && s.Fresh%lookEvery == 0 {
		// The median, or one outlier would hide a leak for a long time. To be at
		// the limit is never usual, or the next trouble would not be told.
		if v := medianOf(w[:scaleFactor-1]); v < limit {
			s.usual(v)
		}
	}
	if len(s.Values) == scaleRoom {
		s.Values = s.Values[:copy(s.Values, s.Values[scaleRoom-scalePoints+1:])]
		s.Gaps = s.Gaps[:copy(s.Gaps, s.Gaps[scaleRoom-scalePoints+1:])]
	}
	s.Values, s.Gaps, s.Last = append(s.Values, p.Value), append(s.Gaps, uint32(milliseconds(min(gap, longestGap)))), p.At
	if s.Fresh++; s.Fresh < scaleFactor || len(s.Values) < scaleFactor {
		return sampled{}, false
	}
	s.Fresh = 0
	latest := s.Values[len(s.Values)-scaleFactor:]
	return sampled{At: p.At, Value: medianOf(latest)}, true
}

// values are the latest ones, at most scalePoints, oldest first.
func (s *scale) values() []float64 { return s.Values[max(0, len(s.Values)-scalePoints):] }

// window is the values with their times, for which there is room on the caller's
// stack: most looks need none.
func (s *scale) window(room *[scalePoints]float64) stretch {
	values := s.values()
	at, gaps := room[:len(values)], s.Gaps[len(s.Gaps)-len(values):]
	now := milliseconds(s.Last)
	for i := len(at) - 1; i >= 0; i-- {
		at[i] = float64(now) / 1000
		now -= int64(gaps[i])
	}
	return stretch{at: at, values: values}
}

// milliseconds are whole: times of points have no finer parts.
func milliseconds(seconds float64) int64 { return int64(math.Round(seconds * 1000)) }

// due tells whether it is time to look.
func (s *scale) due() bool { return s.Fresh%lookEvery == 0 }

// usual learns a value of before the window.
func (s *scale) usual(v float64) {
	s.Known++
	s.Aged++
	if s.Known == 1 {
		s.Mean, s.Peak, s.Former = v, v, v
		return
	}
	s.Mean += (v - s.Mean) / float64(min(s.Known, scalePoints/lookEvery))
	s.Peak = max(v, s.Peak)
	if s.Aged >= memoryPoints {
		s.Former, s.Peak, s.Aged = s.Peak, v, 0
	}
}

// peak is the highest value that is remembered of before the window.
func (s *scale) peak() float64 { return max(s.Peak, s.Former) }

// clear begins the window anew; what was usual before it stays.
func (s *scale) clear() {
	s.Values, s.Gaps, s.Fresh, s.Streak, s.Since = s.Values[:0], s.Gaps[:0], 0, 0, 0
}

// promising is a cheap look that spares most series the line: has the window's
// end come so far above its beginning that the limit can be within reach?
func (s *scale) promising(limit, ahead float64) bool {
	w := s.values()
	n := len(w)
	first, last := math.Inf(1), math.Inf(-1)
	for i := range leastPoints / trendBlocks {
		first = min(first, w[i])
		last = max(last, w[n-1-i])
	}
	// Twice, because these are extremes of short stretches and no line.
	return last > first && limit-last <= 2*ahead*(last-first)
}
