//go:build peers

package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// awsCLI is the aws command line of version 1: one process a call.
type awsCLI struct {
	path string
	env  []string
}

var (
	capital  = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	cliError = regexp.MustCompile(`(?s)An error occurred \(([^)]+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)$`)
)

func (c awsCLI) call(ctx context.Context, api, operation string, input object) (object, error) {
	text, err := json.Marshal(asText(input))
	if err != nil {
		return nil, fmt.Errorf("encode the input of %s: %w", operation, err)
	}
	command := strings.ToLower(capital.ReplaceAllString(operation, "$1-$2"))
	said, err := output(ctx, c.env, c.path, api, command, "--cli-input-json", string(text), "--output", "json", "--no-paginate")
	if err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			return nil, err
		}
		if m := cliError.FindStringSubmatch(err.Error()); m != nil {
			return nil, &refusal{Code: m[1], Message: m[2]}
		}
		return nil, &refusal{Code: "CommandLine", Message: err.Error()}
	}
	out := object{}
	if strings.TrimSpace(said) == "" { // An operation without output prints nothing.
		return out, nil
	}
	return out, json.Unmarshal([]byte(said), &out)
}

// asText writes bytes and times as the command line takes them.
func asText(v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case object:
		out := object{}
		for k, item := range v {
			out[k] = asText(item)
		}
		return out
	case []object:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = asText(item)
		}
		return out
	default:
		return v
	}
}
