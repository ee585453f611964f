package detect

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"firebreak/internal/telemetry"
)

// How feedback moves the threshold of a rule on a series. The threshold is the
// usual one times a factor:
//
//   - a false alarm raises it to a tenth above what that episode reached, and
//     at most to twice what it was; when it is not known what the episode
//     reached, by a quarter;
//   - a miss halves what earlier feedback has raised, and where it was not
//     raised lowers it by a fifth;
//   - a reset takes it back to the usual one;
//   - it stays between half and four times the usual one, whoever says what how
//     often: what is far enough out always opens an episode;
//   - what was said fades: the factor's logarithm halves every ninety days of
//     event time, because systems change and nobody takes feedback back.
//
// A factor below one also lowers the least change that matters to people (see
// effect.go): what was missed may have been certain and counted as small.
const (
	strictest    = 4.0
	loosest      = 0.5
	mostRaise    = 2.0
	aboveReached = 1.1
	blindRaise   = 1.25
	takenBack    = 0.5
	lowered      = 0.8
	halfLife     = 90 * 24 * time.Hour
	forgotten    = 0.02      // closer to the usual threshold than this is the usual one
	sameMiss     = time.Hour // misses of one person on one series within it are one
	day          = 24 * time.Hour
)

// ruleFeedback is what was said of one rule on one series. The factor is a fold
// over the verdicts in the order in which they were given, so that it does not
// depend on the order in which they arrived.
type ruleFeedback struct {
	Rule     string    `json:"rule"`
	Base     standing  `json:"base,omitzero"`      // what verdicts come to that are no longer kept one by one
	Verdicts []verdict `json:"verdicts,omitempty"` // the latest, in the order in which they were given

	// The factor is worked out once a day of event time; value holds in
	// [from, until), and is 0 when it does not.
	value       float64
	from, until time.Time
}

// standing is what verdicts come to.
type standing struct {
	Log         float64   `json:"log"`            // natural logarithm of the factor, at At
	At          time.Time `json:"at,omitzero"`    //
	Since       time.Time `json:"since,omitzero"` // the first verdict that still counts
	FalseAlarms int       `json:"false_alarms"`   // since then
	Missed      int       `json:"missed"`         //
	By          string    `json:"by,omitempty"`   // who gave the latest
}

// factor is what the threshold of a rule is multiplied with at an event time.
func (f *feedback) factor(rule string, at time.Time) float64 {
	if r := f.find(baseRule(rule)); r != nil {
		return r.at(at)
	}
	return 1
}

// find is what was said of a base rule, nil when that is nothing.
func (f *feedback) find(rule string) *ruleFeedback {
	if f == nil {
		return nil
	}
	for _, r := range f.Rules {
		if r.Rule == rule {
			return r
		}
	}
	return nil
}

// thresholds are those of the engine, moved by feedback on a rule.
func (f *feedback) thresholds(usual thresholds, rule string, at time.Time) thresholds {
	if f == nil {
		return usual
	}
	return usual.times(f.factor(rule, at))
}

// times moves all that makes an anomaly by a factor.
func (t thresholds) times(factor float64) thresholds {
	t.Tail *= factor
	t.Evidence *= factor
	t.Ahead /= factor
	t.Effect *= min(factor, 1)
	return t
}

// at is the factor at an event time.
func (r *ruleFeedback) at(at time.Time) float64 {
	if r.value == 0 || at.Before(r.from) || !at.Before(r.until) {
		s, next := r.standing(at)
		r.from, r.until = at.Truncate(day), at.Truncate(day).Add(day)
		if s.At.After(r.from) {
			r.from = s.At
		}
		if !next.IsZero() && next.Before(r.until) {
			r.until = next
		}
		r.value = s.factor(r.from)
	}
	return r.value
}

// standing folds the verdicts that were given up to an event time; next is when
// the one after them was, if there is one.
func (r *ruleFeedback) standing(at time.Time) (s standing, next time.Time) {
	s = r.Base
	for _, v := range r.Verdicts {
		if v.Given.After(at) {
			return s, v.Given
		}
		s = s.after(v)
	}
	return s, time.Time{}
}

