package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// value is one place in a YAML file: what stands there and how it is called in
// a problem. A value without a node is absent; reading it gives the zero value
// and no problem, so that a missing field is reported once, by required.
type value struct {
	report *report
	file   string
	field  string
	node   *yaml.Node
}

var (
	yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	// yaml.v3 counts lines from 0 in what its parser finds, but from 1 in what
	// its scanner finds; these are the parser's words.
	yamlParser = regexp.MustCompile(`did not find expected (<|node content|'-'|key|',')`)
)

// open reads a file as one YAML mapping. What it cannot read it reports, and
// returns an absent value.
func open(r *report, file string, data []byte) value {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.add(file, 1, "", "the file is empty")
			return value{report: r, file: file}
		}
		line, message := lineOf(err)
		r.add(file, line, "", "this is not YAML: %s", message)
		return value{report: r, file: file}
	}
	var next yaml.Node
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		r.add(file, next.Line, "", "the file holds more than one YAML document")
	}
	if len(doc.Content) == 0 {
		r.add(file, 1, "", "the file is empty")
		return value{report: r, file: file}
	}
	root := value{report: r, file: file, node: doc.Content[0]}
	if !root.plain(root.node) {
		return value{report: r, file: file}
	}
	return root
}

// lineOf takes the line out of an error of the YAML library.
func lineOf(err error) (line int, message string) {
	message = err.Error()
	m := yamlLine.FindStringSubmatch(message)
	if m == nil {
		return 1, strings.TrimPrefix(message, "yaml: ")
	}
	line, _ = strconv.Atoi(m[1]) // the expression admits digits only
	message = message[len(m[0]):]
	if yamlParser.MatchString(message) {
		line++
	}
	return line, message
}

// plain refuses aliases anywhere in a file: they let a small file grow without
// bound when it is expanded, and hide from a reviewer what a field holds.
func (v value) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		v.report.add(v.file, n.Line, "", "anchors and aliases are not allowed; write the value out")
		return false
	}
	return !slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return !v.plain(c) })
}

func (v value) present() bool { return v.node != nil }

func (v value) line() int {
	if v.node == nil {
		return 0
	}
	return v.node.Line
}

func (v value) problem(format string, args ...any) {
	v.report.add(v.file, v.line(), v.field, format, args...)
}

// child names the value at key below v.
func (v value) child(key string, n *yaml.Node) value {
	field := key
	if v.field != "" {
		field = v.field + "." + key
	}
	return value{report: v.report, file: v.file, field: field, node: n}
}

// entry is a key of a mapping and what it holds.
type entry struct {
	key   string
	value value
}

// entries lists a mapping in the order of the file. Keys that are no plain
// text or come twice are reported.
func (v value) entries() []entry {
	if !v.present() {
		return nil
	}
	if v.node.Kind != yaml.MappingNode {
		v.problem("expected fields with values, found %s", kindOf(v.node))
		return nil
	}
	var out []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k, n := v.node.Content[i], v.node.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Value == "" {
			v.report.add(v.file, k.Line, v.field, "a field needs a name")
			continue
		}
		c := v.child(k.Value, n)
		if first, twice := seen[k.Value]; twice {
			v.report.add(v.file, k.Line, c.field, "the field is given twice, first in line %d", first)
			continue
		}
		seen[k.Value] = k.Line
		out = append(out, entry{k.Value, c})
	}
	return out
}

// fields gives the known fields of a mapping, absent ones included, and
// reports every other one.
func (v value) fields(known ...string) map[string]value {
	out := map[string]value{}
	for _, k := range known {
		out[k] = v.child(k, nil)
	}
	for _, e := range v.entries() {
		if !slices.Contains(known, e.key) {
			v.report.add(v.file, e.value.line(), e.value.field, "unknown field; known here are %s", strings.Join(known, ", "))
			continue
		}
		out[e.key] = e.value
	}
	return out
}

// required reports the fields that are absent, at the line of the mapping.
func (v value) required(fields map[string]value, names ...string) {
	if !v.present() || v.node.Kind != yaml.MappingNode {
		return
	}
	for _, n := range names {
		if !fields[n].present() {
			v.report.add(v.file, v.line(), fields[n].field, "the field is missing")
		}
	}
}

// list gives the elements of a sequence.
func (v value) list() []value {
	if !v.present() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.problem("expected a list, found %s", kindOf(v.node))
		return nil
	}
	out := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		out[i] = value{report: v.report, file: v.file, field: fmt.Sprintf("%s[%d]", v.field, i), node: n}
	}
	return out
}

// scalar gives the text of a scalar, whatever its YAML type.
func (v value) scalar() (string, bool) {
	if !v.present() {
		return "", false
	}
	if v.node.Kind != yaml.ScalarNode || v.node.ShortTag() == "!!null" {
		v.problem("expected a value, found %s", kindOf(v.node))
		return "", false
	}
	return v.node.Value, true
}

// text gives a string of at most limit bytes, and reports an empty one.
func (v value) text(limit int) string {
	s, ok := v.scalar()
	switch {
	case !ok:
		return ""
	case strings.TrimSpace(s) == "":
		v.problem("the value is empty")
		return ""
	case len(s) > limit:
		v.problem("%d bytes are too many; at most %d are allowed", len(s), limit)
		return ""
	}
	return s
}

// match gives a string that has the pattern; what describes the pattern to a person.
func (v value) match(pattern *regexp.Regexp, what string) string {
	s, ok := v.scalar()
	if ok && !pattern.MatchString(s) {
		v.problem("%q is not valid here; expected %s", s, what)
		return ""
	}
	return s
}

// oneOf gives a string out of a fixed set.
func (v value) oneOf(allowed ...string) string {
	s, ok := v.scalar()
	if ok && !slices.Contains(allowed, s) {
		v.problem("%q is not valid here; expected one of %s", s, strings.Join(allowed, ", "))
		return ""
	}
	return s
}

// integer gives a whole number within bounds.
func (v value) integer(low, high int) int {
	s, ok := v.scalar()
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		v.problem("%q is not valid here; expected a whole number from %d to %d", s, low, high)
		return 0
	}
	return n
}

// number gives a finite number.
func (v value) number() float64 {
	s, ok := v.scalar()
	if !ok {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		v.problem("%q is not a number", s)
		return 0
	}
	return f
}

// boolean gives true or false.
func (v value) boolean() bool {
	s, ok := v.scalar()
	if ok && s != "true" && s != "false" {
		v.problem("%q is not valid here; expected true or false", s)
	}
	return s == "true"
}

// duration gives a duration such as 90s or 1h30m within bounds.
func (v value) duration(low, high time.Duration) time.Duration {
	s, ok := v.scalar()
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < low || d > high {
		v.problem("%q is not valid here; expected a duration such as 90s or 30m, from %s to %s", s, low, high)
		return 0
	}
	return d
}

// texts gives a list of distinct strings that each have the pattern.
func (v value) texts(pattern *regexp.Regexp, what string) []string {
	var out []string
	for _, e := range v.list() {
		s := e.match(pattern, what)
		switch {
		case s == "":
		case slices.Contains(out, s):
			e.problem("%q is listed twice", s)
		default:
			out = append(out, s)
		}
	}
	return out
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "nothing"
		}
		return fmt.Sprintf("%q", n.Value)
	default:
		return "something else"
	}
}
