package rules

import "strings"

// number is digits in groups as people write them, with one mark between two
// groups.
type number struct {
	from   int
	groups []int  // digits in each
	marks  []byte // between them
	ends   []int  // of each, in the text

	room struct {
		groups, ends [maxGroups]int
		marks        [maxGroups]byte
	}
}

// maxGroups is how many groups are looked at.
const maxGroups = 8

// numbers looks at every run of digits: each is the beginning of what consists of
// digits, or stands a few letters behind it.
func (c *scan) numbers() {
	text := c.text
	if c.set.options.Hosts == HostsRedact {
		c.hosts()
	}
	for i := 0; i < len(text); i++ {
		if !in(text[i], isDigitByte) {
			if text[i] == '+' || text[i] == '(' {
				if end := c.dialled(i); end > i {
					i = end - 1
				}
			}
			continue
		}
		end := run(text, i, isDigitByte)
		if found := c.number(i, end); found > end {
			end = found
		}
		i = end - 1
	}
}

// number looks at digits, and tells where what they are ends; 0 when they are
// nothing.
func (c *scan) number(from, end int) int {
	text := c.text
	first := end - from
	if from > 0 && in(text[from-1], isLetterByte) {
		return c.lettered(from, end)
	}
	if from > 0 && (in(text[from-1], isWideByte) || text[from-1] == '.' && at(text, from-2, isDigitByte)) {
		return 0
	}
	if first >= 2 && first <= 5 && from > 1 && text[from-1] == ':' && end < len(text) && text[end] == ':' {
		c.passLine(from, end)
	}
	if from > 2 && text[from-1] == ' ' && in(text[from-2], isUpperByte) && in(text[from-3], isUpperByte) && !at(text, from-4, isWordByte) {
		if stop := c.nino(from - 3); stop > 0 {
			return stop
		}
	}
	if first <= 3 && end < len(text) && text[end] == '.' {
		if stop := c.address4(from); stop > 0 {
			return stop
		}
	}
	if end < len(text) && text[end] == ':' && first <= 4 || end < len(text) && in(text[end], isHexByte) && first < 4 {
		c.maybeWide(from)
	}
	if first < 2 && (end == len(text) || strings.IndexByte(" -.", text[end]) < 0) {
		return 0
	}
	n := &c.digitsAt
	n.from, n.groups, n.marks, n.ends = from, n.room.groups[:0], n.room.marks[:0], n.room.ends[:0]
	for at, stop := from, end; ; {
		n.groups, n.ends = append(n.groups, stop-at), append(n.ends, stop)
		if len(n.groups) == maxGroups || stop+1 >= len(text) || strings.IndexByte(" -./", text[stop]) < 0 || !in(text[stop+1], isDigitByte) {
			break
		}
		n.marks = append(n.marks, text[stop])
		at = stop + 1
		stop = run(text, at, isDigitByte)
	}
	if n.ends[len(n.ends)-1]-from < 7+len(n.marks) { // less than seven digits
		return 0
	}
	if stop := c.card(n); stop > 0 {
		return stop
	}
	if stop := c.national(n); stop > 0 {
		return stop
	}
	return c.localPhone(n)
}

// maybeWide looks for an address of version 6 in full length, which has no two
// colons in a row.
func (c *scan) maybeWide(from int) {
	if at(c.text, from-1, isHexByte) || from > 0 && c.text[from-1] == ':' {
		return
	}
	colons := 0
	for i := from; i < len(c.text) && i-from < 40 && (in(c.text[i], isHexByte) || c.text[i] == ':'); i++ {
		if c.text[i] == ':' {
			colons++
		}
	}
	if colons == 7 {
		c.wide(from)
	}
}

// digits are those of so many of a number's groups, and where the last ends; the
// end is 0 when there are not as many or a letter follows.
func (c *scan) digits(n *number, groups int) (string, int) {
	if groups > len(n.groups) {
		return "", 0
	}
	end := n.ends[groups-1]
	if at(c.text, end, isWordByte) {
		return "", 0
	}
	return onlyDigits(c.text[n.from:end]), end
}

func onlyDigits(v string) string {
	if only(v, isDigitByte) {
		return v
	}
	b := make([]byte, 0, len(v))
	for i := range len(v) {
		if in(v[i], isDigitByte) {
			b = append(b, v[i])
		}
	}
	return string(b)
}

// shaped tells whether a number begins with groups of these sizes and the marks
// between them are all of one kind.
func (n *number) shaped(marks string, sizes ...int) bool {
	if len(n.groups) < len(sizes) {
		return false
	}
	for i, size := range sizes {
		if n.groups[i] != size || i > 0 && (strings.IndexByte(marks, n.marks[i-1]) < 0 || n.marks[i-1] != n.marks[0]) {
			return false
		}
	}
	return true
}
