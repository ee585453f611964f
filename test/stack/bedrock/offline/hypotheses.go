package offline

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"firebreak/internal/incident"
)

// Hypothesis is one explanation, in the shape that the answer's schema asks for.
type Hypothesis struct {
	Cause      string   `json:"cause"`
	Service    string   `json:"service"`
	Confidence float64  `json:"confidence"`
	Citations  []string `json:"citations"`
	Runbook    string   `json:"runbook"`
	Reasoning  string   `json:"reasoning"`
}

// mechanism is a way for things to go wrong: how likely it is given a profile,
// which concepts its evidence is about, and how to say it.
type mechanism struct {
	name     string
	likely   func(p *profile) float64
	concepts []concept
	say      string // with one %s for the service
}

// mechanisms in the order in which equally likely ones are told, the most
// specific first.
var mechanisms = []mechanism{
	{
		"change",
		func(p *profile) float64 {
			if p.changed() < 0.2 {
				return 0
			}
			return p.trouble() * (0.45 + 0.5*p.changed())
		},
		[]concept{cChange, cConfig, cRelease, cErrors, cLatency, cSaturation, cHealth, cCrash},
		"A change of %s right before the onset broke it",
	},
	{
		"growth",
		func(p *profile) float64 {
			return 0.95 * p.about(cGrowth) * max(p.about(cSaturation), p.about(cMemory), p.about(cDisk))
		},
		[]concept{cGrowth, cSaturation, cMemory, cDisk, cPool, cLatency, cCrash},
		"A resource of %s keeps growing, as after a leak",
	},
	{
		"overload",
		func(p *profile) float64 {
			return 0.8 * p.about(cTraffic) * max(p.about(cLatency), p.about(cSaturation), p.about(cErrors))
		},
		[]concept{cTraffic, cLatency, cSaturation, cErrors, cPool},
		"%s gets more requests than it can serve",
	},
	{
		"exhaustion",
		func(p *profile) float64 { return 0.7 * max(p.about(cSaturation), p.about(cPool)*p.trouble()) },
		[]concept{cSaturation, cPool, cCPU, cMemory, cDisk, cLatency, cErrors},
		"A resource of %s is used up",
	},
	{
		"fault",
		func(p *profile) float64 { return 0.7 * max(p.about(cErrors), p.about(cCrash)) },
		[]concept{cErrors, cCrash, cTrust, cAccess, cDependency},
		"%s fails requests since the onset",
	},
	{
		"slowness",
		func(p *profile) float64 { return 0.55 * p.about(cLatency) },
		[]concept{cLatency, cCPU, cPool, cDependency},
		"%s answers slowly since the onset",
	},
	{
		"unhealthy",
		func(p *profile) float64 { return 0.6 * p.about(cHealth) },
		[]concept{cHealth, cCrash, cErrors},
		"Part of %s does not respond",
	},
}

// leastConfident is the confidence below which no runbook is proposed: acting on
// a guess is worse than asking a person.
const leastConfident = 0.3

// maxCitations is how many pieces of evidence one explanation rests on at most,
// the strongest: in a storm nearly everything supports it, and nobody reads forty.
const maxCitations = 12

// Diagnose explains the case with at most limit hypotheses, best first and at
// least one. Runbooks come from allowed; "none" stands for no runbook.
func (c *Case) Diagnose(allowed []string, limit int) []Hypothesis {
	profiles := c.profiles()
	var ranked []candidate
	for _, p := range profiles {
		for i, m := range mechanisms {
			conf := m.likely(p) * c.corroborated(p, m) * c.located(p, profiles)
			if conf = round(conf); conf < minWeight {
				continue
			}
			ranked = append(ranked, c.candidate(p, i, conf, allowed))
		}
	}
	slices.SortStableFunc(ranked, candidate.compare)
	ranked = onePerExplanation(ranked)
	out := make([]Hypothesis, 0, limit)
	for _, k := range ranked[:min(limit, len(ranked))] {
		out = append(out, k.hypothesis)
	}
	if len(out) == 0 {
		out = append(out, c.unexplained())
	}
	return out
}

