package detect

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// What people say of a series moves its threshold: see feedback_factor.go for
// by how much. It is kept apart from what the detectors learn, so that a series
// that is forgotten and comes back still has it, and it is applied in event
// time, so that a replay of the stream judges as the live engine did.

// Limits on what is kept. Whoever can write to the stream can send feedback.
const (
	maxJudged   = 1000 // series
	maxVerdicts = 8    // of a series and rule, one by one; older ones count on
	maxNote     = 200  // bytes
	maxHeard    = 100  // outcomes that nobody has asked for
)

// The rules of Adjustable.
var (
	metricRules = []string{RuleLevel, RuleTrend, RuleSilent}
	logRules    = []string{RuleLogRate, RuleLogNew, RuleLogTemplate, RuleLogStopped, RuleLogRatio, RuleLogValue, RuleLogSilent}
)

// Adjustable lists the rules that have a threshold which feedback moves, for
// series of a kind; the first is the usual one. It is empty for alarms, which
// CloudWatch judges, and events, which are trouble by themselves.
func Adjustable(kind telemetry.Kind) []string {
	switch kind {
	case telemetry.KindMetric:
		return slices.Clone(metricRules)
	case telemetry.KindLog:
		return slices.Clone(logRules)
	default:
		return nil
	}
}

// IsAdjustable tells whether the rule of an anomaly has such a threshold.
func IsAdjustable(rule string) bool {
	rule = baseRule(rule)
	return slices.Contains(metricRules, rule) || slices.Contains(logRules, rule)
}

// feedback is what was said of one series.
type feedback struct {
	Rules []*ruleFeedback `json:"rules"` // at most one for each rule
}

// verdict is what one person said once.
type verdict struct {
	ID      string            `json:"id"`
	Verdict telemetry.Verdict `json:"verdict"`
	Anomaly string            `json:"anomaly_id,omitempty"`
	Reached float64           `json:"reached,omitempty"` // by the episode, in multiples of the usual threshold; 0 when unknown
	At      time.Time         `json:"at"`                // event time that it is about
	Given   time.Time         `json:"given"`             // event time at which it was said, from which it counts
	By      string            `json:"by"`
	Note    redact.Text       `json:"note,omitzero"`
}

// FeedbackOutcome is what became of one feedback.
type FeedbackOutcome struct {
	Series    string
	Rule      string
	Verdict   telemetry.Verdict
	By        string
	Before    float64 // threshold in multiples of the usual one
	After     float64 //
	Ignored   string  // why it does not count; empty when it does
	Elsewhere bool    // it is ignored because the series is not of this engine, which is usual
}

// judgedBy finds the rule that feedback means.
func (d *Detector) judgedBy(series, rule string) (string, bool) {
	var rules []string
	if _, metric := d.state.Metrics[series]; metric {
		rules = metricRules
	} else if _, log := d.state.Logs[series]; log {
		rules = logRules
	} else if f, ok := d.state.Feedback[series]; ok {
		return f.of(baseRule(rule))
	} else {
		return rule, false // alarms and events are somebody else's judgement
	}
	if rule == "" {
		return rules[0], true
	}
	rule = baseRule(rule)
	return rule, slices.Contains(rules, rule)
}

// baseRule is the rule whose threshold is meant: that of a log without what sets
// its episodes apart (see RuleLogNew), and for the values of a metric one for
// whatever finds them unusual, because people know of one threshold only.
func baseRule(rule string) string {
	if rule == RuleEvidence {
		return RuleLevel
	}
	base, _, _ := strings.Cut(rule, "/")
	return base
}

// of is the rule that feedback means on a series that is known by earlier
// feedback alone.
func (f *feedback) of(rule string) (string, bool) {
	for _, r := range f.Rules {
		if rule == "" || r.Rule == rule {
			return r.Rule, true
		}
	}
	return rule, false
}

