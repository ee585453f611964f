//go:build peers

package peers

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"firebreak/activities/diagnosis"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

const (
	offlineModel = "offline-rules"
	diagnoseTool = "report_diagnosis"
)

var converseCases = []testCase{
	{api: "bedrock-runtime", name: "a diagnosis is answered with the forced tool", cli: true, needs: []string{converses}, run: converseTool},
	{api: "bedrock-runtime", name: "a question without a schema is answered with text", needs: []string{converses}, run: converseText},
	{api: "bedrock-runtime", name: "a limit of tokens cuts the answer", needs: []string{converses}, run: converseCut},
	{api: "bedrock-runtime", name: "errors of models have their names", cli: true, needs: []string{converses}, run: converseErrors},
}

// sampleInput is an incident with a change as its likely cause.
func sampleInput() incident.DiagnoseInput {
	return incident.DiagnoseInput{
		IncidentID: "inc-1", Service: incident.Service{Name: "checkout", DependsOn: []string{"payments"}}, Severity: incident.Sev2,
		Anomalies: []incident.Anomaly{{ID: "a-1", Service: "checkout", Kind: incident.KindMetric, Why: redact.Literal("errors are up")}},
		Evidence: []incident.Evidence{
			{
				ID: "ev-00000001", Kind: incident.EvidenceMetric, Service: "checkout", Role: incident.RoleErrors, Title: redact.Literal("errors"),
				Facts: map[string]float64{incident.FactBefore: 0, incident.FactAfter: 40, incident.FactDeviations: 40},
			},
			{
				ID: "ev-00000002", Kind: incident.EvidenceChange, Service: "checkout", Title: redact.Literal("change of checkout: shop.config/Configuration Reload"),
				Detail: redact.Literal("configuration reloaded"), Facts: map[string]float64{incident.FactSecondsBefore: 5},
			},
		},
		Runbooks: []incident.RunbookOption{
			{Name: "restart-service", Service: "checkout", Summary: "restart", Fixes: []string{"errors after a configuration reload"}},
			{Name: "scale-out", Service: "payments", Summary: "more", Fixes: []string{"overload"}},
		},
	}
}

// diagnose runs the activity that production runs.
func diagnose(client *bedrockruntime.Client, model string) (incident.Diagnosis, error) {
	var out incident.Diagnosis
	a, err := diagnosis.New(diagnosis.Options{Client: client, ModelID: model})
	if err != nil {
		return out, err
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	got, err := env.ExecuteActivity(incident.ActivityDiagnose, sampleInput())
	if err != nil {
		return out, err
	}
	return out, got.Get(&out)
}

// recorded is the request that the activity makes, as it goes over the wire.
var recorded = sync.OnceValues(func() ([]byte, error) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusForbidden) // The request is all that is wanted.
	}))
	defer server.Close()
	client := bedrockruntime.New(bedrockruntime.Options{
		Region: region, BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
	})
	if _, err := diagnose(client, offlineModel); err != nil && body == nil {
		return nil, err
	}
	return body, nil
})

// question is the recorded request as the input of a client.
func (t *trial) question() object {
	body, err := recorded()
	require.NoError(t, err)
	in := object{}
	require.NoError(t, json.Unmarshal(body, &in))
	require.True(t, has(in, "toolConfig.tools"), compact(in))
	in["modelId"] = offlineModel
	return in
}

// converse calls Converse, whose members the SDKs name with small letters.
func (t *trial) converse(in object) object { return t.ok("bedrock-runtime", "Converse", in) }

func converseTool(t *trial) {
	out := t.converse(t.question())
	require.Equal(t, "tool_use", t.text(out, "stopReason"))
	require.Equal(t, "assistant", t.text(out, "output.message.role"))
	var use any
	for _, block := range t.list(out, "output.message.content") {
		if found, ok := at(block, "toolUse"); ok {
			use = found
		}
	}
	require.Equal(t, diagnoseTool, t.text(use, "name"))
	require.NotEmpty(t, t.text(use, "toolUseId"))
	require.Equal(t, "restart-service", t.text(use, "input.hypotheses.0.runbook"), compact(use))
	require.Positive(t, t.number(use, "input.hypotheses.0.confidence"))
	require.Contains(t, t.list(use, "input.hypotheses.0.citations"), "ev-00000002")
	in, answer := t.number(out, "usage.inputTokens"), t.number(out, "usage.outputTokens")
	require.Positive(t, in)
	require.InDelta(t, in+answer, t.number(out, "usage.totalTokens"), 0)
	require.GreaterOrEqual(t, t.number(out, "metrics.latencyMs"), 0.0)
}

func converseText(t *trial) {
	out := t.converse(object{"modelId": offlineModel, "messages": []object{{"role": "user", "content": []object{{"text": "Who are you?"}}}}, "inferenceConfig": object{"maxTokens": 500}})
	require.Equal(t, "end_turn", t.text(out, "stopReason"))
	require.Contains(t, t.text(out, "output.message.content.0.text"), offlineModel)
}

func converseCut(t *trial) {
	in := t.question()
	in["inferenceConfig"] = object{"maxTokens": 5}
	out := t.converse(in)
	require.Equal(t, "max_tokens", t.text(out, "stopReason"))
	require.LessOrEqual(t, t.number(out, "usage.outputTokens"), 5.0)
}

func converseErrors(t *trial) {
	in := object{"messages": []object{{"role": "user", "content": []object{{"text": "hello"}}}}}
	in["modelId"] = "eu.vendor.model-v1:0"
	r := t.refused("ResourceNotFoundException", "bedrock-runtime", "Converse", in)
	if r.Status != 0 {
		require.Equal(t, 404, r.Status)
	}
	in["modelId"] = "not a model"
	r = t.refused("ValidationException", "bedrock-runtime", "Converse", in)
	if r.Status != 0 {
		require.Equal(t, 400, r.Status)
	}
}

// checkDiagnosis is what the activity must make of an answer, whoever gave it.
func checkDiagnosis(t require.TestingT, got incident.Diagnosis, model string) {
	require.Equal(t, model, got.Model)
	require.Equal(t, "restart-service", got.Best().Runbook)
	require.Contains(t, got.Best().Citations, "ev-00000002")
	require.Positive(t, got.Best().Confidence)
	require.Positive(t, got.InputTokens)
	require.Positive(t, got.OutputTokens)
}
