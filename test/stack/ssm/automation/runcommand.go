package automation

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/uuid"

	"firebreak/test/stack/ssm/document"
)

// defaultScriptTimeout is the default of AWS-RunShellScript's executionTimeout.
const defaultScriptTimeout = time.Hour

// runCommand is aws:runCommand with AWS-RunShellScript: the script really runs,
// on registered instances only, on all of them at once.
func runCommand(ctx context.Context, x *execution, _ *document.Step, inputs map[string]any) (actionResult, error) {
	if name := document.Stringify(inputs["DocumentName"]); name != "AWS-RunShellScript" {
		return actionResult{}, badInput("DocumentName is %q; only AWS-RunShellScript can be run", name)
	}
	s, err := x.script(inputs)
	if err != nil {
		return actionResult{}, err
	}
	ids := stringList(inputs["InstanceIds"])
	instances, err := x.engine.find(ids)
	if err != nil {
		return actionResult{}, &failure{stage: "Invocation", kind: "InvalidInstanceId", reason: err.Error()}
	}

	results := make([]scriptResult, len(instances))
	errs := make([]error, len(instances))
	var wg sync.WaitGroup
	for i, in := range instances {
		wg.Go(func() { results[i], errs[i] = in.run(ctx, x.engine.ctx, s) })
	}
	wg.Wait()
	return commandOutcome(ctx, ids, results, errs)
}

// commandOutcome folds what happened on each instance into the outputs of
// aws:runCommand. The first instance that failed speaks for all.
func commandOutcome(ctx context.Context, ids []string, results []scriptResult, errs []error) (actionResult, error) {
	status, code := "Success", 0
	var failed error
	var text strings.Builder
	for i, r := range results {
		if len(ids) > 1 {
			fmt.Fprintf(&text, "%s:\n", ids[i])
		}
		text.WriteString(r.output)
		if failed != nil {
			continue
		}
		switch {
		case ctx.Err() != nil && errs[i] != nil:
			status, code, failed = "Cancelled", r.code, errs[i]
		case errs[i] != nil:
			status, code = "Failed", -1
			failed = &failure{stage: "Invocation", kind: "CommandFailed", reason: errs[i].Error()}
		case r.timedOut:
			status, code = "TimedOut", r.code
			failed = &failure{stage: "Invocation", kind: "CommandTimedOut", reason: "The command on " + ids[i] + " ran longer than its executionTimeout and was killed."}
		case r.code != 0:
			status, code = "Failed", r.code
			failed = &failure{stage: "Invocation", kind: "CommandFailed", reason: fmt.Sprintf(
				"Command returns failure: exit status %d on %s. Output: %s", r.code, ids[i], cut(r.output, 500))}
		}
	}
	out := text.String()
	return actionResult{
		outputs: map[string]any{
			"CommandId": uuid.NewString(), "Status": status,
			"ResponseCode": strconv.Itoa(code), "Output": cut(out, maxOutput),
		},
		code: strconv.Itoa(code), response: string(types.CommandStatus(status)),
	}, failed
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

// script reads the parameters of AWS-RunShellScript.
func (x *execution) script(inputs map[string]any) (script, error) {
	params, ok := inputs["Parameters"].(map[string]any)
	if !ok {
		return script{}, badInput("Parameters is missing; AWS-RunShellScript needs commands")
	}
	for name := range params {
		if name != "commands" && name != "workingDirectory" && name != "executionTimeout" {
			return script{}, badInput("AWS-RunShellScript has no parameter %q", name)
		}
	}
	commands := stringList(params["commands"])
	if len(commands) == 0 {
		return script{}, badInput("Parameters.commands is empty")
	}
	s := script{text: strings.Join(commands, "\n"), timeout: defaultScriptTimeout, env: map[string]string{}}
	if dir := stringList(params["workingDirectory"]); len(dir) > 0 {
		s.dir = dir[0]
	}
	if limit := stringList(params["executionTimeout"]); len(limit) > 0 {
		seconds, err := strconv.Atoi(limit[0])
		if err != nil || seconds < 1 || seconds > 172_800 {
			return script{}, badInput("executionTimeout is %q; it is seconds from 1 to 172800", limit[0])
		}
		s.timeout = time.Duration(seconds) * time.Second
	}
	for name, p := range x.req.Document.Parameters {
		if p.EnvVar() {
			s.env["SSM_"+name] = document.Stringify(x.values[name])
		}
	}
	return s, nil
}

// stringList reads an input that may be written as one string or as a list.
func stringList(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, e := range v {
			if nested, ok := e.([]any); ok { // ["{{ ListParameter }}"]
				out = append(out, document.Strings(nested)...)
				continue
			}
			out = append(out, document.Stringify(e))
		}
		return out
	default:
		return []string{document.Stringify(v)}
	}
}
