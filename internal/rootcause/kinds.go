package rootcause

import (
	"strings"
	"unicode"

	"firebreak/internal/incident"
)

// kind is what sort of evidence a series gives.
type kind uint8

const (
	slowness kind = iota // of answers; up is trouble
	failures             // up is trouble, or down for what counts successes
	unnamed              // nobody knows what it measures; either way may be trouble
	resource             // up is trouble, down is odd
	flow                 // requests, bytes, operations: either way odd, neither trouble by itself
	logged               // log patterns
	kinds
)

// words lists the beginnings of words by which a metric's name tells what it
// measures, the first that fits. It is the language of operations, not of any
// system.
var words = [...]struct {
	kind   kind
	health bool
	starts []string
}{
	{failures, true, strings.Fields("availab success succeed healthy uptime ready")},
	{failures, false, strings.Fields("error err fault fail exception 4xx 5xx 500 502 503 504 timeout reject drop lost loss retr abort crash restart unhealthy unavailab")},
	{slowness, false, strings.Fields("latenc duration elapsed respon rtt delay lag p50 p75 p90 p95 p99 p999 time")},
	{flow, false, strings.Fields("net network rx tx receiv transmit sent bytes packet io iops read write")},
	{resource, false, strings.Fields("cpu mem rss heap swap disk fs filesystem volume inode socket conn pool thread queue backlog depth util satur load throttl gc usage pressure goroutine fd")},
	{flow, false, strings.Fields("request invocation call count throughput rps qps tps hit traffic rate message")},
}

// reading is how to read a series.
type reading struct {
	kind   kind
	health bool // its top is what is good
	volume bool // it counts requests
}

// readingOf tells by the role how to read a series, else by its name.
func readingOf(s *Series) reading {
	switch s.Role {
	case incident.RoleLatency:
		return reading{kind: slowness}
	case incident.RoleErrors:
		return reading{kind: failures}
	case incident.RoleHealth:
		return reading{kind: failures, health: true}
	case incident.RoleSaturation:
		return reading{kind: resource}
	case incident.RoleRequests:
		return reading{kind: flow, volume: true}
	}
	heard := Words(s.Metric)
	for _, w := range words {
		for _, start := range w.starts {
			for _, word := range heard {
				// A short beginning is that of a plural at most: io is not ion.
				if strings.HasPrefix(word, start) && (len(start) > 3 || len(word) <= len(start)+1) {
					last := &words[len(words)-1]
					return reading{w.kind, w.health, w.kind == flow && w.starts[0] == last.starts[0]}
				}
			}
		}
	}
	return reading{kind: unnamed}
}

// trouble turns the deviations of a series so that up is trouble: what counts
// in either direction counts by its size, and the better direction by half.
func (r reading) trouble(deviations float64) float64 {
	switch {
	case r.kind == unnamed || r.kind == flow:
		return max(deviations, -deviations)
	case r.health:
		deviations = -deviations
	}
	if deviations < 0 {
		return -deviations / 2
	}
	return deviations
}

// failing turns a share of successes into one of failures, so that a fall from
// all to nearly all is as large as it is to those who failed.
func failing(s []sample) {
	top := 0.0
	for _, x := range s {
		top = max(top, x.value)
	}
	switch {
	case top <= 1:
		top = 1
	case top <= 100:
		top = 100
	}
	for i := range s {
		s[i].value -= top
	}
}

// looksHealthy tells whether a series that nobody named is at the top of a
// share most of the time.
func looksHealthy(s []sample) bool {
	top, at := 0.0, 0
	for _, x := range s {
		if x.value < 0 {
			return false
		}
		top = max(top, x.value)
	}
	for _, x := range s {
		if x.value == top {
			at++
		}
	}
	return (top == 1 || top == 100) && 2*at > len(s)
}

// quantile tells whether a metric's name says that it is one, or a maximum:
// these do not add up to totals.
func quantile(metric string) bool {
	for _, w := range Words(metric) {
		if len(w) >= 3 && w[0] == 'p' && w[1] >= '0' && w[1] <= '9' || strings.HasPrefix(w, "max") || strings.HasPrefix(w, "percentile") || w == "slowest" || w == "median" {
			return true
		}
	}
	return false
}

// Words cuts a name or a text into lower-case words, also where CamelCase changes.
func Words(name string) []string {
	var b strings.Builder
	small := false
	for _, r := range name {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		b.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToLower(b.String()), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
