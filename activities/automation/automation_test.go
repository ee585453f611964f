package automation_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/automation"
	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
)

func final(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.NonRetryable()
}

func kind(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type()
	}
	return ""
}

func TestPublishMakesOneVersionPerContent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.publish(t, "touch")
	require.Equal(t, incident.Document{
		Name: "Firebreak-touch", Version: "1", VersionName: "sha256-" + sum(touch)[:16], ContentSHA256: sum(touch),
	}, first)
	require.Equal(t, first, b.publish(t, "touch"), "the same content again is the same version")

	b.catalog["touch"] = touch + "# changed\n"
	second := b.publish(t, "touch")
	require.Equal(t, "2", second.Version)
	b.catalog["touch"] = touch
	require.Equal(t, first, b.publish(t, "touch"), "an older content is found again at its number")
}

func TestPublishSurvivesLostAnswers(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"GetDocument", "CreateDocument", "UpdateDocument"} {
		for _, fail := range []fault.Kind{fault.LoseResponse, fault.Throttle, fault.Duplicate} {
			b := newBench(t)
			if operation == "UpdateDocument" {
				b.publish(t, "touch")
				b.catalog["touch"] = touch + "# changed\n"
			}
			b.faults.Set(fault.Rule{Service: "ssm", Operation: operation, Kind: fail})
			doc, err := do[incident.Document](t, b, 3, incident.ActivityPublishDocument, publishing(b, "touch"))
			require.NoError(t, err, "%s %s", operation, fail)
			out, err := b.client.ListDocumentVersions(t.Context(), &awsssm.ListDocumentVersionsInput{Name: &doc.Name})
			require.NoError(t, err)
			want := 1
			if operation == "UpdateDocument" {
				want = 2
			}
			require.Len(t, out.DocumentVersions, want, "%s %s", operation, fail)
		}
	}
}

func TestPublishTakesContentThatWasPublishedByHand(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.client.CreateDocument(t.Context(), &awsssm.CreateDocumentInput{
		Name: aws.String("Firebreak-touch"), Content: aws.String(touch), DocumentFormat: types.DocumentFormatYaml, DocumentType: types.DocumentTypeAutomation,
	})
	require.NoError(t, err)
	require.Equal(t, "1", b.publish(t, "touch").Version)
}

func TestPublishRefusesOtherContent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := publishing(b, "touch")
	in.ContentSHA256 = sum("other")
	_, err := do[incident.Document](t, b, 3, incident.ActivityPublishDocument, in)
	require.Equal(t, "Mismatch", kind(err))
	require.True(t, final(err))

	// Somebody put other content under the version's name.
	_, err = b.client.CreateDocument(t.Context(), &awsssm.CreateDocumentInput{
		Name: aws.String("Firebreak-touch"), Content: aws.String(long), VersionName: aws.String("sha256-" + sum(touch)[:16]),
		DocumentFormat: types.DocumentFormatYaml, DocumentType: types.DocumentTypeAutomation,
	})
	require.NoError(t, err)
	_, err = do[incident.Document](t, b, 3, incident.ActivityPublishDocument, publishing(b, "touch"))
	require.Equal(t, "Mismatch", kind(err))
	require.ErrorContains(t, err, "nothing was started")

	in = publishing(b, "touch")
	in.Runbook = "gone"
	_, err = do[incident.Document](t, b, 3, incident.ActivityPublishDocument, in)
	require.Equal(t, "NotFound", kind(err))
}

// Even when every first answer is lost there is exactly one execution.
func TestStartIsOneExecution(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.publish(t, "touch")
	for _, rule := range []fault.Rule{
		{Service: "ssm", Operation: "StartAutomationExecution", Kind: fault.LoseResponse},
		{Service: "ssm", Operation: "StartAutomationExecution", Kind: fault.Error, Code: "InternalServerError", Status: 500},
		{Service: "ssm", Operation: "StartAutomationExecution", Kind: fault.Duplicate},
		{Service: "ssm", Operation: "GetAutomationExecution", Kind: fault.LoseResponse},
	} {
		b.faults.Set(rule)
	}
	in := starting(doc, map[string][]string{"Name": {"file"}})
	exec, err := do[incident.Execution](t, b, 6, incident.ActivityStartAutomation, in)
	require.NoError(t, err)
	require.Equal(t, "1", exec.DocumentVersion)
	again, err := do[incident.Execution](t, b, 1, incident.ActivityStartAutomation, in)
	require.NoError(t, err)
	require.Equal(t, exec.ID, again.ID)
	require.Equal(t, 1, b.executions(t))

	done := b.watch(t, exec.ID)
	require.True(t, done.Succeeded, done)
	raw, err := os.ReadFile(filepath.Join(b.dir, "file"))
	require.NoError(t, err)
	require.Equal(t, "x\n", string(raw), "the script ran exactly once")

	in.Parameters = map[string][]string{"Name": {"other"}}
	_, err = do[incident.Execution](t, b, 3, incident.ActivityStartAutomation, in)
	require.Equal(t, "Mismatch", kind(err), "the same attempt cannot run with other parameters")
	require.True(t, final(err))

	in.Attempt = 2
	second, err := do[incident.Execution](t, b, 1, incident.ActivityStartAutomation, in)
	require.NoError(t, err)
	require.NotEqual(t, exec.ID, second.ID, "another attempt is another execution")
}

