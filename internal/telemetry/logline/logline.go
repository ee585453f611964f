// Package logline reads one line of a log, whatever wrote it: how severe it is,
// what it says, when it was written and which fields it carries. It knows JSON,
// logfmt, AWS Lambda and the headers of the common loggers.
//
// A line is hostile input. Parse never fails, takes time linear in the line's
// length, keeps a bounded number of fields and leaves text as it was written.
// It takes away from the message only what is certainly header or framing: a
// word too much costs little, a word too few may be the one that mattered.
package logline

import (
	"strings"
	"time"
)

// Line is what one log line says. Its strings are parts of the line that was
// parsed wherever no escape had to be undone.
type Line struct {
	Level   Level     // empty when the line does not say
	Message string    // what the program said: the line without its header, or the message field of a structured line followed by its error
	Fields  []Field   // of a structured line, of JSON behind other words or of a REPORT of AWS Lambda, in order of appearance; nil when there are none
	Time    time.Time // when the line says it was written, UTC where it names no zone; zero when it does not say; in year 0, and in the zone it names, when it says no year
	Logger  string    // the logger, the syslog tag or the source file in the header, raw; mostly empty
	Thread  string    // the thread or process in the header, raw; mostly empty
	Trace   string    // the stack trace in a field of a structured line, lines separated by "\n"; empty without one

	Structured bool // the line is JSON or logfmt, alone or behind a header, and Message comes from one of its fields if any is a message
}

// Field is one named value of a line. The name of a nested one is dotted,
// as in "http.status". A number, a boolean or an array is its JSON text.
type Field struct {
	Name, Value string
}

// Limits on the fields of one line. What is beyond them is left out of Fields.
const (
	MaxFields = 64       // fields of a line
	MaxDepth  = 8        // objects in objects; what is nested deeper is its JSON text
	MaxName   = 128      // bytes of a name, dots included
	MaxValue  = 1 << 10  // bytes of a value, cut at a rune boundary
	maxTrace  = 16 << 10 // bytes of a stack trace that came in a field
)

// Field returns the value of the first field with the name.
func (l *Line) Field(name string) (string, bool) {
	for i := range l.Fields {
		if l.Fields[i].Name == name {
			return l.Fields[i].Value, true
		}
	}
	return "", false
}

// At returns when the line was written, and false when it does not say. A time
// without a year, as syslog writes it, gets the year that brings it nearest to
// near, which is the time of a neighbouring line or of the file.
func (l *Line) At(near time.Time) (time.Time, bool) {
	// In a zone west of UTC an hour of year 0 is the zero time.
	if l.Time.IsZero() && l.Time.Location() == time.UTC {
		return time.Time{}, false
	}
	if l.Time.Year() != 0 {
		return l.Time, true
	}
	best := l.Time.AddDate(near.Year(), 0, 0)
	for _, years := range [2]int{near.Year() - 1, near.Year() + 1} {
		if t := l.Time.AddDate(years, 0, 0); t.Sub(near).Abs() < best.Sub(near).Abs() {
			best = t
		}
	}
	return best.UTC(), true
}

// Parse reads a line, or an event of several lines whose first one is the
// log line. The message of any line with a word in it has a word in it.
func Parse(line string) Line {
	var l Line
	if strings.IndexByte(line, '\x1b') >= 0 {
		line = uncolored(line)
	}
	parse(line, true, &l)
	if l.Message == "" {
		l.Message = line
	}
	return l
}

// uncolored takes the colours of a terminal from a line: they stand in front of
// levels and in the middle of words.
func uncolored(line string) string {
	var b strings.Builder
	b.Grow(len(line))
	for rest := line; rest != ""; {
		i := strings.Index(rest, "\x1b[")
		if i < 0 {
			b.WriteString(rest)
			break
		}
		end := i + 2
		for end < len(rest) && (isDigit(rest[end]) || rest[end] == ';') {
			end++
		}
		if end < len(rest) && rest[end] == 'm' {
			b.WriteString(rest[:i])
			end++
		} else {
			b.WriteString(rest[:end])
		}
		rest = rest[end:]
	}
	if blank(b.String()) {
		return line
	}
	return b.String()
}

// parse is Parse into an empty line; outer is false for a line inside another
// one, which is looked into but once.
func parse(line string, outer bool, l *Line) {
	start := skipBlanks(line, 0)
	if start < len(line) && line[start] == '{' {
		if readJSON(line[start:], outer, l) {
			return
		}
		if l.Message = line; l.Level == "" {
			l.Level = plainLevel(line)
		}
		return
	}
	if !readLogfmt(line, l) && !readHeader(line, l) {
		*l = Line{Message: line}
		if !readRuntime(l) {
			l.Level = plainLevel(line)
		}
	}
	if outer && l.Message != "" {
		inside(l, line)
	}
}

// inside looks for structure in what follows a header or other plain words: a
// JSON object up to the end of the line, or logfmt.
func inside(l *Line, line string) {
	if len(l.Message) < len(line) && l.Fields == nil {
		var in Line
		if readLogfmt(l.Message, &in) {
			l.around(&in)
			*l = in
			return
		}
	}
	end := l.Message
	for end != "" && (isBlank(end[len(end)-1]) || end[len(end)-1] == '\n') {
		end = end[:len(end)-1]
	}
	if end == "" || end[len(end)-1] != '}' {
		return
	}
	at := strings.IndexByte(end, '{')
	if at < 0 || at > 0 && !isBlank(end[at-1]) && end[at-1] != ':' {
		return
	}
	var in Line
	if !readJSON(end[at:], false, &in) {
		return
	}
	head := strings.TrimRight(end[:at], " \t")
	// An object with a level or a time and a message is a log line that
	// something else wrote words in front of.
	if head == "" || in.Message != "" && (in.Level != "" || !in.Time.IsZero()) {
		if in.Message == "" {
			in.Message = l.Message
		}
		l.around(&in)
		*l = in
		return
	}
	l.Fields = in.Fields
	if l.Trace == "" {
		l.Trace = in.Trace
	}
	if len(head) < at && end[at-1] == '\t' && len(l.Message) < len(line) {
		// Columns: the object is one of its own.
		l.Message = head
	}
}

// around adds to the line in what only its frame, the line l, says.
func (l *Line) around(in *Line) {
	if in.Level == "" {
		in.Level = l.Level
	}
	if in.Time.IsZero() {
		in.Time = l.Time
	}
	if in.Logger == "" {
		in.Logger = l.Logger
	}
	if in.Thread == "" {
		in.Thread = l.Thread
	}
}
