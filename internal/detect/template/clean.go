package template

import (
	"slices"
	"strings"
)

// Bounds on what a redactor is asked about, so that a long line costs little.
const (
	maxCleaned = 16 << 10 // bytes of a line; what comes after is one placeholder
	maxTable   = 1 << 18  // pairs of words that are compared
)

// clean makes the words of a new pattern free that the redactor changes in the
// line it comes from. It must see the line: what is masked may be what tells it
// that the rest is a secret.
func (m *Miner[S]) clean(pattern string) (string, []uint16) {
	if m.options.Clean == nil {
		return pattern, nil
	}
	line := m.scan.line
	line = line[:min(len(line), maxCleaned)]
	cleaned := m.options.Clean(line)
	if cleaned == line && len(line) == len(m.scan.line) {
		return pattern, nil
	}
	p := &m.index.p
	p.parse(m.index.seed, pattern)
	where := m.origin(pattern)
	changed := changes(line, cleaned)
	if len(line) < len(m.scan.line) {
		changed = append(changed, span{int32(len(line)), int32(len(m.scan.line))})
	}
	var free []uint16
	for i, w := range p.words {
		if p.word(i) != lone && touches(changed, where[w.from], where[w.to]) {
			free = append(free, uint16(i))
		}
	}
	pattern = p.release(free)
	if len(p.words) < maxWords {
		return pattern, free
	}
	// Words that cannot be freed one by one go all together.
	if last := where[p.words[maxWords-1].to]; touches(changed, last, int32(len(m.scan.line))) {
		p.parse(m.index.seed, pattern)
		pattern = pattern[:p.words[len(p.words)-1].to] + " " + lone
	}
	return pattern, free
}

// origin gives the place in the scanned line of every byte of its pattern, and
// of its end.
func (m *Miner[S]) origin(pattern string) []int32 {
	line, at, next := m.scan.line, 0, 0
	where := make([]int32, len(pattern)+1)
	for i := range len(pattern) {
		for pattern[i] != mark && pattern[i] != ' ' && at < len(line) && isSpace(line[at]) {
			at++
		}
		if pattern[i] == mark && next < len(m.scan.spans) {
			where[i] = m.scan.spans[next].from
			at = int(m.scan.spans[next].to)
			next++
			continue
		}
		where[i] = int32(min(at, len(line)))
		at++
	}
	where[len(pattern)] = int32(min(at, len(line)))
	return where
}

// touches tells whether a part of a line, from and until, was changed.
func touches(changed []span, from, to int32) bool {
	return slices.ContainsFunc(changed, func(c span) bool { return c.from < to && from < c.to })
}

// changes gives the parts of a line that are not the same in another: words
// that are in no longest list of words that both have in the same order.
func changes(line, other string) []span {
	a, b := lineWords(line), lineWords(other)
	same := func(i, j int) bool { return line[a[i].from:a[i].to] == other[b[j].from:b[j].to] }
	start, end := 0, 0
	for start < min(len(a), len(b)) && same(start, start) {
		start++
	}
	for end < min(len(a), len(b))-start && same(len(a)-1-end, len(b)-1-end) {
		end++
	}
	n, k := len(a)-start-end, len(b)-start-end
	if n*k > maxTable {
		return a[start : len(a)-end]
	}
	longest := make([]int, (n+1)*(k+1)) // of what both have from word i and j on
	at := func(i, j int) *int { return &longest[i*(k+1)+j] }
	for i := n - 1; i >= 0; i-- {
		for j := k - 1; j >= 0; j-- {
			if same(start+i, start+j) {
				*at(i, j) = *at(i+1, j+1) + 1
			} else {
				*at(i, j) = max(*at(i+1, j), *at(i, j+1))
			}
		}
	}
	var out []span
	for i, j := 0, 0; i < n; {
		switch {
		case j < k && same(start+i, start+j):
			i, j = i+1, j+1
		case j < k && *at(i, j+1) >= *at(i+1, j):
			j++
		default:
			out = append(out, a[start+i])
			i++
		}
	}
	return out
}

// lineWords are the words of a line that was not scanned.
func lineWords(line string) []span {
	var words []span
	for i := 0; i < len(line); {
		from := i
		for i < len(line) && !separates[line[i]] && !isSpace(line[i]) {
			i++
		}
		if to := from + len(strings.TrimRight(line[from:i], ".!?")); to > from {
			words = append(words, span{int32(from), int32(to)})
		}
		if i == from {
			i++
		}
	}
	return words
}
