package awswire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithycbor "github.com/aws/smithy-go/encoding/cbor"
	"github.com/aws/smithy-go/traits"
)

// Error is an error answer by its code, for errors that the SDK has no type
// for and for statuses other than the usual ones.
type Error struct {
	Code    string // Shape name, such as "ThrottlingException".
	Message string // Text for the person who reads it.
	Status  int    // HTTP status; 0 takes the code's usual one, else 400.
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode implements smithy.APIError.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage implements smithy.APIError.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault implements smithy.APIError.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.Status >= http.StatusInternalServerError {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}

// Errorf makes an Error with its usual status.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// writeError answers with an error in the protocol's own form. The service is
// nil as long as the request has not been routed.
func (s *Server) writeError(ctx context.Context, w http.ResponseWriter, p protocol, svc *Service, op *smithy.Schema, err error) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		s.log.ErrorContext(ctx, "a stand-in failed to serve a request", "error", err)
		api = &Error{Code: "InternalFailure", Message: "the stand-in failed; its log says why", Status: http.StatusInternalServerError}
	}
	schema := errorSchema(svc, api.ErrorCode())
	status := errorStatus(p, schema, api)
	body, bodyErr := errorBody(ctx, p, svc, op, schema, api)
	if bodyErr != nil {
		s.log.ErrorContext(ctx, "a stand-in failed to encode an error", "code", api.ErrorCode(), "error", bodyErr)
		http.Error(w, "cannot encode the error", http.StatusInternalServerError)
		return
	}
	// REST clients read the code from the header, the others from the body.
	w.Header().Set("X-Amzn-Errortype", api.ErrorCode())
	if query, ok := queryCode(svc, schema); ok {
		fault := "Sender"
		if api.ErrorFault() == smithy.FaultServer {
			fault = "Receiver"
		}
		w.Header().Set("X-Amzn-Query-Error", query+";"+fault)
	}
	write(w, p, status, body)
}

func errorSchema(svc *Service, code string) *smithy.Schema {
	if svc == nil || svc.Errors == nil {
		return nil
	}
	entry, ok := svc.Errors.LookupEntry(code)
	if !ok {
		return nil
	}
	return entry.Schema
}

// errorStatus is the error's own status, else what the protocol gives the
// shape: the JSON protocols answer 400 to every mistake of the client, the
// others go by the model.
func errorStatus(p protocol, schema *smithy.Schema, api smithy.APIError) int {
	var own *Error
	if errors.As(api, &own) && own.Status != 0 {
		return own.Status
	}
	if schema != nil && (p == cbor || p == rest) {
		if t, ok := smithy.SchemaTrait[*traits.HTTPError](schema); ok {
			return t.Code
		}
	}
	if api.ErrorFault() == smithy.FaultServer {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// queryCode is the code that an error had when the service spoke the query
// protocol. Only services that promise to go on with those codes send it: of
// those here CloudWatch does and Systems Manager does not, though the shapes of
// both have such codes.
func queryCode(svc *Service, schema *smithy.Schema) (string, bool) {
	if svc == nil || schema == nil {
		return "", false
	}
	if _, ok := smithy.SchemaTrait[*traits.AWSQueryCompatible](svc.Schema.Schema); !ok {
		return "", false
	}
	t, ok := smithy.SchemaTrait[*traits.AWSQueryError](schema)
	if !ok {
		return "", false
	}
	return t.ErrorCode, true
}

// errorBody is the shape's members and the code under "__type".
func errorBody(ctx context.Context, p protocol, svc *Service, op, schema *smithy.Schema, api smithy.APIError) ([]byte, error) {
	typed, isTyped := api.(smithy.Serializable)
	if isTyped && schema != nil && op != nil {
		b, err := encode(ctx, p, svc, op, schema, typed)
		if err != nil {
			return nil, err
		}
		return withType(p, b, api.ErrorCode(), "", "")
	}
	member := "message"
	if schema != nil {
		for name := range schema.Members() {
			if strings.EqualFold(name, "message") {
				member = name
			}
		}
	}
	return withType(p, nil, api.ErrorCode(), member, api.ErrorMessage())
}

func withType(p protocol, encoded []byte, code, member, message string) ([]byte, error) {
	if p == cbor {
		m := smithycbor.Map{}
		if len(encoded) > 0 {
			v, err := smithycbor.Decode(encoded)
			if err != nil {
				return nil, fmt.Errorf("read back an encoded error: %w", err)
			}
			m, _ = v.(smithycbor.Map)
		}
		m["__type"] = smithycbor.String(code)
		if member != "" {
			m[member] = smithycbor.String(message)
		}
		return smithycbor.Encode(m), nil
	}
	m := map[string]json.RawMessage{}
	if len(encoded) > 0 {
		if err := json.Unmarshal(encoded, &m); err != nil {
			return nil, fmt.Errorf("read back an encoded error: %w", err)
		}
	}
	set := func(key, text string) { b, _ := json.Marshal(text); m[key] = b } // Text always marshals.
	set("__type", code)
	if member != "" {
		set(member, message)
	}
	return json.Marshal(m)
}
