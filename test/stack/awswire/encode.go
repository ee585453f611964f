package awswire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"
)

// protocol is how a request came in, and so how it is answered.
type protocol int

const (
	json10 protocol = iota
	json11
	cbor
	rest
)

// codec is the SDK's own implementation of the protocol for a service.
func (p protocol) codec(s *Service) smithyhttp.ClientProtocol {
	switch p {
	case json10:
		return awsjson.New10(s.Schema)
	case json11:
		return awsjson.New11(s.Schema)
	case cbor:
		return rpcv2.NewCBOR(s.Schema)
	default:
		return restjson1.New(s.Schema)
	}
}

func (p protocol) contentType() string {
	switch p {
	case json10:
		return "application/x-amz-json-1.0"
	case json11:
		return "application/x-amz-json-1.1"
	case cbor:
		return "application/cbor"
	default:
		return "application/json"
	}
}

// encode serializes a shape as the SDK would serialize a request of that shape,
// so that an answer cannot drift from the real shapes. A nil schema means an
// operation without output and gives no bytes.
func encode(ctx context.Context, p protocol, s *Service, op, schema *smithy.Schema, shape smithy.Serializable) ([]byte, error) {
	if done, ok := shape.(plain); ok {
		return done.body, nil
	}
	if schema == nil {
		return nil, nil
	}
	req, ok := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if !ok {
		return nil, errors.New("smithy made a request of another type")
	}
	if err := p.codec(s).SerializeRequest(ctx, smithy.NewOperationSchema(op, schema, nil), shape, req); err != nil {
		return nil, fmt.Errorf("encode the answer of %s: %w", op.ID().Name, err)
	}
	stream := req.GetStream()
	if stream == nil {
		return nil, nil
	}
	b, err := io.ReadAll(stream)
	if err != nil {
		return nil, fmt.Errorf("read the encoded answer of %s: %w", op.ID().Name, err)
	}
	return b, nil
}

func write(w http.ResponseWriter, p protocol, status int, body []byte) {
	if p == cbor {
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	w.Header().Set("Content-Type", p.contentType())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(body)) // A client that went away cannot be told.
}
