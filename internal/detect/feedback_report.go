package detect

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// explain says how far feedback has moved the threshold of a rule and who said
// so; it is empty when it is where it usually is.
func (f *feedback) explain(rule string, at time.Time) redact.Text {
	r := f.find(baseRule(rule))
	if r == nil || r.at(at) == 1 {
		return redact.Text{}
	}
	s, _ := r.standing(at)
	return s.explain(r.at(at))
}

func (s standing) explain(factor float64) redact.Text {
	var said []redact.Text
	if s.FalseAlarms > 0 {
		said = append(said, incident.Count(s.FalseAlarms, "false alarm", "false alarms"))
	}
	if s.Missed > 0 {
		said = append(said, redact.Format("%d missed", s.Missed))
	}
	return redact.Format("the threshold of this series is %.2g times the usual since %s: %s, the latest by %s",
		factor, redact.Name(s.Since.UTC().Format(time.DateOnly)), redact.Join(said, " and "), redact.Name(s.By))
}

// withFeedback adds the explanation to a reason that does not have it.
func withFeedback(why, explanation redact.Text) redact.Text {
	if explanation.IsEmpty() || strings.HasSuffix(why.String(), explanation.String()) {
		return why
	}
	return redact.Format("%s; %s", why, explanation)
}

// Adjustment is the feedback on one rule of one series.
type Adjustment struct {
	Series      string      `json:"series"`
	Rule        string      `json:"rule"`
	Factor      float64     `json:"factor"` // the threshold in multiples of the usual one
	Since       time.Time   `json:"since,omitzero"`
	FalseAlarms int         `json:"false_alarms"`
	Missed      int         `json:"missed"`
	Why         redact.Text `json:"why,omitzero"` // empty when the threshold is where it usually is
	Said        []Said      `json:"said"`         // the latest, oldest first
}

// Said is one verdict of one person.
type Said struct {
	Verdict telemetry.Verdict `json:"verdict"`
	By      string            `json:"by"`
	Given   time.Time         `json:"given"`                // when it was said
	At      time.Time         `json:"at"`                   // the moment that it is about
	Anomaly string            `json:"anomaly_id,omitempty"` // the episode, of a false alarm
	Reached float64           `json:"reached,omitempty"`    // by the episode, in multiples of the usual threshold
	Note    redact.Text       `json:"note,omitzero"`
}

// Adjustments tells what feedback has done to the series that have any, as of
// the watermark: the most moved first, at most limit.
func (d *Detector) Adjustments(limit int) []Adjustment {
	var out []Adjustment
	for _, series := range slices.Sorted(maps.Keys(d.state.Feedback)) {
		for _, r := range d.state.Feedback[series].Rules {
			out = append(out, r.adjustment(series, d.state.Watermark))
		}
	}
	slices.SortStableFunc(out, func(a, b Adjustment) int { return cmp.Compare(moved(b.Factor), moved(a.Factor)) })
	return out[:min(len(out), limit)]
}

// moved is how far a factor is from 1, up or down.
func moved(factor float64) float64 { return max(factor, 1/factor) }

func (r *ruleFeedback) adjustment(series string, at time.Time) Adjustment {
	// What was said after the watermark was said all the same: it counts from
	// the next point on.
	if n := len(r.Verdicts); n > 0 {
		at = later(at, r.Verdicts[n-1].Given)
	}
	s, _ := r.standing(at)
	a := Adjustment{Series: series, Rule: r.Rule, Factor: s.factor(at), Said: []Said{}}
	if a.Factor != 1 {
		a.Since, a.FalseAlarms, a.Missed, a.Why = s.Since, s.FalseAlarms, s.Missed, s.explain(a.Factor)
	}
	for _, v := range r.Verdicts {
		a.Said = append(a.Said, Said{Verdict: v.Verdict, By: v.By, Given: v.Given, At: v.At, Anomaly: v.Anomaly, Reached: v.Reached, Note: v.Note})
	}
	return a
}