// holds tells whether this engine judges a series, or has judged it.
func (d *Detector) holds(series string) bool {
	_, metric := d.state.Metrics[series]
	_, log := d.state.Logs[series]
	_, alarm := d.state.Alarms[series]
	_, event := d.state.Events[series]
	_, said := d.state.Feedback[series]
	return metric || log || alarm || event || said
}

// listen takes feedback. It opens nothing by itself: later signals are judged
// by it.
func (d *Detector) listen(s telemetry.Signal) []incident.Anomaly {
	o := d.weigh(s)
	if o.Ignored == "" {
		d.stats.Feedback++
	} else {
		d.stats.FeedbackIgnored++
	}
	if len(d.heard) < maxHeard {
		d.heard = append(d.heard, o)
	}
	return nil
}

// weigh decides whether feedback counts, and adds it to its series.
func (d *Detector) weigh(s telemetry.Signal) FeedbackOutcome {
	f := *s.Feedback
	f.Series = boundedKey(f.Series)
	o := FeedbackOutcome{Series: f.Series, Rule: f.Rule, Verdict: f.Verdict, By: f.By, Before: 1, After: 1}
	if !d.holds(f.Series) {
		o.Ignored, o.Elsewhere = "the series is not known here", true
		return o
	}
	rule, ok := d.judgedBy(f.Series, f.Rule)
	if !ok {
		o.Ignored = "the rule has no threshold that could be moved"
		return o
	}
	o.Rule = rule
	v := verdict{
		ID: f.ID, Verdict: f.Verdict, Anomaly: f.Anomaly, Reached: f.Reached, At: f.At, Given: s.Time, By: f.By,
		Note: redact.Clean(d.redactor, f.Note).Cut(maxNote),
	}
	all, ok := d.state.Feedback[f.Series]
	if !ok {
		if !d.roomForFeedback(s.Time) {
			o.Ignored = "too many series have feedback"
			return o
		}
		all = &feedback{}
	}
	r := all.rule(rule)
	if r.repeats(v) {
		o.Before = r.at(v.Given)
		o.After, o.Ignored = o.Before, "the same person has said so before"
		return o
	}
	o.Before = r.at(v.Given)
	r.add(v)
	o.After = r.at(v.Given)
	d.state.Feedback[f.Series] = all
	d.state.linkFeedback(f.Series)
	return o
}

// rule is the feedback on one rule, which is added when there is none.
func (f *feedback) rule(name string) *ruleFeedback {
	if r := f.find(name); r != nil {
		return r
	}
	r := &ruleFeedback{Rule: name}
	f.Rules = append(f.Rules, r)
	slices.SortFunc(f.Rules, func(a, b *ruleFeedback) int { return strings.Compare(a.Rule, b.Rule) })
	return r
}

// roomForFeedback tells whether one more series may have feedback, forgetting
// those whose feedback has faded when there are too many.
func (d *Detector) roomForFeedback(at time.Time) bool {
	if len(d.state.Feedback) < maxJudged {
		return true
	}
	for series, f := range d.state.Feedback {
		if !slices.ContainsFunc(f.Rules, func(r *ruleFeedback) bool { return !r.faded(at) }) {
			delete(d.state.Feedback, series)
			d.state.linkFeedback(series)
		}
	}
	return len(d.state.Feedback) < maxJudged
}

// linkFeedback lets the state of a series point at its feedback, so that a
// point of a series without any costs a comparison with nil.
func (s *state) linkFeedback(series string) {
	f := s.Feedback[series]
	if m, ok := s.Metrics[series]; ok {
		m.feedback = f
	}
	if l, ok := s.Logs[series]; ok {
		l.feedback = f
	}
}

// merge takes what another engine has heard of the series.
func (f *feedback) merge(o *feedback) *feedback {
	for _, r := range o.Rules {
		f.rule(r.Rule).merge(r)
	}
	return f
}

// TakeFeedback returns what became of the feedback since the last call, at
// most a hundred.
func (d *Detector) TakeFeedback() []FeedbackOutcome {
	heard := d.heard
	d.heard = nil
	return heard
}