// watch follows an execution as the workflow does.
func (b *bench) watch(t *testing.T, id string) incident.Execution {
	t.Helper()
	var exec incident.Execution
	for !exec.Done {
		seen := exec.EndedSteps()
		var err error
		exec, err = do[incident.Execution](t, b, 3, incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: id, SeenSteps: seen})
		require.NoError(t, err)
		require.True(t, exec.Done || exec.EndedSteps() > seen, "a watch returns when something changed")
	}
	return exec
}

func TestClientTokenIsAUUIDOfTheAttempt(t *testing.T) {
	t.Parallel()
	const live = "incident/123456789012/eu-west-1/checkout/inc-1/remediation/1"
	token := automation.ClientToken(live, "inc-1", "run", 1)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, token)
	require.Equal(t, token, automation.ClientToken(live, "inc-1", "run", 1))
	require.Equal(t, token, automation.ClientToken("incident/123456789012/eu-west-1/checkout/inc-1", "inc-1", "run", 1))
	for _, other := range []string{
		automation.ClientToken(live, "inc-2", "run", 1), automation.ClientToken(live, "inc-1", "undo", 1), automation.ClientToken(live, "inc-1", "run", 2),
		// A replay of the same time has the incident ids of the live incidents.
		automation.ClientToken("backfill/march/"+live, "inc-1", "run", 1), automation.ClientToken("backfill/april/"+live, "inc-1", "run", 1),
		automation.ClientToken("drill/"+live, "inc-1", "run", 1),
	} {
		require.NotEqual(t, token, other)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.publish(t, "touch")
	many := map[string][]string{}
	for i := range 201 {
		many["P"+strings.Repeat("x", i)] = []string{"a"}
	}
	for name, change := range map[string]func(in *incident.StartAutomationInput){
		"$LATEST":    func(in *incident.StartAutomationInput) { in.Document.Version = "$LATEST" },
		"no version": func(in *incident.StartAutomationInput) { in.Document.Version = "" },
		"interpolation": func(in *incident.StartAutomationInput) {
			in.Parameters = map[string][]string{"Name": {"{{ global:REGION }}"}}
		},
		"a role":          func(in *incident.StartAutomationInput) { in.Parameters["automationassumerole"] = []string{"arn:x"} },
		"too long":        func(in *incident.StartAutomationInput) { in.Parameters["Name"] = []string{strings.Repeat("a", 513)} },
		"empty":           func(in *incident.StartAutomationInput) { in.Parameters["Name"] = []string{""} },
		"too many values": func(in *incident.StartAutomationInput) { in.Parameters["Name"] = make([]string, 51) },
		"too many names":  func(in *incident.StartAutomationInput) { in.Parameters = many },
		"no attempt":      func(in *incident.StartAutomationInput) { in.Attempt = 0 },
		"pattern":         func(in *incident.StartAutomationInput) { in.Parameters["Name"] = []string{"a;b"} },
	} {
		in := starting(doc, map[string][]string{"Name": {"file"}})
		change(&in)
		_, err := do[incident.Execution](t, b, 3, incident.ActivityStartAutomation, in)
		require.Equal(t, "Validation", kind(err), name)
		require.True(t, final(err), name)
	}
	require.Zero(t, b.executions(t))

	b.faults.Set(fault.Rule{Service: "ssm", Operation: "StartAutomationExecution", Kind: fault.Error, Code: "AccessDeniedException", Status: 400})
	_, err := do[incident.Execution](t, b, 3, incident.ActivityStartAutomation, starting(doc, map[string][]string{"Name": {"file"}}))
	require.Equal(t, "Permission", kind(err))
}
