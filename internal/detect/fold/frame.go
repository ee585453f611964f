package fold

import "strings"

// frame is a line of a call stack. Its name is what stays the same when the
// lines around it move: function and file without line numbers, addresses and
// arguments.
type frame struct {
	ok       bool
	sure     bool // it has a form that prose never has
	language Language
	name     string // raw, still with generated parts; empty for a line that only says where
	file     string // where the name alone does not tell
}

// readFrame reads a line without its indent.
func readFrame(t string) frame {
	if len(t) < 3 {
		return frame{}
	}
	switch c := t[0]; {
	case c == 'a' && strings.HasPrefix(t, "at "):
		return readAt(strings.TrimRight(t[3:], " \r"))
	case c == 'F' && strings.HasPrefix(t, `File "`):
		return readPython(t[len(`File "`):])
	case c == 'f' && strings.HasPrefix(t, "from "):
		return readRuby(t[len("from "):])
	case c == '#':
		return readNumbered(t[1:])
	case c == '/' || c == '\\' || len(t) > 3 && t[1] == ':' && (t[2] == '\\' || t[2] == '/'):
		if isGoPlace(t) {
			return frame{ok: true, sure: strings.Contains(t, " +0x"), language: Go}
		}
		return readRuby(t)
	case c-'0' < 10:
		return readRust(t)
	case c == 'P' && strings.HasPrefix(t, "PHP   "):
		return readXdebug(trimLeft(t[len("PHP "):]))
	case c == 't' && strings.HasPrefix(t, "thrown in ") && strings.Contains(t, " on line "):
		return frame{ok: true, sure: true, language: PHP}
	}
	if f := readRuby(t); f.ok {
		return f
	}
	return readBareJava(t)
}

// readBareJava reads a frame of Java as AWS Lambda lists it, without "at".
func readBareJava(t string) frame {
	t = strings.TrimRight(t, " \r")
	open := strings.IndexByte(t, '(')
	if open < 3 || t[len(t)-1] != ')' || !isJavaPlace(t[open+1:len(t)-1]) {
		return frame{}
	}
	name := t[:open]
	if strings.IndexByte(name, ' ') >= 0 || strings.IndexByte(name, '.') < 1 {
		return frame{}
	}
	return frame{ok: true, language: Java, name: javaName(name)}
}

// readXdebug reads "  1. App\Cart->add($item = 5) /srv/www/src/Cart.php:12".
func readXdebug(s string) frame {
	n := digits(s)
	if n == 0 || n > 4 || !strings.HasPrefix(s[n:], ". ") {
		return frame{}
	}
	name, rest, ok := strings.Cut(s[n+2:], "(")
	path, placed := cutPlace(strings.TrimRight(rest[strings.LastIndexByte(rest, ' ')+1:], "\r"))
	if !ok || !placed || strings.IndexByte(name, ' ') >= 0 {
		return frame{}
	}
	return frame{ok: true, sure: true, language: PHP, name: name, file: path}
}

// readAt reads what follows "at ": Java, JavaScript, .NET, or the place of a
// Rust frame.
func readAt(s string) frame {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		path, ok := cutPlace(s)
		switch {
		case ok && strings.HasSuffix(path, ".rs"):
			return frame{ok: true, sure: true, language: Rust}
		case ok && strings.IndexByte(path, ' ') < 0, ok && strings.HasPrefix(path, "async "):
			return frame{ok: true, sure: true, language: JavaScript, file: strings.TrimPrefix(path, "async ")}
		case s == "<anonymous>":
			return frame{ok: true, language: JavaScript, name: s}
		}
		return frame{}
	}
	name := s[:open]
	end := strings.LastIndexByte(s, ')')
	if end < open || name == "" {
		return frame{}
	}
	inner := s[open+1 : end]
	if name[len(name)-1] == ' ' {
		name = strings.TrimPrefix(strings.TrimRight(name, " "), "async ")
		path, ok := cutPlace(inner)
		if !ok && inner != "native" && inner != "<anonymous>" && !strings.HasPrefix(inner, "index ") {
			return frame{}
		}
		if !ok {
			path = ""
		}
		if as := strings.Index(name, " [as "); as > 0 {
			name = name[:as]
		}
		return frame{ok: true, sure: true, language: JavaScript, name: name, file: path}
	}
	if strings.IndexByte(name, ' ') >= 0 || strings.IndexByte(name, '.') < 1 {
		return frame{}
	}
	if isJavaPlace(inner) {
		return frame{ok: true, sure: true, language: Java, name: javaName(name)}
	}
	// .NET: the arguments' types and names, and where when there are symbols.
	return frame{ok: true, sure: inner == "" || strings.IndexByte(inner, ' ') >= 0, language: DotNet, name: name}
}

// isJavaPlace recognises what Java puts in brackets: Cart.java:12, Native Method.
func isJavaPlace(s string) bool {
	switch s {
	case "Native Method", "Unknown Source", "<generated>", "SourceFile", "Unknown":
		return true
	}
	if colon := strings.LastIndexByte(s, ':'); colon > 0 {
		n := digits(s[colon+1:])
		return n > 0 && colon+1+n == len(s) && strings.IndexByte(s, ' ') < 0
	}
	return strings.HasSuffix(s, ".java") || strings.HasSuffix(s, ".kt") || strings.HasSuffix(s, ".scala")
}

