package template

import "strings"

// maxQuoted bounds how far the end of a quoted value is looked for, in bytes.
const maxQuoted = 1024

// quoted scans a quoted value, that of a field when it has several words in it.
// The quotes stay in the pattern.
func (s *scanner) quoted(i int) int {
	line := s.line
	blank := line[i-1] != '='
	for j := i + 1; j < len(line) && j-i < maxQuoted; j++ {
		switch line[j] {
		case '\\':
			j++
		case ' ':
			blank = true
		case '"':
			if !blank {
				return 0
			}
			s.value(Quoted, i+1, j)
			return j + 1
		}
	}
	return 0
}

// isProduct tells what a program calls itself with, as in RFC 9110: a name, a
// slash and a version.
func isProduct(w string) bool {
	for i := range min(len(w), 32) {
		switch c := w[i]; {
		case isLetter(c), i > 0 && (isDigit(c) || c == '-' || c == '_' || c == '.'):
		default:
			return c == '/' && i > 0 && i+1 < len(w) && isDigit(w[i+1])
		}
	}
	return false
}

// bound scans a value that is only told to be less or more than a number, with
// its unit: <1 sec.
func (s *scanner) bound(i int) int {
	line := s.line
	n := i + 1 + numberEnd(line[i+1:])
	p := Param{Number, line[i:n], parse(line[i+1 : n])}
	if n < len(line) && bits[line[n]] != 0 {
		return 0
	}
	if n < len(line) && line[n] == ' ' {
		to := wordEnd(line, n+1)
		if u, ok := unitOf(line[n+1 : to]); ok {
			p, n = Param{u.kind, line[i:to], p.Number * u.factor}, to
		}
	}
	s.measured(p, i, n)
	return n
}

// wordEnd returns where the letters end that start at from.
func wordEnd(line string, from int) int {
	for from < len(line) && isLetter(line[from]) {
		from++
	}
	return from
}

// pathEnd returns where a Windows path ends.
func pathEnd(line string, from int) int {
	for from < len(line) && !isSpace(line[from]) && strings.IndexByte("\"'<>|,;", line[from]) < 0 {
		from++
	}
	for strings.IndexByte(".:)]}!?", line[from-1]) >= 0 {
		from--
	}
	return from
}

// afterKey tells whether what stands in front announces a value: "=" or ":",
// with or without a blank.
func (s *scanner) afterKey(from int) bool {
	if from > 0 && s.line[from-1] == ' ' {
		from--
	}
	return from > 0 && (s.line[from-1] == '=' || s.line[from-1] == ':')
}

// isConstant tells the words that programming languages have for values.
func isConstant(w string) bool {
	switch w {
	case "true", "false", "True", "False", "TRUE", "FALSE", "null", "nil", "None", "undefined", "NULL", "NaN":
		return true
	}
	return false
}
