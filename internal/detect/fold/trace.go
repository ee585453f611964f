package fold

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"firebreak/internal/telemetry/logline"
)

// Language is what wrote a trace, by the form of its frames.
type Language string

// Languages.
const (
	Java       Language = "java" // and everything else on its machine
	Python     Language = "python"
	Go         Language = "go"
	JavaScript Language = "javascript"
	DotNet     Language = "dotnet"
	Ruby       Language = "ruby"
	PHP        Language = "php"
	Rust       Language = "rust"
	Native     Language = "native"
)

// Limits of a trace. What is beyond them is counted in Lines and left out.
const (
	MaxFrames     = 128 // different frames that the fingerprint is made of
	MaxExceptions = 8   // types that are kept
	TopFrames     = 3   // frames that are kept as text
	maxName       = 200 // bytes of a frame's or a type's text
	MaxLines      = 1 << 20
)

// Fingerprint names an error by its types and its way through the code.
type Fingerprint uint64

// String is the fingerprint as 16 hexadecimal digits.
func (p Fingerprint) String() string { return fmt.Sprintf("%016x", uint64(p)) }

// Trace is the stack trace of one event. Its texts were written by others and
// may hold what must not be shown: whoever shows them redacts them.
type Trace struct {
	Stream      string
	Note        uint64        // what Folder.Note kept with the head; 0 when there was none
	Level       logline.Level // of the head
	At, Last    time.Time     // event times of the head, or of the first line where there is none, and of the newest line
	Lines       int           // of the trace, without the head
	Language    Language      // empty when no frame was seen
	Exceptions  []string      // types, the outermost first, as they are caused by each other; never their messages
	Frames      []string      // the innermost frames' functions, at most TopFrames, as the fingerprint has them
	Headless    bool          // the beginning was lost: types may be missing, and the fingerprint is that of the rest
	Cut         bool          // there were more frames than MaxFrames
	Fingerprint Fingerprint
}

// trace is a trace that is not complete. What Trace says of the stream and its
// head is added at the end.
type trace struct {
	Trace

	items   []uint64 // hashes of types and frames, in order, each but once after a type
	section int      // where the items after the latest type begin
	n       int      // frames in all
	routine int      // goroutines so far
	guessed bool     // the type is from the words of the head
}

// exception looks for a type in the head of an event or of a cause.
func (t *trace) exception(text string) {
	if kind := exceptionType(text); kind != "" {
		t.caused(kind)
	}
}

func (t *trace) caused(kind string) {
	kind = strings.Clone(generic(kind))
	if len(t.Exceptions) < MaxExceptions {
		t.Exceptions = append(t.Exceptions, kind)
	}
	if len(t.items) < MaxFrames+MaxExceptions {
		t.items = append(t.items, hashOf('E', kind, ""))
	}
	t.section = len(t.items)
}

// line takes a line of the trace, and tells what the next one may be.
func (t *trace) line(text string, expect expectation) expectation {
	t.Lines = min(t.Lines+1, MaxLines)
	s := bare(text)
	if s == "" {
		return expect
	}
	switch expect {
	case panicMessage:
		return nothing
	case pythonMessage:
		if (len(s) == len(text) || isGrouped(text)) && isPythonError(s) {
			t.pythonError(s)
			return nothing
		}
	case sourceLine:
		expect = sourceError
	case sourceError:
		if len(s) == len(text) && isException(s) {
			t.forget()
			t.exception(s)
			return nothing
		}
	}
	if f := readFrame(s); f.ok {
		t.frame(f)
		if f.language == Python {
			return pythonMessage
		}
		return expect
	}
	switch {
	case isAnnouncement(s):
		t.Language = Python
		t.forget()
		return pythonMessage
	case isGoroutine(s):
		t.Language = Go
		t.routine++
	case len(s) < len(text) && strings.HasPrefix(s, "panic: "):
		t.exception(s) // Go, panicking again
	case t.Language == Go && strings.HasPrefix(s, "panic("):
		// The runtime's own frame of a panic.
	case t.Language == Go:
		s = strings.TrimPrefix(s, "created by ")
		if in := strings.Index(s, " in goroutine "); in > 0 {
			t.frame(frame{language: Go, name: s[:in]})
		} else if isGoFunction(s) {
			t.frame(frame{language: Go, name: goFunction(strings.TrimRight(s, " \r"))})
		}
	case t.Language == Python:
		// A line of source.
	default:
		t.cause(s)
	}
	return expect
}

