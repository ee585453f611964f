package main

import (
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// Groups of levels, as they are drawn: the worst at the bottom.
const (
	bandErrors = iota
	bandWarnings
	bandInfo
	bandDebug
	bandOther
	levelBands
)

func bandOf(level telemetry.Level) int {
	switch level {
	case telemetry.LevelError, telemetry.LevelFatal:
		return bandErrors
	case telemetry.LevelWarn:
		return bandWarnings
	case telemetry.LevelInfo:
		return bandInfo
	case telemetry.LevelDebug:
		return bandDebug
	default:
		return bandOther
	}
}

// levelCount is how many lines of each group came in one stretch of time.
type levelCount [levelBands]int

// levelCurve counts lines by level over time, in stretches that grow with the
// log, so that there are never more than maxStretches of them.
type levelCurve struct {
	step   int // index of levelSteps; beyond them, steps double
	counts map[int64]*levelCount
	first  int64 // stretch of the earliest line
	last   int64
}

const maxStretches = 650 // two pixels each

// levelSteps are the lengths of stretches in seconds. Each is a multiple of the
// one before.
var levelSteps = []int64{1, 5, 10, 30, 60, 300, 600, 1800, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600}

// width is the present length of a stretch in seconds.
func (c *levelCurve) width() int64 {
	if c.step < len(levelSteps) {
		return levelSteps[c.step]
	}
	return levelSteps[len(levelSteps)-1] << (c.step - len(levelSteps) + 1)
}

// add counts a line.
func (c *levelCurve) add(at time.Time, level telemetry.Level) {
	if c.counts == nil {
		c.counts = map[int64]*levelCount{}
	}
	second := at.Unix()
	place := second / c.width()
	if len(c.counts) == 0 {
		c.first, c.last = place, place
	}
	c.first, c.last = min(c.first, place), max(c.last, place)
	for c.last-c.first >= maxStretches {
		c.widen()
		place = second / c.width()
	}
	c.at(place)[bandOf(level)]++
}

func (c *levelCurve) at(place int64) *levelCount {
	count := c.counts[place]
	if count == nil {
		count = &levelCount{}
		c.counts[place] = count
	}
	return count
}

// widen makes stretches longer.
func (c *levelCurve) widen() {
	before := c.width()
	c.step++
	times := c.width() / before
	old := c.counts
	c.counts = make(map[int64]*levelCount, len(old))
	for place, count := range old {
		into := c.at(place / times)
		for i, n := range count {
			into[i] += n
		}
	}
	c.first, c.last = c.first/times, c.last/times
}

// span is the time that the curve covers, in seconds since 1970.
func (c *levelCurve) span() (start, end float64) {
	if len(c.counts) == 0 {
		return 0, 1
	}
	return float64(c.first * c.width()), float64((c.last + 1) * c.width())
}

// outline is the upper edge of the groups up to one, as corners of stairs, and
// 0 where nothing came.
func (c *levelCurve) outline(upTo int) (x, y []float64) {
	width := float64(c.width())
	for place := c.first; place <= c.last; place++ {
		sum := 0
		if count := c.counts[place]; count != nil {
			for _, n := range count[:upTo+1] {
				sum += n
			}
		}
		x = append(x, float64(place)*width, float64(place+1)*width)
		y = append(y, float64(sum), float64(sum))
	}
	return x, y
}

// top is the greatest sum of the groups up to one, at least 1.
func (c *levelCurve) top(upTo int) float64 {
	_, y := c.outline(upTo)
	return max(slices.Max(append(y, 1)), 1)
}

// sums counts the lines of each group.
func (c *levelCurve) sums() levelCount {
	var all levelCount
	for _, count := range c.counts {
		for i, n := range count {
			all[i] += n
		}
	}
	return all
}

// stretch is how long one of the stretches is, as people say it.
func (c *levelCurve) stretch() string {
	return incident.Span(time.Duration(c.width()) * time.Second).String()
}
