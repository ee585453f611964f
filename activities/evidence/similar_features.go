package evidence

import (
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// features are what incidents are compared by. All of it is names and numbers of
// the detectors, nothing is words.
type features struct {
	series    map[string]bool // with the direction in which they left their bands
	rules     map[string]bool
	templates map[string]bool // of log lines
	hour      int             // of the day, UTC
}

// featuresOf reads the anomalies of an incident.
func featuresOf(anomalies []incident.Anomaly, began time.Time) features {
	f := features{series: map[string]bool{}, rules: map[string]bool{}, templates: map[string]bool{}, hour: began.UTC().Hour()}
	for _, an := range anomalies {
		for _, w := range an.Sightings() {
			rule, template, _ := strings.Cut(w.Rule, "/")
			direction := ""
			switch {
			case w.Observed > w.High:
				direction = " up"
			case w.Observed < w.Low:
				direction = " down"
			}
			f.series[w.Series+direction] = true
			f.rules[rule] = true
			if template != "" {
				f.templates[template] = true
			}
		}
	}
	return f
}

// Weights of what incidents have in common. The series say most: the same rule
// or hour is soon had by chance.
const (
	weighSeries    = 0.6
	weighTemplates = 0.2
	weighRules     = 0.15
	weighHour      = 0.05
)

// likeness is how much two incidents have in common, with the counts that it is
// made of.
type likeness struct {
	score                  float64 // in [0,1]
	series, ofSeries       int     // in common, of all that either has
	rules, ofRules         int
	templates, ofTemplates int
	sameHour               bool
}

// like compares two incidents. What neither has does not count.
func (f features) like(other features) likeness {
	var l likeness
	l.series, l.ofSeries = common(f.series, other.series)
	l.rules, l.ofRules = common(f.rules, other.rules)
	l.templates, l.ofTemplates = common(f.templates, other.templates)
	apart := (f.hour - other.hour + 24) % 24
	l.sameHour = min(apart, 24-apart) <= 1
	sum, of := 0.0, weighHour
	if l.sameHour {
		sum = weighHour
	}
	for _, part := range []struct {
		n, of  int
		weight float64
	}{{l.series, l.ofSeries, weighSeries}, {l.rules, l.ofRules, weighRules}, {l.templates, l.ofTemplates, weighTemplates}} {
		if part.of > 0 {
			sum += part.weight * float64(part.n) / float64(part.of)
			of += part.weight
		}
	}
	if l.ofSeries == 0 {
		return likeness{} // nothing is known of one of them
	}
	l.score = sum / of
	return l
}

func common(a, b map[string]bool) (n, of int) {
	for k := range a {
		if b[k] {
			n++
		}
	}
	return n, len(a) + len(b) - n
}

// words say what two incidents have in common.
func (l likeness) words() redact.Text {
	out := redact.Format("%d of %d series and %d of %d rules are the same", l.series, l.ofSeries, l.rules, l.ofRules)
	if l.ofTemplates > 0 {
		out = redact.Format("%s, %d of %d log patterns", out, l.templates, l.ofTemplates)
	}
	if l.sameHour {
		out = redact.Format("%s, at the same hour of the day", out)
	}
	return out
}

// cutBefore is what comes before a part of a text, and whether it is there.
func cutBefore(text, part string) (string, bool) {
	before, _, found := strings.Cut(text, part)
	return before, found
}
