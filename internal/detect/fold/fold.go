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

// Add takes a line, in the order of its stream. Done holds at most the trace
// that the line put an end to and one of a stream that had to go.
func (f *Folder) Add(l Line) Verdict {
	clear(f.done)
	f.done = f.done[:0]
	s := f.stream(l.Stream)
	at := l.At.UnixNano()
	if s.open != nil && time.Duration(at-s.last) > Patience {
		// Advance would have ended it, had the watermark come sooner.
		f.finish(s)
	}
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

// part makes a line part of the event.
func (f *Folder) part(s *stream, text string, at int64) {
	s.expect = f.opened(s, at).line(text, s.expect)
}

// opened is the stream's trace, which begins now if there is none.
func (f *Folder) opened(s *stream, at int64) *trace {
	s.last = max(s.last, at)
	if s.open != nil {
		return s.open
	}
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
		s.hasHead, s.at, s.note, s.level, s.last = false, at, 0, "", at
	}
	return s.open
}

// rest takes the further lines of an event that came as one. None of them is a
// head, whatever it looks like.
func (f *Folder) rest(s *stream, text string, at int64) {
	for text != "" {
		var line string
		line, text = firstLine(text)
		if line == "" {
			continue
		}
		if isGoSymbol(line) && placed(text) {
			f.opened(s, at).symbol(line)
			continue
		}
		if s.read(line, "", at, true) == isPart {
			f.part(s, line, at)
		} else if s.open != nil {
			s.open.Lines++
		}
	}
}

// Due tells whether Advance has a trace to end.
func (f *Folder) Due(watermark time.Time) bool {
	if f.open == 0 {
		return false
	}
	before := watermark.Add(-Patience).UnixNano()
	for s := f.newest; s != nil; s = s.older {
		if s.open != nil && s.last <= before {
			return true
		}
	}
	return false
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
	// Piece by piece: a search for one of the two through all of a long text, for
	// each of its lines, would take time that grows with its square.
	const piece = 1 << 10
	for begin := 0; begin < len(s); begin += piece {
		part := s[begin:min(len(s), begin+piece)]
		i := strings.IndexByte(part, '\n')
		if i >= 0 {
			part = part[:i]
		}
		if k := strings.IndexByte(part, '\r'); k >= 0 {
			i = k
		}
		if i < 0 {
			continue
		}
		i += begin
		rest = s[i+1:]
		if s[i] == '\r' && rest != "" && rest[0] == '\n' {
			rest = rest[1:]
		}
		return s[:i], rest
	}
	return s, ""
}

func between(a, b int64) time.Duration {
	if a > b {
		a, b = b, a
	}
	return time.Duration(b - a)
}
