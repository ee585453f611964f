package cloudtrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// dataPlane are operations that CloudTrail's event history does not have: it
// holds management events only.
var dataPlane = []string{
	"PutMetricData", "GetMetricData", "PutLogEvents", "FilterLogEvents", "PutEvents", "PutRecord", "PutRecords", "GetRecords", "GetShardIterator",
	"PutTraceSegments", "Converse", "SubscribeToShard", "GetTraceSummaries", "GetServiceGraph", "BatchGetTraces",
}

// readers are how the names of operations that change nothing begin.
var readers = []string{"Get", "List", "Describe", "Lookup", "Filter", "BatchGet", "Test"}

// maxParameters is the size of a request whose parameters are recorded, in bytes.
const maxParameters = 16 << 10

// Observe is an awswire.Options.Observe that records the management calls.
func (s *Service) Observe(signingName, operation string, body []byte, err error) {
	if slices.Contains(dataPlane, operation) {
		return
	}
	c := Call{
		Source: signingName + ".amazonaws.com", Name: operation, Role: "stand-in", Session: "stack",
		ReadOnly: slices.ContainsFunc(readers, func(p string) bool { return strings.HasPrefix(operation, p) }),
	}
	if len(body) < maxParameters {
		c.Parameters = parameters(body)
	}
	if err != nil {
		c.ErrorCode = errorCode(err)
	}
	_ = s.Record(c) // parameters are valid JSON
}

// errorCode is the code that the caller was answered.
func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return "InternalFailure"
}

// callersKeys are the members of requests that are maps when they are objects:
// their keys are the caller's own.
var callersKeys = []string{"parameters", "inputPathsMap", "tags"}

// parameters are a request's body as CloudTrail writes it, with the names of
// members in lower camel case; nil for a body that is no JSON, such as CBOR.
func parameters(body []byte) json.RawMessage {
	if !json.Valid(body) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var request any
	if decoder.Decode(&request) != nil {
		return nil
	}
	out, err := json.Marshal(lowerCamel(request))
	if err != nil {
		return nil
	}
	return out
}

func lowerCamel(v any) any {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			v[i] = lowerCamel(item)
		}
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, value := range v {
			if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
				name = strings.ToLower(name[:1]) + name[1:]
			}
			if _, object := value.(map[string]any); !object || !slices.Contains(callersKeys, name) {
				value = lowerCamel(value)
			}
			members[name] = value
		}
		return members
	}
	return v
}
