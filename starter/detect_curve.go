package main

import (
	"math"
	"slices"
	"time"

	"firebreak/internal/detect"
)

// curve is a series as it is drawn. It keeps at most 2*size points, however
// long the series is: a point stands for as many rows in a row as it takes, by
// their least and their greatest value, so that no spike gets lost.
type curve struct {
	size   int
	stride int // rows a point
	points []curvePoint
	filled int // rows in the last point
}

// curvePoint is a stretch of rows.
type curvePoint struct {
	from, to  float64 // event times of the first and the last row, seconds since 1970
	min, max  float64
	low, high float64 // expected band, mean over the rows that had one
	banded    int     // rows that had one
	score     float64 // the greatest

	pauseFrom, pauseTo float64 // the longest stretch within without a row
}

func newCurve(size int) *curve { return &curve{size: size, stride: 1} }

// add takes the next row, with what the engine says of it where it says
// anything.
func (c *curve) add(at time.Time, value float64, r detect.Reading, known bool) {
	x := seconds(at)
	p := curvePoint{from: x, to: x, min: value, max: value}
	if known {
		p.score = r.Score
		if finite(r.Low) && finite(r.High) {
			p.low, p.high, p.banded = r.Low, r.High, 1
		}
	}
	if c.filled > 0 && c.filled < c.stride {
		c.points[len(c.points)-1].join(p)
		c.filled++
		return
	}
	if len(c.points) == 2*c.size {
		for i := range c.size {
			c.points[i] = c.points[2*i]
			c.points[i].join(c.points[2*i+1])
		}
		c.points = c.points[:c.size]
		c.stride *= 2
	}
	c.points = append(c.points, p)
	c.filled = 1
}

// join makes p stand for the rows of a later point, too.
func (p *curvePoint) join(q curvePoint) {
	if q.from-p.to > p.pauseTo-p.pauseFrom {
		p.pauseFrom, p.pauseTo = p.to, q.from
	}
	if q.pauseTo-q.pauseFrom > p.pauseTo-p.pauseFrom {
		p.pauseFrom, p.pauseTo = q.pauseFrom, q.pauseTo
	}
	p.to = q.to
	p.min, p.max, p.score = math.Min(p.min, q.min), math.Max(p.max, q.max), math.Max(p.score, q.score)
	if q.banded > 0 {
		share := float64(q.banded) / float64(p.banded+q.banded)
		p.low += (q.low - p.low) * share
		p.high += (q.high - p.high) * share
		p.banded += q.banded
	}
}

// reduced returns the curve with one point a column at most: columns of equal
// time, so that points are not closer than what can be seen.
func (c *curve) reduced(columns int) []curvePoint {
	if len(c.points) <= columns {
		return c.points
	}
	start, end := c.span()
	out := make([]curvePoint, 0, columns)
	last := -1
	for _, p := range c.points {
		column := min(int((p.from-start)/(end-start)*float64(columns)), columns-1)
		if column == last {
			out[len(out)-1].join(p)
			continue
		}
		out, last = append(out, p), column
	}
	return out
}

// span is the time that is covered, in seconds since 1970; never empty.
func (c *curve) span() (start, end float64) {
	if len(c.points) == 0 {
		return 0, 1
	}
	start, end = c.points[0].from, c.points[len(c.points)-1].to
	if start == end {
		return start - 30, end + 30
	}
	return start, end
}

// valueRange is what the value axis shows: all values and the limit, and of the
// band what is near them. A young series' band can be as wide as you like.
func (c *curve) valueRange(limit float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range c.points {
		low, high = math.Min(low, p.min), math.Max(high, p.max)
	}
	if limit > 0 {
		low, high = math.Min(low, limit), math.Max(high, limit)
	}
	if low > high {
		return 0, 1
	}
	room := (high - low) * 0.4
	if room == 0 {
		room = math.Max(math.Abs(low)*0.1, 1e-9)
		if low == 0 {
			room = 1
		}
	}
	bandLow, bandHigh := low, high
	for _, p := range c.points {
		if p.banded > 0 {
			bandLow, bandHigh = math.Min(bandLow, p.low), math.Max(bandHigh, p.high)
		}
	}
	margin := room / 8 // so that a line at the edge is seen
	return math.Max(bandLow, low-room) - margin, math.Min(bandHigh, high+room) + margin
}

// scoreTop is where the score's axis ends: at 1, or at 0.5 where that shows more.
func (c *curve) scoreTop(o detectOptions) float64 {
	if o.dueByScore() {
		return 1
	}
	for _, p := range c.points {
		if p.score > 0.5 {
			return 1
		}
	}
	return 0.5
}

// pieces cuts points where data is missing for far longer than usual: a line
// across would claim to know what was there.
func pieces(points []curvePoint) [][]curvePoint {
	if len(points) < 3 {
		return [][]curvePoint{points}
	}
	pauses := make([]float64, len(points)-1)
	for i := range pauses {
		pauses[i] = points[i+1].from - points[i].to
	}
	slices.Sort(pauses)
	const unusual = 10
	most := unusual * pauses[len(pauses)/2]
	var out [][]curvePoint
	var piece []curvePoint
	for _, p := range points {
		if len(piece) > 0 && p.from-piece[len(piece)-1].to > most {
			out, piece = append(out, piece), nil
		}
		if p.pauseTo-p.pauseFrom > most {
			before := p
			before.to, p.from = p.pauseFrom, p.pauseTo
			out, piece = append(out, append(piece, before)), nil
		}
		piece = append(piece, p)
	}
	return append(out, piece)
}

// strokes is the line through a piece: up and down in each point, entered from
// the end that is nearer.
func strokes(piece []curvePoint, draw func(x, y float64)) {
	at := math.NaN()
	for _, p := range piece {
		first, second := p.min, p.max
		if math.Abs(p.max-at) < math.Abs(p.min-at) {
			first, second = second, first
		}
		draw(p.from, first)
		at = first
		if p.to > p.from || first != second {
			draw(p.to, second)
			at = second
		}
	}
}

// bands are the pieces with an expected band.
func bands(points []curvePoint) [][]curvePoint {
	var out [][]curvePoint
	for _, piece := range pieces(points) {
		begin := 0
		for i := range len(piece) + 1 {
			if i < len(piece) && piece[i].banded > 0 {
				continue
			}
			if i-begin > 1 {
				out = append(out, piece[begin:i])
			}
			begin = i + 1
		}
	}
	return out
}

// seconds is a time as it is drawn: seconds since 1970.
func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
