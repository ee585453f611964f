package template

import "strings"

// reading tells how the parameters of a template are found in a line of one
// shape. A nil reading takes the scanner's as they are.
type reading struct {
	steps []step
}

// step gives one parameter: the scanner's from first to last, with some bytes
// before and after them, or a word that is constant in this shape.
type step struct {
	first, last   int // first is negative for a word
	before, after int32
	word          string
}

// reading compares a shape with its template: the template's pattern is the
// shape's with some words free, perhaps after its lists were condensed.
func (x *index[S]) reading(pattern string, t *Template[S]) *reading {
	if t.pattern == pattern {
		return nil
	}
	var r reading
	q := &x.q
	words := x.align(pattern, t)
	q.parse(x.seed, t.pattern)
	if len(words) != len(q.words) {
		// Nothing tells which value is which.
		r.steps = make([]step, count(t.pattern))
		for i := range r.steps {
			r.steps[i].first = -1
		}
		return &r
	}
	marks, at := 0, int32(0)
	for i, w := range words {
		marks += count(pattern[at:w.from]) // what condensing left out
		at = w.to
		inside := count(pattern[w.from:w.to])
		if q.word(i) == lone {
			r.steps = append(r.steps, stepOf(pattern, w, marks, inside))
		} else {
			r.one(marks, inside)
		}
		marks += inside
	}
	// Beyond the last word that is looked at.
	r.one(marks, count(pattern[at:]))
	return &r
}

// one reads the scanner's parameters as they are, n of them from first.
func (r *reading) one(first, n int) {
	for k := range n {
		r.steps = append(r.steps, step{first: first + k, last: first + k})
	}
}

// align finds what each word of a template's pattern stands for in a shape.
func (x *index[S]) align(pattern string, t *Template[S]) []span {
	p, q, c := &x.p, &x.q, &x.c
	p.parse(x.seed, pattern)
	if p.frees(t.pattern, t.free) {
		return p.words
	}
	found := false
	if condense(p, c) {
		q.parse(x.seed, c.pattern)
		found = q.frees(t.pattern, t.free)
	}
	for i := 0; i < len(t.forms) && !found; i++ {
		if f := t.forms[i]; p.frees(f.pattern, f.free) {
			q.parse(x.seed, f.pattern)
			condense(q, c)
			found = len(c.last) > 0 && c.last[len(c.last)-1] < len(p.words)
		}
	}
	if !found {
		return nil
	}
	words := make([]span, len(c.first))
	for i := range words {
		words[i] = span{p.words[c.first[i]].from, p.words[c.last[i]].to}
	}
	return words
}

// count counts the marks in a part of a pattern.
func count(part string) int { return strings.Count(part, lone) }

// stepOf reads a word, or a list, as one parameter.
func stepOf(pattern string, w span, marks, inside int) step {
	if inside == 0 {
		return step{first: -1, word: pattern[w.from:w.to]}
	}
	s := step{first: marks, last: marks + inside - 1}
	for at := w.from; pattern[at] != mark; at++ {
		s.before++
	}
	for at := w.to - 1; pattern[at] != mark; at-- {
		s.after++
	}
	return s
}

// read gives the parameters of the line that was just scanned.
func (m *Miner[S]) read(r *reading, message string) []Param {
	if r == nil {
		return m.scan.params
	}
	m.params = m.params[:0]
	for _, s := range r.steps {
		switch {
		case s.first < 0:
			m.params = append(m.params, plain(Word, s.word))
		case s.last >= len(m.scan.params):
			return m.params
		case s.first == s.last && s.before == 0 && s.after == 0:
			m.params = append(m.params, m.scan.params[s.first])
		default:
			kind := Name
			if s.last > s.first {
				kind = List
			}
			from, to := m.scan.spans[s.first].from-s.before, m.scan.spans[s.last].to+s.after
			m.params = append(m.params, plain(kind, message[max(from, 0):min(int(to), len(message))]))
		}
	}
	return m.params
}
