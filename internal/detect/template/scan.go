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

// chunk scans what stands between blanks and brackets and contains a digit, a
// slash, a colon or an @. It returns where to go on.
func (s *scanner) chunk(from, to int, seen uint8) int {
	line := s.line
	if seen == digit {
		return s.alone(from, to, to)
	}
	if seen&colon != 0 {
		if seen&slash != 0 {
			if end := urlEnd(line, from, to); end > 0 {
				s.value(URL, from, end)
				return end
			}
		}
		if to-from == 2 && to < len(line) && line[to] == '\\' && isLetter(line[from]) {
			end := pathEnd(line, to+1)
			s.value(Path, from, end)
			return end
		}
	}
	if seen&slash != 0 {
		if n := queryEnd(line, from, to); n > 0 {
			s.value(Path, from, n)
			return n
		}
	}
	end := to
	for end > from && (line[end-1] == '.' || line[end-1] == ':' || line[end-1] == '!' || line[end-1] == '?' || line[end-1] == '*') {
		end--
	}
	if seen&digit != 0 {
		if n, p := s.clock(from, end); n > 0 {
			s.measured(p, from, n)
			return s.rest(n, to)
		}
	}
	if seen&(dot|colon) != 0 {
		if n := addressEnd(line[from:end]); n > 0 {
			s.value(IP, from, from+n)
			return s.rest(from+n, to)
		}
	}
	switch {
	case seen&colon != 0 && isMAC(line[from:end]):
		s.value(MAC, from, end)
	case seen&slash != 0:
		s.slashed(from, end)
	case seen&at != 0:
		s.atted(from, end)
	case seen&colon != 0:
		s.coloned(from, end)
	case end > from:
		end = s.word(from, end)
	}
	return max(end, to)
}

// rest goes on in the middle of a chunk.
func (s *scanner) rest(from, to int) int {
	if from >= to {
		return from
	}
	if line := s.line[from:to]; strings.ContainsAny(line, "0123456789/") && len(line) > 1 {
		return from + 1
	}
	return to
}

// slashed scans a word with a slash in it.
func (s *scanner) slashed(from, end int) {
	w := s.line[from:end]
	switch first := strings.IndexByte(w, '/'); {
	case first < 0:
		s.piece(from, end)
	case isPath(w, first):
		s.value(Path, from, end)
	case addressEnd(w[first+1:]) > 0:
		s.value(IP, from, end) // host/address
	default:
		s.piece(from, from+first)
		s.piece(from+first+1, end)
	}
}

// queryEnd returns where a path ends that has a query after it: /a?b=c&d=e;
// 0 if it has none.
func queryEnd(line string, from, to int) int {
	if line[from] != '/' || strings.IndexByte(line[from:to], '?') < 0 {
		return 0
	}
	for to < len(line) && !isSpace(line[to]) && strings.IndexByte("\"'<>()[]{}|", line[to]) < 0 {
		to++
	}
	for to > from && strings.IndexByte(".,;:!?", line[to-1]) >= 0 {
		to--
	}
	return to
}

// isPath tells whether a word is the path of a file; first is its first slash.
func isPath(w string, first int) bool {
	switch {
	case w == "/":
		return true
	case first == 0:
		return w[1] != '/' || len(w) > 2
	case w[0] == '.' || w[0] == '~':
		return true
	}
	after := w[first+1:]
	if strings.IndexByte(after, '/') >= 0 {
		return true
	}
	dot := strings.LastIndexByte(after, '.')
	return dot > 0 && dot < len(after)-1 && !isDigit(after[0])
}

// atted scans a word with an @ in it.
func (s *scanner) atted(from, end int) {
	w := s.line[from:end]
	cut := strings.IndexByte(w, '@')
	if cut < 0 {
		s.piece(from, end)
		return
	}
	if after := w[cut+1:]; cut > 0 && strings.IndexByte(after, '.') > 0 && !isDigit(after[0]) {
		s.value(Email, from, end)
		return
	}
	s.piece(from, from+cut)
	s.piece(from+cut+1, end)
}

// coloned scans a word with a colon in it that is neither a time nor an
// address: a name with a port, a key with its value, or a scope.
func (s *scanner) coloned(from, end int) {
	w := s.line[from:end]
	plainParts, start := 0, 0
	for i := 0; i <= len(w); i++ {
		if i == len(w) || w[i] == ':' {
			if !hasDigit(w[start:i]) {
				plainParts++
			}
			start = i + 1
		}
	}
	cut := strings.IndexByte(w, ':')
	switch {
	case cut < 0:
		s.piece(from, end)
	case plainParts == 0:
		s.value(Host, from, end)
	case plainParts == 1 && isPort(w[cut+1:]) && strings.IndexByte(w[:cut], '.') > 0:
		s.value(Host, from, end)
	default:
		s.piece(from, from+cut)
		s.piece(from+cut+1, end)
	}
}

func isPort(w string) bool {
	for i := range len(w) {
		if !isDigit(w[i]) {
			return false
		}
	}
	return len(w) >= 2 && len(w) <= 5
}

func hasDigit(w string) bool {
	for i := range len(w) {
		if isDigit(w[i]) {
			return true
		}
	}
	return false
}

// piece scans a part of a chunk by itself.
func (s *scanner) piece(from, end int) {
	var seen uint8
	for i := from; i < end; i++ {
		seen |= bits[s.line[i]]
	}
	switch {
	case seen == 0:
	case seen == hexLetter && end-from >= minHex:
		s.value(Hex, from, end)
	case seen&(digit|slash|colon|at) == 0:
	case addressEnd(s.line[from:end]) == end-from:
		s.value(IP, from, end)
	case seen&slash != 0:
		s.slashed(from, end)
	case seen&at != 0:
		s.atted(from, end)
	case seen&colon != 0:
		s.coloned(from, end)
	default:
		if n := s.word(from, end); n < end {
		}
	}
}
