package template

import "strings"

// maxPattern bounds a masked line in bytes. What comes after it in a longer
// line is one parameter.
const maxPattern = 2048

// scanner masks a line: what is certainly a value by the way it is written
// becomes a mark, white space becomes single blanks, all else stays.
type scanner struct {
	line   string
	out    []byte
	params []Param
	spans  []span // of the parameters in the line
}

// What a byte can tell about the word it is in; 0 for what ends a word.
const (
	hexLetter = 1 << iota
	letter
	digit
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
		case c == '/' || c == '\\':
			t[i] = slash
		case c == ':':
			t[i] = colon
		case c == '@':
			t[i] = at
		case isSpace(c), strings.IndexByte("=,;()[]{}<>\"'|#", c) >= 0:
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
	s.line, s.out, s.params, s.spans = line, s.out[:0], s.params[:0], s.spans[:0]
	for i := 0; i < len(line); {
		c := line[i]
		seen := bits[c]
		if seen == 0 {
			switch {
			case !isSpace(c):
				if c == '<' && strings.HasPrefix(line[i:], placeholder) {
					s.value(Word, i, i+len(placeholder))
					i += len(placeholder)
					continue
				}
				s.out = append(s.out, c)
			case len(s.out) > 0 && s.out[len(s.out)-1] != ' ':
				s.out = append(s.out, ' ')
			}
			i++
			continue
		}
		from := i
		for i++; i < len(line); i++ {
			b := bits[line[i]]
			if b == 0 {
				break
			}
			seen |= b
		}
		if len(s.out)+i-from > maxPattern {
			s.value(Rest, from, len(line))
			break
		}
		switch {
		case seen&(digit|slash|colon|at) != 0:
			i = s.chunk(from, i, seen)
		case seen == hexLetter && i-from >= minHex:
			s.value(Hex, from, i)
		case i-from == 3 && seen != other && i < len(line) && line[i] == ' ':
			i = s.calendar(from, i)
		default:
			s.out = append(s.out, line[from:i]...)
		}
	}
	if n := len(s.out); n > 0 && s.out[n-1] == ' ' {
		s.out = s.out[:n-1]
	}
}

// minHex is how long a word of hexadecimal digits must be to be taken for a
// value: half of a 64-bit word.
const minHex = 8

// keep copies a part of the line as it is.
func (s *scanner) keep(from, to int) { s.out = append(s.out, s.line[from:to]...) }

// value makes a part of the line a parameter.
func (s *scanner) value(k Kind, from, to int) {
	s.measured(plain(k, s.line[from:to]), from, to)
}

func (s *scanner) measured(p Param, from, to int) {
	s.out = append(s.out, mark)
	s.params = append(s.params, p)
	s.spans = append(s.spans, span{int32(from), int32(to)})
}

// chunk scans what stands between blanks and brackets and contains a digit, a
// slash, a colon or an @. It returns where to go on.
func (s *scanner) chunk(from, to int, seen uint8) int {
	line := s.line
	if seen&colon != 0 && seen&slash != 0 {
		if end := urlEnd(line, from, to); end > 0 {
			s.value(URL, from, end)
			return end
		}
	}
	end := to
	for end > from && strings.IndexByte(".:!?*", line[end-1]) >= 0 {
		end--
	}
	if n, p := s.clock(from, end); n > 0 {
		s.measured(p, from, n)
		return s.rest(n, to)
	}
	if n := addressEnd(line[from:end]); n > 0 {
		s.value(IP, from, from+n)
		return s.rest(from+n, to)
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
	default:
		end = s.word(from, end)
	}
	if end < to {
		s.keep(end, to)
	}
	return max(end, to)
}

// rest goes on in the middle of a chunk.
func (s *scanner) rest(from, to int) int {
	if from >= to {
		return from
	}
	if line := s.line[from:to]; strings.ContainsAny(line, "0123456789/") && len(line) > 1 {
		s.keep(from, from+1)
		return from + 1
	}
	s.keep(from, to)
	return to
}

// slashed scans a word with a slash in it.
func (s *scanner) slashed(from, end int) {
	w := s.line[from:end]
	switch first := strings.IndexAny(w, "/\\"); {
	case first < 0:
		s.piece(from, end)
	case isPath(w, first):
		s.value(Path, from, end)
	case addressEnd(w[first+1:]) > 0:
		s.value(IP, from, end) // host/address
	default:
		if cut := strings.IndexAny(w, "/\\"); cut > 0 {
			s.piece(from, from+cut)
			from += cut
		}
		s.keep(from, from+1)
		s.piece(from+1, end)
	}
}

// isPath tells whether a word is the path of a file; first is its first slash.
func isPath(w string, first int) bool {
	switch {
	case first == 0:
		return len(w) > 1 && w[1] != '/' || len(w) > 2
	case w[0] == '.' || w[0] == '~':
		return true
	case first == 2 && w[1] == ':' && isLetter(w[0]) && w[2] == '\\':
		return true
	}
	after := w[first+1:]
	if strings.IndexAny(after, "/\\") >= 0 {
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
	s.keep(from+cut, from+cut+1)
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
		s.keep(from+cut, from+cut+1)
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
		s.keep(from, end)
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
			s.keep(n, end)
		}
	}
}
