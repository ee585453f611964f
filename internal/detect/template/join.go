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
	words int // that may differ
	said  int // of these, words that count as shared if they do not
}

type kin uint8

const (
	byStem  kin = iota // the same but for the digits in names
	byName             // but for the names
	byField            // but for the values of fields
	byList             // but for the number of items in lists
	byStart            // in what is between the words, and in the first of them
)

// vary makes word i one that may differ: then counts instead of its hash.
func (k *kinship) vary(p *parsed, i int, then uint64) {
	k.sum += mix(then, uint64(i)<<1) - p.adds[i]
	k.words++
	if said(p.word(i)) {
		k.said++
	}
}

// kinds gives the kinships of a pattern, valid until the next call.
func (x *index[S]) kinds(p *parsed) []kinship {
	out := x.kinships[:0]
	stems, names, fields := kinship{sum: p.sum + 1, kind: byStem}, kinship{sum: p.sum + 2, kind: byName}, kinship{sum: p.sum + 3, kind: byField}
	for i := range p.words {
		w := p.word(i)
		if w == lone {
			if p.field(i) {
				fields.words++
			}
			continue
		}
		if stem, ok := digitless(w); ok {
			stems.vary(p, i, maphash.String(x.seed, stem))
		}
		if g := looks(w); i > 0 && g >= gainName {
			names.vary(p, i, x.free)
			names.gain = max(names.gain, g)
		}
		if p.field(i) {
			fields.vary(p, i, x.free)
			fields.gain = gainField
		}
	}
	if stems.words > 0 {
		out = append(out, stems)
	}
	if names.words > 1 {
		out = append(out, names)
	}
	if fields.words > 1 {
		out = append(out, fields)
	}
	if strings.IndexByte(p.pattern, mark) >= 0 {
		lists := kinship{sum: p.sum + 4, kind: byList}
		if condense(p, &x.c) {
			x.r.parse(x.seed, x.c.pattern)
			lists.sum = x.r.sum + 4
		}
		out = append(out, lists)
	}
	if len(p.words) > minSentence {
		out = append(out, kinship{sum: p.gaps + p.adds[0] + 5, kind: byStart})
	}
	x.kinships = out
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
	var alike []*Template[S] // that start as t does; they are looked at last
	for _, k := range x.kinds(p) {
		s := x.kin[k.sum]
		if len(s.members) < 2 {
			continue
		}
		switch {
		case k.kind == byStart:
			alike = s.members
		case shared == k.said:
		case k.kind == byList:
			return s.members, nil
		case k.kind == byStem, enough(s.gain, shared-k.said):
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
		if sure := x.exact[sum]; sure != nil && len(members) > 0 && x.own(sure, sum) {
			gain += gainValue
			members = append(slices.Clip(members), sure)
		}
		if len(members) > 1 && enough(gain, shared-own) {
			return members, x.differing(members)
		}
	}
	return x.sentences(t, alike, shared)
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
