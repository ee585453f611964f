package events

import (
	"errors"
	"fmt"
	"slices"
)

// Pattern is an event pattern: an object whose leaves are lists of matchers, of
// which one has to match. Every field named has to match, and `$or` takes a
// list of patterns of which one has to.
type Pattern struct {
	fields map[string]Pattern
	leaf   []matcher
	or     []Pattern
}

// maxNesting bounds the depth of a pattern, because patterns come over the wire.
const maxNesting = 50

// ParsePattern reads an event pattern. What it does not know is an error.
func ParsePattern(text []byte) (Pattern, error) {
	document, err := decodeNumbers(text)
	if err != nil {
		return Pattern{}, fmt.Errorf("no JSON: %w", err)
	}
	object, ok := document.(map[string]any)
	if !ok || len(object) == 0 {
		return Pattern{}, errors.New("an event pattern is an object with at least one field")
	}
	return parseObject(object, 0)
}

func parseObject(object map[string]any, depth int) (Pattern, error) {
	if depth > maxNesting {
		return Pattern{}, errors.New("it nests too deeply")
	}
	if len(object) == 0 {
		return Pattern{}, errors.New("empty objects are not allowed")
	}
	p := Pattern{fields: map[string]Pattern{}}
	for name, value := range object {
		if name == "$or" {
			list, ok := value.([]any)
			if !ok || len(list) < 2 {
				return Pattern{}, errors.New("$or takes a list of at least two objects")
			}
			for _, item := range list {
				o, ok := item.(map[string]any)
				if !ok {
					return Pattern{}, errors.New("$or takes objects only")
				}
				alternative, err := parseObject(o, depth+1)
				if err != nil {
					return Pattern{}, err
				}
				p.or = append(p.or, alternative)
			}
			continue
		}
		var field Pattern
		var err error
		switch v := value.(type) {
		case map[string]any:
			field, err = parseObject(v, depth+1)
		case []any:
			field.leaf, err = parseMatchers(v)
		default:
			err = errors.New("must be an object or a list")
		}
		if err != nil {
			return Pattern{}, fmt.Errorf("%q: %w", name, err)
		}
		p.fields[name] = field
	}
	return p, nil
}

// Match says whether a decoded event matches; its numbers are json.Number.
func (p Pattern) Match(event any) bool { return p.match(event, true) }

func (p Pattern) match(value any, present bool) bool {
	if p.leaf != nil {
		return matchLeaf(p.leaf, value, present)
	}
	// A list of objects matches when one of them does.
	if list, ok := value.([]any); ok {
		for _, item := range list {
			if p.match(item, true) {
				return true
			}
		}
		return len(list) == 0 && p.match(nil, false)
	}
	object, _ := value.(map[string]any) // Of something else every field is absent.
	for name, field := range p.fields {
		v, ok := object[name]
		if !field.match(v, ok) {
			return false
		}
	}
	if len(p.or) == 0 {
		return true
	}
	for _, alternative := range p.or {
		if alternative.match(value, present) {
			return true
		}
	}
	return false
}

func matchLeaf(matchers []matcher, value any, present bool) bool {
	values := []any{value}
	if list, ok := value.([]any); ok {
		values = list
		present = present && len(list) > 0
	}
	if _, ok := value.(map[string]any); ok {
		present = false // A leaf is looked for, and an object is none.
	}
	for _, m := range matchers {
		if m.exists != nil {
			if *m.exists == present {
				return true
			}
			continue
		}
		if !present {
			continue
		}
		if slices.ContainsFunc(values, m.value) {
			return true
		}
	}
	return false
}
