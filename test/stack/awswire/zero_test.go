package awswire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmschemas "github.com/aws/aws-sdk-go-v2/service/ssm/schemas"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
)

// wiretap keeps the last answer as it came over the wire.
type wiretap struct {
	header http.Header
	body   []byte
}

func (w *wiretap) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.header = resp.Header
	w.body, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(w.body))
	return resp, err
}

func versions(t *testing.T, fn func() (*ssm.ListDocumentVersionsOutput, error)) (*ssm.Client, *wiretap) {
	t.Helper()
	server := awswire.New(awswire.Options{})
	server.Register(awswire.Service{
		Name: "ssm", SigningName: "ssm", Schema: ssmschemas.AmazonSSM, Errors: ssm.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(ssmschemas.ListDocumentVersions, ssmschemas.ListDocumentVersionsRequest, ssmschemas.ListDocumentVersionsResult,
				func(context.Context, *ssm.ListDocumentVersionsInput) (*ssm.ListDocumentVersionsOutput, error) {
					return fn()
				}),
		},
	})
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	tap := &wiretap{}
	cfg := server.ClientConfig(endpoint)
	cfg.HTTPClient = &http.Client{Transport: tap, Timeout: 10 * time.Second}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return ssm.NewFromConfig(cfg), tap
}

// Clients in other languages do not take what is absent for false.
func TestFalseAndZeroAreSent(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)
	client, tap := versions(t, func() (*ssm.ListDocumentVersionsOutput, error) {
		return &ssm.ListDocumentVersionsOutput{DocumentVersions: []ssmtypes.DocumentVersionInfo{
			{Name: aws.String("<a>"), IsDefaultVersion: true, CreatedDate: &created}, {Name: aws.String("b")},
		}}, nil
	})
	out, err := client.ListDocumentVersions(t.Context(), &ssm.ListDocumentVersionsInput{Name: aws.String("d")})
	require.NoError(t, err)
	require.Equal(t, created, *out.DocumentVersions[0].CreatedDate)
	require.Equal(t, "<a>", *out.DocumentVersions[0].Name)
	var wire struct{ DocumentVersions []map[string]any }
	require.NoError(t, json.Unmarshal(tap.body, &wire))
	require.Equal(t, true, wire.DocumentVersions[0]["IsDefaultVersion"])
	require.Equal(t, false, wire.DocumentVersions[1]["IsDefaultVersion"])
	require.NotContains(t, wire.DocumentVersions[1], "CreatedDate", "what is a pointer in the SDK is really absent")
}

// boto3 takes the code of the header before that of the body.
func TestOnlyServicesOfTheQueryProtocolSendItsCodes(t *testing.T) {
	t.Parallel()
	client, tap := versions(t, func() (*ssm.ListDocumentVersionsOutput, error) {
		return nil, &ssmtypes.AutomationDefinitionNotFoundException{Message: aws.String("gone")}
	})
	_, err := client.ListDocumentVersions(t.Context(), &ssm.ListDocumentVersionsInput{Name: aws.String("d")})
	require.ErrorAs(t, err, new(*ssmtypes.AutomationDefinitionNotFoundException))
	require.Empty(t, tap.header.Get("X-Amzn-Query-Error"))
}
