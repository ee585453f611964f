package template

import (
	"slices"
	"strings"
)

// Lists of values differ in length from line to line, which makes templates
// of different lengths out of one statement. Such templates have the same
// condensed pattern: a run of items that look alike, with the same separator
// between them, counts as one item.

// maxItem is how many words an item of a list can have.
const maxItem = 12

// condensed is a pattern with its lists condensed.
type condensed struct {
	pattern     string
	first, last []int // the words of the original that each word stands for
}

// free gives the words of the condensed pattern that are among the free ones of
// the original.
func (c *condensed) free(words []uint16) []uint16 {
	var out []uint16
	for i, from := range c.first {
		if slices.Contains(words, uint16(from)) {
			out = append(out, uint16(i))
		}
	}
	return out
}

// condense condenses the lists of a pattern that was taken apart. It tells
// whether there was anything to do.
func condense(p *parsed, c *condensed) bool {
	if !listed(p) {
		return false
	}
	var out strings.Builder
	c.first, c.last = c.first[:0], c.last[:0]
	found, at := false, int32(0)
	gap := func(i int) string { // in front of word i
		start := int32(0)
		if i > 0 {
			start = p.words[i-1].to
		}
		if i == len(p.words) {
			return p.pattern[start:]
		}
		return p.pattern[start:p.words[i].from]
	}
	for i := 0; i < len(p.words); {
		size, times := p.run(i, gap)
		w := p.words[i]
		out.WriteString(p.pattern[at:w.from])
		if times > 1 && size == 1 {
			// One value or many: what stays is a single placeholder.
			last := p.words[i+times-1]
			out.WriteByte(mark)
			c.first, c.last = append(c.first, i), append(c.last, i+times-1)
			at, i, found = last.to, i+times, true
			continue
		}
		for k := i; k < i+size; k++ {
			if k > i {
				out.WriteString(p.pattern[at:p.words[k].from])
			}
			out.WriteString(p.word(k))
			c.first, c.last = append(c.first, k), append(c.last, k)
			at = p.words[k].to
		}
		if times > 1 {
			at, found = p.words[i+size*times-1].to, true
		}
		i += size * times
	}
	out.WriteString(p.pattern[at:])
	c.pattern = out.String()
	return found
}

// listed is a quick check whether a pattern can have lists at all: every item
// has a mark, and a list that is condensed has two items or more.
func listed(p *parsed) bool { return count(p.pattern) > 1 }

// run finds the longest run of equal items that starts at word i. It returns
// the number of words of an item and how many there are.
func (p *parsed) run(i int, gap func(int) string) (size, times int) {
	size, times = 1, 1
	for n := 1; n <= maxItem && i+2*n <= len(p.words); n++ {
		if p.own[i] != p.own[i+n] || !isSeparator(gap(i+n), n) {
			continue
		}
		value := false
		for k := i; k < i+n; k++ {
			value = value || strings.IndexByte(p.word(k), mark) >= 0
		}
		if !value {
			continue
		}
		same := func(b int) bool {
			for k := range n {
				if p.own[i+k] != p.own[i+b*n+k] || k > 0 && gap(i+k) != gap(i+b*n+k) || k == 0 && gap(i+n) != gap(i+b*n) {
					return false
				}
			}
			return true
		}
		count := 1
		for i+(count+1)*n <= len(p.words) && same(count) {
			count++
		}
		if count > 1 {
			return n, count
		}
	}
	return size, times
}

// isSeparator tells whether a gap can stand between the items of a list; items
// of several words may be in brackets.
func isSeparator(gap string, size int) bool {
	for i := range len(gap) {
		switch c := gap[i]; {
		case c == ' ' || c == ',' || c == ';' || c == '|':
		case size > 1 && strings.IndexByte("()[]{}<>\"'", c) >= 0:
		case c == '"' || c == '\'':
		default:
			return false
		}
	}
	return gap != ""
}
