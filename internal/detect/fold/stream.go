package fold

import (
	"strings"

	"firebreak/internal/telemetry/logline"
)

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
	panicked bool   // the head is one of Go's panics, where only that was saved
	expect   expectation
	open     *trace // nil until a continuation has come
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
	if traced || !quiet(level) {
		// After these a trace is rare, and then its own lines have to do.
		s.head = append(s.head, text[:min(len(text), maxHead)]...)
	}
	s.expect = expected(text)
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
