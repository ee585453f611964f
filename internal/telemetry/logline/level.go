package logline

// Level is how severe a log line says it is; empty when it does not say.
type Level string

// Levels, as the common loggers name them.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
	Fatal Level = "fatal"
)

// IsError tells whether the level is error or worse.
func (l Level) IsError() bool { return l == Error || l == Fatal }

// maxWord is the longest level word.
const maxWord = len("information")

// levelOf finds the level that a word names in whatever case; empty when it
// names none.
func levelOf(word string) Level {
	if len(word) < 3 || len(word) > maxWord {
		return ""
	}
	var lower [maxWord]byte
	for i := range len(word) {
		c := word[i] | 0x20
		if c < 'a' || c > 'z' {
			return ""
		}
		lower[i] = c
	}
	switch string(lower[:len(word)]) {
	case "trace", "debug", "dbg", "verbose", "fine", "finer", "finest":
		return Debug
	case "info", "information", "inf", "notice", "config":
		return Info
	case "warn", "warning", "wrn":
		return Warn
	case "error", "err", "severe":
		return Error
	case "fatal", "critical", "crit", "panic", "dpanic", "alert", "emerg", "emergency", "ftl":
		return Fatal
	}
	return ""
}

// levelLetter finds the level that a letter stands for in klog and Ruby.
func levelLetter(c byte) Level {
	switch c {
	case 'V', 'T', 'D':
		return Debug
	case 'I':
		return Info
	case 'W':
		return Warn
	case 'E':
		return Error
	case 'F':
		return Fatal
	}
	return ""
}

// pinoLevel reads the numbers of bunyan and pino.
func pinoLevel(n float64) Level {
	switch {
	case n >= 60:
		return Fatal
	case n >= 50:
		return Error
	case n >= 40:
		return Warn
	case n >= 30:
		return Info
	case n >= 10:
		return Debug
	}
	return ""
}

// syslogLevel reads the severities of RFC 5424, which count down.
func syslogLevel(n float64) Level {
	switch {
	case n < 0 || n > 7:
		return ""
	case n <= 2:
		return Fatal
	case n <= 3:
		return Error
	case n <= 4:
		return Warn
	case n <= 6:
		return Info
	}
	return Debug
}

// pythonLevel reads the numbers of Python's logging.
func pythonLevel(n float64) Level {
	switch {
	case n >= 50:
		return Fatal
	case n >= 40:
		return Error
	case n >= 30:
		return Warn
	case n >= 20:
		return Info
	case n >= 10:
		return Debug
	}
	return ""
}

// telemetryLevel reads the severity numbers of OpenTelemetry.
func telemetryLevel(n float64) Level {
	switch {
	case n < 1 || n > 24:
		return ""
	case n <= 8:
		return Debug
	case n <= 12:
		return Info
	case n <= 16:
		return Warn
	case n <= 20:
		return Error
	}
	return Fatal
}
