package document

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Selector is a parsed JSONPath. Supported is what Automation documents use: $,
// .name, ['name'], [3], [-1] and [*]; filters and recursive descent are refused.
type Selector struct {
	text  string
	parts []selectorPart
}

type selectorPart struct {
	name  string
	index int
	kind  partKind
}

type partKind int

const (
	byName partKind = iota
	byIndex
	everyElement
)

var selectorStep = regexp.MustCompile(`^(?:\.([A-Za-z_][A-Za-z0-9_\-]*)|\['([^']+)'\]|\["([^"]+)"\]|\[(-?\d+)\]|(\[\*\]|\.\*))`)

// ParseSelector reads a JSONPath. A path without the leading "$" is taken as
// starting there, as the service does.
func ParseSelector(s string) (Selector, error) {
	rest := strings.TrimSpace(s)
	if rest == "" {
		return Selector{}, fmt.Errorf("selector is empty")
	}
	if r, ok := strings.CutPrefix(rest, "$"); ok {
		rest = r
	} else if !strings.HasPrefix(rest, "[") {
		rest = "." + rest
	}
	sel := Selector{text: s}
	for rest != "" {
		m := selectorStep.FindStringSubmatch(rest)
		if m == nil {
			return Selector{}, fmt.Errorf("selector %q: cannot read %q; use $, .name, ['name'], [n] and [*]", s, rest)
		}
		rest = rest[len(m[0]):]
		switch {
		case m[4] != "":
			n, err := strconv.Atoi(m[4])
			if err != nil {
				return Selector{}, fmt.Errorf("selector %q: %w", s, err)
			}
			sel.parts = append(sel.parts, selectorPart{kind: byIndex, index: n})
		case m[5] != "":
			sel.parts = append(sel.parts, selectorPart{kind: everyElement})
		default:
			sel.parts = append(sel.parts, selectorPart{kind: byName, name: m[1] + m[2] + m[3]})
		}
	}
	return sel, nil
}

// Find returns what the selector picks out of a value decoded from JSON. After
// a [*] the result is the list of what was found; without one a missing member
// is an error.
func (s Selector) Find(v any) (any, error) { return find(v, s.parts, s.text) }

func find(v any, parts []selectorPart, text string) (any, error) {
	if len(parts) == 0 {
		return v, nil
	}
	part, rest := parts[0], parts[1:]
	switch part.kind {
	case byName:
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("selector %q: %s asked of something that is no object", text, part.name)
		}
		member, ok := m[part.name]
		if !ok {
			return nil, fmt.Errorf("selector %q: the answer has no %s", text, part.name)
		}
		return find(member, rest, text)
	case byIndex:
		list, ok := v.([]any)
		i := part.index
		if i < 0 {
			i += len(list)
		}
		if !ok || i < 0 || i >= len(list) {
			return nil, fmt.Errorf("selector %q: there is no element %d", text, part.index)
		}
		return find(list[i], rest, text)
	default:
		list, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("selector %q: [*] asked of something that is no list", text)
		}
		found := make([]any, 0, len(list))
		for _, e := range list {
			r, err := find(e, rest, text)
			if err != nil {
				continue // an element without the member contributes nothing
			}
			if nested, ok := r.([]any); ok && hasWildcard(rest) {
				found = append(found, nested...)
				continue
			}
			found = append(found, r)
		}
		return found, nil
	}
}

func hasWildcard(parts []selectorPart) bool {
	for _, p := range parts {
		if p.kind == everyElement {
			return true
		}
	}
	return false
}
