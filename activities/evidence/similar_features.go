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

// likeness is how much of an incident was seen in another one, with the counts
// that it is made of.
type likeness struct {
	score                    float64 // in [0,1]
	series, rules, templates shared
	sameHour                 bool
}

// shared counts what two incidents have in common.
type shared struct {
	n      int // that both have
	now    int // that this one has
	either int // that one of them has at least
}

// part is the share that counts: half of it is how much of this incident was seen
// then, since it has only begun and the other is over, and half how much of both
// is the same, so that a storm is not like everything.
func (s shared) part() float64 {
	return (float64(s.n)/float64(max(s.now, 1)) + float64(s.n)/float64(max(s.either, 1))) / 2
}

// like compares two incidents. What neither has does not count.
func (f features) like(other features) likeness {
	l := likeness{series: common(f.series, other.series), rules: common(f.rules, other.rules), templates: common(f.templates, other.templates)}
	if l.series.either == 0 {
		return likeness{} // nothing is known of either
	}
	apart := (f.hour - other.hour + 24) % 24
	l.sameHour = min(apart, 24-apart) <= 1
	sum, of := 0.0, weighHour
	if l.sameHour {
		sum = weighHour
	}
	for _, p := range []struct {
		shared
		weight float64
	}{{l.series, weighSeries}, {l.rules, weighRules}, {l.templates, weighTemplates}} {
		if p.either > 0 {
			sum += p.weight * p.part()
			of += p.weight
		}
	}
	l.score = sum / of
	return l
}

func common(now, then map[string]bool) shared {
	s := shared{now: len(now)}
	for k := range now {
		if then[k] {
			s.n++
		}
	}
	s.either = len(now) + len(then) - s.n
	return s
}

// words say what two incidents have in common.
func (l likeness) words() redact.Text {
	out := redact.Format("%d of %d series and %d of %d rules of this one were seen then", l.series.n, l.series.now, l.rules.n, l.rules.now)
	if l.templates.now > 0 {
		out = redact.Format("%s, %d of %d log patterns", out, l.templates.n, l.templates.now)
	}
	if l.sameHour {
		out = redact.Format("%s, at the same hour of the day", out)
	}
	return out
}
