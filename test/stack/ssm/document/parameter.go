package document

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the parameters of one execution, from the API model: at most 200
// keys, at most 50 values each, every value 1 to 512 characters.
const (
	MaxKeys        = 200
	MaxValues      = 50
	MaxValueLength = 512
)

// Parameter is the declaration of one parameter.
type Parameter struct {
	Type           string `json:"type"` // String, StringList, Boolean, Integer, StringMap, MapList or an AWS:: type
	Description    string `json:"description"`
	Default        any    `json:"default"`
	AllowedValues  []any  `json:"allowedValues"`
	AllowedPattern string `json:"allowedPattern"`
	MinChars       int    `json:"minChars"`
	MaxChars       int    `json:"maxChars"`
	MinItems       int    `json:"minItems"`
	MaxItems       int    `json:"maxItems"`
	// Interpolation is "ENV_VAR" when the value reaches a shell script as the
	// environment variable SSM_<name> and never as text of the script.
	Interpolation string `json:"interpolationType"`
}

// EnvVar tells whether the value travels in the environment.
func (p Parameter) EnvVar() bool { return p.Interpolation == "ENV_VAR" }

var scalarTypes = []string{"String", "Boolean", "Integer", "StringMap", "MapList", "StringList"}

func (p Parameter) check(name string) error {
	if !slices.Contains(scalarTypes, p.Type) && !strings.HasPrefix(p.Type, "AWS::") && !strings.HasPrefix(p.Type, "List<AWS::") {
		return fmt.Errorf("parameter %s: unknown type %q", name, p.Type)
	}
	if _, err := regexp.Compile(p.AllowedPattern); err != nil {
		return fmt.Errorf("parameter %s: allowedPattern: %w", name, err)
	}
	switch p.Interpolation {
	case "", "TEXT":
	case "ENV_VAR":
		if p.list() || p.Type == "StringMap" || p.Type == "MapList" {
			return fmt.Errorf("parameter %s: ENV_VAR needs a single value, not %s", name, p.Type)
		}
	default:
		return fmt.Errorf("parameter %s: unknown interpolationType %q", name, p.Interpolation)
	}
	if p.Default != nil {
		if _, err := p.resolve(name, p.defaultStrings()); err != nil {
			return fmt.Errorf("default: %w", err)
		}
	}
	return nil
}

func (p Parameter) list() bool { return p.Type == "StringList" || strings.HasPrefix(p.Type, "List<") }

// defaultStrings writes the default the way a caller would pass it.
func (p Parameter) defaultStrings() []string {
	if list, ok := p.Default.([]any); ok && p.list() {
		out := make([]string, len(list))
		for i, v := range list {
			out[i] = Stringify(v)
		}
		return out
	}
	if list, ok := p.Default.([]any); ok && p.Type != "MapList" && len(list) == 0 {
		return []string{}
	}
	return []string{Stringify(p.Default)}
}

// ResolveParameters checks what a caller passes against the declarations and
// fills in defaults. It returns the strings as the execution shows them and the
// typed values that interpolation uses. Its errors are what
// StartAutomationExecution answers as InvalidAutomationExecutionParameters.
func (d *Document) ResolveParameters(given map[string][]string) (map[string][]string, map[string]any, error) {
	if len(given) > MaxKeys {
		return nil, nil, fmt.Errorf("%d parameters given, %d is the limit", len(given), MaxKeys)
	}
	for name, values := range given {
		if _, ok := d.Parameters[name]; !ok {
			return nil, nil, fmt.Errorf("parameter %s is not defined in the document", name)
		}
		if len(values) > MaxValues {
			return nil, nil, fmt.Errorf("parameter %s: %d values given, %d is the limit", name, len(values), MaxValues)
		}
		for _, v := range values {
			if n := utf8.RuneCountInString(v); n < 1 || n > MaxValueLength {
				return nil, nil, fmt.Errorf("parameter %s: a value of %d characters; 1 to %d are allowed", name, n, MaxValueLength)
			}
		}
	}
	shown, values := map[string][]string{}, map[string]any{}
	for name, p := range d.Parameters {
		raw, ok := given[name]
		if !ok && p.Default == nil {
			return nil, nil, fmt.Errorf("parameter %s has no default and must be given", name)
		}
		if !ok {
			raw = p.defaultStrings()
		}
		v, err := p.resolve(name, raw)
		if err != nil {
			return nil, nil, err
		}
		shown[name], values[name] = raw, v
	}
	return shown, values, nil
}

func (p Parameter) resolve(name string, raw []string) (any, error) {
	if p.list() {
		if len(raw) < p.MinItems || (p.MaxItems > 0 && len(raw) > p.MaxItems) {
			return nil, fmt.Errorf("parameter %s: %d values, outside minItems and maxItems", name, len(raw))
		}
		out := make([]any, len(raw))
		for i, v := range raw {
			if err := p.allows(name, v); err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	if len(raw) != 1 {
		return nil, fmt.Errorf("parameter %s of type %s takes one value, got %d", name, p.Type, len(raw))
	}
	if err := p.allows(name, raw[0]); err != nil {
		return nil, err
	}
	switch p.Type {
	case "Boolean":
		b, err := strconv.ParseBool(raw[0])
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %q is no Boolean", name, raw[0])
		}
		return b, nil
	case "Integer":
		if _, err := strconv.ParseInt(raw[0], 10, 64); err != nil {
			return nil, fmt.Errorf("parameter %s: %q is no Integer", name, raw[0])
		}
		return json.Number(raw[0]), nil
	case "StringMap", "MapList":
		var v any
		if err := json.Unmarshal([]byte(raw[0]), &v); err != nil {
			return nil, fmt.Errorf("parameter %s: the value is no JSON: %w", name, err)
		}
		return v, nil
	default:
		return raw[0], nil
	}
}

func (p Parameter) allows(name, v string) error {
	if n := utf8.RuneCountInString(v); n < p.MinChars || (p.MaxChars > 0 && n > p.MaxChars) {
		return fmt.Errorf("parameter %s: a value of %d characters is outside minChars and maxChars", name, n)
	}
	if len(p.AllowedValues) > 0 && !slices.ContainsFunc(p.AllowedValues, func(a any) bool { return Stringify(a) == v }) {
		return fmt.Errorf("parameter %s: the value is not one of allowedValues", name)
	}
	// The service matches the pattern anywhere in the value; who wants all of
	// it writes ^...$.
	if p.AllowedPattern != "" && !regexp.MustCompile(p.AllowedPattern).MatchString(v) {
		return fmt.Errorf("parameter %s: the value does not match allowedPattern %s", name, p.AllowedPattern)
	}
	return nil
}
