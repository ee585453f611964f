package template

import (
	"math"
	"time"
)

// savedVersion is raised with every change of what is saved or what it means.
const savedVersion = 1

// Saved is what a miner knows, to be encoded as CBOR. The same knowledge is
// always the same value. Masked lines that only save time are not part of it.
type Saved[S any] struct {
	_ struct{} `cbor:",toarray"`

	Version   int
	Templates []SavedTemplate[S] // by id, which follows from the pattern
	Aliases   []SavedAlias       // those that were made first come first
}

// SavedTemplate is one template.
type SavedTemplate[S any] struct {
	_ struct{} `cbor:",toarray"`

	Pattern     []byte   // the text with a zero byte for every placeholder
	Free        []uint16 // words of the pattern, by number, that were found to be values by evidence
	Forms       []SavedForm
	Count       int64 // lines, at least 1
	First, Last int64 // event times in nanoseconds since 1970, or both 0
	State       S     // the owner's; what it points to is not copied
}

// SavedForm is another pattern that lines of a template have.
type SavedForm struct {
	_ struct{} `cbor:",toarray"`

	Pattern []byte
	Free    []uint16
}

// SavedAlias says what became of a template.
type SavedAlias struct {
	_ struct{} `cbor:",toarray"`

	ID ID
	// Into counts templates from 0 and, after them, aliases: an alias leads to a
	// template, or to an alias that was made later.
	Into uint32
}

// Save returns what the miner knows. It shares states with the miner, so that
// it has to be encoded before the next line is added.
func (m *Miner[S]) Save() Saved[S] {
	ids := m.ids()
	out := Saved[S]{Version: savedVersion, Templates: make([]SavedTemplate[S], 0, len(ids))}
	place := make(map[ID]uint32, len(ids)+len(m.aliases.into))
	for i, id := range ids {
		place[id] = uint32(i)
		t := m.templates[id]
		out.Templates = append(out.Templates, SavedTemplate[S]{
			Pattern: []byte(t.pattern), Free: t.free, Forms: t.saveForms(), Count: t.Count, First: nanoseconds(t.First), Last: nanoseconds(t.Last), State: t.State,
		})
	}
	m.aliases.sweep(func(id ID) bool { return m.templates[id] != nil })
	order := m.aliases.oldest()
	for i, id := range order {
		if _, ok := m.templates[id]; !ok {
			place[id] = uint32(len(ids) + i)
		}
	}
	for _, id := range order {
		into, _ := m.aliases.next(id)
		out.Aliases = append(out.Aliases, SavedAlias{ID: id, Into: place[into]})
	}
	return out
}

func (t *Template[S]) saveForms() []SavedForm {
	var out []SavedForm
	for _, f := range t.forms {
		out = append(out, SavedForm{Pattern: []byte(f.pattern), Free: f.free})
	}
	return out
}

// nanoseconds writes a time as a number, the zero time as 0. Times that do not
// fit, before 1678 and after 2261, become the nearest that do.
func nanoseconds(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	case t.UnixNano() == 0:
		return 1
	}
	return t.UnixNano()
}

func timeOf(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
