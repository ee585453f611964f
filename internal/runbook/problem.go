package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a catalogue, and where.
type Problem struct {
	File    string `json:"file"`            // path below the catalogue's root
	Line    int    `json:"line"`            // counted from 1; 0 when the whole file or folder is meant
	Field   string `json:"field,omitempty"` // path of the field, e.g. "metrics[1].role"
	Message string `json:"message"`         // what is wrong and what would be right
}

// Error is file:line: field: message, leaving out what is not known.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	b.WriteString(": " + p.Message)
	return b.String()
}

// Problems is every problem of a catalogue, sorted by file, line and field. It
// is the error that Load returns.
type Problems []Problem

// Error is one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the problems to errors.Is and errors.As one by one.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// report collects problems while a catalogue is read.
type report struct{ problems Problems }

func (r *report) add(file string, line int, field, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: file, Line: line, Field: field, Message: fmt.Sprintf(format, args...)})
}

// err is nil when there is nothing to report.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field))
	})
	return r.problems
}
