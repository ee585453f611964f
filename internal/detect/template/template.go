// Package template finds the statements that wrote a stream of log messages:
// lines that differ only in what was filled in share a template. It needs no
// setting per log format, sees every line once and keeps bounded state.
//
// A message is scanned once. What is certainly a value by the way it is
// written (a number, an address, a path) becomes a placeholder at once; the
// masked line is looked up as it is, which is all that happens for a line whose
// shape is known. A word that only turns out to be a value because others take
// its place is found by evidence: templates that differ in that word alone
// become one. See docs/logs.md.
package template

import (
	"fmt"
	"hash/fnv"
	"time"
)

// ID names a template. It is derived from the template's text alone, so that
// every worker gives the same text the same id.
type ID uint64

// String returns 16 hexadecimal digits.
func (id ID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

// idOf derives the id from a text.
func idOf(text string) ID {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // a hash never fails
	return ID(h.Sum64())
}

// Options are what a miner's owner may choose. The zero value is usable.
type Options[S any] struct {
	// Limit is how many templates are kept; 0 means DefaultLimit.
	Limit int
	// Join adds one template's state to another's when the two become one; nil
	// drops the state that is joined.
	Join func(into, from *S)
	// Clean is a redactor. It is given the message that makes a new template,
	// cut to 16 KiB. Constant words that it changes become placeholders, as
	// does what was cut off, so that a template never holds a secret. Nil keeps
	// every word.
	Clean func(string) string
	// Gone is told of templates that were evicted; may be nil.
	Gone func(*Template[S])
}

// Template is a statement that writes log lines, with its owner's state.
type Template[S any] struct {
	Count       int64     // lines
	First, Last time.Time // of its lines' event times; zero when they have none
	State       S

	id      ID
	text    string   // placeholders as <*>
	pattern string   // the same with mark for a placeholder
	free    []uint16 // words of the pattern, by number, that were found to be values by evidence
	forms   []form   // that lines can have besides
	cost    int      // in bytes, see makeRoom
	gone    bool     // evicted or joined to another; shapes that still point here are stale
}

// ID returns the id, which changes when the template generalises.
func (t *Template[S]) ID() ID { return t.id }

// Text returns the text with <*> for every placeholder and single blanks for
// white space.
func (t *Template[S]) Text() string { return t.text }

// seen counts a line.
func (t *Template[S]) seen(at time.Time) {
	t.Count++
	if at.IsZero() {
		return
	}
	if t.First.IsZero() || at.Before(t.First) {
		t.First = at
	}
	if at.After(t.Last) {
		t.Last = at
	}
}

// absorb adds another template's lines.
func (t *Template[S]) absorb(from *Template[S], join func(into, from *S)) {
	t.Count += from.Count
	if !from.First.IsZero() && (t.First.IsZero() || from.First.Before(t.First)) {
		t.First = from.First
	}
	if from.Last.After(t.Last) {
		t.Last = from.Last
	}
	if join != nil {
		join(&t.State, &from.State)
	}
}

// Match is what Add found.
type Match[S any] struct {
	Template *Template[S]
	// Fresh tells that the line made a template that was not there before. A
	// line whose template joins others at once is not fresh.
	Fresh bool
	// Params are the values in the order of the template's placeholders. They
	// are valid until the next Add.
	Params []Param
}

// Stats counts what a miner holds and did.
type Stats struct {
	Templates int   // kept now
	Aliases   int   // ids that lead to another template
	Shapes    int   // masked lines that are remembered
	Lines     int64 // since New
	Joined    int64 // templates that became part of another
	Evicted   int64 // templates forgotten for lack of room
}
