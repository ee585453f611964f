package logline

import "strings"

// readPriority reads the headers of syslog that begin with <PRI>, whose value is
// eight times the facility plus the severity (RFC 5424 and RFC 3164).
func readPriority(s string, l *Line) bool {
	n := digits(s, 1)
	if n < 1 || n > 3 || s[n+1] != '>' {
		return false
	}
	pri := 0
	for _, c := range s[1 : n+1] {
		pri = pri*10 + int(c-'0')
	}
	if pri > 191 {
		return false
	}
	level := syslogLevel(float64(pri & 7))
	i := n + 2
	if i+2 < len(s) && s[i] == '1' && s[i+1] == ' ' {
		return readSyslog5424(s, i+2, level, l)
	}
	t, ok := readTime(s[i:])
	if !ok {
		*l = Line{Level: level, Message: s[i:]}
		return i < len(s)
	}
	if !afterTime(s, t, i+t.end, l) {
		*l = Line{Time: t.time, Message: s[skipBlanks(s, i+t.end):]}
	}
	l.Level = level
	return true
}

// readSyslog5424 reads what follows <PRI>1: time, host, application, process
// and message id, then structured data.
func readSyslog5424(s string, i int, level Level, l *Line) bool {
	*l = Line{Level: level}
	for column := range 5 {
		end := wordEnd(s, i)
		if end == i || end >= len(s) || s[end] != ' ' {
			return false
		}
		word := s[i:end]
		switch {
		case word == "-":
		case column == 0:
			t, ok := readTime(word)
			if !ok {
				return false
			}
			l.Time = t.time
		case column == 2:
			l.Logger = word
		case column == 3:
			l.Thread = word
		}
		i = end + 1
	}
	switch {
	case i < len(s) && s[i] == '-':
		i++
	case i < len(s) && s[i] == '[':
		for i < len(s) && s[i] == '[' {
			if i = structured(s, i); i < 0 {
				return false
			}
		}
	}
	l.Message = strings.TrimPrefix(s[skipBlanks(s, min(i, len(s))):], "\ufeff")
	return true
}

// structured goes over the element of structured data at i: [id name="value"],
// with brackets and escaped quotes inside of values. -1 when it does not end.
func structured(s string, i int) int {
	quoted := false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return i + 1
		}
	}
	return -1
}

// readTag reads the host and the program of syslog: "web-1 sshd[12]: text". A
// program without a process is one only where the time has no year, as there
// is nothing else that writes such times with words after them.
func readTag(s string, i int, kind stampKind, l *Line) bool {
	host := wordEnd(s, i)
	if host == i || host >= len(s) || s[host] != ' ' || s[host-1] == ':' || s[i] == '[' || s[i] == '{' || s[i] == '"' {
		return false
	}
	tag := host + 1
	end := tag
	for end < len(s) && classes[s[end]]&tagByte != 0 {
		end++
	}
	if end == tag {
		return false
	}
	name, process := s[tag:end], ""
	if end < len(s) && s[end] == '[' {
		n := digits(s, end+1)
		if n == 0 || end+1+n >= len(s) || s[end+1+n] != ']' {
			return false
		}
		process = s[end+1 : end+1+n]
		end += n + 2
	} else if kind != stampYear {
		return false
	}
	switch {
	case end+1 < len(s) && process != "" && s[end] == ' ' && s[end+1] == '<':
		// macOS writes "<Error>:" before the colon.
		end++
	case end < len(s) && s[end] == ':':
		end = skipBlanks(s, end+1)
	default:
		return false
	}
	if end >= len(s) || levelOf(name) != "" {
		return false
	}
	l.Logger, l.Thread, l.Message = name, process, s[end:]
	return true
}
