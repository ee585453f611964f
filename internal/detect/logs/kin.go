package logs

import (
	"strings"

	"firebreak/internal/detect/template"
)

// A value that a parameter never had can also look so different from the others
// that the line becomes a template of its own: a name where there were addresses.
// Such a template differs from one that is known well in a single word, and that
// word is the name of something: a host, a path, a version. Plain words in the same
// place are other statements.

// odd is what a template with such a word remembers.
type odd struct {
	Word  uint64      `json:"word"`  // hash
	Proof float64     `json:"proof"` // nats of evidence that a line with it is
	Kin   template.ID `json:"kin"`   // the template that is known well
	At    int         `json:"at"`    // which word it is, from 1
}

const (
	kinLines = 300 // of a template that is known well
	maxLooks = 60  // for kin of a new template, in a minute
	maxWords = 60  // of a template that is compared
)

// kin looks whether a new template is another one with a name that is new. One that
// is not is what it was: a new template.
func (g *Group) kin(t *mined) {
	if g.Looks++; g.Looks > maxLooks {
		return
	}
	g.settle()
	words := strings.Fields(t.Text())
	if len(words) < 3 || len(words) > maxWords {
		return
	}
	var room [maxWords]string
	for _, k := range g.live {
		if k == t || k.Count < kinLines || k.State.Watch == nil || t.First.Sub(k.First) < namesAge*60e9 {
			continue
		}
		at, ok := apart(words, k.Text(), room[:0])
		if !ok {
			continue
		}
		names := k.State.Watch.place(at, k)
		now := g.line.at / minute
		names.N = uint32(min(k.Count, 1<<31))
		if names.judges(now) && !g.own(words[at-1]) {
			t.State.Odd = &odd{Word: hash(words[at-1]), Proof: names.proof(), Kin: k.ID(), At: at}
		}
		names.know(hash(words[at-1]), now, 0.5)
		return
	}
}

// apart finds the one word in which two templates differ, from 1, when it is a
// name in both.
func apart(words []string, text string, room []string) (at int, ok bool) {
	other := room
	for w := range strings.FieldsSeq(text) {
		if len(other) == len(words) {
			return 0, false
		}
		other = append(other, w)
	}
	if len(other) != len(words) {
		return 0, false
	}
	for i := range words {
		if words[i] == other[i] {
			continue
		}
		if at != 0 || !named(words[i]) || !named(other[i]) {
			return 0, false
		}
		at = i + 1
	}
	return at, at != 0
}

// named tells whether a word is the name of something, by its marks and digits.
func named(word string) bool { return strings.ContainsAny(word, "0123456789.:/<_@") }

// place is what is known of the names in one place of a template.
func (w *watch) place(at int, k *mined) *Names {
	for i := range w.Places {
		if w.Places[i].At == at {
			return &w.Places[i].Names
		}
	}
	since := k.First.UnixNano() / minute
	w.Places = append(w.Places, place{At: at, Names: Names{Since: since, BornAt: since, Known: []name{{Hash: 1, Count: kinLines}}}})
	return &w.Places[len(w.Places)-1].Names
}

// place is a word of a template in which others were seen.
type place struct {
	At    int   `json:"at"` // from 1
	Names Names `json:"names"`
}

// oddLine takes a line with a name that is new in its place.
func (g *Group) oddLine(t *mined) {
	o, now := t.State.Odd, g.line.at
	if now-t.First.UnixNano() > candMost {
		t.State.Odd = nil
		return
	}
	if s, told := g.strangeName(o.Word, o.Proof); told {
		if k, ok := g.miner.Find(o.Kin); ok {
			s.Rule = g.oddName(k, t, s, o.At)
		}
	}
}
