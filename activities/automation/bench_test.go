package automation_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"firebreak/activities/automation"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/ssm"
)

const (
	instance = "i-0123456789abcdef0"
	commit   = "0123456789abcdef0123456789abcdef01234567"

	// touch runs a script that leaves one line for each time it ran.
	touch = `schemaVersion: "0.3"
parameters:
  Name: {type: String, interpolationType: ENV_VAR, allowedPattern: "^[a-z]+$"}
mainSteps:
  - name: touch
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0123456789abcdef0]
      Parameters: {commands: ["echo x >> \"$SSM_Name\""]}
  - name: second
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0123456789abcdef0]
      Parameters: {commands: ["true"]}
`
	// long goes on until it is stopped.
	long = `schemaVersion: "0.3"
mainSteps:
  - name: nap
    action: aws:sleep
    inputs: {Duration: PT1H}
`
	// person waits for somebody to resume it.
	person = `schemaVersion: "0.3"
mainSteps:
  - name: first
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0123456789abcdef0]
      Parameters: {commands: ["sleep 0.2"]}
  - name: hold
    action: aws:pause
`
	// hidden succeeds although a step of it fails.
	hidden = `schemaVersion: "0.3"
mainSteps:
  - name: broken
    action: aws:runCommand
    onFailure: Continue
    isCritical: false
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0123456789abcdef0]
      Parameters: {commands: ["echo password=hunter2 >&2; exit 3"]}
  - name: fine
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0123456789abcdef0]
      Parameters: {commands: ["true"]}
`
)

// catalog holds documents by the name of their runbook.
type catalog map[string]string

func (c catalog) At(context.Context, string) (*runbook.Catalog, error) {
	out := &runbook.Catalog{Commit: commit, Runbooks: map[string]runbook.Runbook{}}
	for name, doc := range c {
		out.Runbooks[name] = runbook.Runbook{Name: name, Automation: []byte(doc), SHA256: sum(doc)}
	}
	return out, nil
}

func sum(s string) string {
	b := sha256.Sum256([]byte(s))
	return hex.EncodeToString(b[:])
}

// bench is the activities before the stand-in for Systems Manager, with an
// unmodified client that does not retry by itself, so that every lost answer
// reaches the activity.
type bench struct {
	client  *awsssm.Client
	faults  *fault.Faults
	dir     string
	catalog catalog
	opts    automation.Options
}

func newBench(t *testing.T) *bench {
	t.Helper()
	faults := fault.New()
	server := awswire.New(awswire.Options{Region: "eu-west-1", Faults: faults})
	s := ssm.New(ssm.Options{Region: "eu-west-1", Poll: 2 * time.Millisecond})
	t.Cleanup(s.Close)
	s.Register(server)
	dir := t.TempDir()
	require.NoError(t, s.RegisterInstance(ssm.Instance{ID: instance, Dir: dir}))
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	client := awsssm.NewFromConfig(server.ClientConfig(endpoint), func(o *awsssm.Options) { o.Retryer = aws.NopRetryer{} })
	b := &bench{client: client, faults: faults, dir: dir, catalog: catalog{"touch": touch, "long": long, "person": person, "hidden": hidden}}
	b.opts = automation.Options{
		Systems: client, Catalog: b.catalog, Poll: 5 * time.Millisecond, Stop: 10 * time.Second,
		Ended: func(context.Context, string) (automation.End, error) { return automation.End{}, nil },
	}
	return b
}

// env makes an environment whose activities run under ctx.
func (b *bench) env(ctx context.Context, t *testing.T) *testsuite.TestActivityEnvironment {
	t.Helper()
	a, err := automation.New(b.opts)
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	env.SetTestTimeout(time.Minute)
	env.RegisterActivity(a)
	return env
}

// do runs an activity, up to tries times while its error is retryable.
func do[T any](t *testing.T, b *bench, tries int, name string, in any) (T, error) {
	t.Helper()
	var out T
	for try := 1; ; try++ {
		got, err := b.env(t.Context(), t).ExecuteActivity(name, in)
		if err == nil {
			require.NoError(t, got.Get(&out))
			return out, nil
		}
		if try >= tries || final(err) {
			return out, err
		}
	}
}

func (b *bench) publish(t *testing.T, name string) incident.Document {
	t.Helper()
	doc, err := do[incident.Document](t, b, 1, incident.ActivityPublishDocument, publishing(b, name))
	require.NoError(t, err)
	return doc
}

func publishing(b *bench, name string) incident.PublishDocumentInput {
	return incident.PublishDocumentInput{IncidentID: "inc-1", Runbook: name, Commit: commit, ContentSHA256: sum(b.catalog[name])}
}

func starting(doc incident.Document, params map[string][]string) incident.StartAutomationInput {
	return incident.StartAutomationInput{IncidentID: "inc-1", Step: "run", Attempt: 1, Document: doc, Parameters: params}
}

func (b *bench) start(t *testing.T, name string, params map[string][]string) incident.Execution {
	t.Helper()
	exec, err := do[incident.Execution](t, b, 1, incident.ActivityStartAutomation, starting(b.publish(t, name), params))
	require.NoError(t, err)
	return exec
}

func (b *bench) status(t *testing.T, id string) types.AutomationExecutionStatus {
	t.Helper()
	out, err := b.client.GetAutomationExecution(context.WithoutCancel(t.Context()), &awsssm.GetAutomationExecutionInput{AutomationExecutionId: &id})
	require.NoError(t, err)
	return out.AutomationExecution.AutomationExecutionStatus
}

func (b *bench) executions(t *testing.T) int {
	t.Helper()
	out, err := b.client.DescribeAutomationExecutions(t.Context(), &awsssm.DescribeAutomationExecutionsInput{})
	require.NoError(t, err)
	return len(out.AutomationExecutionMetadataList)
}
