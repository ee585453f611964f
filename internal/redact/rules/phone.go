package rules

import (
	"strings"
)

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

// phone checks the number of digits of ITU-T E.164, at most 15.
func phone(v string) bool {
	n := 0
	for i := range len(v) {
		if in(v[i], isDigitByte) {
			n++
		}
	}
	return n >= 9 && n <= 15
}

// dialledAddress marks the number before the "@" of an address of telephony
// (RFC 3261): sip:+491771234567@host. The rest of it is no person's.
func (c *scan) dialledAddress(i int) bool {
	text := c.text
	from := i
	for from > 0 && i-from < 32 && (in(text[from-1], isDigitByte) || strings.IndexByte(" .-()", text[from-1]) >= 0) {
		from--
	}
	if from--; from < 4 || text[from] != '+' || !strings.EqualFold(text[from-4:from], "sip:") && (from < 5 || !strings.EqualFold(text[from-5:from], "sips:")) {
		return false
	}
	return c.dialled(from) == i
}
