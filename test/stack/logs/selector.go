package logs

import (
	"fmt"
	"strconv"
	"strings"
)

// parseSelector splits `$.a.b[0]["c.d"]` into its steps.
func parseSelector(text string) ([]string, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || rest == "" {
		return nil, fmt.Errorf("a selector in a filter pattern begins with $. : %q", text)
	}
	var path []string
	for rest != "" {
		var step string
		switch {
		case strings.HasPrefix(rest, "."):
			rest = rest[1:]
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			step, rest = rest[:end], rest[end:]
		case strings.HasPrefix(rest, "["):
			end := strings.Index(rest, "]")
			if end < 0 {
				return nil, fmt.Errorf("a bracket in selector %q does not end", text)
			}
			step, rest = strings.Trim(rest[1:end], `"'`), rest[end+1:]
		default:
			return nil, fmt.Errorf("selector %q cannot be read at %q", text, rest)
		}
		if step == "" {
			return nil, fmt.Errorf("selector %q has an empty step", text)
		}
		path = append(path, step)
	}
	return path, nil
}

// lookup follows the steps through objects and arrays.
func lookup(document any, path []string) (any, bool) {
	for _, step := range path {
		switch d := document.(type) {
		case map[string]any:
			v, ok := d[step]
			if !ok {
				return nil, false
			}
			document = v
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(d) {
				return nil, false
			}
			document = d[i]
		default:
			return nil, false
		}
	}
	return document, true
}
