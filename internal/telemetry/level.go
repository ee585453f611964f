package telemetry

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Level is how severe a log line says it is; empty when it does not say.
type Level string

// Levels, as the common loggers name them.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
	LevelFatal Level = "fatal"
)

// IsError tells whether the level is error or worse.
func (l Level) IsError() bool { return l == LevelError || l == LevelFatal }

var levelWords = map[string]Level{
	"trace": LevelDebug, "debug": LevelDebug, "dbg": LevelDebug, "verbose": LevelDebug, "fine": LevelDebug,
	"info": LevelInfo, "information": LevelInfo, "inf": LevelInfo, "notice": LevelInfo,
	"warn": LevelWarn, "warning": LevelWarn, "wrn": LevelWarn,
	"error": LevelError, "err": LevelError, "severe": LevelError,
	"fatal": LevelFatal, "critical": LevelFatal, "crit": LevelFatal, "panic": LevelFatal,
	"alert": LevelFatal, "emerg": LevelFatal, "emergency": LevelFatal, "ftl": LevelFatal,
}

// numeric levels of bunyan and pino.
func levelNumber(n float64) Level {
	switch {
	case n >= 60:
		return LevelFatal
	case n >= 50:
		return LevelError
	case n >= 40:
		return LevelWarn
	case n >= 30:
		return LevelInfo
	case n >= 10:
		return LevelDebug
	default:
		return ""
	}
}

var (
	levelFields   = []string{"level", "severity", "lvl", "loglevel", "log_level", "levelname", "log.level"}
	messageFields = []string{"msg", "message", "event", "text"}
	errorFields   = []string{"error", "err", "exception", "error.message"}

	logfmtLevel   = regexp.MustCompile(`(?:^|\s)(?:level|lvl|severity|loglevel)="?([A-Za-z]{3,11})\b`)
	logfmtMessage = regexp.MustCompile(`(?:^|\s)(?:msg|message)=(?:"((?:[^"\\]|\\.)*)"|(\S+))`)
	// A level word among the first tokens of a plain line: "2024-01-01 10:00:00 ERROR x",
	// "[error] x", "app ERROR: x". Capitals, brackets or a colon are needed, since
	// "no error found" is prose.
	plainLevel = regexp.MustCompile(`^(?:\S+\s+){0,5}?(?:\[\s*([A-Za-z]{3,11})\s*\]|<([A-Za-z]{3,11})>|([A-Z]{3,11})\b:?|([A-Za-z]{3,11}):)(?:\s|$)`)
	klogLine   = regexp.MustCompile(`^([IWEF])\d{4} \d{2}:\d{2}:\d{2}`)
)

// ReadLine finds the level and the words of a log line: JSON objects, logfmt,
// then plain text. The words of a structured line are its message, followed by
// its error where it has one; of any other line the line itself.
func ReadLine(line string) (Level, string) {
	trimmed := strings.TrimSpace(line)
	if strings.HasPrefix(trimmed, "{") {
		if level, text, ok := readJSONLine(trimmed); ok {
			return level, first(text, line)
		}
	}
	head := cut(trimmed, 512)
	if m := logfmtLevel.FindStringSubmatch(head); m != nil {
		if level, ok := levelWords[strings.ToLower(m[1])]; ok {
			text := line
			if t := logfmtMessage.FindStringSubmatch(trimmed); t != nil {
				text = first(t[1], t[2], line)
			}
			return level, text
		}
	}
	if m := klogLine.FindStringSubmatch(head); m != nil {
		return map[string]Level{"I": LevelInfo, "W": LevelWarn, "E": LevelError, "F": LevelFatal}[m[1]], line
	}
	return readPlainLevel(head), line
}

func readPlainLevel(head string) Level {
	// The first candidate may be another capitalised word, such as a host name:
	// look at what follows it too.
	for range 4 {
		m := plainLevel.FindStringSubmatchIndex(head)
		if m == nil {
			return ""
		}
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				if level, ok := levelWords[strings.ToLower(head[m[g]:m[g+1]])]; ok {
					return level
				}
			}
		}
		head = strings.TrimLeft(head[m[1]:], " ")
	}
	return ""
}

func readJSONLine(line string) (Level, string, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &fields) != nil {
		return "", "", false
	}
	var level Level
	for _, name := range levelFields {
		raw, ok := fields[name]
		if !ok {
			continue
		}
		var word string
		var number float64
		if json.Unmarshal(raw, &word) == nil {
			level = levelWords[strings.ToLower(word)]
		} else if json.Unmarshal(raw, &number) == nil {
			level = levelNumber(number)
		}
		if level != "" {
			break
		}
	}
	text := stringField(fields, messageFields)
	if cause := stringField(fields, errorFields); cause != "" && cause != text {
		if text != "" {
			text += ": "
		}
		text += cause
	}
	return level, text, true
}

func stringField(fields map[string]json.RawMessage, names []string) string {
	for _, name := range names {
		var s string
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, &s) == nil && s != "" {
			return s
		}
	}
	return ""
}
