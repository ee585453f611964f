package detect

import "math"

// A trend is judged on blocks of neighbouring points rather than on points:
// medians of blocks shrug off outliers, the sawtooth of a garbage collector that
// is faster than a block, and the fact that neighbours are alike, by which the
// usual confidence intervals of a regression are much too narrow.
const (
	trendBlocks = 8
	// trendApart is how many blocks two medians are apart at least to give a
	// slope. Slopes of neighbours are mostly noise.
	trendApart = 3
	// trendPairs is how many pairs that makes.
	trendPairs = (trendBlocks - trendApart) * (trendBlocks - trendApart + 1) / 2
)

// sampled is one value of a series.
type sampled struct {
	At    float64 // seconds since 1970, whole milliseconds
	Value float64
}

// stretch is some values of a series and their times, in order of time.
type stretch struct {
	at, values []float64
}

// last is the time of the latest value.
func (s stretch) last() float64 { return s.at[len(s.at)-1] }

// line is a robust straight line through a stretch of a series.
type line struct {
	slope     float64 // per second: the Theil-Sen estimate over the blocks' medians
	low, high float64 // slopes that four in five pairs of blocks lie between
	now       float64 // the line's value at the last point, or less where the points lie below it
	span      float64 // seconds from the first point to the last
	rise      float64 // along the line over the span
	steady    bool    // every part of the stretch had its share in the rise
	early     float64 // rise over the first half of the blocks
	late      float64 // and over the second
	crest     float64 // how far single values rise above the line; they reach a limit before it does
}

// fit lays a line through points, at least trendBlocks of them.
func fit(points stretch) line {
	var at, mid [trendBlocks]float64
	last, n := points.last(), len(points.at)
	for i := range trendBlocks {
		from, to := i*n/trendBlocks, (i+1)*n/trendBlocks
		at[i] = (points.at[from]+points.at[to-1])/2 - last
		mid[i] = medianOf(points.values[from:to])
	}
	var slopes [trendPairs]float64
	n = 0
	for i := range trendBlocks {
		for j := i + trendApart; j < trendBlocks; j++ {
			slopes[n] = (mid[j] - mid[i]) / (at[j] - at[i])
			n++
		}
	}
	arrange(slopes[:])
	l := line{
		slope: slopes[trendPairs/2], low: slopes[trendPairs/10], high: slopes[trendPairs-1-trendPairs/10],
		span: last - points.at[0],
	}
	var crosses [trendBlocks]float64
	for i := range trendBlocks {
		crosses[i] = mid[i] - l.slope*at[i]
	}
	arrange(crosses[:])
	l.now = (crosses[trendBlocks/2-1] + crosses[trendBlocks/2]) / 2
	// A climb that has just ended must not be drawn out beyond its end.
	l.now = min(l.now, mid[trendBlocks-1])
	l.rise = l.slope * l.span
	l.steady = steady(at, mid, l.slope)
	const half = trendBlocks / 2
	l.early, l.late = mid[half-1]-mid[0], mid[trendBlocks-1]-mid[half]
	return l
}

// steady tells a climb from a step and from a walk that happened to end higher:
// all steps from block to block but one rise by a fifth of what the line does
// at least, none falls by half of it, and none rises by more than three times.
func steady(at, mid [trendBlocks]float64, slope float64) bool {
	if slope <= 0 {
		return false
	}
	short := 0
	for i := 1; i < trendBlocks; i++ {
		share := (mid[i] - mid[i-1]) / (slope * (at[i] - at[i-1]))
		switch {
		case share < -0.5 || share > 3:
			return false
		case share < 0.2:
			short++
		}
	}
	return short <= 1
}

// climbs tells a climb from noise: it is steady, nine in ten slopes are at
// least half of the middle one, and the rise is several times the scatter, the
// median distance of the points from the line.
func (l line) climbs(points stretch) bool {
	return l.steady && l.low >= trendSure*l.slope && l.holds(points, l.rise/trendScatter)
}

// holds tells whether half of the points are within a distance from the line.
func (l line) holds(points stretch, distance float64) bool {
	last := points.last()
	near := 0
	for i, v := range points.values {
		if math.Abs(v-l.now-l.slope*(points.at[i]-last)) <= distance {
			near++
		}
	}
	return 2*near >= len(points.values)
}

// until is in how many seconds the line reaches a limit above it, with the
// soonest and the latest that the slopes give. It is infinite for a slope that
// does not rise.
//
// Values scatter around the line, and an alarm goes off at the first that is
// over its threshold. So it is about the crests; the latest time is the line's own.
func (l line) until(limit float64) (about, soonest, latest float64) {
	in := func(room, slope float64) float64 {
		if slope <= 0 {
			return math.Inf(1)
		}
		return max(0, room) / slope
	}
	room := limit - l.now
	crests := max(room-l.crest, room/20)
	return in(crests, l.slope), in(crests, l.high), in(room, l.low)
}

// fades tells whether the climb slows down so that it ends below a level: by as
// much again over each further half of the stretch as over the last.
func (l line) fades(level float64) bool {
	if l.late >= l.early || l.early <= 0 {
		return false
	}
	ratio := l.late / l.early
	return l.now+l.rise/2*ratio/(1-ratio) < level
}

// crestOf is how far above the line all but one in fifteen of the points lie at
// most, at least 0.
func (l line) crestOf(points stretch) float64 {
	last := points.last()
	var room [scalePoints/15 + 1]float64
	top := room[:len(points.values)/15+1] // the highest so far, the least of them first
	for i, v := range points.values {
		above := v - l.now - l.slope*(points.at[i]-last)
		if above <= top[0] {
			continue
		}
		at := 1
		for ; at < len(top) && top[at] < above; at++ {
			top[at-1] = top[at]
		}
		top[at-1] = above
	}
	return top[0]
}

// medianOf is the median of at most trendBlocks values; the slice stays as it is.
func medianOf(of []float64) float64 {
	var room [trendBlocks]float64
	values := room[:copy(room[:], of)]
	arrange(values)
	mid := len(values) / 2
	if len(values)%2 == 1 {
		return values[mid]
	}
	return (values[mid-1] + values[mid]) / 2
}

// arrange sorts a handful of values, for which it is several times as fast as a
// sort for any number.
func arrange(values []float64) {
	for i := 1; i < len(values); i++ {
		v := values[i]
		j := i
		for ; j > 0 && values[j-1] > v; j-- {
			values[j] = values[j-1]
		}
		values[j] = v
	}
}
