package template

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// index finds the templates a pattern fits, and those that differ from one in
// a single word.
type index[S any] struct {
	seed  maphash.Seed
	free  uint64 // hash of a lone mark
	exact map[uint64]*Template[S]
	// sets are the sets of words that some template of so many words has
	// free; a pattern is looked up once with each of them.
	sets  map[int][]*freeSet
	slots map[uint64]slot[S] // by the hash with one word free
	kin   map[uint64]slot[S] // by the hash without what makes names different
	// Working memory.
	p, q, r  parsed
	c        condensed
	kinships []kinship
}

type freeSet struct {
	words []uint16
	used  int // by so many templates
}

// slot holds the templates that are the same but for one word, or one kind of
// words, and what their words weigh together.
type slot[S any] struct {
	gain    int
	members []*Template[S]
}

// maxSets bounds how many sets of free words the pattern of a line is tried
// with. A program has a handful for any number of words. Only wider, which no
// line waits for, tries all of them.
const maxSets = 256

// maxMembers bounds a slot. More would not be evidence for anything.
const maxMembers = 64

func newIndex[S any](seed maphash.Seed) index[S] {
	return index[S]{
		seed: seed, free: maphash.String(seed, string(rune(mark))), exact: map[uint64]*Template[S]{}, sets: map[int][]*freeSet{},
		slots: map[uint64]slot[S]{}, kin: map[uint64]slot[S]{},
	}
}

// find returns the template that a pattern fits: its own, the one with the
// fewest words free, or one that it fits once its lists are condensed.
func (x *index[S]) find(pattern string) *Template[S] {
	x.p.parse(x.seed, pattern)
	if t := x.fitting(&x.p); t != nil {
		return t
	}
	if condense(&x.p, &x.c) {
		x.q.parse(x.seed, x.c.pattern)
		return x.fitting(&x.q)
	}
	return nil
}

func (x *index[S]) fitting(p *parsed) *Template[S] {
	if t := x.exact[p.sum]; t != nil && (t.pattern == p.pattern || t.hasForm(p.pattern, nil)) {
		return t
	}
	sets := x.sets[len(p.words)]
	for _, set := range sets[:min(len(sets), maxSets)] {
		if t := x.freed(p, set); t != nil {
			return t
		}
	}
	return nil
}

// freed finds the template that has just these words free.
func (x *index[S]) freed(p *parsed, set *freeSet) *Template[S] {
	sum := p.sum
	for _, i := range set.words {
		sum += mix(x.free, uint64(i)<<1) - p.adds[i]
	}
	t := x.exact[sum]
	if t == nil {
		return nil
	}
	pattern := p.release(set.words)
	if slices.Equal(t.free, set.words) && t.pattern == pattern || t.hasForm(pattern, set.words) {
		return t
	}
	return nil
}

// own tells whether a hash is that of a template's own pattern, not of a form
// of it, which has other words.
func (x *index[S]) own(t *Template[S], sum uint64) bool {
	x.q.parse(x.seed, t.pattern)
	return x.q.sum == sum
}

// wider finds another template that a template's own pattern fits.
func (x *index[S]) wider(t *Template[S]) *Template[S] {
	p := &x.p
	p.parse(x.seed, t.pattern)
	for _, set := range x.sets[len(p.words)] {
		if into := x.freed(p, set); into != nil && into != t {
			return into
		}
	}
	return nil
}

func (x *index[S]) add(t *Template[S]) {
	p := &x.p
	for _, f := range t.forms {
		p.parse(x.seed, f.pattern)
		if x.exact[p.sum] == nil {
			x.exact[p.sum] = t
		}
		x.use(len(p.words), f.free, 1)
	}
	p.parse(x.seed, t.pattern)
	x.exact[p.sum] = t
	x.use(len(p.words), t.free, 1)
	x.file(p, t, put)
}

func (x *index[S]) remove(t *Template[S]) {
	p := &x.p
	for _, f := range t.forms {
		p.parse(x.seed, f.pattern)
		if x.exact[p.sum] == t {
			delete(x.exact, p.sum)
		}
		x.use(len(p.words), f.free, -1)
	}
	p.parse(x.seed, t.pattern)
	if x.exact[p.sum] == t {
		delete(x.exact, p.sum)
	}
	x.use(len(p.words), t.free, -1)
	x.file(p, t, take)
}

// file does the same with every slot that a template belongs in: put or take.
// p is its own pattern.
func (x *index[S]) file(p *parsed, t *Template[S], do func(slots map[uint64]slot[S], sum uint64, t *Template[S], gain int)) {
	for i := range p.words {
		if p.word(i) != lone {
			do(x.slots, p.without(i, x.free), t, p.gain(i))
		}
	}
	for _, k := range x.kinds(p) {
		do(x.kin, k.sum, t, k.gain)
	}
}

func put[S any](slots map[uint64]slot[S], sum uint64, t *Template[S], gain int) {
	s := slots[sum]
	if len(s.members) < maxMembers {
		s.gain += gain
		s.members = append(s.members, t)
		slots[sum] = s
	}
}

func take[S any](slots map[uint64]slot[S], sum uint64, t *Template[S], gain int) {
	s := slots[sum]
	at := slices.Index(s.members, t)
	switch {
	case at < 0:
	case len(s.members) == 1:
		delete(slots, sum)
	default:
		s.gain -= gain
		s.members = slices.Delete(s.members, at, at+1)
		slots[sum] = s
	}
}

// use counts the templates with a set of free words. Sets with fewer words
// come first, so that a pattern goes to the most particular template.
func (x *index[S]) use(words int, free []uint16, by int) {
	if len(free) == 0 {
		return
	}
	sets := x.sets[words]
	at, found := slices.BinarySearchFunc(sets, free, func(s *freeSet, f []uint16) int {
		return cmp.Or(cmp.Compare(len(s.words), len(f)), slices.Compare(s.words, f))
	})
	if !found {
		sets = slices.Insert(sets, at, &freeSet{words: slices.Clone(free)})
	}
	if sets[at].used += by; sets[at].used <= 0 {
		sets = slices.Delete(sets, at, at+1)
	}
	if len(sets) == 0 {
		delete(x.sets, words)
		return
	}
	x.sets[words] = sets
}
