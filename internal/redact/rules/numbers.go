package rules

import (
	"slices"
	"strings"
)

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

// card marks the number of a payment card.
func (c *scan) card(n *number) int {
	groups := 0
	switch {
	case n.shaped(" -", 4, 4, 4, 4):
		groups = 4
		if len(n.groups) > 4 && n.groups[4] == 3 && n.marks[3] == n.marks[0] { // 19 digits
			if v, end := c.digits(n, 5); end > 0 && isCard(v) && luhn(v) {
				c.add(n.from, end, kindCard, weightShape)
				return end
			}
		}
	case n.shaped(" -", 4, 6, 5), n.shaped(" -", 4, 6, 4):
		groups = 3
	case n.groups[0] >= 13 && n.groups[0] <= 19:
		groups = 1
	default:
		return 0
	}
	v, end := c.digits(n, groups)
	if end == 0 || !isCard(v) || !luhn(v) {
		return 0
	}
	if groups == 1 { // long numbers are often a machine's
		if said := c.named(n.from); said&saysCount != 0 && said&saysCard == 0 {
			return 0
		}
		if (len(v) == 13 || len(v) > 16) && c.said(n.from, end)&saysCard == 0 {
			return 0
		}
	}
	c.add(n.from, end, kindCard, weightShape)
	return end
}

// issuers are ranges of numbers by ISO/IEC 7812 and the lengths of their cards.
var issuers = []struct {
	from, to string
	lengths  []int
}{
	{"4", "4", []int{13, 16, 19}},                        // Visa
	{"51", "55", []int{16}}, {"2221", "2720", []int{16}}, // Mastercard
	{"34", "34", []int{15}}, {"37", "37", []int{15}}, // American Express
	{"6011", "6011", []int{16, 19}}, {"644", "659", []int{16, 19}}, // Discover
	{"3528", "3589", []int{16, 17, 18, 19}},                                                 // JCB
	{"300", "305", []int{14, 16}}, {"36", "36", []int{14, 16}}, {"38", "39", []int{14, 16}}, // Diners Club
	{"62", "62", []int{16, 17, 18, 19}},                                                                                                                                                                              // UnionPay
	{"5018", "5018", []int{13, 15, 16, 19}}, {"5020", "5020", []int{16, 19}}, {"5038", "5038", []int{16, 19}}, {"5893", "5893", []int{16, 19}}, {"6304", "6304", []int{16, 19}}, {"6759", "6763", []int{16, 18, 19}}, // Maestro
	{"2200", "2204", []int{16, 19}}, // Mir
}

// isCard tells whether digits are in the range of an issuer.
func isCard(v string) bool {
	for _, r := range issuers {
		if head := v[:min(len(v), len(r.from))]; head >= r.from && head <= r.to {
			if slices.Contains(r.lengths, len(v)) {
				return true
			}
		}
	}
	return false
}

// luhn checks the last digit of ISO/IEC 7812.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// dialled marks a number that begins as one that is dialled: with the country
// behind a plus sign, or with an area of America in brackets.
func (c *scan) dialled(i int) int {
	text := c.text
	if text[i] == '(' {
		if !at(text, i+1, isDigitByte) || run(text, i+1, isDigitByte) != i+4 || i+4 >= len(text) || text[i+4] != ')' {
			return 0
		}
		from := i
		end := skipSpaces(text, i+5)
		if end-i > 6 || run(text, end, isDigitByte) != end+3 || end+3 >= len(text) || strings.IndexByte(" .-", text[end+3]) < 0 || run(text, end+4, isDigitByte) != end+8 || at(text, end+8, isWordByte) {
			return 0
		}
		c.add(from, end+8, kindPhone, weightShape)
		return end + 8
	}
	if at(text, i-1, isWordByte) || i > 0 && strings.IndexByte("+.-_", text[i-1]) >= 0 || i+1 >= len(text) || !in(text[i+1], isDigitByte) || text[i+1] == '0' {
		return 0
	}
	end, groups := i+1, 0
	for end < len(text) && groups < 8 {
		stop := run(text, end, isDigitByte)
		if stop == end {
			break
		}
		groups++
		end = stop
		next := end
		for next < len(text) && next-end < 3 && strings.IndexByte(" .-()/", text[next]) >= 0 {
			next++
		}
		if !at(text, next, isDigitByte) {
			break
		}
		if strings.IndexByte(text[end:next], ')') < 0 && next-end > 1 && strings.IndexByte(text[end:next], '(') < 0 {
			break
		}
		digits := len(onlyDigits(text[i:run(text, next, isDigitByte)]))
		if digits > 15 {
			break
		}
		end = next
	}
	if end < len(text) && (in(text[end], isWordByte) || text[end] == ':') || !phone(text[i:end]) { // "+1 12:30" is no number
		return 0
	}
	c.add(i, end, kindPhone, weightShape)
	return end
}

// localPhone marks a number without its country, where something says that it is a
// telephone's, or where its form is America's.
func (c *scan) localPhone(n *number) int {
	if c.named(n.from)&(saysCount|saysPhone) == saysCount {
		return 0
	}
	if n.shaped("-.", 3, 3, 4) && c.text[n.from] >= '2' && c.text[n.from+4] >= '2' {
		if _, end := c.digits(n, 3); end > 0 && len(n.groups) == 3 && (n.from == 0 || strings.IndexByte("-.", c.text[n.from-1]) < 0) {
			c.add(n.from, end, kindPhone, weightGuess)
			return end
		}
	}
	if n.shaped(" .", 2, 2, 2, 2, 2) && c.text[n.from] == '0' && c.text[n.from+1] > '0' && len(n.groups) == 5 && !c.preceded(n.from) || // France
		n.shaped("/", 4, 7) && c.text[n.from] == '0' || n.shaped("/", 4, 8) && c.text[n.from] == '0' || n.shaped(" ", 5, 6) && c.text[n.from:n.from+2] == "07" { // Germany, Britain
		if _, end := c.digits(n, len(n.groups)); end > 0 {
			c.add(n.from, end, kindPhone, weightGuess)
			return end
		}
	}
	for i, mark := range n.marks {
		if mark == '.' && n.marks[0] == '.' && n.groups[i] < 2 || mark == '/' && i > 0 || mark == '.' && n.marks[0] != '.' { // measurements, fractions
			return 0
		}
	}
	if c.named(n.from)&saysPhone == 0 && c.said(n.from, n.from)&saysPhone == 0 {
		return 0
	}
	named := c.named(n.from)&saysPhone != 0
	for groups := len(n.groups); groups > 0; groups-- {
		v, end := c.digits(n, groups)
		if end == 0 || len(v) < 7 || len(v) > 15 {
			continue
		}
		if named && (v[0] == '0' || len(v) >= 9 || groups > 1) || v[0] == '0' && len(v) >= 9 || groups >= 3 && len(v) >= 9 {
			if date(v, n) {
				return 0
			}
			c.add(n.from, end, kindPhone, weightGuess)
			return end
		}
	}
	return 0
}

// date tells whether a number is a day, written with the year first.
func date(v string, n *number) bool {
	return len(v) >= 8 && (v[:2] == "19" || v[:2] == "20") && v[4:6] >= "01" && v[4:6] <= "12" && v[6:8] >= "01" && v[6:8] <= "31" && n.groups[0] != 3
}
