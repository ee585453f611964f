// Package fold finds out which lines of a log belong together: the stack trace
// that an error brings along is part of its event, though it comes as lines of
// its own. It knows the traces of Java, Python, Go, JavaScript, .NET, Ruby,
// PHP and Rust.
//
// A Folder is for one log group and keeps the streams inside it apart. The head
// of an event is handed on at once; its trace follows when it is complete, with
// a fingerprint that is the same for the same error on another line, in another
// build or on another host:
//
//	verdict := folder.Add(fold.Line{Stream: l.Stream, Text: l.Text, Trace: l.Trace, Level: l.Level, At: s.Time})
//	for _, trace := range verdict.Done { // of earlier events
//		judge(trace.Note, trace)
//	}
//	if !verdict.Head {
//		return // a part of the event before it
//	}
//	match := miner.Add(verdict.Text, s.Time)
//	folder.Note(uint64(match.Template.ID())) // comes back as Trace.Note
//
//	for _, trace := range folder.Advance(watermark) { ... }
//
// Lines are hostile input: the streams, the frames of a trace and the bytes
// of each are bounded, and the time for a line is linear in its length.
package fold

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/telemetry/logline"
)

// Limits of a Folder.
const (
	MaxStreams = 512             // streams that are told apart; the one silent for longest goes first
	Patience   = 2 * time.Second // of event time without a further line ends a trace
	near       = time.Second     // from its event's head, so much later a trace may begin
	maxHead    = 200             // bytes of a head that are remembered, to find the exception in it
	maxStream  = 512             // bytes of a stream's name
)

// Line is one log event of a stream.
type Line struct {
	Stream string
	Text   string        // the message without its header, as logline gives it; may hold several lines
	Trace  string        // the stack trace in a field of a structured line; mostly empty
	Level  logline.Level // of the line
	At     time.Time     // event time
}

// Verdict says what a line is.
type Verdict struct {
	Head bool    // the line begins an event; otherwise it is part of the one before, or blank
	Text string  // of a head: its first line, which is what to mine
	Done []Trace // traces that are complete now, oldest first; valid until the next call
}

// Folder folds the lines of one log group. The zero value is ready for use. A
// Folder is not safe for concurrent use and reads no clock.
type Folder struct {
	streams map[string]*stream
	newest  *stream // the list of streams from the newest to the oldest line
	oldest  *stream
	open    int // streams with a trace that is not complete
	done    []Trace
}

// stream is where a log stream is.
type stream struct {
	name     string
	newer    *stream
	older    *stream
	hasHead  bool
	level    logline.Level // of the head
	at       int64         // the head's event time, in nanoseconds
	last     int64         // the newest line's
	note     uint64
	head     []byte // the beginning of the head
	kind     string // the type in the head, where only that was saved
	panicked bool   // the head is one of Go\'s panics, where only that was saved
	expect   expectation
	open     *trace // nil until a continuation has come
}

// Add takes a line, in the order of its stream. Done holds at most the trace
// that the line put an end to and one of a stream that had to go.
func (f *Folder) Add(l Line) Verdict {
	clear(f.done)
	f.done = f.done[:0]
	s := f.stream(l.Stream)
	at := l.At.UnixNano()
	text, more := firstLine(l.Text)
	head := s.open == nil && s.expect == nothing && plainStart(text) && (l.Level != "" || !s.troubled(at))
	if !head {
		switch s.read(text, l.Level, at, false) {
		case isBlank:
			if more == "" && l.Trace == "" {
				return Verdict{Done: f.done}
			}
			head = true
		case isPart:
			f.part(s, text, at)
		case isHead:
			head = true
		}
	}
	if head {
		f.finish(s)
		s.begin(text, l.Level, at, more != "" || l.Trace != "")
	}
	if more != "" {
		f.rest(s, more, at)
	}
	if l.Trace != "" {
		f.rest(s, l.Trace, at)
	}
	return Verdict{Head: head, Text: text, Done: f.done}
}

// Note keeps a value of the caller's with the event whose head was just added.
func (f *Folder) Note(value uint64) {
	if f.newest != nil {
		f.newest.note = value
	}
}

// Advance ends the traces that the watermark has passed by Patience and
// returns them, oldest first. The result is valid until the next call.
func (f *Folder) Advance(watermark time.Time) []Trace {
	return f.end(watermark.Add(-Patience).UnixNano())
}

// Flush ends all traces, at the end of an input.
func (f *Folder) Flush() []Trace { return f.end(1<<63 - 1) }

