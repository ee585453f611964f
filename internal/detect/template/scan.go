package template

import "strings"

// Bounds in bytes, so that a hostile line costs no more than its length: how
// much of a line is looked at, how long its masked form gets, and how long a
// word can be before it is a value whatever it looks like. What comes after the
// first two is one parameter.
const (
	maxLine    = 16 << 10
	maxPattern = 2048
	maxWord    = 256
)

// scanner masks a line: what is certainly a value by the way it is written
// becomes a mark, white space becomes single blanks, all else stays.
type scanner struct {
	line   string
	out    []byte
	copied int // of the line, what comes after it and is no value is yet to be copied
	params []Param
	spans  []span // of the parameters in the line
}

// What a byte can tell about the word it is in; 0 for what ends a word.
const (
	hexLetter = 1 << iota
	letter
	digit
	dot
	slash
	colon
	at
	other
)

var bits = func() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		switch {
		case c >= '0' && c <= '9':
			t[i] = digit
		case c|0x20 >= 'a' && c|0x20 <= 'f' && c < 0x80:
			t[i] = hexLetter
		case c|0x20 >= 'g' && c|0x20 <= 'z' && c < 0x80, c >= 0x80:
			t[i] = letter
		case c == '.':
			t[i] = dot
		case c == '/':
			t[i] = slash
		case c == ':':
			t[i] = colon
		case c == '@':
			t[i] = at
		case isSpace(c), strings.IndexByte("=,;()[]{}<>\"'|#\\", c) >= 0:
		default:
			t[i] = other
		}
	}
	return t
}()

// isSpace tells white space and the bytes that only a broken line contains.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == mark || c == 0x7f }

func isDigit(c byte) bool { return c-'0' < 10 }

func isLetter(c byte) bool { return bits[c]&(hexLetter|letter) != 0 }

// mask scans a line into out and params.
func (s *scanner) mask(line string) {
	start := 0
	for start < len(line) && isSpace(line[start]) {
		start++
	}
	s.line, s.out, s.params, s.spans, s.copied = line, s.out[:0], s.params[:0], s.spans[:0], start
	n := min(len(line), maxLine)
	for i := start; i < n; {
		if len(s.out)+i-s.copied > maxPattern {
			s.value(Rest, i, len(line))
			return
		}
		seen := bits[line[i]]
		if seen == 0 {
			if line[i] == ' ' && i+1 < n && bits[line[i+1]] != 0 {
				i++
				continue
			}
			i = s.separator(i)
			continue
		}
		from := i
		for i++; i < n; i++ {
			b := bits[line[i]]
			if b == 0 {
				break
			}
			seen |= b
		}
		switch {
		case seen&(digit|slash|colon|at) != 0:
			if i-from <= maxWord {
				// A value of the chunk can go on behind it: 00:00,000.
				i = max(s.chunk(from, i, seen), s.copied)
			}
		case i-from == 3:
			if line[from]&0x20 == 0 && i < len(line) && line[i] == ' ' {
				i = s.calendar(from, i)
			}
		case i-from < minHex:
			if i-from >= 4 && isConstant(line[from:i]) && s.afterKey(from) {
				s.value(Word, from, i)
			}
		case seen == hexLetter:
			s.value(Hex, from, i)
		}
		if i-from > maxWord && s.copied <= from {
			s.value(Name, from, i)
		}
	}
	if n < len(line) && s.copied < len(line) {
		s.value(Rest, max(s.copied, n), len(line))
		return
	}
	s.out = append(s.out, line[s.copied:]...)
	for n := len(s.out); n > 0 && s.out[n-1] == ' '; n-- {
		s.out = s.out[:n-1]
	}
}

// separator scans a byte that stands between words, and values that begin with
// one. It returns where to go on.
func (s *scanner) separator(i int) int {
	line, c := s.line, s.line[i]
	switch {
	case isSpace(c):
		n := i + 1
		for n < len(line) && isSpace(line[n]) {
			n++
		}
		if n > i+1 || c != ' ' {
			s.out = append(append(s.out, line[s.copied:i]...), ' ')
			s.copied = n
		}
		return n
	case c == '<' && strings.HasPrefix(line[i:], placeholder):
		s.value(Word, i, i+len(placeholder))
		return i + len(placeholder)
	case (c == '<' || c == '>') && i > 0 && line[i-1] == ' ' && i+1 < len(line) && isDigit(line[i+1]):
		if n := s.bound(i); n > 0 {
			return n
		}
	case c == '"' && i+2 < len(line) && i > 0:
		switch {
		case line[i+1] == '-' && line[i+2] == '"' && line[i-1] != '\\':
			s.value(Quoted, i+1, i+2)
			return i + 3
		case line[i-1] == '=', isProduct(line[i+1:]):
			if n := s.quoted(i); n > 0 {
				return n
			}
		}
	case c == '\\' && i+2 < len(line) && line[i+1] == '\\' && isLetter(line[i+2]):
		n := pathEnd(line, i+2)
		s.value(Path, i, n)
		return n
	}
	return i + 1
}

// minHex is how long a word of hexadecimal digits must be to be taken for a
// value: half of a 64-bit word.
const minHex = 8

// value makes a part of the line a parameter.
func (s *scanner) value(k Kind, from, to int) {
	s.measured(plain(k, s.line[from:to]), from, to)
}

func (s *scanner) measured(p Param, from, to int) {
	s.out = append(append(s.out, s.line[s.copied:from]...), mark)
	s.copied = to
	s.params = append(s.params, p)
	s.spans = append(s.spans, span{int32(from), int32(to)})
}
