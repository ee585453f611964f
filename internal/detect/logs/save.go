package logs

import (
	"errors"
	"fmt"

	"firebreak/internal/detect/fold"
	"firebreak/internal/detect/template"
)

// Saved is some of a group's templates.
type Saved struct {
	Templates template.Saved[Shape] `json:"templates"`
	Traces    fold.Saved            `json:"traces"` // that are not complete; of the first part only
}

// Add appends what follows.
func (s *Saved) Add(more Saved) {
	s.Templates.Templates = append(s.Templates.Templates, more.Templates.Templates...)
	s.Templates.Aliases = append(s.Templates.Aliases, more.Templates.Aliases...)
}

// Save returns the group's templates in parts of about so many bytes. They share
// their states with the group, so that they have to be encoded before its next
// line.
func (g *Group) Save(bytes int) []Saved {
	all := g.miner.Save()
	var parts []Saved
	part, size := Saved{Templates: template.Saved[Shape]{Version: all.Version}}, 0
	cut := func() {
		parts = append(parts, part)
		part, size = Saved{Templates: template.Saved[Shape]{Version: all.Version}}, 0
	}
	for _, t := range all.Templates {
		part.Templates.Templates = append(part.Templates.Templates, t)
		if size += len(t.Pattern) + t.State.size(); size >= bytes {
			cut()
		}
	}
	for _, a := range all.Aliases {
		part.Templates.Aliases = append(part.Templates.Aliases, a)
		if size += aliasSize; size >= bytes {
			cut()
		}
	}
	cut()
	parts[0].Traces = g.folder.Save()
	return parts
}

// Sizes of what is written, at most, in bytes.
const (
	aliasSize = 20
	shapeSize = 700
	watchSize = 2500
	valueSize = 700
)

// size is about how many bytes a state is written in.
func (s *Shape) size() int {
	n := shapeSize
	if w := s.Watch; w != nil {
		n += watchSize + valueSize*(len(w.Values.Params)+len(w.Values.Fields))
	}
	return n
}

// Load gives a group that was read back the templates that were saved of it, or of
// it by several. What it lacks otherwise is as in a new group.
func (g *Group) Load(saved ...Saved) error {
	var all []template.Saved[Shape]
	var open []fold.Saved
	for i := range saved {
		for j := range saved[i].Templates.Templates {
			if err := saved[i].Templates.Templates[j].State.check(); err != nil {
				return fmt.Errorf("load templates of a log group: %w", err)
			}
		}
		all, open = append(all, saved[i].Templates), append(open, saved[i].Traces)
	}
	if err := g.folder.Load(open...); err != nil {
		return fmt.Errorf("load stack traces of a log group: %w", err)
	}
	if err := g.miner.Load(all...); err != nil {
		return fmt.Errorf("load templates of a log group: %w", err)
	}
	g.settled = false
	return nil
}

var errOdd = errors.New("it holds numbers that no log group comes to")

// check refuses what no group has written, as far as going on depends on it.
func (s *Shape) check() error {
	if s.Fresh != nil && s.Fresh.Gravity > grave || s.Rank > dying {
		return errOdd
	}
	w := s.Watch
	if w == nil {
		return nil
	}
	if err := w.Rate.check(); err != nil {
		return err
	}
	if len(w.Values.Params) > maxParams || len(w.Values.Fields) > maxFields || len(w.Places) > maxWords {
		return errOdd
	}
	for i := range w.Places {
		if len(w.Places[i].Names.Known) > maxNames {
			return errOdd
		}
	}
	for _, list := range [][]parameter{w.Values.Params, w.Values.Fields} {
		for i := range list {
			if n := list[i].Numbers; n != nil && n.Limit >= octaves {
				return errOdd
			}
			if k := list[i].Names; k != nil && len(k.Known) > maxNames {
				return errOdd
			}
		}
	}
	return nil
}

// Check refuses a group that no group has written.
func (g *Group) Check() error {
	for _, r := range []*Rate{&g.Flow, &g.Warns, &g.Errors, &g.Ratio} {
		if err := r.check(); err != nil {
			return err
		}
	}
	for _, t := range g.Traces {
		if t == nil || t.Fresh != nil && t.Fresh.Gravity > grave {
			return errOdd
		}
	}
	if len(g.Births) > maxBirths || len(g.Past) > maxPast || len(g.Traces) > maxTraces || len(g.Strange) > maxStrange {
		return errOdd
	}
	return nil
}
