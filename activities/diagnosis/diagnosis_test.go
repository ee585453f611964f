package diagnosis_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/stretchr/testify/require"

	"firebreak/activities/diagnosis"
	"firebreak/test/stack/awswire"
	"firebreak/test/stack/bedrock"
	"firebreak/test/stack/fault"
)

func TestDiagnose(t *testing.T) {
	t.Parallel()
	e := says("tool_use", good)
	got, err := diagnose(t, diagnosis.Options{Client: client(t, e)}, input())
	require.NoError(t, err)
	require.Equal(t, "eu.vendor.model-v1:0", got.Model)
	require.Equal(t, 11, got.InputTokens)
	require.Equal(t, 7, got.OutputTokens)
	require.Empty(t, got.Notes)
	require.Equal(t, "restart-service", got.Best().Runbook)

	var req map[string]any
	require.NoError(t, json.Unmarshal([]byte(e.requests[0]), &req))
	require.InDelta(t, 4096, req["inferenceConfig"].(map[string]any)["maxTokens"], 0, "unset it reserves the model's maximum")
	tools := req["toolConfig"].(map[string]any)
	require.Equal(t, "report_diagnosis", tools["toolChoice"].(map[string]any)["tool"].(map[string]any)["name"])
	require.Contains(t, e.requests[0], `"enum":["restart-service","scale-out","none"]`)
	require.Contains(t, e.requests[0], `"enum":["ev-00000001","ev-00000002"]`)
	require.NotContains(t, e.requests[0], "guardContent")
	for _, head := range []string{"INCIDENT", "EVIDENCE", "RUNBOOKS", "TRIED"} {
		require.Contains(t, e.requests[0], `"text":"`+head+`\n`)
	}
}

func TestGuardrailLooksAtTelemetry(t *testing.T) {
	t.Parallel()
	e := says("tool_use", good)
	_, err := diagnose(t, diagnosis.Options{Client: client(t, e), GuardrailID: "gr1", GuardrailVersion: "3"}, input())
	require.NoError(t, err)
	require.Contains(t, e.requests[0], `"guardrailIdentifier":"gr1"`)
	require.Equal(t, 4, strings.Count(e.requests[0], `"guardContent"`), "the incident, both pieces of evidence, and attempts, which quote scripts")
	require.NotContains(t, e.requests[0], `"guardContent":{"text":{"text":"RUNBOOKS`)
}

func TestTextFormat(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(good)
	require.NoError(t, err)
	e := &endpoint{status: 200, body: `{"output":{"message":{"role":"assistant","content":[{"text":` + string(raw) + `}]}},"stopReason":"end_turn"}`}
	got, err := diagnose(t, diagnosis.Options{Client: client(t, e), TextFormat: true}, input())
	require.NoError(t, err)
	require.Equal(t, "restart-service", got.Best().Runbook)
	require.Contains(t, e.requests[0], `"textFormat"`)
	require.NotContains(t, e.requests[0], "toolConfig")
}

func TestEveryStopReason(t *testing.T) {
	t.Parallel()
	for stop, want := range map[string]struct {
		kind  string
		final bool
	}{
		"tool_use": {}, "end_turn": {},
		"max_tokens": {"Nonsense", false}, "stop_sequence": {"Nonsense", false}, "malformed_model_output": {"Nonsense", false},
		"malformed_tool_use": {"Nonsense", false}, "something_new": {"Nonsense", false},
		"guardrail_intervened": {"Validation", true}, "content_filtered": {"Validation", true},
		"model_context_window_exceeded": {"Validation", true},
	} {
		_, err := diagnose(t, diagnosis.Options{Client: client(t, says(stop, good))}, input())
		kind, final := verdict(err)
		require.Equal(t, want.kind, kind, stop)
		require.Equal(t, want.final, final, stop)
		require.Equal(t, want.kind == "", err == nil, stop)
	}
}

func TestNonsenseIsRetried(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*endpoint{
		"prose":            {status: 200, body: `{"output":{"message":{"role":"assistant","content":[{"text":"restart it"}]}},"stopReason":"end_turn"}`},
		"no content":       {status: 200, body: `{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"tool_use"}`},
		"other shape":      says("tool_use", `{"diagnosis":"bad"}`),
		"wrong types":      says("tool_use", strings.Replace(good, "0.9", `"high"`, 1)),
		"none":             says("tool_use", `{"hypotheses":[]}`),
		"no citation":      says("tool_use", strings.Replace(good, `"ev-00000001"`, "", 1)),
		"unknown citation": says("tool_use", strings.Replace(good, `ev-00000001`, "ev-ffffffff", 1)),
		"no cause":         says("tool_use", strings.Replace(good, `A bad reload`, " ", 1)),
	} {
		_, err := diagnose(t, diagnosis.Options{Client: client(t, e)}, input())
		kind, final := verdict(err)
		require.Equal(t, "Nonsense", kind, name)
		require.False(t, final, name)
	}
}

