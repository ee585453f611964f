package template

// reading tells how the parameters of a template are found in a line of one
// shape. A nil reading takes the scanner's as they are.
type reading struct {
	steps []step
}

// step gives one parameter: either the scanner's number param, or a word.
type step struct {
	param int
	word  string // constant in this shape
	// A word that the scanner masked in part stretches beyond its parameters.
	before, after int32
	last          int
}

// reading compares a shape with its template.
func (x *index[S]) reading(pattern string, t *Template[S]) *reading {
	if t.pattern == pattern || len(t.free) == 0 {
		return nil
	}
	p := &x.p
	p.parse(x.seed, pattern)
	var r reading
	next, free := 0, t.free
	for i := range p.words {
		w := p.words[i]
		// Marks between words do not happen: a mark is no separator.
		inside, first, last := 0, -1, -1
		for at := w.from; at < w.to; at++ {
			if pattern[at] == mark {
				if first < 0 {
					first = int(at)
				}
				last = int(at)
				inside++
			}
		}
		if len(free) > 0 && int(free[0]) == i {
			free = free[1:]
			s := step{param: -1, word: p.word(i)}
			if inside > 0 {
				s = step{param: next, last: next + inside - 1, before: int32(first) - w.from, after: w.to - int32(last) - 1}
			}
			r.steps = append(r.steps, s)
		} else {
			for k := range inside {
				r.steps = append(r.steps, step{param: next + k, last: next + k})
			}
		}
		next += inside
	}
	return &r
}

// read gives the parameters of the line that was just scanned.
func (m *Miner[S]) read(r *reading, message string) []Param {
	if r == nil {
		return m.scan.params
	}
	m.params = m.params[:0]
	for _, s := range r.steps {
		switch {
		case s.param < 0:
			m.params = append(m.params, plain(Word, s.word))
		case s.last >= len(m.scan.params):
			return m.params
		case s.param == s.last && s.before == 0 && s.after == 0:
			m.params = append(m.params, m.scan.params[s.param])
		default:
			from, to := m.scan.spans[s.param].from-s.before, m.scan.spans[s.last].to+s.after
			m.params = append(m.params, plain(Word, message[max(from, 0):min(int(to), len(message))]))
		}
	}
	return m.params
}
