package template

import "slices"

// form is a pattern, with words of it that are free, which lines of a template
// have although its own pattern does not show it: that of a template that was
// condensed after words of its lists had been found to be values, or that of the
// line that made a template, when nothing else leads there once it was joined.
type form struct {
	pattern string
	free    []uint16
}

// maxForms bounds the forms of a template.
const maxForms = 8

// hasForm tells whether a pattern is one of the template's forms.
func (t *Template[S]) hasForm(pattern string, free []uint16) bool {
	for _, f := range t.forms {
		if f.pattern == pattern && slices.Equal(f.free, free) {
			return true
		}
	}
	return false
}

// learn adds forms to a template, as far as there is room.
func (m *Miner[S]) learn(t *Template[S], forms ...form) {
	var more []form
	for _, f := range forms {
		if len(t.forms)+len(more) < maxForms && f.pattern != t.pattern && !t.hasForm(f.pattern, f.free) {
			more = append(more, f)
		}
	}
	if len(more) == 0 {
		return
	}
	m.index.remove(t)
	t.forms = slices.Concat(t.forms, more)
	for _, f := range more {
		t.cost += costOfForm(f.pattern)
		m.cost += costOfForm(f.pattern)
	}
	m.index.add(t)
	m.changes++
}
