package hypothesis

import (
	"math"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

const (
	maxHypotheses = 5
	maxCause      = 600 // bytes
	maxReasoning  = 1200

	// trust is what a score by rule is worth as a confidence. The rules were
	// never measured against incidents whose cause is known.
	trust = 0.8
	// leastConfident is the confidence below which no runbook is proposed: acting
	// on a guess is worse than asking a person.
	leastConfident = 0.25
)

// Of returns the ranking in the shape of a diagnosis: best first, at least
// one, at most five.
func Of(c incident.DiagnoseInput) []incident.Hypothesis {
	var out []incident.Hypothesis
	b := blamed(c)
	if b.isOutside() {
		out = append(out, b.notHere(c))
	}
	for _, s := range Rank(c) {
		if len(out) == maxHypotheses {
			break
		}
		if b.isOutside() { // nothing here is worth acting on
			s.Score, s.Runbook = round(s.Score*outsideConfidence), ""
		}
		out = append(out, s.hypothesis())
	}
	if len(out) == 0 {
		out = append(out, incident.Hypothesis{
			Cause: redact.Literal("The evidence singles out no suspect."), Service: c.Service.Name, Confidence: 0.05,
			Reasoning: redact.Format("%d pieces of evidence, none of which is far from what was usual before the onset.", len(c.Evidence)),
		})
	}
	return out
}

func (s Suspect) hypothesis() incident.Hypothesis {
	h := incident.Hypothesis{
		Service: s.Service, Confidence: math.Round(100*trust*s.Score) / 100, Citations: s.Citations, Runbook: s.Runbook,
		Cause: redact.Format("%s %s: %s.", redact.Name(s.Service), s.What.says(), redact.Join(s.Why[:min(len(s.Why), 2)], "; ")).Cut(maxCause),
	}
	reasons := redact.Join(s.Why, "; ")
	switch {
	case s.Runbook == "":
		reasons = redact.Format("%s. No runbook that is allowed for it, and was not tried, says that it fixes this.", reasons)
	case h.Confidence < leastConfident:
		h.Runbook = ""
		reasons = redact.Format("%s. Runbook %s would fit, but the suspicion is too weak to act on.", reasons, redact.Name(s.Runbook))
	default:
		reasons = redact.Format("%s. Runbook %s says that it fixes \"%s\".", reasons, redact.Name(s.Runbook), redact.Name(s.Fixes))
	}
	h.Reasoning = reasons.Cut(maxReasoning)
	return h
}

// says is what is wrong, after the name of a service.
func (w What) says() redact.Text {
	switch w {
	case Changed:
		return redact.Literal("was changed right before the onset")
	case Growing:
		return redact.Literal("has a resource that keeps growing")
	case Overrun:
		return redact.Literal("gets more requests than it can serve")
	case Exhausted:
		return redact.Literal("has used up a resource")
	case Failing:
		return redact.Literal("fails requests")
	case Slow:
		return redact.Literal("answers slowly")
	case Unclear:
		return redact.Literal("is the likeliest suspect, and nothing says what is wrong with it")
	default:
		return redact.Literal("does not respond in part")
	}
}
