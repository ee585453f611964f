package logline

// readLogfmt reads a line of key=value pairs from its first word to its last
// that says what its level or its message is. Prose with pairs in it is no
// logfmt.
func readLogfmt(s string, l *Line) bool {
	// The cheap look first: nearly every line ends here.
	i := skipBlanks(s, 0)
	key := logfmtKey(s, i)
	if key == i || key >= len(s) || s[key] != '=' {
		return false
	}
	var m mined
	pairs, bare := 0, 0
	for {
		i = skipBlanks(s, i)
		if i >= len(s) {
			break
		}
		if s[i] == '\n' {
			if blank(s[i:]) {
				break
			}
			return false
		}
		end := logfmtKey(s, i)
		if end == i {
			return false
		}
		name := s[i:end]
		if end == len(s) || isBlank(s[end]) || s[end] == '\n' {
			// A key alone is a flag. Prose has many of them.
			if bare++; bare > pairs {
				return false
			}
			i = end
			continue
		}
		if s[end] != '=' {
			return false
		}
		value, next, kind, ok := logfmtValue(s, end+1)
		if !ok {
			return false
		}
		pairs++
		m.add(Cut(name, MaxName), value, kind)
		i = next
	}
	if pairs < 2 || m.rank[roleMessage] == 0 && m.level == "" {
		return false
	}
	m.line(false, l)
	return true
}

// logfmtKey returns where the key at i ends.
func logfmtKey(s string, i int) int {
	if i >= len(s) || !isLetter(s[i]) && s[i] != '_' && s[i] != '@' {
		return i
	}
	for i++; i < len(s) && classes[s[i]]&keyByte != 0; {
		i++
	}
	return i
}

func logfmtValue(s string, i int) (value string, next int, kind sort, ok bool) {
	if i >= len(s) || s[i] != '"' {
		end := wordEnd(s, i)
		return s[i:end], end, isBare, true
	}
	r := jsonReader{s: s, i: i}
	raw, escaped, ok := r.quoted()
	if !ok || r.i < len(s) && !isBlank(s[r.i]) && s[r.i] != '\n' {
		return "", 0, 0, false
	}
	if escaped {
		raw = unescape(raw)
	}
	return raw, r.i, isText, true
}
