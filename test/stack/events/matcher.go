package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// matcher is one item of a leaf: a question about a value, or whether there is
// one at all.
type matcher struct {
	value  func(v any) bool
	exists *bool
}

func parseMatchers(list []any) ([]matcher, error) {
	if len(list) == 0 {
		return nil, errors.New("empty lists are not allowed")
	}
	var all []matcher
	for _, item := range list {
		m, err := parseMatcher(item)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func parseMatcher(item any) (matcher, error) {
	object, ok := item.(map[string]any)
	if !ok {
		if _, isList := item.([]any); isList {
			return matcher{}, errors.New("lists in lists are not allowed")
		}
		return matcher{value: equals(item)}, nil
	}
	if len(object) != 1 {
		return matcher{}, errors.New("a matcher has exactly one key")
	}
	for kind, operand := range object {
		if kind == "exists" {
			want, ok := operand.(bool)
			if !ok {
				return matcher{}, errors.New("exists takes true or false")
			}
			return matcher{exists: &want}, nil
		}
		value, err := parseValueMatcher(kind, operand)
		return matcher{value: value}, err
	}
	return matcher{}, errors.New("unreachable: the object has one key")
}

func parseValueMatcher(kind string, operand any) (func(any) bool, error) {
	switch kind {
	case "prefix":
		return affix(operand, kind, strings.HasPrefix)
	case "suffix":
		return affix(operand, kind, strings.HasSuffix)
	case "equals-ignore-case":
		return text(operand, kind, strings.EqualFold)
	case "wildcard":
		return wildcard(operand)
	case "numeric":
		return numeric(operand)
	case "anything-but":
		return anythingBut(operand)
	default:
		return nil, fmt.Errorf("unrecognized match type %s", kind)
	}
}

// equals compares text, numbers by value, booleans and null.
func equals(want any) func(any) bool {
	if n, ok := want.(json.Number); ok {
		w, err := n.Float64()
		return func(v any) bool { got, ok := number(v); return ok && err == nil && got == w }
	}
	return func(v any) bool {
		switch v.(type) {
		case nil, bool, string:
			return v == want
		default:
			return false
		}
	}
}

// affix takes a text, or {"equals-ignore-case": text}.
func affix(operand any, kind string, match func(s, affix string) bool) (func(any) bool, error) {
	if object, ok := operand.(map[string]any); ok {
		folded, ok := object["equals-ignore-case"].(string)
		if !ok || len(object) != 1 {
			return nil, fmt.Errorf("%s takes a text", kind)
		}
		folded = strings.ToLower(folded)
		return func(v any) bool { s, ok := v.(string); return ok && match(strings.ToLower(s), folded) }, nil
	}
	return text(operand, kind, match)
}

func text(operand any, kind string, match func(s, operand string) bool) (func(any) bool, error) {
	want, ok := operand.(string)
	if !ok || want == "" && kind != "prefix" {
		return nil, fmt.Errorf("%s takes a text", kind)
	}
	return func(v any) bool { s, ok := v.(string); return ok && match(s, want) }, nil
}

func wildcard(operand any) (func(any) bool, error) {
	s, ok := operand.(string)
	if !ok || strings.Contains(s, "**") {
		return nil, errors.New("wildcard takes a text without two stars in a row")
	}
	parts := strings.Split(s, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	re, err := regexp.Compile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)
	if err != nil {
		return nil, fmt.Errorf("wildcard %q: %w", s, err)
	}
	return func(v any) bool { s, ok := v.(string); return ok && re.MatchString(s) }, nil
}

// numeric takes pairs of an operator and a number, all of which have to hold.
func numeric(operand any) (func(any) bool, error) {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 || len(list)%2 != 0 || len(list) > 4 {
		return nil, errors.New("numeric takes one or two pairs of an operator and a number")
	}
	var all []func(float64) bool
	for i := 0; i < len(list); i += 2 {
		n, ok := number(list[i+1])
		if !ok {
			return nil, errors.New("numeric compares with numbers only")
		}
		switch list[i] {
		case "=":
			all = append(all, func(v float64) bool { return v == n })
		case "<":
			all = append(all, func(v float64) bool { return v < n })
		case "<=":
			all = append(all, func(v float64) bool { return v <= n })
		case ">":
			all = append(all, func(v float64) bool { return v > n })
		case ">=":
			all = append(all, func(v float64) bool { return v >= n })
		default:
			return nil, fmt.Errorf("numeric has no operator %v", list[i])
		}
	}
	return func(v any) bool {
		got, ok := number(v)
		if !ok {
			return false
		}
		for _, holds := range all {
			if !holds(got) {
				return false
			}
		}
		return true
	}, nil
}

// anythingBut takes a value, a list of values, or an object with prefix,
// suffix, equals-ignore-case or wildcard over a text or a list of texts.
func anythingBut(operand any) (func(any) bool, error) {
	var but []func(any) bool
	switch o := operand.(type) {
	case []any:
		for _, item := range o {
			but = append(but, equals(item))
		}
	case map[string]any:
		if len(o) != 1 {
			return nil, errors.New("anything-but takes an object with one key")
		}
		for kind, inner := range o {
			if kind == "numeric" || kind == "anything-but" {
				return nil, fmt.Errorf("anything-but does not take %s", kind)
			}
			items, ok := inner.([]any)
			if !ok {
				items = []any{inner}
			}
			for _, item := range items {
				m, err := parseValueMatcher(kind, item)
				if err != nil {
					return nil, err
				}
				but = append(but, m)
			}
		}
	default:
		but = append(but, equals(o))
	}
	if len(but) == 0 {
		return nil, errors.New("anything-but of nothing")
	}
	return func(v any) bool {
		for _, m := range but {
			if m(v) {
				return false
			}
		}
		return true
	}, nil
}

func number(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}
