//go:build peers

package peers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
)

// aimockModel looks like an inference profile, colon included.
const aimockModel = "eu.vendor.model-v1:0"

// The diagnosis activity against a Converse that somebody else wrote, and the
// same against ours.
func TestDiagnosisAgainstAimock(t *testing.T) {
	t.Parallel()
	mine := ours(t)
	local := results.add("aws-sdk-go-v2", "as in go.mod", "Converse, by the diagnosis activity against our stand-in")
	local.one(t, "ours", func(t *testing.T) {
		got, err := diagnose(bedrockruntime.NewFromConfig(mine.config()), offlineModel)
		require.NoError(t, err)
		checkDiagnosis(t, got, offlineModel)
	})

	n := nodePackages()
	r := results.add("@copilotkit/aimock", wanted(t, "@copilotkit/aimock"), "Converse server, called by the diagnosis activity")
	if n.absent != "" {
		r.leftOut(t, 3, n.absent)
		return
	}
	s := startAimock(t, n)
	client := bedrockruntime.NewFromConfig(s.config())
	r.one(t, "tool use", func(t *testing.T) {
		got, err := diagnose(client, aimockModel)
		require.NoError(t, err)
		checkDiagnosis(t, got, aimockModel)
	})
	r.one(t, "too many requests", func(t *testing.T) {
		chaos(t, s, `{"rateLimitRate": 1}`)
		defer chaos(t, s, "")
		_, err := diagnose(client, aimockModel)
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed)
		require.False(t, failed.NonRetryable(), "a throttle is tried again: %v", err)
	})
	r.one(t, "an answer that is no JSON", func(t *testing.T) {
		chaos(t, s, `{"malformedRate": 1}`)
		defer chaos(t, s, "")
		_, err := diagnose(client, aimockModel)
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed)
		require.False(t, failed.NonRetryable(), "garbage is tried again: %v", err)
	})
}

func startAimock(t *testing.T, n node) *server {
	t.Helper()
	fixtures, err := json.Marshal(object{"fixtures": []object{{
		"match": object{"toolName": diagnoseTool},
		"response": object{
			"toolCalls": []object{{"name": diagnoseTool, "arguments": object{"hypotheses": []object{{
				"cause": "A bad reload", "service": "checkout", "confidence": 0.9, "citations": []string{"ev-00000002"}, "runbook": "restart-service", "reasoning": "The errors began right after it.",
			}}}}},
			"usage": object{"prompt_tokens": 900, "completion_tokens": 80, "total_tokens": 980, "input_tokens": 900, "output_tokens": 80},
		},
	}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "fixtures.json")
	require.NoError(t, os.WriteFile(file, fixtures, 0o600))
	port := freePort(t)
	spawn(t, n.dir, nil, n.path, filepath.Join("node_modules", "@copilotkit", "aimock", "dist", "cli.js"),
		"--host", "127.0.0.1", "--port", fmt.Sprint(port), "--fixtures", file, "--validate-on-load", "--strict")
	s := &server{name: "aimock", endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), key: "AKIAPEER", secret: "peer"}
	awaitHTTP(t, s.endpoint)
	return s
}

// chaos sets what goes wrong in aimock, or clears it.
func chaos(t *testing.T, s *server, body string) {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodDelete
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.endpoint+"/__aimock/chaos", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Less(t, resp.StatusCode, 300)
}
