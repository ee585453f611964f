package template

import "hash/maphash"

// lone is a word that is a placeholder and nothing else.
var lone = string(rune(mark))

// kinship is one way in which a template can be like others in several words.
type kinship struct {
	sum   uint64
	gain  int
	sure  bool // two are enough
	words []uint16
}

// kinds gives the hash of a pattern without the digits in its names, and the
// one without its names.
func (x *index[S]) kinds(p *parsed) []kinship {
	var out []kinship
	stems, names := kinship{sum: p.sum + 1, sure: true}, kinship{sum: p.sum + 2}
	for i := range p.words {
		w := p.word(i)
		if w == lone {
			continue
		}
		if stem, ok := digitless(w); ok {
			stems.sum += mix(maphash.String(x.seed, stem), uint64(i)<<1) - p.adds[i]
			stems.words = append(stems.words, uint16(i))
			stems.gain += gainField
		}
		if i > 0 && looks(w, ' ') >= gainName {
			names.sum += mix(x.free, uint64(i)<<1) - p.adds[i]
			names.words = append(names.words, uint16(i))
			names.gain = gainName
		}
	}
	if len(stems.words) > 0 {
		out = append(out, stems)
	}
	if len(names.words) > 1 {
		out = append(out, names)
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
		t = m.unite(members, free)
	}
	return t
}

// kindred looks for templates that are one with t, and gives the words that
// become free. Nothing is found when t is best left alone.
func (m *Miner[S]) kindred(t *Template[S]) ([]*Template[S], []uint16) {
	x, p := &m.index, &m.index.p
	p.parse(x.seed, t.pattern)
	shared := 0
	for i := range p.words {
		if said(p.word(i)) {
			shared++
		}
	}
	for _, k := range x.kinds(p) {
		s := x.kin[k.sum]
		own := 0
		for _, i := range k.words {
			if said(p.word(int(i))) {
				own++
			}
		}
		if len(s.members) > 1 && (k.sure && shared > own || enough(s.gain, shared-own, false)) {
			return s.members, x.differing(s.members, k.words)
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
			members = append(members[:len(members):len(members)], sure)
		}
		if len(members) > 1 && enough(gain, shared-own, i == 0) {
			if w == lone {
				// The words of the others are not where this one's is: they
				// are found by taking the pattern of t.
				return members, x.differing(members, x.all(p))
			}
			return members, []uint16{uint16(i)}
		}
	}
	return nil, nil
}

func (x *index[S]) all(p *parsed) []uint16 {
	out := make([]uint16, len(p.words))
	for i := range out {
		out[i] = uint16(i)
	}
	return out
}

// differing gives those of the words that are not the same in all members.
func (x *index[S]) differing(members []*Template[S], words []uint16) []uint16 {
	first, other := parsed{}, parsed{}
	first.parse(x.seed, members[0].pattern)
	differ := make([]bool, len(first.words))
	for _, t := range members[1:] {
		other.parse(x.seed, t.pattern)
		for _, i := range words {
			if int(i) < len(first.words) && int(i) < len(other.words) && first.word(int(i)) != other.word(int(i)) {
				differ[i] = true
			}
		}
	}
	var out []uint16
	for _, i := range words {
		if int(i) < len(differ) && differ[i] {
			out = append(out, i)
		}
	}
	return out
}

// unite makes one template of several by freeing words.
func (m *Miner[S]) unite(members []*Template[S], free []uint16) *Template[S] {
	members = append([]*Template[S](nil), members...)
	for _, t := range members {
		free = union(free, t.free)
	}
	p := &m.index.p
	p.parse(m.index.seed, members[0].pattern)
	into, _ := m.link(p.release(free), free)
	for _, t := range members {
		if t != into && !t.gone {
			m.join(into, t)
		}
	}
	return into
}

// Settle does the joins that are only certain at the end of an input. It may
// be called at any time.
func (m *Miner[S]) Settle() {
	for _, id := range m.ids() {
		if t, ok := m.templates[id]; ok {
			m.generalise(t)
		}
	}
}

// clean makes the words of a new pattern free that the redactor would change.
func (m *Miner[S]) clean(pattern string) (string, []uint16) { return pattern, nil }
