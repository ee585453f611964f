package rules

import "slices"

// span is what goes, from and to in bytes of the text that is redacted.
type span struct {
	from, to int
	kind     string
	value    string // without its encoding; empty: the text itself
	weight   int    // of two of the same place, the kind of the heavier stays
}

// Weights of kinds: the more a kind says, the more it weighs.
const (
	weightGuess = iota // by a context or by chance
	weightKeyed        // by the name of a field
	weightShape        // by its own form
)

// united sorts spans and makes one of those that overlap. The kind is that of the
// one that begins first, of two that begin together that of the longer, and of two of
// the same place that of the heavier.
func united(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	out := spans[:0]
	for _, s := range spans {
		last := len(out) - 1
		if last < 0 || s.from >= out[last].to {
			out = append(out, s)
			continue
		}
		have := &out[last]
		switch {
		case s.from == have.from && s.to == have.to:
			if s.weight >= have.weight { // of equals the later, which has more of its encoding taken off
				*have = s
			}
		case s.to > have.to:
			have.to, have.value = s.to, ""
			if s.kind == kindWithheld {
				have.kind = kindWithheld
			}
		}
	}
	return out
}
