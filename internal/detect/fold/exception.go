package fold

import "strings"

// endings are how the names of error types end.
var endings = [...]string{"Exception", "Error", "Throwable", "Failure", "Fault", "Warning", "Interrupt", "Exit", "Iteration", "Panic"}

// isType tells whether a word is the name of an error type.
func isType(word string) bool {
	if word == "" || len(word) > maxName {
		return false
	}
	last := 0
	for i := range len(word) {
		switch c := word[i]; {
		case c == '.' || c == '\\' || c == '$' || c == ':':
			last = i + 1
		case c|0x20-'a' >= 26 && c-'0' >= 10 && c != '_' && c < 0x80:
			return false
		}
	}
	if last >= len(word) || word[last]-'A' >= 26 {
		return false
	}
	for _, end := range endings[:5] {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// word cuts the first word, without the colon behind it.
func word(s string) string {
	for i := range len(s) {
		if c := s[i]; c == ' ' || c == '\t' || c == '\r' || c == '(' || c == ':' && (i+1 >= len(s) || s[i+1] == ' ' || s[i+1] == '\r') {
			return s[:i]
		}
	}
	return s
}

// isException recognises "java.lang.IllegalStateException: it broke", also
// without a message.
func isException(s string) bool {
	w := word(s)
	if len(w) < len(s) && s[len(w)] != ':' && strings.TrimRight(s[len(w):], " \r") != "" {
		return false
	}
	return isType(w)
}

// isPythonError recognises the line behind a traceback, whose type can have
// any name.
func isPythonError(s string) bool {
	w := word(s)
	if w == "" || len(w) < len(s) && s[len(w)] != ':' && s[len(w)] != '\r' || len(w) > maxName {
		return false
	}
	for i := range len(w) {
		if c := w[i]; c|0x20-'a' >= 26 && c-'0' >= 10 && c != '_' && c != '.' && c < 0x80 {
			return false
		}
	}
	last := w[strings.LastIndexByte(w, '.')+1:]
	if last == "" {
		return false
	}
	for _, end := range endings {
		if strings.HasSuffix(last, end) {
			return true
		}
	}
	return last[0]-'A' < 26
}

// exceptionType finds the type of error that a head or a cause names: the first
// word that is one. Go and Rust have none; their kinds of panic stand in.
func exceptionType(text string) string {
	text, _ = firstLine(text)
	switch {
	case strings.HasPrefix(text, "panic: runtime error"), strings.Contains(text, ": runtime error: "):
		return "runtime error"
	case strings.HasPrefix(text, "panic: "), strings.HasPrefix(text, "panic("), strings.Contains(text, "http: panic serving"):
		return "panic"
	case strings.HasPrefix(text, "fatal error: "):
		return "fatal error"
	case strings.HasPrefix(text, "thread '") && strings.Contains(text, " panicked at "):
		return "panic"
	}
	if end := strings.TrimRight(text, " \r"); strings.HasSuffix(end, ")") {
		// Ruby's uncaught errors: "app.rb:3:in 'add': it broke (RuntimeError)".
		if open := strings.LastIndexByte(end, '('); open >= 0 && isType(end[open+1:len(end)-1]) {
			return end[open+1 : len(end)-1]
		}
	}
	rest := text
	for range 40 {
		if rest = trimLeft(rest); rest == "" {
			break
		}
		w := word(rest)
		next := len(w)
		if (w == "Exception" || w == "Error") && next < len(rest) && rest[next] != ':' {
			rest = rest[next:] // "Exception in thread": a word, no name
			continue
		}
		if w = strings.Trim(w, `"'[]<>,;`); isType(w) {
			return w
		}
		rest = rest[max(next, 1):]
		for rest != "" && (rest[0] == ':' || rest[0] == '(') {
			rest = rest[1:]
		}
	}
	return ""
}
