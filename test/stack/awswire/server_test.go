package awswire_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	brschemas "github.com/aws/aws-sdk-go-v2/service/bedrockruntime/schemas"
	brtypes "github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmschemas "github.com/aws/aws-sdk-go-v2/service/ssm/schemas"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
)

// echo is a stand-in over three protocols that keeps what it was given.
type echo struct {
	ssm      *ssm.StartAutomationExecutionInput
	metrics  *cloudwatch.PutMetricDataInput
	converse *bedrockruntime.ConverseInput
	err      error
}

func (e *echo) register(s *awswire.Server) {
	s.Register(awswire.Service{
		Name: "ssm", SigningName: "ssm", Schema: ssmschemas.AmazonSSM, Errors: ssm.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(ssmschemas.StartAutomationExecution, ssmschemas.StartAutomationExecutionRequest, ssmschemas.StartAutomationExecutionResult,
				func(_ context.Context, in *ssm.StartAutomationExecutionInput) (*ssm.StartAutomationExecutionOutput, error) {
					e.ssm = in
					return &ssm.StartAutomationExecutionOutput{AutomationExecutionId: aws.String("exec-1")}, e.err
				}),
		},
	})
	s.Register(awswire.Service{
		Name: "cloudwatch", SigningName: "monitoring", Schema: cwschemas.GraniteServiceVersion20100801, Errors: cloudwatch.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(cwschemas.PutMetricData, cwschemas.PutMetricDataInput, nil,
				func(_ context.Context, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
					e.metrics = in
					return &cloudwatch.PutMetricDataOutput{}, e.err
				}),
		},
	})
	s.Register(awswire.Service{
		Name: "bedrock", SigningName: "bedrock", Schema: brschemas.AmazonBedrockFrontendService, Errors: bedrockruntime.TypeRegistry,
		Unions: []smithy.Deserializable{&brtypes.SystemContentBlockMemberText{}},
		Operations: []awswire.Operation{
			awswire.Handle(brschemas.Converse, brschemas.ConverseRequest, brschemas.ConverseResponse,
				func(ctx context.Context, in *bedrockruntime.ConverseInput) (*bedrockruntime.ConverseOutput, error) {
					e.converse = in
					return &bedrockruntime.ConverseOutput{
						StopReason: brtypes.StopReasonToolUse,
						Usage:      &brtypes.TokenUsage{InputTokens: aws.Int32(int32(len(awswire.Body(ctx)))), OutputTokens: aws.Int32(1), TotalTokens: aws.Int32(2)},
						Metrics:    &brtypes.ConverseMetrics{LatencyMs: aws.Int64(3)},
						Output: &brtypes.ConverseOutputMemberMessage{Value: brtypes.Message{
							Role: brtypes.ConversationRoleAssistant,
							Content: []brtypes.ContentBlock{&brtypes.ContentBlockMemberToolUse{Value: brtypes.ToolUseBlock{
								Name: aws.String("diagnose"), ToolUseId: aws.String("t1"), Input: document.NewLazyDocument(map[string]any{"cause": "reload"}),
							}}},
						}},
					}, e.err
				}),
		},
	})
}

// start serves the echo and gives a configuration whose clients do not retry.
func start(t *testing.T, o awswire.Options) (*awswire.Server, *echo, aws.Config) {
	t.Helper()
	server, e := awswire.New(o), &echo{}
	e.register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	cfg := server.ClientConfig(endpoint)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	return server, e, cfg
}

func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	server, e, cfg := start(t, awswire.Options{})
	in := &ssm.StartAutomationExecutionInput{
		DocumentName: aws.String("restart \"checkout\""),
		Parameters:   map[string][]string{"Target": {"i-1", "i-2"}},
		Mode:         ssmtypes.ExecutionModeAuto,
		Tags:         []ssmtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}
	out, err := ssm.NewFromConfig(cfg).StartAutomationExecution(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "exec-1", *out.AutomationExecutionId)
	require.Equal(t, in, e.ssm)
	require.Equal(t, 1, server.Count("ssm", "StartAutomationExecution"))
}

func TestCBORRoundTripWithGzip(t *testing.T) {
	t.Parallel()
	_, e, cfg := start(t, awswire.Options{})
	at := time.UnixMilli(1700000000123).UTC()
	in := &cloudwatch.PutMetricDataInput{Namespace: aws.String("Shop")}
	for range 500 { // The SDK compresses bodies above 10 KiB.
		in.MetricData = append(in.MetricData, cwtypes.MetricDatum{
			MetricName: aws.String("Errors"), Timestamp: &at, Values: []float64{1.5, 2}, Counts: []float64{3, 4}, StorageResolution: aws.Int32(1),
			Dimensions: []cwtypes.Dimension{{Name: aws.String("Service"), Value: aws.String("checkout")}}, Unit: cwtypes.StandardUnitCount,
		})
	}
	_, err := cloudwatch.NewFromConfig(cfg).PutMetricData(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, e.metrics.MetricData, 500)
	for i := range e.metrics.MetricData { // The same instant in another location.
		require.True(t, at.Equal(*e.metrics.MetricData[i].Timestamp))
		e.metrics.MetricData[i].Timestamp = &at
	}
	require.Equal(t, in, e.metrics)
}

