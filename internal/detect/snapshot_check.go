package detect

import (
	"errors"
	"fmt"
	"math"

	"firebreak/internal/window"
)

// A snapshot that was sealed by somebody else can hold anything. What is checked
// here is what the detectors take for granted: that pointers which they follow
// are set and that indices are in range. That numbers are numbers, the decoder
// and the models see to.

func (m *metricState) check() error {
	if err := errors.Join(m.Episode.check(true), m.Pulse.Silent.check(true)); err != nil {
		return err
	}
	if len(m.Recent) > smoothPoints || len(m.Pending) > learnDelay {
		return fmt.Errorf("%w: %d recent and %d pending values", errBroken, len(m.Recent), len(m.Pending))
	}
	if m.Trend != nil {
		return m.Trend.check()
	}
	return nil
}

func (f *forecast) check() error {
	if err := f.Episode.check(true); err != nil {
		return err
	}
	if f.At < 0 || f.At >= scales {
		return fmt.Errorf("%w: a trend at scale %d", errBroken, f.At)
	}
	for _, s := range f.Scales {
		if len(s.Values) > scaleRoom || len(s.Gaps) != len(s.Values) || !(s.Last >= 0 && s.Last <= float64(lastTime.Unix())) {
			return fmt.Errorf("%w: a trend over %d values and %d times until %v", errBroken, len(s.Values), len(s.Gaps), s.Last)
		}
	}
	return nil
}

func (l *logState) check() error {
	if err := errors.Join(l.Rate.check(false), l.Pulse.Silent.check(false), checkWindows(l.Windows)); err != nil {
		return err
	}
	for rule, e := range l.Open {
		if e == nil {
			return fmt.Errorf("%w: rule %q without an episode", errBroken, rule)
		}
	}
	if l.Group == nil {
		return fmt.Errorf("%w: a log group without what is known of it", errBroken)
	}
	if err := l.Group.Check(); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}

func checkWindows(w *window.Tumbling) error {
	if w == nil || w.Size != logWindow || w.Lateness != logLateness || w.Next < 0 {
		return fmt.Errorf("%w: windows that are not those of logs", errBroken)
	}
	for start, a := range w.Open {
		if a == nil || start < w.Next || start%int64(logWindow) != 0 || start > math.MaxInt64-int64(logWindow) {
			return fmt.Errorf("%w: a window that starts at %d", errBroken, start)
		}
	}
	return nil
}

func (a *alarmState) check() error { return a.Episode.check(false) }

func (e *eventState) check() error {
	if e.Episode == nil {
		return fmt.Errorf("%w: an event without an episode", errBroken)
	}
	return e.Episode.check(false)
}

// check accepts an episode that is not there.
func (e *episode) check(metric bool) error {
	if e == nil {
		return nil
	}
	if metric && e.Anomaly.Metric == nil {
		return fmt.Errorf("%w: an episode without its metric", errBroken)
	}
	return nil
}

func (f *feedback) check() error {
	for _, r := range f.Rules {
		if r == nil {
			return fmt.Errorf("%w: feedback on no rule", errBroken)
		}
	}
	return nil
}

func (g *group) check() error {
	if len(g.Members) == 0 || len(g.Members) > maxTogether {
		return fmt.Errorf("%w: an anomaly of %d series", errBroken, len(g.Members))
	}
	return nil
}
