package logs

import (
	"slices"
	"strings"
)

// strange is a name that lines have in a place where others were known: as a
// parameter, or as a word that made the line another template. Several templates
// can have it, and each of their lines is evidence.
type strange struct {
	Word  uint64  `json:"word"`           // hash
	Proof float64 `json:"proof"`          // nats
	Count int     `json:"count"`          // lines
	First int64   `json:"first"`          // ns
	Last  int64   `json:"last"`           // ns
	Bent  int64   `json:"bent"`           // ns, of the latest line that was evidence
	Rule  string  `json:"rule,omitempty"` // under which it was told of, while that is not over
}

const (
	maxStrange   = 16
	strangeApart = 2 * second // lines that are evidence: what comes at once is one event
	strangeKnown = 60         // minutes after which a value is known
	ownLeast     = 4          // bytes of a name that is looked for in a stream's
	writerLeast  = 4          // templates with fields
	writerShare  = 4.0 / 5    // of them that have a field which says who writes
)

// strangeBar is the evidence that a new name needs.
func strangeBar(b *Bars) float64 { return valueBar * b.Evidence * b.Value }

// strangeName takes a line with a name that is new and worth so many nats. The
// result is nil when there is no room for it, and told when it is time to speak.
func (g *Group) strangeName(word uint64, proof float64) (s *strange, told bool) {
	now, bar := g.line.at, strangeBar(g.line.bars)
	if s = g.strangeOf(word, now); s == nil {
		return nil, false
	}
	s.Count++
	s.Last = max(s.Last, now)
	if now-s.Bent >= strangeApart || s.Proof == 0 {
		// However long it was known, one line alone can be a slip.
		s.Proof, s.Bent = s.Proof+min(proof, 0.99*bar), now
	}
	return s, s.Rule == "" && s.Proof >= bar
}

// strangeOf finds a name among those that are new, or makes room for it.
func (g *Group) strangeOf(word uint64, now int64) *strange {
	for i := range g.Strange {
		if s := &g.Strange[i]; s.Word == word {
			if s.Rule == "" && now-s.Last > candMost {
				*s = strange{Word: word, First: now}
			}
			return s
		}
	}
	if len(g.Strange) == maxStrange {
		untold := slices.IndexFunc(g.Strange, func(s strange) bool { return s.Rule == "" })
		if untold < 0 {
			return nil
		}
		g.Strange = slices.Delete(g.Strange, untold, untold+1)
	}
	g.Strange = append(g.Strange, strange{Word: word, First: now})
	return &g.Strange[len(g.Strange)-1]
}

// strangeOver ends the episodes of names that do not come any more.
func (g *Group) strangeOver(now int64) {
	g.Strange = slices.DeleteFunc(g.Strange, func(s strange) bool {
		over := s.Rule != "" && now-s.Last >= valueCalm*minute
		if over {
			g.found = append(g.found, Finding{Rule: s.Rule, State: Ends, Last: s.Last})
		}
		return over
	})
}

// name takes a parameter's value that it never had, or that an episode is open for.
func (g *Group) name(p *parameter, field bool, value string) {
	m, now, word := p.Names, g.line.at, hash(value)
	if m.On == word {
		if s := g.strangeOf(word, now); s != nil {
			s.Count++
			s.Last = max(s.Last, now)
		}
		return
	}
	s, told := g.strangeName(word, m.proof())
	switch {
	case s == nil:
		m.know(word, now/minute, 1)
		m.Cand = 0
	case s.Rule != "":
		m.tell(word, now) // by another template
	case !told:
	case field && g.writes(p.Name):
		*m = Names{Many: true} // hosts come and go
	case field && g.elsewhere(p.Name, word, now/minute), !field && !named(value), g.own(value):
		m.know(word, now/minute, 1)
		m.Cand = 0
	default:
		m.tell(word, now)
		s.Rule = g.newName(p, s)
	}
}

// own tells whether a value, which can have placeholders in it, is part of the name
// of the stream that it comes in: then it says who writes, and who does comes and
// goes.
func (g *Group) own(value string) bool {
	least := ownLeast
	rest := g.line.stream
	for part := range strings.SplitSeq(value, hole) {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		rest, least = after, least-len(part)
	}
	return least <= 0
}

// writes tells whether a field says who writes, and not what happened: when nearly
// all lines that have fields have it, or when it takes ever new values in some.
func (g *Group) writes(field string) bool {
	g.settle()
	all, have := 0, 0
	for _, t := range g.live {
		if t.State.Watch == nil || len(t.State.Watch.Values.Fields) == 0 {
			continue
		}
		all++
		if p := t.State.Watch.Values.find(field); p != nil {
			have++
			if p.Names != nil && (p.Names.Many || p.Names.Churn >= mostChurn) {
				return true
			}
		}
	}
	return all >= writerLeast && float64(have) >= writerShare*float64(all)
}

// elsewhere tells whether a field has had a value for some time in other templates.
func (g *Group) elsewhere(field string, word uint64, now int64) bool {
	for _, t := range g.live {
		if t.State.Watch == nil {
			continue
		}
		p := t.State.Watch.Values.find(field)
		if p == nil || p.Names == nil {
			continue
		}
		at := slices.IndexFunc(p.Names.Known, func(n name) bool { return n.Hash == word })
		if at >= 0 && (at < len(p.Names.Known)-1 || now-p.Names.BornAt >= strangeKnown) {
			return true
		}
	}
	return false
}

// find finds a field by its name.
func (v *Values) find(field string) *parameter {
	for i := range v.Fields {
		if v.Fields[i].Name == field {
			return &v.Fields[i]
		}
	}
	return nil
}
