package logline

import (
	"strconv"
	"strings"
	"time"
)

// sort is what a value of a structured line was written as.
type sort uint8

const (
	isText   sort = iota
	isNumber      // a JSON number
	isRaw         // any other JSON
	isBare        // a word of logfmt: text, or a number
)

// role is what the fields of a name are for.
type role uint8

const (
	noRole role = iota
	roleMessage
	roleLevel
	roleError
	roleTrace
	roleTime
	roleLogger
	roleThread
	roleType // of an error
	roles
)

// mined collects the fields of a structured line and finds among them those
// that every log line has: where two fields have a role, the one that
// more loggers use for it has it.
type mined struct {
	fields [MaxFields]Field
	role   [MaxFields]role
	n      int

	value [roles]string
	rank  [roles]uint8 // of value; the lowest wins, 0 is none
	level Level
	time  time.Time
	gelf  bool // has what only Graylog's format has
}

func (m *mined) add(name, value string, s sort) {
	kept := -1
	if m.n < MaxFields {
		kept = m.n
		m.fields[kept] = Field{name, Cut(value, MaxValue)}
		m.n++
	}
	r, rank := roleOf(name)
	if r == noRole || m.rank[r] != 0 && m.rank[r] <= rank {
		return
	}
	switch r {
	case roleLevel:
		level := levelValue(name, value, s, m.gelf)
		if level == "" {
			return
		}
		m.level = level
	case roleTime:
		t := timeValue(value, s)
		if t.IsZero() {
			return
		}
		m.time = t
	case roleTrace:
		// "trace" is also what some call the id of a request's trace.
		if s == isNumber || s == isRaw || strings.IndexByte(value, '\n') < 0 {
			return
		}
	default:
		if s == isNumber || s == isRaw || blank(value) {
			return
		}
	}
	if r == roleMessage && rank == rankGELF {
		m.gelf = true
	}
	m.rank[r], m.value[r] = rank, value
	for i := range m.n {
		if m.role[i] == r {
			m.role[i] = noRole
		}
	}
	if kept >= 0 {
		m.role[kept] = r
	}
}

// line makes the line of the fields. Those that have a place of their own in
// a Line are no longer among its Fields, except the error.
func (m *mined) line(outer bool, l *Line) {
	*l = Line{
		Structured: true, Level: m.level, Message: strings.TrimRight(m.value[roleMessage], "\r\n"), Time: m.time,
		Logger: m.value[roleLogger], Thread: m.value[roleThread], Trace: Cut(m.value[roleTrace], maxTrace),
	}
	rest := 0
	for i := range m.n {
		if m.role[i] == noRole || m.role[i] == roleError || m.role[i] == roleType {
			m.fields[rest] = m.fields[i]
			rest++
		}
	}
	cause := m.value[roleError]
	if strings.IndexByte(cause, '\n') >= 0 {
		// An exception with its stack trace.
		if l.Trace == "" {
			l.Trace = Cut(cause, maxTrace)
		}
		cause = said(cause)
	}
	l.Trace = headed(l.Trace, m.value[roleType], cause)
	if l.Level == "" && (l.Trace != "" || cause != "" && m.value[roleType] != "") {
		// AWS Lambda writes errors that nobody caught without a level.
		l.Level = Error
	}
	if cause != "" && !strings.HasSuffix(l.Message, cause) {
		if l.Message != "" {
			l.Message += ": "
		}
		l.Message += cause
	}
	var more []Field
	if outer && (m.rank[roleMessage] == rankWrapper || l.Message != "" && l.Message[0] == '{') {
		// A collector's frame around a line.
		var in Line
		parse(l.Message, false, &in)
		more = in.Fields[:min(len(in.Fields), MaxFields-rest)]
		if in.Message == "" {
			in.Message = l.Message
		}
		if l.Trace != "" {
			in.Trace = l.Trace
		}
		l.around(&in)
		*l = in
		l.Structured = true
	}
	if rest+len(more) > 0 {
		l.Fields = append(append(make([]Field, 0, rest+len(more)), m.fields[:rest]...), more...)
	} else {
		l.Fields = nil
	}
}

// said finds the line of a stack trace that names the error: the last one in
// Python, else the first.
func said(trace string) string {
	if strings.HasPrefix(trace, "Traceback (most recent call last)") {
		trace = strings.TrimRight(trace, " \t\r\n")
		return trace[strings.LastIndexByte(trace, '\n')+1:]
	}
	first, _, _ := strings.Cut(trace, "\n")
	return trimBlanks(first)
}

// headed puts the error before a stack trace that does not name it.
func headed(trace, kind, cause string) string {
	first, _, _ := strings.Cut(trace, "\n")
	if trace == "" || kind == "" || strings.Contains(first, kind) || strings.HasPrefix(first, "Traceback (") {
		return trace
	}
	if cause != "" {
		kind += ": " + cause
	}
	return kind + "\n" + trace
}

func blank(s string) bool {
	for i := range len(s) {
		if !isBlank(s[i]) && s[i] != '\n' {
			return false
		}
	}
	return true
}

func levelValue(name, value string, s sort, gelf bool) Level {
	if s == isText || s == isBare {
		value = trimBlanks(value)
		if level := levelOf(value); level != "" {
			return level
		}
		if len(value) == 1 {
			if level := levelLetter(value[0]); level != "" {
				return level
			}
		}
	}
	if s == isRaw || value == "" || len(value) > 10 {
		return ""
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return ""
	}
	switch c := name[0] | 0x20; {
	case strings.EqualFold(name, "levelno"):
		return pythonLevel(n)
	case strings.EqualFold(name, "level_value"):
		// Logback's, a thousand times Python's but for errors: 40000 is ERROR.
		return pythonLevel(n / 1000)
	case strings.EqualFold(name, "severityNumber"), strings.EqualFold(name, "severity_number"):
		return telemetryLevel(n)
	case c == 's' || c == 'p', gelf:
		if n <= 7 {
			return syslogLevel(n)
		}
	}
	return pinoLevel(n)
}

func timeValue(value string, s sort) time.Time {
	if s == isNumber || s == isBare {
		if t, ok := epoch(value); ok {
			return t
		}
	}
	if s == isNumber || s == isRaw {
		return time.Time{}
	}
	value = trimBlanks(value)
	if stamp, ok := readTime(value); ok && stamp.end == len(value) && stamp.kind != stampClock {
		return stamp.time
	}
	if t, ok := epoch(value); ok {
		return t
	}
	return time.Time{}
}
