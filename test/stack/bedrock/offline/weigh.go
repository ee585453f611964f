package offline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"firebreak/internal/incident"
)

// support is what one piece of evidence says for one concept.
type support struct {
	evidence *incident.Evidence
	print    string // of the evidence without its names, to break ties
	concept  concept
	word     string  // a word outside the lexicon, instead of a concept
	weight   float64 // in (0,1]
}

// profile is all that the evidence says about one service.
type profile struct {
	service  string
	place    place
	latest   float64 // how long before the onset its last change was, in seconds
	supports []support
}

// minWeight is the least that counts: what is weaker is noise and not cited.
const minWeight = 0.1

// profiles weighs all evidence by the service that it is about.
func (c *Case) profiles() []*profile {
	names := c.nameEraser()
	var out []*profile
	for _, s := range c.services() {
		p := &profile{service: s, place: c.place(s), latest: c.latestChange(s)}
		for i := range c.Evidence {
			if c.Evidence[i].Service == s {
				p.add(&c.Evidence[i], c.onset(), names)
			}
		}
		p.sort()
		out = append(out, p)
	}
	return out
}

// onset is when the first anomaly opened; the zero time when none is known.
func (c *Case) onset() time.Time {
	var first time.Time
	for _, a := range c.Incident.Anomalies {
		if at := a.Onset(); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

func (p *profile) add(e *incident.Evidence, onset time.Time, names *strings.Replacer) {
	text := evidenceWords(e, names)
	seen := fingerprint(e, p.place, text)
	say := func(c concept, w float64) {
		if w = round(w); w >= minWeight {
			p.supports = append(p.supports, support{evidence: e, print: seen, concept: c, weight: min(1, w)})
		}
	}
	_, counted := e.Facts[incident.FactCountAfter]
	switch {
	case e.Facts[incident.FactInAlarm] > 0:
		// An alarm says that something is wrong and not what: it supports
		// whatever else is seen.
		p.supports = append(p.supports, support{evidence: e, print: seen, weight: 0.3})
	case e.Kind == incident.EvidenceChange:
		p.addText(e, seen, text, weighChange(e, p.latest, say))
	case e.Kind == incident.EvidenceLogs:
		p.addText(e, seen, text, weighLogs(e, onset, text, say))
	case e.Kind == incident.EvidenceAnomaly && counted:
		p.addText(e, seen, text, weighLogAnomaly(e, text, say))
	case e.Kind == incident.EvidenceMetric || e.Kind == incident.EvidenceAnomaly:
		weighMetric(e, say)
	}
}

// addText adds what a text is about, each concept with the given weight; words
// that no concept has stand for themselves.
func (p *profile) addText(e *incident.Evidence, print string, text []string, weight float64) {
	if weight = round(weight); weight < minWeight {
		return
	}
	for _, w := range text {
		concepts, ok := lexicon[w]
		if !ok {
			p.supports = append(p.supports, support{evidence: e, print: print, word: w, weight: weight})
		}
		for _, c := range concepts {
			p.supports = append(p.supports, support{evidence: e, print: print, concept: c, weight: weight})
		}
	}
}

// weighMetric reads a series by its role: how far it moved in the direction that
// is trouble, in robust deviations of before.
func weighMetric(e *incident.Evidence, say func(concept, float64)) {
	d := deviations(e.Facts)
	up, down := rising(d, 3), rising(-d, 3)
	slope := rising(e.Facts[incident.FactSlope], 1)
	switch e.Role {
	case incident.RoleErrors:
		say(cErrors, up)
	case incident.RoleLatency:
		say(cLatency, up)
	case incident.RoleSaturation:
		say(cSaturation, up)
		say(cGrowth, up*slope)
		// Which resource it is only a name would tell: each is possible.
		say(cMemory, 0.4*up)
		say(cCPU, 0.4*up*(1-slope))
	case incident.RoleHealth:
		say(cHealth, down)
	case incident.RoleRequests:
		say(cTraffic, up)
	default:
		// Something moved, and nobody says what it measures.
		say(cErrors, 0.3*max(up, down))
	}
}

// deviations is how far the series moved since the onset. Where the evidence
// does not say, its band does: half a band's width counts as two deviations. A
// band without width says that it is far, not how far.
func deviations(facts map[string]float64) float64 {
	if d, ok := facts[incident.FactDeviations]; ok {
		return d
	}
	after, okAfter := facts[incident.FactAfter]
	low, okLow := facts[incident.FactLow]
	high, okHigh := facts[incident.FactHigh]
	if !okAfter || !okLow || !okHigh || (after >= low && after <= high) {
		return 0
	}
	unit := (high - low) / 4
	if unit <= 0 {
		unit = max(math.Abs(high)*0.05, 1e-9)
	}
	if after > high {
		return min(2+(after-high)/unit, furthest)
	}
	return max(-2-(low-after)/unit, -furthest)
}

const furthest = 100 // deviations

// weighLogs reads a pattern by how new it is, or how much more frequent since the
// onset than before, and returns the weight of its words.
func weighLogs(e *incident.Evidence, onset time.Time, text []string, say func(concept, float64)) float64 {
	before, after := e.Facts[incident.FactCountBefore], e.Facts[incident.FactCountAfter]
	base := 0.0
	switch {
	case after <= 0:
	case e.Facts[incident.FactNew] > 0:
		base = 0.9 * rising(after, 0.5)
	default:
		// One more than was counted, so that a pattern seen once before does not
		// count as a flood.
		expected := (before + 1) * windows(e, onset)
		base = 0.9 * rising(after/expected-1, 3)
	}
	share := min(1, max(0, e.Facts[incident.FactShareAfter]))
	switch {
	case speaksOfErrors(text):
		say(cErrors, base*(0.75+0.25*share))
	case len(text) == 0 && share > 0:
		say(cErrors, base*(0.4+0.4*share))
	}
	return 0.65 * base
}

// windows is the length of the window since the onset in lengths of the one
// before it; 1 when it cannot be told.
func windows(e *incident.Evidence, onset time.Time) float64 {
	before, since := onset.Sub(e.From).Seconds(), e.To.Sub(onset).Seconds()
	if onset.IsZero() || before <= 0 || since <= 0 {
		return 1
	}
	return since / before
}

// weighLogAnomaly reads what a detector saw in a log: a rate that left its band.
func weighLogAnomaly(e *incident.Evidence, text []string, say func(concept, float64)) float64 {
	base := 0.8 * rising(deviations(e.Facts), 2)
	if speaksOfErrors(text) {
		say(cErrors, base)
	}
	return 0.65 * base
}

func speaksOfErrors(text []string) bool {
	return slices.ContainsFunc(text, func(w string) bool { return slices.Contains(lexicon[w], cErrors) })
}

// rising is 0 for x <= 0 and approaches 1, being one half at half.
func rising(x, half float64) float64 {
	if x <= 0 || math.IsNaN(x) {
		return 0
	}
	if math.IsInf(x, 1) {
		return 1
	}
	return x / (x + half)
}

// round removes what the order of additions leaves in the last digits.
func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// evidenceWords are the words of log lines and of the text of changes. What
// titles and details of other kinds say is in the numbers.
func evidenceWords(e *incident.Evidence, names *strings.Replacer) []string {
	var texts []string
	for _, s := range e.Samples {
		texts = append(texts, s.String())
	}
	if e.Kind != incident.EvidenceChange {
		return words(strings.Join(texts, "\n"), names)
	}
	texts = append(texts, e.Title.String(), e.Detail.String())
	// The numbers in it are times and revisions, none of them a status code.
	return slices.DeleteFunc(words(strings.Join(texts, "\n"), names), func(w string) bool {
		return strings.IndexFunc(w, unicode.IsDigit) >= 0
	})
}

// fingerprint hashes what an evidence says without any name, so that ties are
// broken alike whatever things are called and in whatever order they come.
func fingerprint(e *incident.Evidence, p place, text []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s|%d|%s|%s|", e.Kind, p, e.Role, strings.Join(text, " "))
	for _, k := range slices.Sorted(maps.Keys(e.Facts)) {
		fmt.Fprintf(h, "%s=%.9g|", k, e.Facts[k])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (p *profile) sort() {
	slices.SortStableFunc(p.supports, func(a, b support) int {
		switch {
		case a.weight != b.weight:
			if a.weight > b.weight {
				return -1
			}
			return 1
		case a.print != b.print:
			return strings.Compare(a.print, b.print)
		case a.concept != b.concept:
			return strings.Compare(string(a.concept), string(b.concept))
		default:
			return strings.Compare(a.word, b.word)
		}
	})
}

// about is how strongly the evidence speaks for a concept: the chance that at
// least one of the supports is right, were they independent.
func (p *profile) about(c concept) float64 {
	return p.either(func(s support) bool { return s.concept == c && s.word == "" })
}

// says is the same for a word that no concept has.
func (p *profile) says(word string) float64 {
	return p.either(func(s support) bool { return s.word == word })
}

func (p *profile) either(match func(support) bool) float64 {
	wrong := 1.0
	for _, s := range p.supports {
		if match(s) {
			wrong *= 1 - s.weight
		}
	}
	return round(1 - wrong)
}

// trouble is how strongly anything is wrong with the service.
func (p *profile) trouble() float64 {
	right := 1.0
	for _, c := range []concept{cErrors, cLatency, cSaturation, cHealth, cCrash} {
		right *= 1 - p.about(c)
	}
	return round(1 - right)
}

// changed is how strongly something was changed: an event says so, or the log
// speaks of a configuration or a release.
func (p *profile) changed() float64 {
	return round(1 - (1-p.about(cChange))*(1-p.about(cConfig))*(1-p.about(cRelease)))
}
