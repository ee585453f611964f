package logline

// Ranks with a meaning of their own.
const (
	rankWrapper = 20 // a field that collectors put whole lines into
	rankGELF    = 30 // Graylog's short_message
)

// maxRole is the longest name with a role.
const maxRole = 32

// roleOf tells what the fields of a name are for, in any case, and how sure
// that is: 1 is surest.
func roleOf(name string) (role, uint8) {
	if len(name) == 0 || len(name) > maxRole {
		return noRole, 0
	}
	var lower [maxRole]byte
	for i := range len(name) {
		c := name[i]
		if c-'A' < 26 {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "msg":
		return roleMessage, 1
	case "message":
		return roleMessage, 2
	case "@message":
		return roleMessage, rankWrapper
	case "renderedmessage", "@m":
		return roleMessage, 4
	case "fields.message", "jsonpayload.message", "jsonpayload.msg", "message.message", "message.msg", "log.message", "body.message":
		return roleMessage, 5
	case "event":
		return roleMessage, 6
	case "text":
		return roleMessage, 7
	case "body", "body.stringvalue", "textpayload":
		return roleMessage, 8
	case "messagetemplate", "@mt":
		return roleMessage, 9
	case "log":
		return roleMessage, rankWrapper
	case "short_message":
		return roleMessage, rankGELF

	case "level", "@l", "@level":
		return roleLevel, 1
	case "severity", "severitytext", "severity_text":
		return roleLevel, 2
	case "lvl", "loglevel", "log_level", "levelname", "level_name", "log.level", "priority", "fields.level":
		return roleLevel, 3
	case "levelno", "level_value", "severitynumber", "severity_number":
		return roleLevel, 4

	case "error", "err":
		return roleError, 1
	case "exception":
		return roleError, 2
	case "error.message", "err.message", "exception.message", "error.msg", "errormessage", "exception.exception_message":
		return roleError, 3

	case "error.type", "err.type", "exception.type", "errortype", "exception.exception_class", "exception.class", "error.name", "err.name":
		return roleType, 1

	case "stack_trace", "stacktrace", "error.stack_trace", "error.stack", "err.stack", "exception.stacktrace", "exception.stack_trace":
		return roleTrace, 1
	case "stack", "traceback", "backtrace", "error.stacktrace", "error.backtrace", "exc_info", "exc_text", "exception.backtrace", "@x", "trace", "thrown.extendedstacktrace":
		return roleTrace, 2

	case "time", "timestamp", "@timestamp", "ts", "@t":
		return roleTime, 1
	case "datetime", "date", "asctime", "eventtime", "timemillis", "__realtime_timestamp", "t":
		return roleTime, 2

	case "logger", "logger_name", "loggername", "log.logger", "sourcecontext", "properties.sourcecontext":
		return roleLogger, 1
	case "target", "caller":
		return roleLogger, 2

	case "thread", "thread_name", "threadname", "process.thread.name":
		return roleThread, 1
	}
	return noRole, 0
}

func isTraceName(name string) bool {
	r, _ := roleOf(name)
	return r == roleTrace
}
