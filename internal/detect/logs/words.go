package logs

import "strings"

// Words that tell of trouble, whatever wrote them. Grave ones say that something
// has broken down: a single line is enough. The others say that something did not
// work, which happens now and then. The lists are short on purpose: what a line
// says at level error needs no word.
var (
	graveWords = []string{
		"panic", "out of memory", "outofmemory", "oom-kill", "oom kill", "heap limit", "stack overflow", "stackoverflow",
		"segmentation fault", "segfault", "core dumped", "deadlock", "corrupt", "no space left", "disk full", "read-only file system",
		"data loss", "split brain", "fatal",
	}
	badWords = []string{
		"refused", "denied", "timeout", "timed out", "unreachable", "unavailable", "no route to host", "connection reset", "broken pipe",
		"failed", "failure", "exception", "traceback", "aborted", "crash", "killed", "exhausted", "too many", "expired", "not respond",
		"rejected", "unauthorized", "forbidden", "invalid", "lost", "abort", "cannot", "could not", "unable to",
	}
)

// gravity is how much the words of a line weigh.
type gravity uint8

const (
	plain gravity = iota
	bad
	grave
)

// gravityOf looks for the words in a text.
func gravityOf(text string) gravity {
	text = strings.ToLower(text[:min(len(text), maxWeighed)])
	for _, w := range graveWords {
		if strings.Contains(text, w) {
			return grave
		}
	}
	for _, w := range badWords {
		if strings.Contains(text, w) {
			return bad
		}
	}
	return plain
}

const maxWeighed = 2000 // bytes that are looked at
