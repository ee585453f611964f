package awswire

import (
	"context"
	"net/http"

	"github.com/aws/smithy-go"
)

// Service is one AWS service as a stand-in registers it.
type Service struct {
	// Name is what fault rules and Count call the service, such as "cloudwatch".
	Name string
	// SigningName is the service in the credential scope, such as "monitoring".
	SigningName string
	// Schema names the service on the wire: the prefix of X-Amz-Target and the
	// name in the path of rpc-v2-cbor.
	Schema *smithy.ServiceSchema
	// Errors is the SDK's TypeRegistry, which gives typed errors their statuses.
	Errors *smithy.TypeRegistry
	// ThrottleCode is the error code of a throttle fault without a code; empty
	// means "ThrottlingException".
	ThrottleCode string
	// Operations are the operations that this stand-in knows.
	Operations []Operation
	// Unions are pointers to the variants of unions that stand directly in an
	// input, such as &types.SystemContentBlockMemberText{}. Unions deeper down
	// decode by themselves.
	Unions []smithy.Deserializable
}

// Operation is one operation of a service; Handle makes it.
type Operation struct {
	name    string
	op, out *smithy.Schema
	call    func(ctx context.Context, c call) (smithy.Serializable, error)
}

// call is one decoded-to-be request.
type call struct {
	protocol protocol
	service  *Service
	labels   map[string]string // Labels of a REST path, unescaped.
	body     []byte            // After decompression.
}

// Handle makes an operation from the schemas of the operation, its input and
// its output (nil when it has none) and a function over the SDK's own types.
func Handle[In any, Out smithy.Serializable](op, in, out *smithy.Schema, fn func(context.Context, *In) (Out, error)) Operation {
	return Operation{
		name: op.ID().Name,
		op:   op,
		out:  out,
		call: func(ctx context.Context, c call) (smithy.Serializable, error) {
			input := new(In)
			if err := decode(ctx, c, op, in, input); err != nil {
				return nil, &Error{Code: "SerializationException", Message: err.Error(), Status: http.StatusBadRequest}
			}
			output, err := fn(ctx, input)
			if err != nil {
				return nil, err
			}
			return output, nil
		},
	}
}

type bodyKey struct{}

// Body is the request's body after decompression, for a handler that needs
// more than its typed input. It must not be changed.
func Body(ctx context.Context) []byte {
	b, _ := ctx.Value(bodyKey{}).([]byte)
	return b
}
