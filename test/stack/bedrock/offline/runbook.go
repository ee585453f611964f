package offline

import (
	"slices"
	"strings"

	"firebreak/internal/incident"
)

// None is the runbook of a hypothesis that proposes none.
const None = "none"

// chosen is the runbook for a hypothesis.
type chosen struct {
	name   string
	match  float64 // in [0,1]
	fixes  string  // the declared symptom that matched
	failed bool    // one that fits as well or better was tried and did not help
}

// afterFailure is what is left of the confidence in a hypothesis whose remedy
// did not help.
const afterFailure = 0.6

// leastMatch is how well a runbook's words must fit the evidence. It is above
// one half, so that of a symptom of two parts both must be seen: "errors after a
// deployment" is not what errors alone are.
const leastMatch = 0.55

// choose picks the runbook of the hypothesis's service whose declared symptoms
// fit the evidence best. One that was tried at this incident already is not
// proposed again.
func (c *Case) choose(p *profile, m mechanism, conf float64, allowed []string) chosen {
	names := c.nameEraser()
	best, bestPrint, tried := chosen{name: None}, "", 0.0
	for _, r := range c.Runbooks {
		if r.Service != p.service || !slices.Contains(allowed, r.Name) {
			continue
		}
		match, symptom := fit(r, p, m, names)
		if match < leastMatch {
			continue
		}
		if slices.ContainsFunc(c.Tried, func(t incident.Tried) bool { return t.Runbook == r.Name }) {
			tried = max(tried, match)
			continue
		}
		print := strings.Join(words(strings.Join(r.Fixes, " ")+" "+r.Summary, names), " ")
		if match > best.match || (match == best.match && print < bestPrint) {
			best, bestPrint = chosen{name: r.Name, match: match, fixes: symptom}, print
		}
	}
	best.failed = tried > 0 && tried >= best.match
	if best.failed {
		conf *= afterFailure
	}
	if conf < leastConfident {
		best.name = None
	}
	return best
}

// fit is how well a runbook's words describe what the evidence shows: the best
// of its symptoms, and a little for its summary.
func fit(r incident.RunbookOption, p *profile, m mechanism, names *strings.Replacer) (best float64, symptom string) {
	for _, f := range r.Fixes {
		if s := phrase(f, p, m, names); s > best {
			best, symptom = s, f
		}
	}
	summary := phrase(r.Summary, p, m, names)
	if len(r.Fixes) == 0 {
		return round(0.7 * summary), r.Summary
	}
	return round(min(1, best+0.1*summary)), symptom
}

// phrase is the mean support of the phrase's concepts and words. Concepts that
// belong to the hypothesis's mechanism count twice as much as those that the
// evidence merely mentions. A word of no concept that the evidence never says
// costs half a concept. What a phrase negates ("without a deployment") counts
// for as much as the evidence says nothing of it, but never makes a match alone.
func phrase(text string, p *profile, m mechanism, names *strings.Replacer) float64 {
	sum, n, positive := 0.0, 0.0, false
	for _, t := range terms(text, names) {
		concepts, known := lexicon[t.stem]
		if !known {
			if s := p.says(t.stem); s > 0 && !t.negated {
				sum, n = sum+s, n+1
			} else if !t.negated {
				n += 0.5
			}
			continue
		}
		best, weight := 0.0, 1.0
		for _, c := range concepts { // a word of two concepts means the one that fits
			best = max(best, p.about(c))
			if slices.Contains(m.concepts, c) {
				weight = 2
			}
		}
		if t.negated {
			sum, n = sum+(1-best), n+1
			continue
		}
		positive = positive || best > 0
		sum, n = sum+weight*best, n+weight
	}
	if n == 0 || !positive {
		return 0
	}
	return round(sum / n)
}
