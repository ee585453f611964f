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
	p, c := &x.p, &x.c
	p.parse(x.seed, pattern)
	words := p.words
	if !x.fits(t, p) {
		if !condense(p, c) {
			return nil
		}
		words = c.words
	}
	// Number the marks of the shape.
	marks, at := 0, int32(0)
	var r reading
	free := t.free
	q := &x.q
	q.parse(x.seed, t.pattern)
	for i, w := range words {
		marks += count(pattern[at:w.from]) // what condensing left out
		at = w.to
		inside := count(pattern[w.from:w.to])
		isFree := len(free) > 0 && int(free[0]) == i
		if isFree {
			free = free[1:]
		}
		switch {
		case isFree || i < len(q.words) && q.word(i) == lone:
			r.steps = append(r.steps, stepOf(pattern, w, marks, inside))
		default:
			for k := range inside {
				r.steps = append(r.steps, step{first: marks + k, last: marks + k})
			}
		}
		marks += inside
	}
	return &r
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
