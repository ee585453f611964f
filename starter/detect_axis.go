package main

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// tick is a mark on an axis with its label, of one or two lines.
type tick struct {
	at    float64
	label string
}

// timeStep is a distance between marks on a time axis.
type timeStep struct {
	length time.Duration // 0 for steps of whole months
	months int
	layout string // first line of a label
	day    string // second line, where it is new
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

var timeSteps = makeTimeSteps()

func makeTimeSteps() []timeStep {
	var steps []timeStep
	add := func(layout, second string, lengths ...time.Duration) {
		for _, l := range lengths {
			steps = append(steps, timeStep{length: l, layout: layout, day: second})
		}
	}
	addMonths := func(layout, second string, months ...int) {
		for _, m := range months {
			steps = append(steps, timeStep{months: m, layout: layout, day: second})
		}
	}
	const date = "2 Jan 2006"
	ms, s, m, h := time.Millisecond, time.Second, time.Minute, time.Hour
	add("05.000 s", "15:04, "+date, ms, 2*ms, 5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 200*ms, 500*ms)
	add("15:04:05", date, s, 2*s, 5*s, 10*s, 15*s, 30*s)
	add("15:04", date, m, 2*m, 5*m, 10*m, 15*m, 30*m, h, 2*h, 3*h, 6*h, 12*h)
	add("Mon 2 Jan", "2006", day, 2*day)
	add("2 Jan", "2006", week, 2*week)
	addMonths("Jan", "2006", 1, 2, 3, 6)
	addMonths("2006", "", 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
	return steps
}

// timeTicks places at most `most` marks, which must be more than one, at round
// moments in UTC between two times in seconds since 1970.
func timeTicks(start, end float64, most int) []tick {
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		length := s.length.Seconds()
		if s.months > 0 {
			length = float64(s.months) * 28 * day.Seconds()
		}
		if (end-start)/length <= float64(most-1) {
			step = s
			break
		}
	}
	var ticks []tick
	second := ""
	last := moment(end)
	for at := step.first(moment(start)); !at.After(last) && len(ticks) < most; at = step.next(at) {
		t := tick{seconds(at), at.Format(step.layout)}
		if date := at.Format(step.day); date != second {
			second = date
			t.label += "\n" + date
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// moment is a time of whole milliseconds.
func moment(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

// first is the first round moment that is not before t.
func (s timeStep) first(t time.Time) time.Time {
	if s.months > 0 {
		months := t.Year()*12 + int(t.Month()) - 1
		at := monthOf(months - months%s.months)
		if at.Before(t) {
			at = s.next(at)
		}
		return at
	}
	// Truncate counts from the year 1, whose first day was a Monday.
	at := t.Truncate(s.length)
	if at.Before(t) {
		at = s.next(at)
	}
	return at
}

func (s timeStep) next(t time.Time) time.Time {
	if s.months > 0 {
		return monthOf(t.Year()*12 + int(t.Month()) - 1 + s.months)
	}
	return t.Add(s.length)
}

func monthOf(months int) time.Time {
	return time.Date(months/12, time.Month(months%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// valueTicks places about `about` marks at round numbers between two values.
func valueTicks(low, high float64, about int) []tick {
	step := (high - low) / float64(about)
	if !finite(step) || step <= 0 {
		return nil
	}
	unit := math.Pow(10, math.Floor(math.Log10(step)))
	for _, f := range []float64{1, 2, 5, 10} {
		if unit*f >= step*(1-1e-9) {
			step = unit * f
			break
		}
	}
	var ticks []tick
	begin := math.Ceil(low / step)
	for i := range 4 * about {
		at := (begin + float64(i)) * step
		if at > high+step*1e-9 { // which rounding may exceed by a little
			break
		}
		ticks = append(ticks, tick{at, valueLabel(at, step, math.Max(math.Abs(low), math.Abs(high)))})
	}
	return ticks
}

// valueLabel writes a number as exactly as marks at this distance need, with
// CloudWatch's letters for thousands where that is shorter.
func valueLabel(at, step, greatest float64) string {
	if at == 0 {
		return "0"
	}
	digits := int(math.Ceil(math.Log10(greatest/step))) + 1
	if greatest >= 1e15 || greatest < 1e-4 {
		return strconv.FormatFloat(at, 'g', min(max(digits, 1), 15), 64)
	}
	factor, letter := 1.0, ""
	if digits <= 4 {
		for _, u := range []struct {
			factor float64
			letter string
		}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
			if greatest >= 10*u.factor {
				factor, letter = u.factor, u.letter
				break
			}
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step/factor)+1e-9)))
	text := strconv.FormatFloat(at/factor, 'f', min(decimals, 12), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + letter
}
