package logtraffic

import (
	"strconv"
	"strings"
	"time"

	"firebreak/internal/telemetry"
)

// line is a shape that is ready to be written.
type line struct {
	*shape
	words  pattern
	fields []field
	trace  []pattern
}

type field struct {
	name   string
	value  pattern
	number bool // written without quotes in JSON
}

func (s shape) ready() *line {
	l := &line{shape: &s, words: compile(s.text)}
	for _, f := range splitFields(s.fields) {
		name, value, _ := strings.Cut(f, "=")
		number := strings.HasPrefix(value, "{ms ") || strings.HasPrefix(value, "{int ") || strings.HasPrefix(value, "{whole ") ||
			strings.Trim(value, "0123456789.") == ""
		l.fields = append(l.fields, field{name, compile(value), number})
	}
	for _, t := range s.trace {
		l.trace = append(l.trace, compile(t))
	}
	return l
}

// splitFields splits at blanks outside of braces and quotes.
func splitFields(s string) []string {
	depth, quoted := 0, false
	return strings.FieldsFunc(s, func(r rune) bool {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		case '"':
			quoted = !quoted
		}
		return r == ' ' && depth == 0 && !quoted
	})
}

// clock writes times of one day without asking for the calendar every time.
type clock struct {
	day  int64  // since the epoch
	date []byte // 2026-03-02
}

// stamp writes a time, e.g. 2026-03-02T15:04:05.006.
func (c *clock) stamp(b []byte, ms int64, between, point byte) []byte {
	const perDay = 24 * 60 * 60 * 1000
	if day := ms / perDay; day != c.day {
		c.day, c.date = day, time.UnixMilli(ms).UTC().AppendFormat(c.date[:0], time.DateOnly)
	}
	second := ms / 1000
	two := func(n int64, after byte) { b = append(b, '0'+byte(n/10), '0'+byte(n%10), after) }
	b = append(append(b, c.date...), between)
	two(second/3600%24, ':')
	two(second/60%60, ':')
	two(second%60, point)
	return append(b, '0'+byte(ms/100%10), '0'+byte(ms/10%10), '0'+byte(ms%10))
}

// write writes the line in a layout.
func (l *line) write(b []byte, how layout, c *clock, ms int64, m *moment) []byte {
	switch {
	case l.raw:
		return l.words.write(b, m)
	case how == jsonLayout:
		b = c.stamp(append(b, `{"time":"`...), ms, 'T', '.')
		b = append(append(append(b, `Z","level":"`...), l.level...), `","host":"`...)
		b = l.words.write(append(append(b, m.host...), `","msg":"`...), m)
		b = append(b, '"')
		for _, f := range l.fields {
			b = append(append(append(b, `,"`...), f.name...), `":`...)
			if f.number {
				b = f.value.write(b, m)
				continue
			}
			b = append(f.value.write(append(b, '"'), m), '"')
		}
		if len(l.trace) > 0 {
			b = append(b, `,"stack":"`...)
			for i, t := range l.trace {
				if i > 0 {
					b = append(b, `\n`...)
				}
				b = t.write(b, m)
			}
			b = append(b, '"')
		}
		return append(b, '}')
	case how == logfmtLayout:
		b = c.stamp(append(b, "time="...), ms, 'T', '.')
		b = append(append(b, "Z level="...), strings.ToUpper(string(l.level))...)
		b = append(l.words.write(append(b, ` msg="`...), m), '"')
		for _, f := range l.fields {
			b = f.value.write(append(append(append(b, ' '), f.name...), '='), m)
		}
		return b
	case how == javaLayout:
		b = append(c.stamp(b, ms, ' ', ','), ' ')
		b = append(b, levelColumn(l.level)...)
		b = append(strconv.AppendInt(append(b, "[http-nio-8080-exec-"...), 1+m.rng.Int64N(24), 10), "] "...)
		return l.words.write(append(append(b, l.from...), " - "...), m)
	default:
		b = append(c.stamp(b, ms, ' ', ','), " - "...)
		b = append(append(append(append(b, l.from...), " - "...), pythonLevel(l.level)...), " - "...)
		b = l.words.write(b, m)
		for _, t := range l.trace {
			b = t.write(append(b, '\n'), m)
		}
		return b
	}
}

func levelColumn(l telemetry.Level) string {
	switch l {
	case telemetry.LevelDebug:
		return "DEBUG "
	case telemetry.LevelWarn:
		return "WARN  "
	case telemetry.LevelError, telemetry.LevelFatal:
		return "ERROR "
	default:
		return "INFO  "
	}
}

func pythonLevel(l telemetry.Level) string {
	switch l {
	case telemetry.LevelDebug:
		return "DEBUG"
	case telemetry.LevelWarn:
		return "WARNING"
	case telemetry.LevelError:
		return "ERROR"
	case telemetry.LevelFatal:
		return "CRITICAL"
	default:
		return "INFO"
	}
}
