package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/test/stack/ssm/document"
)

func apiKey(service, api string) string {
	return strings.ToLower(service + "/" + strings.ReplaceAll(api, "_", ""))
}

// ownInputs are the inputs that belong to the action; all others go to the API.
var ownInputs = []string{"Service", "Api", "PropertySelector", "DesiredValues"}

// call runs the API that a step names and returns its answer as plain JSON
// values.
func (x *execution) call(ctx context.Context, inputs map[string]any) (any, error) {
	service, api := document.Stringify(inputs["Service"]), document.Stringify(inputs["Api"])
	if service == "" || api == "" {
		return nil, badInput("Service and Api are required")
	}
	fn, ok := x.engine.api(service, api)
	if !ok {
		return nil, badInput("%s %s is not offered here; register it with RegisterAPI", service, api)
	}
	input := maps.Clone(inputs)
	maps.DeleteFunc(input, func(k string, _ any) bool { return slices.Contains(ownInputs, k) })
	answer, err := fn(ctx, input)
	if err != nil {
		return nil, &failure{stage: "Invocation", kind: "ApiCallFailed", reason: fmt.Sprintf("calling %s %s: %s", service, api, err)}
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s %s: %w", service, api, err)
	}
	var plain any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&plain); err != nil {
		return nil, fmt.Errorf("read the answer of %s %s: %w", service, api, err)
	}
	return plain, nil
}

// executeAPI is aws:executeAwsApi.
func executeAPI(ctx context.Context, x *execution, s *document.Step, inputs map[string]any) (actionResult, error) {
	answer, err := x.call(ctx, inputs)
	if err != nil {
		return actionResult{}, err
	}
	res := actionResult{outputs: map[string]any{}, response: cut(document.Stringify(answer), maxOutput)}
	for _, o := range s.Outputs {
		sel, err := document.ParseSelector(o.Selector)
		if err != nil {
			return res, badInput("output %s: %s", o.Name, err)
		}
		v, err := sel.Find(answer)
		if err != nil {
			return res, postVerification("output %s: %s", o.Name, err)
		}
		if !hasType(v, o.Type) {
			return res, postVerification("output %s: %s is not of type %s", o.Name, cut(document.Stringify(v), 200), o.Type)
		}
		res.outputs[o.Name] = v
	}
	return res, nil
}

func postVerification(format string, args ...any) error {
	return &failure{stage: "PostVerification", kind: "ActionOutputInvalid", reason: fmt.Sprintf(format, args...)}
}

// hasType tells whether a value can be an output of the given type.
func hasType(v any, kind string) bool {
	switch kind {
	case "", "String":
		_, isMap := v.(map[string]any)
		_, isList := v.([]any)
		return !isMap && !isList
	case "StringList":
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(e any) bool { return !hasType(e, "String") })
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Integer":
		n, ok := v.(json.Number)
		if !ok {
			return false
		}
		_, err := n.Int64()
		return err == nil
	case "StringMap":
		_, ok := v.(map[string]any)
		return ok
	case "MapList":
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(e any) bool { return !hasType(e, "StringMap") })
	default:
		return false
	}
}

// property calls the API and tells whether the selected property has one of the
// desired values.
func (x *execution) property(ctx context.Context, inputs map[string]any) (found string, ok bool, err error) {
	sel, err := document.ParseSelector(document.Stringify(inputs["PropertySelector"]))
	if err != nil {
		return "", false, badInput("PropertySelector: %s", err)
	}
	desired := stringList(inputs["DesiredValues"])
	if len(desired) == 0 {
		return "", false, badInput("DesiredValues is empty")
	}
	answer, err := x.call(ctx, inputs)
	if err != nil {
		return "", false, err
	}
	v, err := sel.Find(answer)
	if err != nil {
		return "nothing: " + err.Error(), false, nil //nolint:nilerr // a selector that finds nothing is an answer
	}
	values := document.Strings(v)
	for _, value := range values {
		if !slices.Contains(desired, value) {
			return strings.Join(values, ", "), false, nil
		}
	}
	return strings.Join(values, ", "), len(values) > 0, nil
}

// assertProperty is aws:assertAwsResourceProperty.
func assertProperty(ctx context.Context, x *execution, _ *document.Step, inputs map[string]any) (actionResult, error) {
	found, ok, err := x.property(ctx, inputs)
	if err == nil && !ok {
		err = &failure{stage: "Invocation", kind: "ActionFailed", reason: fmt.Sprintf("Property value from the API output is %s, not in %v.", found, stringList(inputs["DesiredValues"]))}
	}
	return actionResult{}, err
}

// waitForProperty is aws:waitForAwsResourceProperty: it asks until the property
// has a desired value or the step times out.
func waitForProperty(ctx context.Context, x *execution, _ *document.Step, inputs map[string]any) (actionResult, error) {
	tick := time.NewTicker(x.engine.opts.Poll)
	defer tick.Stop()
	for {
		_, ok, err := x.property(ctx, inputs)
		if err != nil || ok {
			return actionResult{}, err
		}
		select {
		case <-ctx.Done():
			return actionResult{}, context.Cause(ctx)
		case <-tick.C:
		}
	}
}
