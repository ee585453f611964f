package template

import "strings"

// word scans a word with digits but without slashes and colons. Its value ends
// further than end when it is a number with a unit after it.
func (s *scanner) word(from, end int) {
	w := s.line[from:end]
	if n := numberEnd(w); n > 0 {
		s.number(from, from+n, end)
		return
	}
	switch {
	case isUUID(w):
		s.value(UUID, from, end)
	case isHex(w):
		s.value(Hex, from, end)
	case !isSoft(w):
		s.value(Name, from+prefix(w), end)
	}
}

// isSoft tells of a word that has a few digits as a name can have: ssh2, L3,
// Slf4jLogger, log4j.Logger. Whether it is a value shows only when there is
// another one like it.
func isSoft(w string) bool {
	digits, runs, start, upper := 0, 0, 0, false
	for i := 0; i <= len(w); i++ {
		switch {
		case i == len(w) || !isDigit(w[i]) && !isLetter(w[i]):
			if digits > 0 && i-start > maxSoft && !upper {
				return false
			}
			digits, runs, start, upper = 0, 0, i+1, false // a new part of the word
		case isDigit(w[i]):
			if i == start || !isDigit(w[i-1]) {
				runs++
			}
			if digits++; i == start || digits > 2 || runs > 1 {
				return false
			}
		default:
			upper = upper || w[i] >= 'A' && w[i] <= 'Z'
		}
	}
	return !isShortHex(w)
}

// maxSoft is the length from which on small letters with a digit among them
// look random rather than like a word.
const maxSoft = 14

// isShortHex tells a word that is too short to be certainly hexadecimal, but
// is made of nothing else.
func isShortHex(w string) bool { return len(w) >= 6 && allHex(w) }

// prefix is the length of what names the kind of a thing in front of its
// number: node- in node-32, core. in core.1234.
func prefix(w string) int {
	for i := range len(w) {
		switch c := w[i]; {
		case isLetter(c):
		case (c == '-' || c == '.') && i > 1 && !isDigit(w[0]):
			if i+1 < len(w) && hasDigit(w[i+1:]) && !strings.ContainsAny(letters(w[i+1:]), "-._") {
				return i + 1
			}
			return 0
		default:
			return 0
		}
	}
	return 0
}

// letters is what stands before the first digit.
func letters(w string) string {
	for i := range len(w) {
		if isDigit(w[i]) {
			return strings.TrimSuffix(w[:i], "-")
		}
	}
	return w
}

func isUUID(w string) bool {
	if len(w) != 36 || w[8] != '-' || w[13] != '-' || w[18] != '-' || w[23] != '-' {
		return false
	}
	for i := range len(w) {
		if w[i] != '-' && bits[w[i]]&(hexLetter|digit) == 0 {
			return false
		}
	}
	return true
}

// isHex tells 0x1f, and a long enough run of hexadecimal digits.
func isHex(w string) bool {
	if len(w) > 2 && w[0] == '0' && w[1]|0x20 == 'x' {
		w = w[2:]
	} else if len(w) < minHex {
		return false
	}
	return allHex(w)
}

func allHex(w string) bool {
	for i := range len(w) {
		if bits[w[i]]&(hexLetter|digit) == 0 {
			return false
		}
	}
	return true
}