// faded tells whether nothing that was said counts any more.
func (r *ruleFeedback) faded(at time.Time) bool {
	s, next := r.standing(at)
	return next.IsZero() && s.factor(at) == 1
}

// factor is the standing at a time.
func (s standing) factor(at time.Time) float64 {
	age := max(at.Sub(s.At), 0)
	f := math.Exp(s.Log * math.Exp2(-age.Hours()/halfLife.Hours()))
	if !(math.Abs(f-1) > forgotten) { // also what is no number
		return 1
	}
	return min(max(f, loosest), strictest)
}

// after is what the standing comes to with one more verdict.
func (s standing) after(v verdict) standing {
	factor := s.factor(v.Given)
	if factor == 1 {
		s = standing{At: s.At, Since: v.Given}
	}
	switch v.Verdict {
	case telemetry.FalseAlarm:
		factor = raised(factor, v.Reached)
		s.FalseAlarms++
	case telemetry.Missed:
		if factor > 1 {
			factor = max(factor*takenBack, 1)
		} else {
			factor = max(factor*lowered, loosest)
		}
		s.Missed++
	default:
		return standing{At: later(s.At, v.Given), By: v.By}
	}
	s.Log, s.At, s.By = math.Log(factor), later(s.At, v.Given), v.By
	return s
}

// raised is the factor after a false alarm that came so many times as far out
// as usually opens an episode.
func raised(factor, reached float64) float64 {
	want := factor * blindRaise
	if reached > 0 {
		want = reached * aboveReached
	}
	return min(max(factor, min(want, factor*mostRaise)), strictest)
}

// repeats tells whether a verdict has been counted: it is delivered again, or
// its giver has said the same of the same trouble.
func (r *ruleFeedback) repeats(v verdict) bool {
	for _, old := range slices.Backward(r.Verdicts) {
		switch {
		case old.ID == v.ID:
			return true
		case old.Verdict == telemetry.Reset && !old.Given.After(v.Given):
			return slices.ContainsFunc(r.Verdicts, func(o verdict) bool { return o.ID == v.ID })
		case old.By != v.By || old.Verdict != v.Verdict:
		case v.Verdict == telemetry.FalseAlarm && old.Anomaly == v.Anomaly,
			v.Verdict == telemetry.Missed && old.At.Sub(v.At).Abs() < sameMiss:
			return true
		}
	}
	return false
}

// add takes a verdict that is none of those that are kept.
func (r *ruleFeedback) add(v verdict) {
	i, _ := slices.BinarySearchFunc(r.Verdicts, v, compareVerdicts)
	r.Verdicts = slices.Insert(r.Verdicts, i, v)
	r.shorten()
}

// shorten folds the oldest verdicts into the base.
func (r *ruleFeedback) shorten() {
	for len(r.Verdicts) > maxVerdicts {
		r.Base = r.Base.after(r.Verdicts[0])
		r.Verdicts = slices.Delete(r.Verdicts, 0, 1)
	}
	r.value = 0
}

func compareVerdicts(a, b verdict) int {
	return cmp.Or(a.Given.Compare(b.Given), strings.Compare(a.ID, b.ID))
}

// merge takes what another engine has heard of the same series. Of the two
// bases the later one counts, and for whatever was given before it.
func (r *ruleFeedback) merge(o *ruleFeedback) {
	if o.Base.At.After(r.Base.At) {
		r.Base = o.Base
	}
	verdicts := slices.Concat(r.Verdicts, o.Verdicts)
	r.Verdicts = nil
	slices.SortFunc(verdicts, compareVerdicts)
	for _, v := range slices.CompactFunc(verdicts, func(a, b verdict) bool { return a.ID == b.ID }) {
		if r.Base.At.IsZero() || v.Given.After(r.Base.At) {
			r.Verdicts = append(r.Verdicts, v)
		}
	}
	r.shorten()
}
