package ssm_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/ssm"
)

const (
	instance = "i-0123456789abcdef0"
	touch    = `schemaVersion: "0.3"
parameters:
  Name: {type: String, interpolationType: ENV_VAR, allowedPattern: "^[a-z]+$"}
mainSteps:
  - name: touch
    action: aws:runCommand
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: [i-0123456789abcdef0]
      Parameters: {commands: ["echo x >> \"$SSM_Name\"; echo done"]}
outputs: [touch.Output]
`
	hold = `{"schemaVersion":"0.3","mainSteps":[{"name":"hold","action":"aws:pause"}]}`
)

// bench is the stand-in behind a real listener, with an unmodified client.
type bench struct {
	*ssm.Service
	client *awsssm.Client
	faults *fault.Faults
	server *awswire.Server
	dir    string

	endpoint string
}

func newBench(t *testing.T) bench {
	t.Helper()
	faults := fault.New()
	server := awswire.New(awswire.Options{Region: "eu-west-1", Faults: faults})
	s := ssm.New(ssm.Options{Region: "eu-west-1", Poll: 5 * time.Millisecond})
	t.Cleanup(s.Close)
	s.Register(server)
	dir := t.TempDir()
	require.NoError(t, s.RegisterInstance(ssm.Instance{ID: instance, Dir: dir}))
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return bench{Service: s, client: awsssm.NewFromConfig(server.ClientConfig(endpoint)), faults: faults, server: server, dir: dir, endpoint: endpoint}
}

func (b bench) create(t *testing.T, name, content string, format types.DocumentFormat) *types.DocumentDescription {
	t.Helper()
	out, err := b.client.CreateDocument(t.Context(), &awsssm.CreateDocumentInput{
		Name: &name, Content: &content, DocumentFormat: format, DocumentType: types.DocumentTypeAutomation,
	})
	require.NoError(t, err)
	return out.DocumentDescription
}

func (b bench) start(ctx context.Context, name, token string, params map[string][]string) (string, error) {
	in := &awsssm.StartAutomationExecutionInput{DocumentName: &name, DocumentVersion: aws.String("1"), Parameters: params}
	if token != "" {
		in.ClientToken = &token
	}
	out, err := b.client.StartAutomationExecution(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.AutomationExecutionId, nil
}

func (b bench) finish(t *testing.T, id string) *types.AutomationExecution {
	t.Helper()
	var x *types.AutomationExecution
	require.Eventually(t, func() bool {
		out, err := b.client.GetAutomationExecution(t.Context(), &awsssm.GetAutomationExecutionInput{AutomationExecutionId: &id})
		require.NoError(t, err)
		x = out.AutomationExecution
		return x.ExecutionEndTime != nil
	}, time.Minute, 5*time.Millisecond)
	return x
}
