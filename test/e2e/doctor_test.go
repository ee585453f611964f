//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
)

// examined is the doctor's document.
type examined struct {
	OK     bool `json:"ok"`
	Failed int  `json:"failed"`
	Checks []struct {
		System, Check, Result, Detail string
	} `json:"checks"`
}

// of returns the names of the checks that ended so, as system/check.
func (e examined) of(result string) []string {
	var found []string
	for _, c := range e.Checks {
		if c.Result == result {
			found = append(found, c.System+"/"+c.Check)
		}
	}
	return found
}

// doctor runs the doctor as an operator of the stack would, with some settings
// replaced.
func (w world) doctor(t *testing.T, env ...string) (examined, int) {
	t.Helper()
	cmd := w.command(t, "doctor", "--json")
	cmd.Env = append(cmd.Env, append(env, "FIREBREAK_WORKER_HEALTH=127.0.0.1:1")...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	var e examined
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &e), stderr.String())
	for _, secret := range []string{w.Slack.BotToken(), w.Slack.AppToken(), w.Jira.Token(), w.Git.Token()} {
		require.NotContains(t, stdout.String()+stderr.String(), secret)
	}
	return e, cmd.ProcessState.ExitCode()
}

// TestDoctor examines the stack before a worker runs, with the production
// worker, and with several things broken at once.
func TestDoctor(t *testing.T) {
	w := startWithoutWorker(t)
	queues := []string{
		incident.QueueWorkflows, incident.QueueEvidence, incident.QueueDiagnosis, incident.QueueAutomation, incident.QueueChat, incident.QueueTickets,
	}
	var unserved []string
	for _, q := range queues {
		unserved = append(unserved, "Temporal/"+q)
	}
	before, code := w.doctor(t)
	require.Equal(t, 1, code)
	require.Equal(t, unserved, before.of("failed"), "nothing else is wrong")

	stop, err := w.StartWorker(context.WithoutCancel(t.Context()), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop()) })
	var healthy examined
	require.Eventually(t, func() bool {
		healthy, code = w.doctor(t)
		return code == 0 && slices.Contains(healthy.of("ok"), "CloudWatch/metrics") && slices.Contains(healthy.of("ok"), "X-Ray/service graph")
	}, 3*time.Minute, time.Second, "a worker polls every queue, and the shop that has just started measured each of its series and traced its calls")
	require.Empty(t, healthy.of("failed"))
	require.Subset(t, healthy.of("ok"), append(unserved, "Temporal/search attributes", "Kinesis/records", "CloudWatch/metrics",
		"CloudWatch Logs/log groups", "Bedrock/model", "Systems Manager/instances", "Slack/Socket Mode", "Jira/permissions", "Catalogue/repository"))
	require.Equal(t, []string{"Catalogue/approvers"}, healthy.of("warning"), "the sandbox lets everybody decide")
	table := w.starter(t, "doctor", "--deep")
	require.Equal(t, 0, table.code, table.stderr)
	t.Log(table.stdout)
	require.Contains(t, table.stdout, "0 failed")
	for line := range strings.SplitSeq(table.stdout, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 80, line)
	}

	w.Faults.Set(fault.Rule{Service: "ssm", Operation: "GetDocument", Kind: fault.Error, Code: "AccessDeniedException", Status: 400, Times: fault.Forever})
	_, err = w.Commit("Nobody may decide", stack.Substitute("policy.yaml", "allow_unverified: true", "allow_unverified: false"))
	require.NoError(t, err)
	broken, code := w.doctor(t, "TEMPORAL_NAMESPACE=nowhere", "FIREBREAK_STREAM_NAME=other", "FIREBREAK_SLACK_CHANNEL=C0NONE",
		"FIREBREAK_JIRA_PROJECT=NONE", "AWS_ENDPOINT_URL_CLOUDWATCH=http://127.0.0.1:1")
	require.Equal(t, 1, code)
	require.ElementsMatch(t, []string{
		"Temporal/namespace", "Kinesis/shards", "CloudWatch/alarms", "Systems Manager/read a document", "Slack/channel", "Jira/project", "Catalogue/approvers",
	}, broken.of("failed"))
	t.Log(broken)
	require.False(t, broken.OK)
}