// cutPlace takes ":12:34", or ":12", from the end of a path.
func cutPlace(s string) (path string, ok bool) {
	for range 2 {
		colon := strings.LastIndexByte(s, ':')
		if colon < 1 || digits(s[colon+1:]) == 0 || colon+1+digits(s[colon+1:]) != len(s) {
			break
		}
		s, ok = s[:colon], true
	}
	return s, ok && (strings.ContainsAny(s, "/\\.") || strings.HasPrefix(s, "node:"))
}

// readPython reads what follows `File "`: path, line, function.
func readPython(s string) frame {
	path, rest, ok := strings.Cut(s, `", line `)
	if !ok || digits(rest) == 0 {
		return frame{}
	}
	f := frame{ok: true, sure: true, language: Python, file: path}
	if _, name, ok := strings.Cut(rest, ", in "); ok {
		f.name = strings.TrimRight(name, " \r")
	}
	return f
}

// readRuby reads "app/cart.rb:12:in 'add'", with whatever quotes.
func readRuby(s string) frame {
	i := strings.Index(s, ":in ")
	if i < 3 || i+5 >= len(s) || s[i+4] != '`' && s[i+4] != '\'' {
		return frame{}
	}
	path, ok := cutPlace(s[:i])
	if !ok || strings.IndexByte(path, ' ') >= 0 {
		return frame{}
	}
	name := s[i+5:]
	end := strings.LastIndexByte(name, '\'')
	if end < 0 {
		return frame{}
	}
	f := frame{ok: true, sure: true, language: Ruby, file: path, name: name[:end]}
	// With a message behind it, it is the head of an uncaught error.
	f.ok = strings.TrimRight(name[end+1:], " \r") == ""
	return f
}

// readNumbered reads what follows "#": PHP, or a native frame.
func readNumbered(s string) frame {
	n := digits(s)
	if n == 0 || n > 4 || n >= len(s) || s[n] != ' ' {
		return frame{}
	}
	s = trimLeft(s[n:])
	if strings.TrimRight(s, "\r ") == "{main}" {
		return frame{ok: true, sure: true, language: PHP}
	}
	if strings.HasPrefix(s, "0x") {
		_, name, ok := strings.Cut(s, " in ")
		name, _, _ = strings.Cut(name, " ")
		return frame{ok: ok, language: Native, name: name}
	}
	place, call, ok := strings.Cut(s, ": ")
	if !ok {
		return frame{}
	}
	f := frame{ok: true, sure: true, language: PHP}
	switch open := strings.LastIndexByte(place, '('); {
	case place == "[internal function]":
	case open > 0 && place[len(place)-1] == ')' && digits(place[open+1:]) == len(place)-open-2:
		f.file = place[:open]
	default:
		return frame{}
	}
	f.name, _, _ = strings.Cut(call, "(")
	if strings.HasPrefix(f.name, "{closure") {
		f.name = "{closure}"
	}
	return f
}

// readRust reads "12: core::panicking::panic", with or without the address. The
// form is that of any numbered list.
func readRust(s string) frame {
	n := digits(s)
	if n > 4 || !strings.HasPrefix(s[n:], ": ") {
		return frame{}
	}
	name := trimLeft(s[n+2:])
	if strings.HasPrefix(name, "0x") {
		_, after, ok := strings.Cut(name, " - ")
		if !ok {
			return frame{}
		}
		name = after
	}
	name = strings.TrimRight(name, " \r")
	if name == "" || !strings.Contains(name, "::") && strings.IndexByte(name, ' ') >= 0 {
		return frame{}
	}
	return frame{ok: true, language: Rust, name: name}
}

// isGoPlace recognises "/app/main.go:12 +0x1d".
func isGoPlace(t string) bool {
	i := strings.Index(t, ".go:")
	return i > 0 && digits(t[i+4:]) > 0 || strings.HasPrefix(t, "_cgo")
}

// isGoFunction recognises "main.(*Cart).Add(0xc000012345, {0x1, 0x2})".
func isGoFunction(s string) bool {
	s = strings.TrimRight(s, " \r")
	if s == "" || s[len(s)-1] != ')' {
		return false
	}
	name := goFunction(s)
	return name != "" && strings.IndexByte(name, '.') > 0 && strings.IndexByte(name, ' ') < 0
}

// goFunction takes the arguments from a call.
func goFunction(s string) string {
	depth := 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return s[:i]
			}
		}
	}
	return ""
}

// placed tells whether the first line of a text is a place in Go.
func placed(text string) bool {
	if text == "" || text[0] != '\t' && text[0] != ' ' {
		return false
	}
	line, _ := firstLine(text[:min(len(text), 1<<10)])
	return isGoPlace(trimLeft(line))
}

// isGoSymbol recognises a function that stands alone: github.com/shop/cart.Load.
func isGoSymbol(s string) bool {
	s = strings.TrimRight(s, "\r")
	return len(s) > 3 && len(s) <= maxName && s[0] != ' ' && s[0] != '\t' && strings.IndexByte(s, '.') > 0 && strings.IndexByte(s, ' ') < 0 && s[len(s)-1] != ':' && s[len(s)-1] != ')'
}
