package document

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// variables are the names that the service itself defines.
var variables = []string{
	"global:ACCOUNT_ID", "global:DATE", "global:DATE_TIME", "global:REGION", "automation:EXECUTION_ID",
}

var reference = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_.:\-]+)\s*\}\}`)

func references(s string) []string {
	var names []string
	for _, m := range reference.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	return names
}

// Lookup finds the value of a reference: a parameter, "step.Output" or a
// variable such as "automation:EXECUTION_ID".
type Lookup func(name string) (any, bool)

// Interpolate replaces every {{ name }} in a tree of inputs. A string that is
// one reference and nothing else takes the value's own type, so that a list
// stays a list; inside a longer string lists and maps are written as JSON. A
// value is never interpolated again, so a value that contains {{ }} stays text.
func Interpolate(v any, lookup Lookup) (any, error) {
	switch v := v.(type) {
	case string:
		return interpolateString(v, lookup)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			r, err := Interpolate(e, lookup)
			if err != nil {
				return nil, err
			}
			out[i] = r
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			r, err := Interpolate(e, lookup)
			if err != nil {
				return nil, err
			}
			out[k] = r
		}
		return out, nil
	default:
		return v, nil
	}
}

func interpolateString(s string, lookup Lookup) (any, error) {
	if m := reference.FindStringSubmatch(s); m != nil && m[0] == strings.TrimSpace(s) {
		v, ok := lookup(m[1])
		if !ok {
			return nil, fmt.Errorf("{{ %s }} has no value", m[1])
		}
		return v, nil
	}
	var missing error
	out := reference.ReplaceAllStringFunc(s, func(ref string) string {
		name := reference.FindStringSubmatch(ref)[1]
		v, ok := lookup(name)
		if !ok && missing == nil {
			missing = fmt.Errorf("{{ %s }} has no value", name)
		}
		return Stringify(v)
	})
	return out, missing
}

// Stringify writes a value the way the service shows it in parameters and
// outputs: strings as they are, everything else as JSON.
func Stringify(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(b)
	}
}

// Strings writes a value as the list of strings that an output is: a list gives
// one string an element, anything else one string.
func Strings(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{Stringify(v)}
	}
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = Stringify(e)
	}
	return out
}
