package template

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// kinship is one way in which a template can be like others in several words.
type kinship struct {
	sum   uint64
	gain  int
	kind  kin
	words []uint16 // that may differ
}

type kin uint8

const (
	byStem  kin = iota // the same but for the digits in names
	byName             // but for the names
	byField            // but for the values of fields
	byList             // but for the number of items in lists
)

// kinds gives the kinships of a pattern.
func (x *index[S]) kinds(p *parsed) []kinship {
	var out []kinship
	stems, names, fields := kinship{sum: p.sum + 1, kind: byStem}, kinship{sum: p.sum + 2, kind: byName}, kinship{sum: p.sum + 3, kind: byField}
	for i := range p.words {
		w := p.word(i)
		if w == lone {
			if p.field(i) {
				fields.words = append(fields.words, uint16(i))
			}
			continue
		}
		if stem, ok := digitless(w); ok {
			stems.sum += mix(maphash.String(x.seed, stem), uint64(i)<<1) - p.adds[i]
			stems.words = append(stems.words, uint16(i))
		}
		if g := looks(w); i > 0 && g >= gainName {
			names.sum += mix(x.free, uint64(i)<<1) - p.adds[i]
			names.words = append(names.words, uint16(i))
			names.gain = max(names.gain, g)
		}
		if p.field(i) {
			fields.sum += mix(x.free, uint64(i)<<1) - p.adds[i]
			fields.words = append(fields.words, uint16(i))
			fields.gain = gainField
		}
	}
	if len(stems.words) > 0 {
		out = append(out, stems)
	}
	if len(names.words) > 1 {
		out = append(out, names)
	}
	if len(fields.words) > 1 {
		out = append(out, fields)
	}
	c := condensed{}
	sum := p.sum
	if condense(p, &c) {
		q := parsed{}
		q.parse(x.seed, c.pattern)
		sum = q.sum
	}
	if strings.IndexByte(p.pattern, mark) >= 0 {
		out = append(out, kinship{sum: sum + 4, kind: byList})
	}
	return out
}

// generalise joins a new template with those it differs from in one word, or
// in the names it has, when these have turned out to be values.
func (m *Miner[S]) generalise(t *Template[S]) *Template[S] {
	for range maxWords {
		members, free := m.kindred(t)
		if len(members) == 0 {
			return t
		}
		into, joined := m.unite(members, free)
		if !joined {
			return t
		}
		t = into
	}
	return t
}

// kindred looks for templates that are one with t, and gives the words that
// become free. Nothing is found when t is best left alone.
func (m *Miner[S]) kindred(t *Template[S]) ([]*Template[S], []uint16) {
	x, p := &m.index, &m.index.p
	p.parse(x.seed, t.pattern)
	shared := p.said()
	for _, k := range x.kinds(p) {
		s := x.kin[k.sum]
		if len(s.members) < 2 {
			continue
		}
		own := 0
		for _, i := range k.words {
			if said(p.word(int(i))) {
				own++
			}
		}
		switch {
		case shared == own:
		case k.kind == byList:
			return s.members, nil
		case k.kind == byStem, enough(s.gain, shared-own):
			return s.members, x.differing(s.members)
		}
	}
	for i := range p.words {
		w := p.word(i)
		own := 0
		if said(w) {
			own = 1
		}
		sum := p.sum
		if w != lone {
			sum = p.without(i, x.free)
		}
		s := x.slots[sum]
		gain, members := s.gain, s.members
		if sure := x.exact[sum]; sure != nil && len(members) > 0 {
			gain += gainValue
			members = append(slices.Clip(members), sure)
		}
		if len(members) > 1 && enough(gain, shared-own) {
			return members, x.differing(members)
		}
	}
	return nil, nil
}

// differing gives the words that are not the same in all members.
func (x *index[S]) differing(members []*Template[S]) []uint16 {
	first, other := &x.q, &x.r
	first.parse(x.seed, members[0].pattern)
	differ := make([]bool, len(first.words))
	for _, t := range members[1:] {
		other.parse(x.seed, t.pattern)
		for i := range min(len(first.words), len(other.words)) {
			differ[i] = differ[i] || first.own[i] != other.own[i]
		}
	}
	var out []uint16
	for i, d := range differ {
		if d {
			out = append(out, uint16(i))
		}
	}
	return out
}

// unite makes one template of several by freeing words, or, without any, by
// condensing their lists. It tells whether there was anything to join.
func (m *Miner[S]) unite(members []*Template[S], free []uint16) (_ *Template[S], joined bool) {
	members = slices.Clone(members)
	// Their order is that in which they came, which a saved miner forgets.
	slices.SortFunc(members, func(a, b *Template[S]) int { return cmp.Compare(a.id, b.id) })
	x := &m.index
	condensing := len(free) == 0
	patterns := make([]string, len(members))
	for k, t := range members {
		x.p.parse(x.seed, t.pattern)
		if !condensing {
			free = union(free, t.free)
			continue
		}
		patterns[k] = t.pattern
		own := t.free
		if condense(&x.p, &x.c) {
			patterns[k], own = x.c.pattern, x.c.free(t.free)
		}
		free = union(free, own)
	}
	if !condensing {
		for k, t := range members {
			x.p.parse(x.seed, t.pattern)
			patterns[k] = x.p.release(free)
		}
	}
	into, _ := m.link(patterns[0], free)
	for k, t := range members {
		// All patterns are the same, unless two hashes are.
		if t != into && !t.gone && patterns[k] == patterns[0] {
			forms := t.forms
			if condensing && len(t.free) > 0 {
				forms = append(slices.Clip(forms), form{t.pattern, t.free})
			}
			m.join(into, t)
			m.learn(into, forms...)
			joined = true
		}
	}
	return into, joined
}

// Settle does the joins that are only certain at the end of an input: templates
// that fit a more general one which came to be after them. It may be called at
// any time.
func (m *Miner[S]) Settle() {
	for _, id := range m.ids() {
		t, ok := m.templates[id]
		if !ok {
			continue
		}
		if into := m.index.wider(t); into != nil {
			m.join(into, t)
			continue
		}
		m.generalise(t)
	}
	// Where a place takes ever more values, that shows by itself in time; what
	// is left are places with few values each.
	for _, id := range m.ids() {
		if t, ok := m.templates[id]; ok {
			if members, free := m.index.combined(t); len(members) > 0 {
				if into, joined := m.unite(members, free); joined {
					m.generalise(into)
				}
			}
		}
	}
}