func TestRESTRoundTripWithEscapedPath(t *testing.T) {
	t.Parallel()
	_, e, cfg := start(t, awswire.Options{})
	in := &bedrockruntime.ConverseInput{
		ModelId: aws.String("arn:aws:bedrock:us-east-1::inference-profile/us.model-v2:0"),
		System:  []brtypes.SystemContentBlock{&brtypes.SystemContentBlockMemberText{Value: "be brief"}},
		Messages: []brtypes.Message{{Role: brtypes.ConversationRoleUser, Content: []brtypes.ContentBlock{
			&brtypes.ContentBlockMemberText{Value: "what broke?"},
		}}},
		InferenceConfig:              &brtypes.InferenceConfiguration{MaxTokens: aws.Int32(100), Temperature: aws.Float32(0.5)},
		RequestMetadata:              map[string]string{"incident": "inc-1"},
		AdditionalModelRequestFields: document.NewLazyDocument(map[string]any{"top_k": 5}),
	}
	out, err := bedrockruntime.NewFromConfig(cfg).Converse(t.Context(), in)
	require.NoError(t, err)
	in.AdditionalModelRequestFields = nil
	require.Equal(t, in, e.converse)
	message := out.Output.(*brtypes.ConverseOutputMemberMessage).Value
	var got map[string]any
	require.NoError(t, message.Content[0].(*brtypes.ContentBlockMemberToolUse).Value.Input.UnmarshalSmithyDocument(&got))
	require.Equal(t, map[string]any{"cause": "reload"}, got)
	require.Positive(t, *out.Usage.InputTokens, "the handler saw the body")
}

func TestErrorsArriveTyped(t *testing.T) {
	t.Parallel()
	server, e, cfg := start(t, awswire.Options{})
	callSSM := func() error {
		_, err := ssm.NewFromConfig(cfg).StartAutomationExecution(t.Context(), &ssm.StartAutomationExecutionInput{DocumentName: aws.String("d")})
		return err
	}
	callCW := func() error {
		_, err := cloudwatch.NewFromConfig(cfg).PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: []cwtypes.MetricDatum{}})
		return err
	}
	callBedrock := func() error {
		_, err := bedrockruntime.NewFromConfig(cfg).Converse(t.Context(), &bedrockruntime.ConverseInput{ModelId: aws.String("m")})
		return err
	}
	var notFound *ssmtypes.AutomationDefinitionNotFoundException
	var missing *cwtypes.ResourceNotFound
	var invalid *cwtypes.InvalidParameterValueException
	var throttled *brtypes.ThrottlingException
	tests := []struct {
		name    string
		err     error
		call    func() error
		as      any
		code    string
		status  int
		message string
	}{
		{"typed over JSON", &ssmtypes.AutomationDefinitionNotFoundException{Message: aws.String("no such")}, callSSM, &notFound, "AutomationDefinitionNotFoundException", 400, "no such"},
		{"by code over JSON", awswire.Errorf("AutomationDefinitionNotFoundException", "no %s", "such"), callSSM, &notFound, "AutomationDefinitionNotFoundException", 400, "no such"},
		{"typed over CBOR", &cwtypes.ResourceNotFound{Message: aws.String("gone")}, callCW, &missing, "ResourceNotFound", 404, "gone"},
		{"query code over CBOR", awswire.Errorf("InvalidParameterValueException", "bad"), callCW, &invalid, "InvalidParameterValue", 400, "bad"},
		{"typed over REST", &brtypes.ThrottlingException{Message: aws.String("slow")}, callBedrock, &throttled, "ThrottlingException", 429, "slow"},
		{"own status over REST", &awswire.Error{Code: "ThrottlingException", Message: "slow", Status: 503}, callBedrock, &throttled, "ThrottlingException", 503, "slow"},
		{"a failure of the stand-in", errors.New("secret cause"), callSSM, nil, "InternalFailure", 500, "the stand-in failed; its log says why"},
	}
	for _, tt := range tests { // In order: they share the echo.
		e.err = tt.err
		err := tt.call()
		require.Error(t, err, tt.name)
		if tt.as != nil {
			require.ErrorAs(t, err, tt.as, tt.name)
		}
		var api smithy.APIError
		require.ErrorAs(t, err, &api, tt.name)
		require.Equal(t, tt.code, api.ErrorCode(), tt.name)
		require.Equal(t, tt.message, api.ErrorMessage(), tt.name)
		var resp interface{ HTTPStatusCode() int }
		require.ErrorAs(t, err, &resp, tt.name)
		require.Equal(t, tt.status, resp.HTTPStatusCode(), tt.name)
	}
	_, err := ssm.NewFromConfig(cfg).GetDocument(t.Context(), &ssm.GetDocumentInput{Name: aws.String("d")})
	require.ErrorContains(t, err, "no stand-in serves operation GetDocument")
	require.Zero(t, server.Count("ssm", "GetDocument"))
}

