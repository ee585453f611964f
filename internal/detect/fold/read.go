package fold

import (
	"strings"
	"time"

	"firebreak/internal/telemetry/logline"
)

// kind is what a line is to the event before it.
type kind uint8

const (
	isHead kind = iota
	isPart
	isBlank
)

// maxPause is the most time from an event's head to a line that only makes
// sense as part of one, such as a stack frame.
const maxPause = 5 * time.Second

// expectation is what must come next although it does not look like it.
type expectation uint8

const (
	nothing       expectation = iota
	panicMessage              // Rust's, on the line after the place
	sourceLine                // Node.js shows the line that threw, a caret and then the error
	sourceError               //
	pythonMessage             // Python's exception, behind the frames
)

// expected tells what a head announces.
func expected(head string) expectation {
	switch {
	case head == "":
	case head[len(head)-1] == ':':
		if strings.HasPrefix(head, "thread '") && strings.Contains(head[:min(len(head), maxHead)], " panicked at ") {
			return panicMessage
		}
	case head[len(head)-1]-'0' < 10 && scripts[head[0]] && isScript(head):
		return sourceLine
	}
	return nothing
}

// scripts are the bytes that a script's place begins with: a path, a drive, a
// scheme.
var scripts = func() (t [256]bool) {
	for _, c := range []byte("/fnABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}()

// isScript tells whether a line is nothing but a place in a script: what
// Node.js writes before an error that nobody caught.
func isScript(s string) bool {
	if len(s) > 1<<10 || s[0] != '/' && !strings.HasPrefix(s, "file:") && !strings.HasPrefix(s, "node:") && (len(s) < 3 || s[1] != ':') {
		return false
	}
	path := strings.TrimRight(s, "0123456789")
	for _, end := range [...]string{".js:", ".mjs:", ".cjs:", ".ts:", ".tsx:", ".jsx:"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return strings.HasPrefix(s, "node:") && strings.HasSuffix(path, ":")
}

// isSource tells whether a line without an indent may be a script's: a list of
// places is none.
func isSource(t string) bool {
	return strings.IndexByte(";){}(,[`", t[len(strings.TrimRight(t, " \r"))-1]) >= 0
}

// parts are the first bytes that a line of a trace can have outside of one.
var parts = func() (t [256]bool) {
	for _, c := range []byte(" \t\r.#TDWPgn[CSs-") {
		t[c] = true
	}
	return t
}()

// plainStart tells by its first byte that a line is no part of a trace unless
// one is open.
func plainStart(s string) bool { return s != "" && !parts[s[0]] }

// quiet tells whether a level is for what goes well.
func quiet(level logline.Level) bool { return level != "" && (level[0] == 'i' || level[0] == 'd') }

// troubled tells whether the latest head told of trouble a moment ago: then the
// next line may be the exception.
func (s *stream) troubled(at int64) bool {
	return s.hasHead && (s.level == logline.Warn || s.level.IsError()) && between(s.at, at) <= near
}

// read tells what a line is. A level makes a line a head, unless it has the
// form of a stack frame: some write each line of a trace as an error.
//
// within says that the line came in one event with the head before it.
func (s *stream) read(text string, level logline.Level, at int64, within bool) kind {
	t := bare(text)
	if t == "" {
		return isBlank
	}
	indented := len(t) < len(text)
	in := s.open != nil
	pause := maxPause + 1
	if s.hasHead {
		pause = between(s.at, at)
	}
	if in {
		pause = min(pause, between(s.last, at))
	}
	switch s.expect {
	case panicMessage:
		if pause <= near {
			return isPart
		}
	case sourceLine, sourceError:
		if pause <= near && (indented || s.expect == sourceLine && isSource(t) || s.expect == sourceError && (isException(t) || strings.Trim(t, "^~ \r") == "")) {
			return isPart
		}
	case pythonMessage:
		// A level may be nothing but the first word: "Error: it broke".
		if !indented && isPythonError(t) && (level == "" || !quiet(level) && isType(word(t))) {
			return isPart
		}
	}
	if in && indented {
		// A line of source, a note, the rest of a message.
		return isPart
	}
	troubled := within || s.troubled(at)
	if isContinuation(t) && (in || troubled || isCertain(t)) {
		return isPart
	}
	if f := readFrame(t); f.ok && (indented || in || f.language != Rust) && (f.sure && indented || in || within || pause <= near && !quiet(s.level)) {
		return isPart
	}
	if in {
		if !quiet(level) && s.open.continues(t, level) {
			return isPart
		}
		return isHead
	}
	switch {
	case isAnnouncement(t):
		// The trace of a head that told of trouble, or an event of its own.
		if troubled {
			return isPart
		}
	case indented && pause <= near && strings.HasPrefix(t, "panic: ") && s.panics():
		return isPart
	case pause <= near && (strings.HasPrefix(t, "stack backtrace:") || isStackTrace(t) || strings.HasPrefix(t, "[signal SIG")):
		return isPart
	case troubled && level == "" && isException(t):
		return isPart
	}
	return isHead
}

// isContinuation tells whether a line can only be part of a trace.
func isContinuation(t string) bool {
	switch t[0] {
	case 'C':
		return strings.HasPrefix(t, "Caused by: ")
	case 'S':
		return strings.HasPrefix(t, "Suppressed: ") && isException(t[len("Suppressed: "):])
	case 'W':
		return strings.HasPrefix(t, "Wrapped by: ") && isException(t[len("Wrapped by: "):])
	case 'g':
		return isGoroutine(t)
	case '.':
		return isOmission(t)
	case '-':
		if rest, ok := strings.CutPrefix(t, "---> "); ok {
			return isException(word(rest))
		}
		return strings.HasPrefix(t, "--- End of ") && strings.Contains(t, "stack trace")
	case 'D':
		return strings.HasPrefix(t, "During handling of the above exception")
	case 'T':
		return strings.HasPrefix(t, "The above exception was the direct cause")
	}
	return false
}

// isCertain tells of a continuation whether it is one even where nothing is
// known of what came before: "Caused by: the weather" is none.
func isCertain(t string) bool {
	switch t[0] {
	case 'C':
		return isException(t[len("Caused by: "):])
	case '.':
		return false
	}
	return true
}

// isAnnouncement tells whether a trace follows.
func isAnnouncement(t string) bool {
	return strings.HasPrefix(t, "Traceback (most recent call last)") || strings.HasPrefix(t, "Exception Group Traceback (most recent call last)")
}

// isStackTrace recognises PHP's heading.
func isStackTrace(t string) bool {
	return strings.HasPrefix(t, "Stack trace:") || strings.HasPrefix(t, "PHP Stack trace:")
}

// continues tells whether an unindented line belongs to the open trace.
func (t *trace) continues(s string, level logline.Level) bool {
	switch t.Language {
	case Go:
		return isGoFunction(s) || strings.HasPrefix(s, "panic(") || strings.HasPrefix(s, "created by ") || strings.HasPrefix(s, "[signal ") ||
			strings.HasPrefix(s, "exit status ") || strings.HasPrefix(s, "[originating from ") || s == "runtime stack:"
	case Python:
		return isAnnouncement(s)
	case JavaScript:
		return s == "}" || strings.HasPrefix(s, "Node.js v")
	case PHP:
		return strings.HasPrefix(s, "Next ") || isStackTrace(s)
	case Rust:
		return strings.HasPrefix(s, "note: ") || strings.HasPrefix(s, "stack backtrace:")
	case "":
		return isAnnouncement(s) || isStackTrace(s) || strings.HasPrefix(s, "[signal SIG") || strings.HasPrefix(s, "stack backtrace:") || strings.HasPrefix(s, "note: run with `RUST") ||
			level == "" && t.n == 0 && isException(s)
	}
	return false
}

// isGoroutine recognises "goroutine 12 [running]:".
func isGoroutine(t string) bool {
	rest, ok := strings.CutPrefix(t, "goroutine ")
	if !ok {
		return false
	}
	n := digits(rest)
	return n > 0 && strings.HasPrefix(rest[n:], " [") && strings.HasSuffix(strings.TrimRight(rest, " \r"), "]:")
}

// isOmission recognises "... 12 more" and "... 3 common frames omitted".
func isOmission(t string) bool {
	rest, ok := strings.CutPrefix(t, "... ")
	if !ok {
		rest, ok = strings.CutPrefix(t, "...")
	}
	n := digits(rest)
	if !ok || n == 0 {
		return false
	}
	rest = strings.TrimRight(rest[n:], ". \r")
	return rest == " more" || rest == " common frames omitted" || rest == "additional frames elided" || rest == " additional frames elided"
}

// bare takes the indent from a line, and the frame that Python draws around
// groups of exceptions.
func bare(s string) string {
	t := trimLeft(s)
	if len(t) < len(s) && len(t) > 1 && (t[0] == '|' || t[0] == '+') && (t[1] == ' ' || t[1] == '-') {
		return trimLeft(strings.TrimLeft(t[1:], "-+"))
	}
	return t
}

func trimLeft(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}

// digits counts the digits at the beginning.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n]-'0' < 10 {
		n++
	}
	return n
}
