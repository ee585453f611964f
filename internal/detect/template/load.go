package template

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Bounds on what is loaded, so that a state that was damaged, or made up, takes
// neither the memory nor the time.
const (
	maxSaved        = 1 << 20        // templates
	maxSavedPattern = 2 * maxPattern // bytes
	maxCount        = 1 << 53        // lines
)

// errSaved says that something is not what Save writes.
var errSaved = errors.New("it was not saved by this version, start without it")

// Load adds what miners saved to what this one knows. What several have in
// common is joined: counts add up, and a template is joined to one that another
// miner had generalised further. With a state that Save did not write nothing
// is loaded at all, and the error says which.
//
// A miner that was empty and loads one state gives further lines the templates
// that the saved one would have given them.
func (m *Miner[S]) Load(saved ...Saved[S]) error {
	for i := range saved {
		if err := saved[i].check(); err != nil {
			return fmt.Errorf("load templates, state %d of %d: %w", i+1, len(saved), err)
		}
	}
	alone := len(m.templates) == 0 && len(saved) < 2
	for i := range saved {
		for j := range saved[i].Templates {
			m.restore(&saved[i].Templates[j])
		}
	}
	for i := range saved {
		m.restoreAliases(&saved[i])
	}
	if !alone {
		m.reconcile()
	}
	m.changes++
	m.makeRoom(nil, m.options.Limit)
	return nil
}

// restore adds a template, or its lines to the one that is there.
func (m *Miner[S]) restore(s *SavedTemplate[S]) {
	t, known := m.link(string(s.Pattern), slices.Clone(s.Free))
	for _, f := range s.Forms {
		m.learn(t, form{string(f.Pattern), slices.Clone(f.Free)})
	}
	from := Template[S]{Count: s.Count, First: timeOf(s.First), Last: timeOf(s.Last), State: s.State}
	if !known {
		t.Count, t.First, t.Last, t.State = from.Count, from.First, from.Last, from.State
		return
	}
	t.absorb(&from, m.options.Join)
	t.Count = min(t.Count, maxCount)
}

// restoreAliases makes ids lead to where they led. An id that is a template's in
// another state has that template joined.
func (m *Miner[S]) restoreAliases(s *Saved[S]) {
	ids := s.ids()
	ends := make([]ID, len(ids)) // where the way of each ends
	copy(ends, ids[:len(s.Templates)])
	for i, a := range slices.Backward(s.Aliases) {
		ends[len(s.Templates)+i] = ends[a.Into]
	}
	for _, a := range s.Aliases {
		into, ok := m.Find(ends[a.Into])
		if !ok {
			continue
		}
		switch other, exists := m.Find(a.ID); {
		case !exists:
			m.aliases.add(a.ID, ids[a.Into])
		case other.id == a.ID && other != into:
			m.join(into, other)
		case other != into && moreLines(into, other):
			// Two generalised it in different ways.
			m.aliases.add(a.ID, ids[a.Into])
		}
	}
}

// moreLines tells which of two templates an id leads to that could lead to both.
func moreLines[S any](a, b *Template[S]) bool {
	return cmp.Or(cmp.Compare(a.Count, b.Count), cmp.Compare(b.id, a.id)) > 0
}

// reconcile joins what only turns out to be one by looking at several states
// together: a template that fits another one's, and templates that together
// are evidence enough.
func (m *Miner[S]) reconcile() {
	for _, id := range m.ids() {
		t := m.templates[id]
		m.index.remove(t)
		into := m.index.find(t.pattern)
		m.index.add(t)
		if into != nil {
			m.join(into, t)
		}
	}
	for _, id := range m.ids() {
		if t, ok := m.templates[id]; ok {
			m.generalise(t)
		}
	}
}

// ids gives the ids of all templates and after them of all aliases.
func (s *Saved[S]) ids() []ID {
	ids := make([]ID, 0, len(s.Templates)+len(s.Aliases))
	for i := range s.Templates {
		ids = append(ids, idOf(write(string(s.Templates[i].Pattern))))
	}
	for _, a := range s.Aliases {
		ids = append(ids, a.ID)
	}
	return ids
}

func (s *Saved[S]) check() error {
	switch {
	case s.Version != savedVersion:
		return fmt.Errorf("version %d is not %d, start without it", s.Version, savedVersion)
	case len(s.Templates) > maxSaved || len(s.Aliases) > aliasShare*maxSaved:
		return fmt.Errorf("%d templates and %d aliases: %w", len(s.Templates), len(s.Aliases), errSaved)
	}
	for i := range s.Templates {
		if err := s.Templates[i].check(); err != nil {
			return fmt.Errorf("template %d: %w", i, err)
		}
	}
	ids := s.ids()
	for i := 1; i < len(s.Templates); i++ {
		if ids[i] <= ids[i-1] {
			return fmt.Errorf("template %d is not in order: %w", i, errSaved)
		}
	}
	known := make(map[ID]bool, len(ids))
	for i, id := range ids {
		if known[id] {
			return fmt.Errorf("id %s is there twice: %w", id, errSaved)
		}
		known[id] = true
		if n := i - len(s.Templates); n >= 0 {
			if into := int(s.Aliases[n].Into); into >= len(ids) || into >= len(s.Templates) && into <= i {
				return fmt.Errorf("alias %d leads to %d: %w", n, into, errSaved)
			}
		}
	}
	return nil
}

func (t *SavedTemplate[S]) check() error {
	switch {
	case t.Count < 1 || t.Count > maxCount:
		return fmt.Errorf("%d lines: %w", t.Count, errSaved)
	case len(t.Forms) > maxForms:
		return fmt.Errorf("%d forms: %w", len(t.Forms), errSaved)
	case t.First > t.Last || (t.First == 0) != (t.Last == 0):
		return fmt.Errorf("first seen at %d and last at %d: %w", t.First, t.Last, errSaved)
	}
	for _, f := range t.Forms {
		if err := checkPattern(f.Pattern, f.Free); err != nil {
			return fmt.Errorf("a form: %w", err)
		}
	}
	return checkPattern(t.Pattern, t.Free)
}

func checkPattern(pattern []byte, free []uint16) error {
	if len(pattern) > maxSavedPattern {
		return fmt.Errorf("%d bytes: %w", len(pattern), errSaved)
	}
	for i, c := range pattern {
		if c != mark && c != ' ' && isSpace(c) || c == ' ' && (i == 0 || i == len(pattern)-1) {
			return fmt.Errorf("byte %d is %#02x: %w", i, c, errSaved)
		}
	}
	words := split(string(pattern), nil)
	for i, w := range free {
		if int(w) >= len(words) || i > 0 && w <= free[i-1] {
			return fmt.Errorf("free words %d of %d: %w", free, len(words), errSaved)
		}
		if word := words[w]; string(pattern[word.from:word.to]) != lone {
			return fmt.Errorf("word %d is free and has a text: %w", w, errSaved)
		}
	}
	return nil
}