// candidate is a hypothesis with what it is ranked by.
type candidate struct {
	hypothesis Hypothesis
	mechanism  int
	print      string // of its evidence, without names
}

func (a candidate) compare(b candidate) int {
	switch {
	case a.hypothesis.Confidence != b.hypothesis.Confidence:
		if a.hypothesis.Confidence > b.hypothesis.Confidence {
			return -1
		}
		return 1
	case a.mechanism != b.mechanism:
		return a.mechanism - b.mechanism
	default:
		return strings.Compare(a.print, b.print)
	}
}

// onePerExplanation drops a weaker mechanism of the same service that cites the
// same evidence and proposes the same: it would say the same thing twice.
func onePerExplanation(ranked []candidate) []candidate {
	seen := map[string]bool{}
	return slices.DeleteFunc(ranked, func(k candidate) bool {
		key := k.hypothesis.Service + "\x00" + k.hypothesis.Runbook + "\x00" + strings.Join(k.hypothesis.Citations, "\x00")
		dup := seen[key]
		seen[key] = true
		return dup
	})
}

// corroborated grows with the number of kinds of evidence that agree: one kind
// alone is worth three quarters, three kinds all.
func (c *Case) corroborated(p *profile, m mechanism) float64 {
	kinds := map[incident.EvidenceKind]bool{}
	for _, s := range p.supports {
		if s.word == "" && (s.concept == "" || slices.Contains(m.concepts, s.concept)) {
			kinds[s.evidence.Kind] = true
		}
	}
	return min(1, 0.75+0.125*float64(len(kinds)-1))
}

// located weighs where the cause is. Callers suffer from what they call, so
// trouble in a called service takes from the caller's own explanations, less
// when only the caller was changed. A service that the incident's own does not
// call explains little.
func (c *Case) located(p *profile, all []*profile) float64 {
	var below, belowChanged, mine float64
	for _, q := range all {
		switch q.place {
		case called:
			below = max(below, q.trouble())
			belowChanged = max(belowChanged, q.changed())
		case own:
			mine = q.trouble()
		}
	}
	switch p.place {
	case own:
		if p.changed() > belowChanged {
			return 1 - 0.3*below
		}
		return 1 - 0.6*below
	case called:
		return 0.6 + 0.4*mine
	default:
		return 0.5
	}
}

func (c *Case) candidate(p *profile, mech int, conf float64, allowed []string) candidate {
	m := mechanisms[mech]
	cited := p.citations(m)
	cited = cited[:min(len(cited), maxCitations)]
	option := c.choose(p, m, conf, allowed)
	if option.failed {
		conf *= afterFailure
	}
	k := candidate{mechanism: mech, hypothesis: Hypothesis{
		Cause:      fmt.Sprintf(m.say, p.service) + numbers(p, m) + ".",
		Service:    p.service,
		Confidence: math.Round(min(0.95, conf)*100) / 100,
		Citations:  []string{},
		Runbook:    option.name,
		Reasoning:  Name + ": " + reasoning(cited, option),
	}}
	for _, s := range cited {
		k.hypothesis.Citations = append(k.hypothesis.Citations, s.evidence.ID)
		k.print += s.print
	}
	return k
}

// citations are the strongest supports of the mechanism, one for each piece of
// evidence, strongest first.
func (p *profile) citations(m mechanism) []support {
	var out []support
	seen := map[*incident.Evidence]bool{}
	for _, s := range p.supports {
		if s.word != "" || seen[s.evidence] || (s.concept != "" && !slices.Contains(m.concepts, s.concept)) {
			continue
		}
		seen[s.evidence] = true
		out = append(out, s)
	}
	return out
}

// unexplained is the answer when nothing supports anything.
func (c *Case) unexplained() Hypothesis {
	return Hypothesis{
		Cause:   "The evidence does not explain the trouble.",
		Service: c.Incident.Service, Confidence: 0.05, Citations: []string{}, Runbook: None,
		Reasoning: fmt.Sprintf("%s: %d pieces of evidence, none of which left what is usual before the onset; a person should look.", Name, len(c.Evidence)),
	}
}
