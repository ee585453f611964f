package template

// Two places of a statement take values when these combine freely: moved from
// NEW to PAID, from NEW to SENT, from PAID to SENT, and so on through most of
// the pairs. Words of a program do not do that: the few states that a machine
// goes through are told by few of the pairs.

// minPairs is how many pairs must have been seen that did not need to be, with
// the values of either place given.
const minPairs = 4

// maxPlaces bounds how many places of a template are tried, and maxMembers how
// many values of each.
const maxPlaces = 12

// combined looks for two places of a template that take values by themselves,
// and gives the templates that are one with it because of that.
func (x *index[S]) combined(t *Template[S]) ([]*Template[S], []uint16) {
	p := &x.p
	p.parse(x.seed, t.pattern)
	shared := p.said()
	var places []int
	for i := range p.words {
		if p.word(i) != lone && len(x.slots[p.without(i, x.free)].members) > 1 && len(places) < maxPlaces {
			places = append(places, i)
		}
	}
	for a, i := range places {
		for _, j := range places[a+1:] {
			own := 0
			if said(p.word(i)) {
				own++
			}
			if said(p.word(j)) {
				own++
			}
			if shared <= own {
				continue
			}
			if members := x.product(p, i, j); members != nil {
				return members, []uint16{uint16(i), uint16(j)}
			}
		}
	}
	return nil, nil
}

// product gives the templates that have the values of places i and j combined,
// when at least half of the pairs are there.
func (x *index[S]) product(p *parsed, i, j int) []*Template[S] {
	rows, columns := x.slots[p.without(i, x.free)].members, x.slots[p.without(j, x.free)].members
	most := (len(rows) - 1) * (len(columns) - 1)
	if most < minPairs {
		return nil
	}
	left, right := x.added(rows, i), x.added(columns, j)
	rest := p.sum - p.adds[i] - p.adds[j]
	found := 0
	for _, l := range left {
		for _, r := range right {
			if l != p.adds[i] && r != p.adds[j] && x.exact[rest+l+r] != nil {
				found++
			}
		}
	}
	if found < minPairs || 2*found < most {
		return nil
	}
	var out []*Template[S]
	for _, l := range left {
		out = append(out, x.slots[rest+l+mix(x.free, uint64(j)<<1)].members...)
	}
	for _, r := range right {
		out = append(out, x.slots[rest+r+mix(x.free, uint64(i)<<1)].members...)
	}
	return out
}

// added gives what word i adds to the hash of each template.
func (x *index[S]) added(members []*Template[S], i int) []uint64 {
	out := make([]uint64, len(members))
	for k, t := range members {
		x.q.parse(x.seed, t.pattern)
		out[k] = x.q.adds[i]
	}
	return out
}