func TestFaults(t *testing.T) {
	t.Parallel()
	faults := fault.New()
	server, _, cfg := start(t, awswire.Options{Faults: faults})
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
		})
	}
	client := ssm.NewFromConfig(cfg)
	call := func() error {
		_, err := client.StartAutomationExecution(t.Context(), &ssm.StartAutomationExecutionInput{DocumentName: aws.String("d")})
		return err
	}
	count := func() int { return server.Count("ssm", "StartAutomationExecution") }
	faults.Set(fault.Rule{Service: "ssm", Kind: fault.LoseResponse})
	require.NoError(t, call())
	require.Equal(t, 2, count(), "the first effect happened, and the SDK tried again")

	faults.Set(fault.Rule{Service: "ssm", Kind: fault.Throttle, Times: 2})
	require.NoError(t, call())
	require.Equal(t, 3, count(), "a throttled request has no effect")

	faults.Set(fault.Rule{Operation: "StartAutomationExecution", Kind: fault.Duplicate})
	require.NoError(t, call())
	require.Equal(t, 5, count())

	faults.Set(fault.Rule{Kind: fault.Error, Code: "AutomationExecutionLimitExceededException", Status: 400})
	var limit *ssmtypes.AutomationExecutionLimitExceededException
	require.ErrorAs(t, call(), &limit)
}

func TestRefusesWhatIsNotSignedByTheRun(t *testing.T) {
	t.Parallel()
	server, _, cfg := start(t, awswire.Options{})
	tests := []struct {
		name   string
		change func(*aws.Config)
		code   string
	}{
		{"another key", func(c *aws.Config) { c.Credentials = fixed("AKIAOTHER", server.Credentials().Secret) }, "UnrecognizedClientException"},
		{"another secret", func(c *aws.Config) { c.Credentials = fixed(server.Credentials().AccessKeyID, "guess") }, "InvalidSignatureException"},
		{"another region", func(c *aws.Config) { c.Region = "eu-west-1" }, "InvalidSignatureException"},
		{"no signature", func(c *aws.Config) { c.Credentials = aws.AnonymousCredentials{} }, "MissingAuthenticationTokenException"},
		{"changed body", func(c *aws.Config) { c.HTTPClient = tamper{c.HTTPClient, changeBody} }, "InvalidSignatureException"},
		{"changed header", func(c *aws.Config) { c.HTTPClient = tamper{c.HTTPClient, changeContentType} }, "InvalidSignatureException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own := cfg.Copy()
			tt.change(&own)
			_, err := ssm.NewFromConfig(own).StartAutomationExecution(t.Context(), &ssm.StartAutomationExecutionInput{DocumentName: aws.String("d")})
			var api smithy.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, tt.code, api.ErrorCode())
			require.Zero(t, server.Count("ssm", "StartAutomationExecution"))
		})
	}
}

func TestSignatureOfAnotherTimeIsRefused(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-16 * time.Minute, 16 * time.Minute} {
		_, _, cfg := start(t, awswire.Options{Now: func() time.Time { return time.Now().Add(skew) }})
		_, err := ssm.NewFromConfig(cfg).StartAutomationExecution(t.Context(), &ssm.StartAutomationExecutionInput{DocumentName: aws.String("d")})
		require.ErrorContains(t, err, "Signature expired")
	}
}

func TestHostIsChecked(t *testing.T) {
	t.Parallel()
	server := awswire.New(awswire.Options{AllowedHosts: []string{"standins.internal"}})
	srv := httptest.NewServer(server)
	t.Cleanup(srv.Close)
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	for host, allowed := range map[string]bool{
		"127.0.0.1" + port: true, "localhost" + port: true, "standins.internal" + port: true, "[::1]" + port: true,
		"evil.example" + port: false, "localhost:1": false, "127.0.0.1": false, "localhost.evil.example" + port: false,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, nil)
		require.NoError(t, err)
		req.Host = host
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, !allowed, resp.StatusCode == http.StatusForbidden, host)
	}
}

func fixed(key, secret string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
	})
}

// The SDK for JavaScript calls Kinesis and Bedrock over HTTP/2 only.
func TestHTTP2WithoutTLS(t *testing.T) {
	t.Parallel()
	faults := fault.New()
	_, e, cfg := start(t, awswire.Options{Faults: faults})
	only := new(http.Protocols)
	only.SetUnencryptedHTTP2(true)
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{Protocols: only}, Timeout: 10 * time.Second}
	client := ssm.NewFromConfig(cfg)
	begin := func() error {
		_, err := client.StartAutomationExecution(t.Context(), &ssm.StartAutomationExecutionInput{DocumentName: aws.String("restart")})
		return err
	}
	require.NoError(t, begin())
	require.Equal(t, "restart", *e.ssm.DocumentName)
	faults.Set(fault.Rule{Service: "ssm", Operation: "StartAutomationExecution", Kind: fault.LoseResponse})
	require.Error(t, begin(), "a lost answer is lost over HTTP/2 too")
	require.NoError(t, begin())
}
