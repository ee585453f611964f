//go:build peers

package peers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
)

// goSDK calls the unmodified AWS SDK for Go by the operations' names. It cannot
// fill unions, so that Converse has tests of its own.
type goSDK map[string]any

func newGoSDK(s *server) goSDK {
	cfg := s.config()
	return goSDK{
		"kinesis": kinesis.NewFromConfig(cfg), "cloudwatch": cloudwatch.NewFromConfig(cfg), "logs": cloudwatchlogs.NewFromConfig(cfg),
		"events": eventbridge.NewFromConfig(cfg), "ssm": ssm.NewFromConfig(cfg),
	}
}

func (g goSDK) call(ctx context.Context, api, operation string, input object) (object, error) {
	method := reflect.ValueOf(g[api]).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("the SDK for Go has no operation %s of %s", operation, api)
	}
	in := reflect.New(method.Type().In(1).Elem())
	text, err := json.Marshal(plain(input))
	if err != nil {
		return nil, fmt.Errorf("encode the input of %s: %w", operation, err)
	}
	if err := json.Unmarshal(text, in.Interface()); err != nil {
		return nil, fmt.Errorf("fill the input of %s: %w", operation, err)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	if err, _ := reflect.TypeAssert[error](results[1]); err != nil {
		return nil, asRefusal(err)
	}
	text, err = json.Marshal(results[0].Interface())
	if err != nil {
		return nil, fmt.Errorf("read the output of %s: %w", operation, err)
	}
	var out object
	return out, json.Unmarshal(text, &out)
}

// plain writes bytes and times as encoding/json reads them into []byte and
// time.Time.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case object:
		out := object{}
		for k, item := range v {
			out[k] = plain(item)
		}
		return out
	case []object:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	default:
		return v
	}
}

// asRefusal takes what a service refused with out of the SDK's error; anything
// else stays as it is.
func asRefusal(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	r := &refusal{Code: api.ErrorCode(), Message: api.ErrorMessage(), Status: http.StatusOK}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		r.Status = response.HTTPStatusCode()
	}
	return r
}