// cause looks for the type of a cause.
func (t *trace) cause(s string) {
	for _, start := range [...]string{"Caused by: ", "Suppressed: ", "Wrapped by: ", "---> ", "Next ", "[cause]: "} {
		if rest, ok := strings.CutPrefix(s, start); ok {
			t.exception(rest)
			return
		}
	}
	if t.n == 0 && isException(s) {
		t.forget()
		t.exception(s)
	}
}

// forget drops the type that the words of the head were taken for: what the
// trace itself says is surer.
func (t *trace) forget() {
	if t.guessed && t.n == 0 && len(t.Exceptions) == 1 {
		t.Exceptions, t.items, t.section = t.Exceptions[:0], t.items[:0], 0
	}
	t.guessed = false
}

// pythonError takes the line behind a traceback. The types are in the order in
// which they were raised; the last one is the outermost.
func (t *trace) pythonError(s string) {
	kind := s
	if colon := strings.IndexByte(s, ':'); colon > 0 {
		kind = s[:colon]
	}
	t.caused(strings.TrimRight(kind, " \r"))
	if n := len(t.Exceptions); n > 1 {
		last := t.Exceptions[n-1]
		copy(t.Exceptions[1:], t.Exceptions[:n-1])
		t.Exceptions[0] = last
	}
}

// isGrouped tells whether a line is inside of a group of exceptions.
func isGrouped(text string) bool {
	text = trimLeft(text)
	return text != "" && text[0] == '|'
}

// symbol takes a function that stands alone on its line, as zap and errors with
// a stack write them, before the line with its place.
func (t *trace) symbol(name string) {
	t.Lines = min(t.Lines+1, MaxLines)
	t.Language = Go
	t.frame(frame{language: Go, name: strings.TrimRight(name, " \r")})
}

// frame takes a frame. Of several goroutines only the first one counts: the
// others are what happened to run.
func (t *trace) frame(f frame) {
	if t.Language == "" || t.n == 0 {
		t.Language = f.language
	}
	if f.name == "" && f.file == "" || t.routine > 1 {
		return
	}
	t.n++
	name, file := generic(f.name), shortPath(f.file)
	t.top(name, file)
	if len(t.items) >= MaxFrames+MaxExceptions {
		t.Cut = true
		return
	}
	// Each frame counts but once: how deep a recursion went is chance.
	hash := hashOf('F', name, file)
	if !slices.Contains(t.items[t.section:], hash) {
		t.items = append(t.items, hash)
	}
}

// top keeps the innermost frames. Python writes them last, everybody else
// first; of a chain of errors it is the first one's.
func (t *trace) top(name, file string) {
	python := t.Language == Python
	if !python && len(t.Frames) >= TopFrames {
		return
	}
	text := name
	switch {
	case name == "":
		text = file
	case file != "":
		text = name + " (" + file + ")"
	}
	text = strings.Clone(text[:min(len(text), maxName)])
	if !python {
		t.Frames = append(t.Frames, text)
		return
	}
	if len(t.Frames) == TopFrames {
		t.Frames = t.Frames[:TopFrames-1]
	}
	t.Frames = slices.Insert(t.Frames, 0, text)
}

// done makes the complete trace. A trace without a type or a frame is none.
func (t *trace) done() (Trace, bool) {
	if len(t.items) == 0 {
		return Trace{}, false
	}
	sum := sha256.New()
	sum.Write([]byte("trace 1"))
	var raw [8]byte
	for _, item := range t.items {
		binary.BigEndian.PutUint64(raw[:], item)
		sum.Write(raw[:])
	}
	t.Fingerprint = Fingerprint(binary.BigEndian.Uint64(sum.Sum(nil)))
	return t.Trace, true
}

func hashOf(sort byte, name, file string) uint64 {
	var buf [2*maxName + 2]byte
	b := append(buf[:0], sort)
	b = append(b, name[:min(len(name), maxName)]...)
	b = append(b, 0)
	b = append(b, file[:min(len(file), maxName)]...)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}
