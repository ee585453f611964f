package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Sizes of a small picture, in its own units; the page scales it.
const (
	smallWidth   = 720.0
	smallLeft    = 44.0 // more where labels are longer
	smallLetter  = 7.0  // width of a digit
	smallRight   = 8.0
	smallTop     = 12.0
	smallValues  = 150.0 // height of the panel with the values
	smallBetween = 16.0
	smallScores  = 40.0
	smallBottom  = 30.0
	smallHeight  = smallTop + smallValues + smallBetween + smallScores + smallBottom
	smallColumns = int(smallWidth - smallLeft - smallRight)
	smallTimes   = 8 // labels of times
	smallNumbers = 4 // labels of values, about
)

// smallPicture is what the page draws of one series: places and lengths in the
// units of the picture, whole paths as SVG has them.
type smallPicture struct {
	Width, Height         float64
	Left, Right           float64 // of the panels
	Top, Floor            float64 // of the values
	ScoreTop, ScoreFloor  float64
	Half                  float64 // height of the score 0.5
	Due                   bool    // which is the edge of the band
	Limit                 float64 // height of the limit, 0 for none
	Band, Values, Scores  string
	Dots                  string // values that stand alone
	Times, Numbers        []smallTick
	Shades                []smallShade
	TimeLabels, DayLabels float64 // heights of the two lines of labels
	NumberX               float64 // where labels of numbers end
	Depth                 float64 // of both panels together
}

type smallTick struct {
	At           float64
	Label, Below string
	Anchor       string // which end of the label is at At
}

type smallShade struct {
	From, Width, Alert float64
	Arrow              string
	What               string
}

// drawSmall lays out a series.
func drawSmall(r seriesReport, c *curve, o detectOptions) smallPicture {
	p := smallPicture{
		Width: smallWidth, Height: smallHeight, Left: smallLeft, Right: smallWidth - smallRight,
		Top: smallTop, Floor: smallTop + smallValues, ScoreTop: smallTop + smallValues + smallBetween,
		ScoreFloor: smallTop + smallValues + smallBetween + smallScores, Due: o.dueByScore(),
	}
	p.TimeLabels, p.DayLabels = p.ScoreFloor+13, p.ScoreFloor+25
	start, end := c.span()
	low, high := c.valueRange(o.limit)
	numbers := valueTicks(low, high, smallNumbers)
	for _, t := range numbers {
		p.Left = max(p.Left, round(float64(len(t.label))*smallLetter)+8)
	}
	p.NumberX, p.Depth = p.Left-5, p.ScoreFloor-p.Top
	x := func(at float64) float64 { return p.Left + (at-start)/(end-start)*(p.Right-p.Left) }
	y := func(v float64) float64 {
		return max(p.Top, min(p.Floor, p.Floor-(v-low)/(high-low)*smallValues))
	}
	if o.limit > 0 {
		p.Limit = round(y(o.limit))
	}
	top := c.scoreTop(o)
	p.Half = round(p.ScoreFloor - alertScore/top*smallScores)
	points := c.reduced(smallColumns)
	var band, values, scores, dots strings.Builder
	for _, piece := range bands(points) {
		path := path{data: &band}
		for _, s := range piece {
			path.to(x(s.from), y(s.low))
		}
		for _, s := range slices.Backward(piece) {
			path.to(x(s.from), y(s.high))
		}
		band.WriteByte('z')
	}
	for _, piece := range pieces(points) {
		value, score := path{data: &values}, path{data: &scores}
		if alone := len(piece) == 1 && piece[0].min == piece[0].max; alone {
			value.data = &dots
		}
		strokes(piece, func(at, v float64) { value.to(x(at), y(v)) })
		if value.points == 1 {
			dots.WriteString("h.01") // no length, but round ends
		}
		for _, s := range piece {
			score.to(x(s.from), p.ScoreFloor-s.score/top*smallScores)
		}
	}
	p.Band, p.Values, p.Scores, p.Dots = band.String(), values.String(), scores.String(), dots.String()
	for _, t := range timeTicks(start, end, smallTimes) {
		label, below, _ := strings.Cut(t.label, "\n")
		at := round(x(t.at))
		p.Times = append(p.Times, smallTick{at, label, below, anchor(at, max(len(label), len(below)), p.Left, p.Right)})
	}
	for _, t := range numbers {
		p.Numbers = append(p.Numbers, smallTick{At: round(y(t.at)), Label: t.label})
	}
	p.shade(r, start, end, x)
	return p
}

// anchor keeps a label under a time axis from leaving the picture.
func anchor(at float64, letters int, left, right float64) string {
	half := float64(letters) * smallLetter / 2
	switch {
	case at+half > right+smallRight:
		return "end"
	case at-half < left-smallLeft:
		return "start"
	default:
		return "middle"
	}
}

// shade lays out the episodes. Those that fall on the same place are one.
func (p *smallPicture) shade(r seriesReport, start, end float64, x func(float64) float64) {
	last := -1.0
	for _, s := range r.shades(start, end) {
		alert := round(x(s.alert))
		if alert-last < 1 {
			continue
		}
		last = alert
		tip := func(dx float64) string { return number(alert+dx) + "," + number(p.Top-9) + " " }
		p.Shades = append(p.Shades, smallShade{
			From: round(x(s.from)), Width: max(1, round(x(s.to)-x(s.from))), Alert: alert, What: s.what,
			Arrow: tip(-4) + tip(4) + number(alert) + "," + number(p.Top-2),
		})
	}
}

// path collects the points of one piece in an SVG path.
type path struct {
	data   *strings.Builder
	points int
}

func (p *path) to(x, y float64) {
	switch p.points {
	case 0:
		p.data.WriteByte('M')
	case 1:
		p.data.WriteByte('L')
	default:
		p.data.WriteByte(' ')
	}
	p.points++
	p.data.WriteString(number(x) + " " + number(y))
}

// round keeps a tenth of a unit: more cannot be seen.
func round(x float64) float64 { return math.Round(x*10) / 10 }

func number(x float64) string { return strconv.FormatFloat(round(x), 'f', -1, 64) }
