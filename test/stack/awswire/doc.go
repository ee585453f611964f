// Package awswire is what all AWS stand-ins share: one HTTP server that speaks
// the wire protocols of AWS, so that unmodified SDK clients work against it.
//
// # Use
//
//	server := awswire.New(awswire.Options{Faults: faults})
//	server.Register(awswire.Service{
//		Name:        "ssm",               // what fault rules and Count call it
//		SigningName: "ssm",               // the service in the credential scope
//		Schema:      schemas.AmazonSSM,   // routes X-Amz-Target "AmazonSSM.<Operation>"
//		Errors:      ssm.TypeRegistry,    // shapes and statuses of typed errors
//		Operations: []awswire.Operation{
//			awswire.Handle(schemas.GetDocument, schemas.GetDocumentRequest, schemas.GetDocumentResult, s.getDocument),
//		},
//	})
//	endpoint, err := server.Listen(ctx, "127.0.0.1:0")     // stops with ctx
//	client := ssm.NewFromConfig(server.ClientConfig(endpoint))
//
// where getDocument is func(context.Context, *ssm.GetDocumentInput)
// (*ssm.GetDocumentOutput, error): the SDK's own input and output types. The
// schemas come from the service's schemas package; the schema of an operation
// without output is nil. Server is also an http.Handler for httptest.
//
// # Routing
//
// One listener serves every registered service: JSON 1.0 and 1.1 by
// X-Amz-Target, rpc-v2-cbor by /service/<name>/operation/<operation>, REST-JSON
// by the operation's URI template over the escaped path, so that a model id
// with an encoded colon arrives whole (its labels are set in the input).
//
// # Errors
//
// A handler returns the SDK's typed error (&types.ParameterNotFound{...}) or an
// awswire.Error{Code, Message, Status}; both arrive at the client as the typed
// error, in each protocol's own form. Any other error becomes a 500
// InternalFailure whose cause is only logged.
//
// # What is checked
//
// The Host header (loopback and Options.AllowedHosts), the SigV4 signature over
// headers and body with the run's random credentials, the service and region
// of the credential scope, clock skew, and the size of the body before and
// after decompression.
package awswire
