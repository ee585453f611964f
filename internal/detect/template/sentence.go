package template

import "slices"

// Values that come in several places of a sentence, each of them nearly every
// time a new one, never meet in templates that differ in one word. They show
// when many templates with the same beginning are put beside each other.

// minSentence is how many words a template must have more than, and
// minSentences how many templates must differ in the same places.
const (
	minSentence  = 3
	minSentences = 8
)

// sentences looks for templates that differ from t in the same places, where
// each has a word of its own, and gives them with these places.
func (x *index[S]) sentences(t *Template[S], members []*Template[S], shared int) ([]*Template[S], []uint16) {
	// A look at all of them is only taken when they have doubled.
	if n := len(members); n < minSentences || n&(n-1) != 0 || members[n-1] != t && !slices.Contains(members, t) {
		return nil, nil
	}
	p, other := &x.q, &x.r
	p.parse(x.seed, t.pattern)
	type group struct {
		places  []uint16
		members []*Template[S]
		values  []map[uint64]bool // of each place
	}
	var groups []*group
	for _, m := range members {
		other.parse(x.seed, m.pattern)
		if m == t || len(other.words) != len(p.words) {
			continue
		}
		var places []uint16
		for i := range p.words {
			if p.own[i] != other.own[i] {
				places = append(places, uint16(i))
			}
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return slices.Equal(g.places, places) })
		if at < 0 {
			if len(places) < 2 || 2*len(places) > shared {
				continue
			}
			g := &group{places: places, members: []*Template[S]{t}}
			for _, i := range places {
				g.values = append(g.values, map[uint64]bool{p.own[i]: true})
			}
			at, groups = len(groups), append(groups, g)
		}
		g := groups[at]
		g.members = append(g.members, m)
		for k, i := range places {
			g.values[k][other.own[i]] = true
		}
	}
	var best *group
	for _, g := range groups {
		own := true
		for _, v := range g.values {
			own = own && 4*len(v) >= 3*len(g.members)
		}
		if own && len(g.members) >= minSentences && (best == nil || len(g.members) > len(best.members) ||
			len(g.members) == len(best.members) && slices.Compare(g.places, best.places) < 0) {
			best = g
		}
	}
	if best == nil {
		return nil, nil
	}
	return best.members, best.places
}
