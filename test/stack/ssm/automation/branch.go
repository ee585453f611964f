package automation

import (
	"context"
	"strconv"
	"strings"

	"firebreak/test/stack/ssm/document"
)

// comparisons of one string with another.
var stringComparisons = map[string]func(v, operand string) bool{
	"StringEquals":     func(v, o string) bool { return v == o },
	"EqualsIgnoreCase": strings.EqualFold,
	"StartsWith":       strings.HasPrefix,
	"EndsWith":         strings.HasSuffix,
	"Contains":         strings.Contains,
}

// comparisons of one number with another.
var numericComparisons = map[string]func(v, operand float64) bool{
	"NumericEquals":          func(v, o float64) bool { return v == o },
	"NumericGreater":         func(v, o float64) bool { return v > o },
	"NumericLesser":          func(v, o float64) bool { return v < o },
	"NumericGreaterOrEquals": func(v, o float64) bool { return v >= o },
	"NumericLesserOrEquals":  func(v, o float64) bool { return v <= o },
}

// branch is aws:branch: the first choice that holds leads on, else Default,
// else the step below.
func branch(_ context.Context, x *execution, _ *document.Step, inputs map[string]any) (actionResult, error) {
	choices, ok := inputs["Choices"].([]any)
	if !ok || len(choices) == 0 {
		return actionResult{}, badInput("Choices is missing or empty")
	}
	for i, c := range choices {
		choice, ok := c.(map[string]any)
		if !ok {
			return actionResult{}, badInput("Choices[%d] is no mapping", i)
		}
		next := document.Stringify(choice["NextStep"])
		if x.req.Document.Index(next) < 0 {
			return actionResult{}, badInput("Choices[%d]: there is no step %q", i, next)
		}
		holds, err := x.condition(choice)
		if err != nil {
			return actionResult{}, badInput("Choices[%d]: %s", i, err)
		}
		if holds {
			return actionResult{next: next}, nil
		}
	}
	next := document.Stringify(inputs["Default"])
	if next != "" && x.req.Document.Index(next) < 0 {
		return actionResult{}, badInput("Default: there is no step %q", next)
	}
	return actionResult{next: next}, nil
}

// condition evaluates And, Or, Not or one comparison of a Variable.
func (x *execution) condition(c map[string]any) (bool, error) {
	if list, ok := c["And"].([]any); ok {
		return x.combine(list, false)
	}
	if list, ok := c["Or"].([]any); ok {
		return x.combine(list, true)
	}
	if not, ok := c["Not"]; ok {
		inner, ok := not.(map[string]any)
		if !ok {
			return false, badInput("Not needs a mapping")
		}
		holds, err := x.condition(inner)
		return !holds, err
	}
	variable, err := document.Interpolate(c["Variable"], x.lookup)
	if err != nil {
		return false, err
	}
	for name, operand := range c {
		if name == "Variable" || name == "NextStep" {
			continue
		}
		operand, err := document.Interpolate(operand, x.lookup)
		if err != nil {
			return false, err
		}
		return compare(name, variable, operand)
	}
	return false, badInput("a choice has a Variable and no comparison")
}

// combine evaluates conditions until one equals stop: true for Or, false for And.
func (x *execution) combine(list []any, stop bool) (bool, error) {
	for _, c := range list {
		inner, ok := c.(map[string]any)
		if !ok {
			return false, badInput("And and Or need lists of mappings")
		}
		holds, err := x.condition(inner)
		if err != nil || holds == stop {
			return holds, err
		}
	}
	return !stop, nil
}

func compare(name string, variable, operand any) (bool, error) {
	v, o := document.Stringify(variable), document.Stringify(operand)
	if f, ok := stringComparisons[name]; ok {
		return f(v, o), nil
	}
	if f, ok := numericComparisons[name]; ok {
		a, errA := strconv.ParseFloat(strings.TrimSpace(v), 64)
		b, errB := strconv.ParseFloat(o, 64)
		if errA != nil || errB != nil {
			return false, badInput("%s needs two numbers, got %q and %q", name, v, o)
		}
		return f(a, b), nil
	}
	if name == "BooleanEquals" {
		a, errA := strconv.ParseBool(strings.TrimSpace(v))
		b, errB := strconv.ParseBool(o)
		if errA != nil || errB != nil {
			return false, badInput("BooleanEquals needs two booleans, got %q and %q", v, o)
		}
		return a == b, nil
	}
	return false, badInput("unknown comparison %q", name)
}
