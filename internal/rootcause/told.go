package rootcause

import (
	"math"
	"time"
)

const (
	// changeWeight is how much likelier a service is the cause when it was changed
	// right before; changeFades is the time in which that falls to a third.
	changeWeight = 10
	changeFades  = 10 * time.Minute
	// slack is how much later than the symptom a change may be said to be: clocks
	// and steps of series differ.
	slack = time.Minute
	// times is how many times as often as before a log pattern must come to speak
	// for trouble.
	times = 3
)

// hear adds what the log patterns say. What came since the symptom began is
// compared with what the time before makes expected, and one line more, so that
// a pattern's first line is no flood.
func hear(c *Case, g *graph, w window, add func(n int, k kind, i int, weight float64)) {
	for i := range c.Logs {
		n, ok := g.number[c.Logs[i].Service]
		if !ok {
			continue
		}
		before, after, expected := counts(&c.Logs[i], w)
		if before+after == 0 {
			continue
		}
		x := math.Log((after + 1) / (expected + 1) / times)
		if !c.Logs[i].Severe {
			x = min(x, 0) + max(x, 0)/2
		}
		add(n, logged, i, min(max(x, lightest), heaviest))
	}
}

// counts are the lines of a pattern in the past and since the symptom began,
// and how many the past makes expected.
func counts(l *LogPattern, w window) (before, after, expected float64) {
	lines := samples(l.Points)
	if len(lines) == 0 {
		return 0, 0, 0
	}
	start := w.start - slackSeconds
	last := lines[len(lines)-1].at
	if w.end > 0 {
		last = min(last, w.end)
	}
	for _, x := range lines {
		switch {
		case x.value <= 0 || x.at > last:
		case x.at < start:
			before += x.value
		default:
			after += x.value
		}
	}
	if was := float64(start - lines[0].at); was > 0 && before > 0 {
		expected = before * max(float64(last-start), 60) / max(was, 60)
	}
	return before, after, expected
}

// slackSeconds is slack for times in seconds.
const slackSeconds = int64(slack / time.Second)

// changedBefore is how much the changes of each service speak for it, and which
// of them does most; -1 where there is none.
func changedBefore(c *Case, g *graph) (weights []float64, which []int) {
	weights, which = make([]float64, len(g.names)), make([]int, len(g.names))
	for n := range which {
		which[n] = -1
	}
	for i := range c.Changes {
		n, ok := g.number[c.Changes[i].Service]
		ahead := c.Symptom.Start.Sub(c.Changes[i].At)
		if !ok || ahead < -slack {
			continue
		}
		x := math.Log1p(changeWeight * math.Exp(-max(0, ahead.Seconds())/changeFades.Seconds()))
		if which[n] < 0 || x > weights[n] {
			weights[n], which[n] = x, i
		}
	}
	return weights, which
}
