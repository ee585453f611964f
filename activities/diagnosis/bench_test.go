package diagnosis_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"firebreak/activities/diagnosis"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// endpoint answers Converse with what a test says, and keeps the requests.
type endpoint struct {
	mu       sync.Mutex
	status   int
	code     string
	body     string
	requests []string
	hold     chan struct{} // answers only once it is closed
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	e.requests = append(e.requests, string(raw))
	e.mu.Unlock()
	if e.hold != nil {
		<-e.hold
	}
	w.Header().Set("Content-Type", "application/json")
	if e.code != "" {
		w.Header().Set("X-Amzn-Errortype", e.code)
	}
	w.WriteHeader(e.status)
	_, _ = io.WriteString(w, e.body)
}

func (e *endpoint) asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.requests)
}

// says is an answer by the tool.
func says(stop string, input string) *endpoint {
	return &endpoint{status: 200, body: fmt.Sprintf(`{"output":{"message":{"role":"assistant","content":[{"text":"Let me see."},
		{"toolUse":{"toolUseId":"t1","name":"report_diagnosis","input":%s}}]}},"stopReason":%q,
		"usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18},"metrics":{"latencyMs":1}}`, input, stop)}
}

const good = `{"hypotheses":[{"cause":"A bad reload","service":"checkout","confidence":0.9,"citations":["ev-00000001"],"runbook":"restart-service","reasoning":"because"}]}`

func client(t *testing.T, e *endpoint) *bedrockruntime.Client {
	t.Helper()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return bedrockruntime.New(bedrockruntime.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
	})
}

func input() incident.DiagnoseInput {
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

func diagnose(t *testing.T, opts diagnosis.Options, in incident.DiagnoseInput) (incident.Diagnosis, error) {
	t.Helper()
	if opts.ModelID == "" {
		opts.ModelID = "eu.vendor.model-v1:0"
	}
	a, err := diagnosis.New(opts)
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	got, err := env.ExecuteActivity(incident.ActivityDiagnose, in)
	var out incident.Diagnosis
	if err == nil {
		require.NoError(t, got.Get(&out))
	}
	return out, err
}

func verdict(err error) (kind string, final bool) {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type(), app.NonRetryable()
	}
	return "", false
}
