package template

import "strings"

// chunk scans what stands between blanks and brackets and contains a digit, a
// slash, a colon or an @. It returns where to go on, unless a value ends further
// on.
func (s *scanner) chunk(from, to int, seen uint8) int {
	line := s.line
	if seen == digit {
		s.alone(from, to, to)
		return to
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
	if seen&colon != 0 && isMAC(line[from:end]) {
		s.value(MAC, from, end)
	} else {
		s.inner(from, end, seen)
	}
	return to
}

// inner scans a word by what was seen in it.
func (s *scanner) inner(from, end int, seen uint8) {
	switch {
	case seen&slash != 0:
		s.slashed(from, end)
	case seen&at != 0:
		s.atted(from, end)
	case seen&colon != 0:
		s.coloned(from, end)
	default:
		s.word(from, end)
	}
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
	return addressTail(line, from)
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
	return len(w) >= 2 && len(w) <= 5 && digits(w, 5) == len(w)
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
	default:
		s.inner(from, end, seen)
	}
}
