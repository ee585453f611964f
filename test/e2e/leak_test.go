//go:build e2e && unix

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"firebreak/test/redaction"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/jira"
)

type jiraComment = jira.Comment

// TestNothingSecretGetsOut plays an incident in which secrets and personal data
// stand wherever hostile text can come in, and looks for them, encoded or in
// parts, in everything that was written: histories, messages, tickets, prompts,
// requests, logs, snapshots, files, reports, the command line.
func TestNothingSecretGetsOut(t *testing.T) {
	t.Parallel()
	w := startLeaky(newPlants(t, 6))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	r, err := scenario.Play(ctx, w.Stack, w.scenario(), scenario.Options{Client: w.client, Auto: true})
	for _, e := range r.State.Timeline {
		t.Logf("%6.1f s  %-10s %s", e.At.Sub(r.Fault).Seconds(), e.Phase, e.Text)
	}
	require.NoError(t, err)

	began := time.Now()
	places := w.everywhere(r)
	size := 0
	for _, p := range places {
		size += len(p.text)
	}
	t.Logf("%d secrets were looked for in %d places, %d MiB; gathering took %s", len(w.all), len(places), size>>20, time.Since(began).Round(time.Millisecond))
	found := leaks(places, w.all)
	t.Logf("looking took %s altogether", time.Since(began).Round(time.Millisecond))
	if len(found) > 0 {
		t.Errorf("%d secrets were found:\n%s", len(found), strings.Join(found, "\n"))
	}
	w.requireTravelled(places)
}

// redacted is a mark that stands for a value.
var redacted = regexp.MustCompile(`\[redacted:([a-z0-9-]{1,32}):[0-9a-f]{8}\]`)

// requireTravelled fails unless the secrets really were on their way: on the
// stream, in what scripts put out, in messages of errors and in the model's
// answers, and unless their marks arrived where they did not.
func (w *leakWorld) requireTravelled(places []place) {
	t := w.t
	t.Helper()
	onStream := place{where: "the stream"}
	for _, r := range w.Kinesis.Records(stack.Stream) {
		onStream.text += string(unpacked(r.Data)) + "\n"
	}
	for _, p := range []string{inLog, inPath, inReason, inEvent, inDatum, inJunk} {
		for _, s := range w.of(p) {
			require.NotEmpty(t, leaks([]place{onStream}, []redaction.Secret{s}), "%s did not come through the stream", s.Name)
		}
	}
	client := ssm.NewFromConfig(w.AWS())
	listed, err := client.DescribeAutomationExecutions(t.Context(), &ssm.DescribeAutomationExecutionsInput{})
	require.NoError(t, err)
	scripts := place{where: "the automations"}
	for _, x := range listed.AutomationExecutionMetadataList {
		out, err := client.GetAutomationExecution(t.Context(), &ssm.GetAutomationExecutionInput{AutomationExecutionId: x.AutomationExecutionId})
		require.NoError(t, err)
		scripts.text += inJSON(t, out.AutomationExecution) + aws.ToString(out.AutomationExecution.FailureMessage)
	}
	require.Len(t, leaks([]place{scripts}, w.of("output of a script")), 3)
	for _, rule := range refusals {
		asked := 0
		for _, r := range w.requests() {
			if r.Operation == rule.Operation {
				asked++
			}
		}
		require.Greater(t, asked, rule.Skip, "%s was not refused", rule.Operation)
	}
	w.mu.Lock()
	require.Positive(t, w.answers, "the model was not asked")
	w.mu.Unlock()
	require.Len(t, w.people, 1)

	kinds := map[string]map[string]bool{}
	for _, p := range places {
		of, _, _ := strings.Cut(p.where, " ")
		if strings.HasPrefix(p.where, "the request") {
			of = p.where
		}
		for _, m := range redacted.FindAllStringSubmatch(strings.Join(readings(p.text), "\n"), -1) {
			if kinds[of] == nil {
				kinds[of] = map[string]bool{}
			}
			kinds[of][m[1]] = true
		}
	}
	for of, is := range kinds {
		t.Logf("%d kinds of marks in %s", len(is), of)
	}
	require.Greater(t, len(kinds["history"]), 6, "kinds of marks in the histories")
	for _, of := range []string{"the request bedrock Converse", "the request slack chat.postMessage", "the request jira issue.create"} {
		require.NotEmpty(t, kinds[of], "marks in %s", of)
	}
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// TestTheSearchForSecretsFindsThem shows that the search can fail: in a payload
// of a history, in a request, in a packed file.
func TestTheSearchForSecretsFindsThem(t *testing.T) {
	t.Parallel()
	p := newPlants(t, 1)
	secret := p.a("here", "password/hard")
	payload := &commonpb.Payload{Data: []byte(inJSON(t, map[string]string{"text": "it is " + secret}))}
	event := &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
		WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{Input: &commonpb.Payloads{Payloads: []*commonpb.Payload{payload}}},
	}}
	memo := &commonpb.Memo{Fields: map[string]*commonpb.Payload{"note": {Data: []byte(base64.StdEncoding.EncodeToString([]byte("x" + secret)))}}}
	clean := place{"clean", "it is [redacted:password:01234567]"}
	for _, leaky := range []place{
		{"history", textsOf(event)},
		{"memo", textsOf(memo)},
		{"form", "text=" + inJSON(t, map[string]string{"a": inJSON(t, secret)})},
	} {
		found := leaks([]place{clean, leaky}, p.all)
		require.Len(t, found, 1, leaky.where)
		require.Contains(t, found[0], leaky.where)
	}
	require.Empty(t, leaks([]place{clean}, p.all))
}
