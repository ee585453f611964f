package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"firebreak/internal/rootcause"
)

// Sizes of the plots in a terminal, in characters.
const (
	sparkColumns = 24
	chartColumns = 60
	chartRows    = 5
	leastBefore  = 12 // points before the symptom that a plot has at least
)

// longestAfter is the most that a plot shows since the symptom began: the time
// before it, which follows from it, has to be in reach of a Duration too.
const longestAfter = 10 * 365 * 24 * time.Hour

// bars are the eighths of a character cell, from the bottom.
var bars = []rune(" ▁▂▃▄▅▆▇█")

// plotSpan is the time that plots of a case show: columns of equal length, with
// the symptom's start between two of them.
type plotSpan struct {
	begin   time.Time
	column  time.Duration
	columns int
	start   int // the first column of the symptom
}

// span chooses what is shown: all that there is since the symptom began, unless
// that is more than ten years, and twice as much before it.
func (a analysis) span(columns int) plotSpan {
	start := a.Symptom.Start
	last, step := start, time.Duration(0)
	for i := range a.ranking.Suspects {
		points := a.main(i).Points
		if len(points) == 0 {
			continue
		}
		if at := points[len(points)-1].At; at.After(last) {
			last = at
		}
		step = max(step, usualStep(points))
	}
	if step == 0 {
		step = time.Minute
	}
	step = min(step, longestAfter)
	after := min(last.Sub(start), longestAfter-step) + step
	before := max(2*after, leastBefore*step)
	column := step
	if n := int64((before + after) / step); n > int64(columns) {
		// Whole points a column, or they would fall into columns by chance.
		column = step * time.Duration((n+int64(columns)-1)/int64(columns))
	}
	s := plotSpan{column: column, start: int(before / column)}
	s.begin = start.Add(-time.Duration(s.start) * column)
	s.columns = min(s.start+int((after+column-1)/column), columns+1)
	return s
}

// usualStep is the middle distance of points that follow each other.
func usualStep(points []rootcause.Point) time.Duration {
	var steps []time.Duration
	for i := 1; i < len(points); i++ {
		steps = append(steps, points[i].At.Sub(points[i-1].At))
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// columnsOf are the means of a series by column, NaN where there is none.
func (s plotSpan) columnsOf(x rootcause.Series) []float64 {
	sum, count := make([]float64, s.columns), make([]int, s.columns)
	for _, p := range x.Points {
		if p.At.Before(s.begin) {
			continue
		}
		if k := int(p.At.Sub(s.begin) / s.column); k < s.columns {
			sum[k], count[k] = sum[k]+p.Value, count[k]+1
		}
	}
	for k := range sum {
		if count[k] == 0 {
			sum[k] = math.NaN()
			continue
		}
		sum[k] /= float64(count[k])
	}
	return sum
}

// least and greatest of values, and whether there are any.
func extent(values []float64) (low, high float64, some bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	return low, high, low <= high
}

// spark is a series in one line, with a mark where the symptom begins; empty
// when there is no point to show.
func (s plotSpan) spark(x rootcause.Series) string {
	values := s.columnsOf(x)
	low, high, some := extent(values)
	if !some {
		return ""
	}
	var b strings.Builder
	for k, v := range values {
		if k == s.start {
			b.WriteRune('|')
		}
		b.WriteRune(bar(v, low, high, 1, 0))
	}
	return b.String()
}

// bar is the cell in a row, counted from the bottom, of a bar that stands for a
// value. The lowest value has the lowest bar, so that it differs from nothing.
func bar(v, low, high float64, rows, row int) rune {
	if math.IsNaN(v) {
		return ' '
	}
	share := 0.0
	if high > low {
		share = (v - low) / (high - low)
	}
	eighths := 1 + int(math.Round(share*float64(8*rows-1)))
	return bars[max(0, min(8, eighths-8*row))]
}

// chart writes a plot of several lines.
func (s plotSpan) chart(b *bytes.Buffer, x rootcause.Series) {
	values := s.columnsOf(x)
	low, high, some := extent(values)
	if !some {
		return
	}
	const indent, widest = 12, 3
	wide := max(1, min(widest, chartColumns/s.columns)) // characters a column
	top, bottom := chartLabel(high, low, high), chartLabel(low, low, high)
	side := max(len(top), len(bottom))
	fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", indent), safe(x.Metric))
	for row := chartRows - 1; row >= 0; row-- {
		label := ""
		switch row {
		case chartRows - 1:
			label = top
		case 0:
			label = bottom
		}
		fmt.Fprintf(b, "%s%*s ", strings.Repeat(" ", indent), side, label)
		for k, v := range values {
			if k == s.start {
				b.WriteRune('|')
			}
			b.WriteString(strings.Repeat(string(bar(v, low, high, chartRows, row)), wide))
		}
		trimRight(b)
		b.WriteByte('\n')
	}
	left, start, end := indent+side+1, s.start*wide, s.columns*wide+1
	s.times(b, left, start, end)
}

// times writes the times below a chart: at its beginning, where the symptom
// begins and at its end, as far as there is room.
func (s plotSpan) times(b *bytes.Buffer, left, start, end int) {
	at := func(column int) time.Time { return s.begin.Add(time.Duration(column) * s.column).UTC() }
	layout := "15:04"
	if s.column*time.Duration(s.columns) > 20*time.Hour {
		layout = "2 Jan 15:04"
	}
	first, mark, last := at(0).Format(layout), at(s.start).Format("15:04:05"), at(s.columns).Format(layout)
	line := []rune(strings.Repeat(" ", left+end+len(last)))
	put := func(column int, label string) { copy(line[max(left+column, 0):], []rune(label)) }
	middle := start - len(mark)/2
	put(middle, mark)
	if middle > len(first) {
		put(0, first)
	}
	if end-len(last) > middle+len(mark) {
		put(end-len(last), last)
	}
	fmt.Fprintln(b, strings.TrimRight(string(line), " "))
}

// chartLabel writes an end of a chart's axis.
func chartLabel(v, low, high float64) string {
	if low == high {
		return fmt.Sprintf("%.4g", v)
	}
	return valueLabel(v, (high-low)/50, math.Max(math.Abs(low), math.Abs(high)))
}