func TestWhatDoesNotStandIsCorrected(t *testing.T) {
	t.Parallel()
	e := says("tool_use", `{"hypotheses":[
		{"cause":"invented","service":"checkout","confidence":1,"citations":["ev-ffffffff"],"runbook":"restart-service"},
		{"cause":"second","service":"the-moon","confidence":-3,"citations":["ev-00000002","ev-00000002","ev-ffffffff"],"runbook":"delete-everything","reasoning":"token=hunter2"},
		{"cause":"first for ana@example.com","service":"payments","confidence":7,"citations":["ev-00000001"],"runbook":"restart-service","reasoning":null},
		{"cause":"third","service":"checkout","confidence":0.2,"citations":["ev-00000001"],"runbook":"restart-service"}]}`)
	got, err := diagnose(t, diagnosis.Options{Client: client(t, e)}, input())
	require.NoError(t, err)
	require.Len(t, got.Hypotheses, 3)
	first, second := got.Hypotheses[0], got.Hypotheses[2]
	require.Equal(t, "restart-service", got.Best().Runbook)
	require.Regexp(t, `^first for \[redacted:email:[0-9a-f]{8}\]$`, first.Cause.String())
	require.InDelta(t, 1, first.Confidence, 0)
	require.Empty(t, first.Runbook, "restart-service is allowed for checkout only")
	require.Equal(t, "checkout", second.Service)
	require.InDelta(t, 0, second.Confidence, 0)
	require.Equal(t, []string{"ev-00000002"}, second.Citations)
	require.Empty(t, second.Runbook)
	require.NotContains(t, second.Reasoning.String(), "hunter2")
	notes := strings.Join(got.Notes, "\n")
	for _, want := range []string{
		`cited "ev-ffffffff"`, "hypothesis 1 cites no evidence", `blamed "the-moon"`, "confidence -3", "confidence 7",
		`runbook "delete-everything", which is not allowed`, `runbook "restart-service", which is not allowed for payments`,
	} {
		require.Contains(t, notes, want)
	}
}

func TestErrorsOfBedrock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
		kind   string
		final  bool
	}{
		{429, "ThrottlingException", "Throttled", false},
		{400, "ServiceQuotaExceededException", "Throttled", false},
		{429, "ModelNotReadyException", "Throttled", false},
		{408, "ModelTimeoutException", "Unavailable", false},
		{424, "ModelErrorException", "Unavailable", false},
		{500, "InternalServerException", "Unavailable", false},
		{503, "ServiceUnavailableException", "Unavailable", false},
		{400, "ValidationException", "Validation", true},
		{403, "AccessDeniedException", "Permission", true},
		{404, "ResourceNotFoundException", "NotFound", true},
	} {
		e := &endpoint{status: c.status, code: c.code, body: `{"message":"no"}`}
		_, err := diagnose(t, diagnosis.Options{Client: client(t, e)}, input())
		kind, final := verdict(err)
		require.Equal(t, c.kind, kind, c.code)
		require.Equal(t, c.final, final, c.code)
		require.Equal(t, 1, e.asked(), "%s: the SDK must leave retries to Temporal", c.code)
	}
}

func TestAModelThatDoesNotAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	e := says("tool_use", good)
	e.hold = make(chan struct{})
	c := client(t, e)
	t.Cleanup(func() { close(e.hold) })
	_, err := diagnose(t, diagnosis.Options{Client: c, Timeout: 50 * time.Millisecond}, input())
	kind, final := verdict(err)
	require.Equal(t, "Unavailable", kind)
	require.False(t, final)
}

// Against the stand-in: the offline model finds the change, and a bad day of
// its ends in retryable errors.
func TestAgainstTheStandIn(t *testing.T) {
	t.Parallel()
	for _, text := range []bool{false, true} {
		faults := fault.New()
		server := awswire.New(awswire.Options{Faults: faults})
		model := bedrock.New(bedrock.Options{})
		model.Register(server)
		address, err := server.Listen(t.Context(), "127.0.0.1:0")
		require.NoError(t, err)
		opts := diagnosis.Options{Client: bedrockruntime.NewFromConfig(server.ClientConfig(address)), ModelID: "offline-rules", TextFormat: text}

		got, err := diagnose(t, opts, input())
		require.NoError(t, err)
		require.Equal(t, "offline-rules", got.Model)
		require.Equal(t, "restart-service", got.Best().Runbook)
		require.True(t, slices.Contains(got.Best().Citations, "ev-00000002"), got.Best().Citations)
		require.NotZero(t, got.InputTokens)

		model.Nonsense(5)
		for range 5 {
			_, err := diagnose(t, opts, input())
			kind, final := verdict(err)
			require.Equal(t, "Nonsense", kind)
			require.False(t, final)
		}
		faults.Set(fault.Rule{Service: "bedrock", Operation: "Converse", Kind: fault.Throttle})
		_, err = diagnose(t, opts, input())
		kind, _ := verdict(err)
		require.Equal(t, "Throttled", kind)
		_, err = diagnose(t, opts, input())
		require.NoError(t, err)
	}
}

func TestNewRefusesMissingParts(t *testing.T) {
	t.Parallel()
	_, err := diagnosis.New(diagnosis.Options{ModelID: "m"})
	require.Error(t, err)
	_, err = diagnosis.New(diagnosis.Options{Client: bedrockruntime.New(bedrockruntime.Options{Region: "x"})})
	require.Error(t, err)
}
