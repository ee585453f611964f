package template

import (
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"time"
)

// DefaultLimit is how many templates a miner keeps unless told otherwise.
const DefaultLimit = 10_000

// Miner finds templates. It is not safe for concurrent use.
type Miner[S any] struct {
	options   Options[S]
	templates map[ID]*Template[S]
	aliases   aliases // ids of templates that were joined to others
	cost      int     // of all templates, see makeRoom
	shapes    map[string]shape[S]
	shapeSize int    // what shapes cost, see shapeCost
	changes   uint32 // counts what may change where a shape belongs
	index     index[S]
	scan      scanner
	params    []Param // of the latest line, when words are among them
	stats     Stats
}

// shape is where lines go that look the same once they are masked.
type shape[S any] struct {
	template *Template[S]
	changes  uint32 // the miner's when this was found out
	as       *reading
}

// maxShapeSize bounds the memory of masked lines that are remembered. They
// only save time: all of them can be forgotten at any moment.
const maxShapeSize = 4 << 20

// New returns an empty miner.
func New[S any](o Options[S]) *Miner[S] {
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	return &Miner[S]{
		options: o, templates: map[ID]*Template[S]{}, aliases: newAliases(aliasShare * o.Limit), shapes: map[string]shape[S]{},
		index: newIndex[S](maphash.MakeSeed()),
	}
}

// Add counts a message at its event time and tells its template. The message
// must not change until the next Add: parameters are slices of it.
func (m *Miner[S]) Add(message string, at time.Time) Match[S] {
	m.stats.Lines++
	m.scan.mask(message)
	s, known := m.shapes[string(m.scan.out)]
	if !known || s.changes != m.changes || s.template.gone {
		s = m.place(string(m.scan.out))
	}
	fresh := s.template.Count == 0
	s.template.seen(at)
	return Match[S]{Template: s.template, Fresh: fresh, Params: m.read(s.as, message)}
}

// place finds the template of a shape that is not known, or whose template may
// not be the right one any more, or makes one.
func (m *Miner[S]) place(pattern string) shape[S] {
	t := m.index.find(pattern)
	if t == nil {
		t = m.create(pattern)
	}
	s := shape[S]{template: t, changes: m.changes, as: m.index.reading(pattern, t)}
	if old, ok := m.shapes[pattern]; ok {
		m.shapeSize -= shapeCost(pattern, old.as)
	}
	cost := shapeCost(pattern, s.as)
	if m.shapeSize += cost; m.shapeSize > maxShapeSize {
		clear(m.shapes)
		m.shapeSize = cost
	}
	m.shapes[pattern] = s
	return s
}

// create makes a template of a pattern that none fits, and joins it to others
// where it can be.
func (m *Miner[S]) create(pattern string) *Template[S] {
	cleaned, free := m.clean(pattern)
	t, known := m.link(cleaned, free)
	if !known {
		m.makeRoom(t, m.options.Limit)
	}
	t = m.generalise(t)
	if t.pattern == pattern {
		return t
	}
	// The next line like it has to come to the same template, also when this
	// shape has been forgotten.
	switch found := m.index.find(pattern); {
	case found == nil && cleaned == pattern:
		m.learn(t, form{pattern: pattern})
	case found != nil && found != t:
		if t.Count == 0 {
			m.join(found, t)
		}
		return found
	}
	return t
}

// link makes a template known by its pattern and the words of it that were
// found to be values. When there is one with that text already, it is given
// back, with these words free as well.
func (m *Miner[S]) link(pattern string, free []uint16) (_ *Template[S], known bool) {
	text := write(pattern)
	id := idOf(text)
	if t, ok := m.templates[id]; ok {
		if more := union(t.free, free); len(more) > len(t.free) {
			m.index.remove(t)
			t.free = more
			m.index.add(t)
			m.changes++
		}
		return t, true
	}
	t := &Template[S]{id: id, text: text, pattern: pattern, free: free, cost: costOf(pattern, text)}
	m.aliases.remove(id)
	m.templates[id] = t
	m.cost += t.cost
	m.index.add(t)
	return t, false
}

// unlink forgets a template. Whatever led to it leads nowhere from now on.
func (m *Miner[S]) unlink(t *Template[S]) {
	t.gone = true
	m.index.remove(t)
	delete(m.templates, t.id)
	m.cost -= t.cost
}

// join makes one template part of another.
func (m *Miner[S]) join(into, from *Template[S]) {
	m.unlink(from)
	into.absorb(from, m.options.Join)
	m.aliases.add(from.id, into.id)
	m.changes++
	m.stats.Joined++
}

// Find returns the template of an id, also of one that has since become part
// of another template.
func (m *Miner[S]) Find(id ID) (*Template[S], bool) {
	for range maxAliasSteps {
		if t, ok := m.templates[id]; ok {
			return t, true
		}
		next, ok := m.aliases.next(id)
		if !ok {
			return nil, false
		}
		id = next
	}
	return nil, false
}

// maxAliasSteps bounds how often a template can have generalised: no more
// often than it has words.
const maxAliasSteps = maxWords + 1

// Templates goes through the templates by id.
func (m *Miner[S]) Templates() iter.Seq[*Template[S]] {
	return func(yield func(*Template[S]) bool) {
		for _, id := range m.ids() {
			if t, ok := m.templates[id]; ok && !yield(t) {
				return
			}
		}
	}
}

func (m *Miner[S]) ids() []ID {
	ids := make([]ID, 0, len(m.templates))
	for id := range m.templates {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Stats tells what the miner holds and did.
func (m *Miner[S]) Stats() Stats {
	s := m.stats
	s.Templates, s.Aliases, s.Shapes = len(m.templates), len(m.aliases.into), len(m.shapes)
	return s
}

// write turns a pattern into the text that people read.
func write(pattern string) string {
	return strings.TrimSpace(strings.ReplaceAll(pattern, string(rune(mark)), placeholder))
}

// union merges two sorted lists of words.
func union(a, b []uint16) []uint16 {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