func (f *Folder) end(before int64) []Trace {
	clear(f.done)
	f.done = f.done[:0]
	if f.open == 0 {
		return nil
	}
	for s := f.oldest; s != nil; s = s.newer {
		if s.open != nil && s.last <= before {
			f.finish(s)
		}
	}
	slices.SortFunc(f.done, func(a, b Trace) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Stream, b.Stream)
	})
	return f.done
}

// stream finds the stream and makes it the newest.
func (f *Folder) stream(name string) *stream {
	if len(name) > maxStream {
		name = name[:maxStream]
	}
	if f.newest != nil && f.newest.name == name {
		return f.newest
	}
	s := f.streams[name]
	switch {
	case s != nil:
		f.unlink(s)
	case len(f.streams) >= MaxStreams:
		s = f.oldest
		f.finish(s)
		f.unlink(s)
		delete(f.streams, s.name)
		*s = stream{name: strings.Clone(name), head: s.head[:0]}
		f.streams[s.name] = s
	default:
		if f.streams == nil {
			f.streams = map[string]*stream{}
		}
		s = &stream{name: strings.Clone(name)}
		f.streams[s.name] = s
	}
	f.link(s)
	return s
}

func (f *Folder) link(s *stream) {
	s.older, s.newer = f.newest, nil
	if f.newest != nil {
		f.newest.newer = s
	} else {
		f.oldest = s
	}
	f.newest = s
}

func (f *Folder) unlink(s *stream) {
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		f.newest = s.older
	}
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		f.oldest = s.newer
	}
	s.newer, s.older = nil, nil
}

// begin makes a line the head of an event; traced says that its trace came with
// it.
func (s *stream) begin(text string, level logline.Level, at int64, traced bool) {
	s.hasHead, s.level, s.at, s.last, s.note, s.kind, s.panicked = true, level, at, at, 0, "", false
	s.head = s.head[:0]
	if traced || level != logline.Info && level != logline.Debug {
		// After these a trace is rare, and then its own lines have to do.
		s.head = append(s.head, text[:min(len(text), maxHead)]...)
	}
	s.expect = expected(text)
}

// part makes a line part of the event, whose trace begins with it if need be.
func (f *Folder) part(s *stream, text string, at int64) {
	if s.open == nil {
		s.open = &trace{}
		f.open++
		if s.hasHead && between(s.at, at) <= maxPause {
			if kind := s.errorType(); kind != "" {
				s.open.caused(kind)
				s.open.guessed = true
			}
		} else {
			// The beginning was lost, or is in another stream.
			s.open.Headless = true
			s.hasHead, s.at, s.note, s.level = false, at, 0, ""
		}
	}
	s.last = max(s.last, at)
	s.expect = s.open.line(text, s.expect)
}

// errorType is the type of error that the head names; empty when it names none.
func (s *stream) errorType() string {
	if s.kind != "" {
		return s.kind
	}
	return exceptionType(string(s.head))
}

// panics tells whether the head is one of Go's panics.
func (s *stream) panics() bool { return s.panicked || strings.HasPrefix(string(s.head), "panic: ") }

// rest takes the further lines of an event that came as one. None of them is a
// head, whatever it looks like.
func (f *Folder) rest(s *stream, text string, at int64) {
	for text != "" {
		var line string
		line, text = firstLine(text)
		if line == "" {
			continue
		}
		if s.read(line, "", at, true) == isPart {
			f.part(s, line, at)
		} else if s.open != nil {
			s.open.Lines++
		}
	}
}

// finish completes the stream's trace if there is one.
func (f *Folder) finish(s *stream) {
	if s.open == nil {
		return
	}
	t := s.open
	s.open, s.expect = nil, nothing
	f.open--
	if done, ok := t.done(); ok {
		done.Stream, done.Note, done.Level = s.name, s.note, s.level
		done.At, done.Last = time.Unix(0, s.at).UTC(), time.Unix(0, s.last).UTC()
		f.done = append(f.done, done)
	}
}

// firstLine cuts a text behind its first line. AWS Lambda separates the lines
// of a Python trace by "\r".
func firstLine(s string) (line, rest string) {
	i := strings.IndexByte(s, '\n')
	if k := strings.IndexByte(s, '\r'); k >= 0 && (i < 0 || k < i) {
		i = k
	}
	if i < 0 {
		return s, ""
	}
	rest = s[i+1:]
	if s[i] == '\r' && rest != "" && rest[0] == '\n' {
		rest = rest[1:]
	}
	return s[:i], rest
}

func between(a, b int64) time.Duration {
	if a > b {
		a, b = b, a
	}
	return time.Duration(b - a)
}
