package template

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Templates are bounded by what they cost, in bytes, so that a few that are
// long count for many: Limit templates of typicalCost bytes fit. When one more
// does not, the least interesting ones go, in this order:
//
//  1. young templates, with fewer lines than an established one has,
//  2. established ones, and only as far as they take up the room that is kept
//     for new ones, an eighth of all.
//
// Of two that are alike the one with fewer lines goes, and a template loses half
// of its lines, for this purpose, with every two days that it is not seen. Only
// differences between such values matter, so that it takes no clock, and a line
// with a wrong time misleads about its own template alone. So a flood of new
// templates, which are all young, makes them displace each other, and takes
// nothing from what has been seen often. A sixteenth of the room is freed at
// once, so that a look at all templates pays.
const (
	typicalCost  = 1600 // bytes
	nurseryShare = 8
	evictShare   = 16
	grownLines   = 16
	halfLife     = 48 * 3600.0 // seconds
)

// candidate is a template that may go.
type candidate[S any] struct {
	template *Template[S]
	worth    float64 // logarithm of its lines, as above
}

// compare puts the less interesting first.
func (c candidate[S]) compare(other candidate[S]) int {
	if order := cmp.Compare(c.worth, other.worth); order != 0 {
		return order
	}
	return cmp.Or(c.template.Last.Compare(other.template.Last), cmp.Compare(c.template.id, other.template.id))
}

// costOf estimates the memory of a template with all that leads to it, in bytes.
func costOf(pattern, text string) int {
	words := 1
	for i := 1; i < len(pattern); i++ {
		if separates[pattern[i]] && !separates[pattern[i-1]] {
			words++
		}
	}
	return max(typicalCost, 384+len(pattern)+len(text)+64*min(words, maxWords))
}

// costOfForm estimates what another form adds to that.
func costOfForm(pattern string) int { return 192 + len(pattern) }

// makeRoom forgets templates when they cost more than limit of them usually do.
// The newest stays.
func (m *Miner[S]) makeRoom(newest *Template[S], limit int) {
	budget := limit * typicalCost
	if m.cost <= budget {
		return
	}
	var young, grown []candidate[S]
	established := 0 // what they cost
	for _, t := range m.templates {
		switch {
		case t == newest:
		case t.Count < grownLines:
			young = append(young, candidate[S]{t, t.worth()})
		default:
			established += t.cost
			grown = append(grown, candidate[S]{t, t.worth()})
		}
	}
	if budget/evictShare >= typicalCost {
		budget -= budget / evictShare
	}
	m.evict(young, m.cost-budget)
	room := limit * typicalCost
	room -= room / nurseryShare
	m.evict(grown, min(m.cost-budget, established-room))
	m.forgetGone()
}

// evict forgets the least interesting candidates until so much is free.
func (m *Miner[S]) evict(from []candidate[S], cost int) {
	if cost <= 0 {
		return
	}
	slices.SortFunc(from, candidate[S].compare)
	for _, c := range from {
		if cost <= 0 {
			return
		}
		cost -= c.template.cost
		m.unlink(c.template)
		m.stats.Evicted++
		if m.options.Gone != nil {
			m.options.Gone(c.template)
		}
	}
}

// forgetGone drops what leads to templates that are no more, and would keep
// their memory.
func (m *Miner[S]) forgetGone() {
	maps.DeleteFunc(m.shapes, func(pattern string, s shape[S]) bool {
		if s.template.gone {
			m.shapeSize -= shapeCost(pattern, s.as)
		}
		return s.template.gone
	})
	m.aliases.sweep(func(id ID) bool { return m.templates[id] != nil })
}

// worth is higher for a template that has more lines, or later ones.
func (t *Template[S]) worth() float64 {
	return math.Log2(float64(max(t.Count, 1))) + float64(t.Last.Unix())/halfLife
}

// shapeCost estimates the memory of a masked line that is remembered, in bytes.
func shapeCost(pattern string, as *reading) int {
	cost := len(pattern) + 64
	if as != nil {
		cost += 32 + 48*cap(as.steps)
	}
	return cost
}
