package interpose_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/interpose"
)

// TestWorldLosesAnswersByTheStandInsNames sends one request of each sort. It
// has to reach its system with its path and body, and a rule with the names that
// the stand-in has for it has to lose the answer.
func TestWorldLosesAnswersByTheStandInsNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		method, path, target, service, operation string
	}{
		{"POST", "/", "AmazonSSM.StartAutomationExecution", "ssm", "StartAutomationExecution"},
		{"POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData", "", "graniteserviceversion20100801", "GetMetricData"},
		{"POST", "/model/eu.some-model-v1%3A0/converse", "", "bedrock", "Converse"},
		{"POST", "/api/chat.postMessage", "", "slack", "chat.postMessage"},
		{"POST", "/rest/api/2/issue", "", "jira", "issue.create"},
		{"POST", "/rest/api/2/issue/OPS-1/comment", "", "jira", "comments.add"},
		{"POST", "/rest/api/2/issue/OPS-1/transitions", "", "jira", "transitions.do"},
		{"GET", "/rest/api/2/issue/OPS-1?fields=status", "", "jira", "read"},
	} {
		t.Run(tc.operation, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int32
			echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				reached.Add(1)
				fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), body)
			})
			outside := httptest.NewServer(echo)
			t.Cleanup(outside.Close)
			world, err := interpose.Surround(t.Context(), interpose.Outside{AWS: echo, Slack: outside.URL + "/api/", Jira: outside.URL})
			require.NoError(t, err)
			t.Cleanup(world.Close)
			require.Equal(t, world.AWS+"/api/", world.Slack)
			send := func() (string, error) {
				req, err := http.NewRequestWithContext(t.Context(), tc.method, world.Jira+tc.path, strings.NewReader("body"))
				require.NoError(t, err)
				req.Header.Set("X-Amz-Target", tc.target)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					return "", err
				}
				defer resp.Body.Close()
				answer, err := io.ReadAll(resp.Body)
				return string(answer), err
			}
			answer, err := send()
			require.NoError(t, err)
			require.Equal(t, tc.method+" "+tc.path+" body", answer)
			world.Faults.Set(fault.Rule{Service: tc.service, Operation: tc.operation, Kind: fault.LoseResponse, Times: fault.Forever})
			_, err = send()
			require.Error(t, err, "the answer came")
			require.GreaterOrEqual(t, reached.Load(), int32(2), "the request got lost rather than its answer")
			require.Positive(t, world.Faults.Fired(tc.service, tc.operation, fault.LoseResponse))
		})
	}
}
