package ssm_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/ssm/document"
)

const token = "2b4c2b4e-1111-4222-8333-944444444444"

func TestAutomationOverTheWire(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "touch", touch, types.DocumentFormatYaml)
	id, err := b.start(t.Context(), "touch", "", map[string][]string{"Name": {"file"}})
	require.NoError(t, err)
	x := b.finish(t, id)
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus)
	require.Equal(t, "1", *x.DocumentVersion)
	require.Equal(t, []string{"done\n"}, x.Outputs["touch.Output"])
	require.Equal(t, []string{"file"}, x.Parameters["Name"])
	require.FileExists(t, filepath.Join(b.dir, "file"))

	steps, err := b.client.DescribeAutomationStepExecutions(t.Context(), &awsssm.DescribeAutomationStepExecutionsInput{
		AutomationExecutionId: &id, Filters: []types.StepExecutionFilter{{Key: types.StepExecutionFilterKeyStepName, Values: []string{"touch"}}},
	})
	require.NoError(t, err)
	require.Len(t, steps.StepExecutions, 1)
	s := steps.StepExecutions[0]
	require.Equal(t, types.AutomationExecutionStatusSuccess, s.StepStatus)
	require.Equal(t, "0", *s.ResponseCode)
	require.False(t, s.ExecutionEndTime.Before(*s.ExecutionStartTime))
	require.Equal(t, `["`+instance+`"]`, s.Inputs["InstanceIds"])

	list, err := b.client.DescribeAutomationExecutions(t.Context(), &awsssm.DescribeAutomationExecutionsInput{
		Filters: []types.AutomationExecutionFilter{
			{Key: types.AutomationExecutionFilterKeyDocumentNamePrefix, Values: []string{"tou"}},
			{Key: types.AutomationExecutionFilterKeyExecutionStatus, Values: []string{"Success"}},
		},
	})
	require.NoError(t, err)
	require.Len(t, list.AutomationExecutionMetadataList, 1)
}

// The answer to the start is lost after the effect; whoever retries with the
// same client token gets the one execution that there is.
func TestLostStartThenRetry(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.LoseResponse, fault.Duplicate} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.create(t, "touch", touch, types.DocumentFormatYaml)
			b.faults.Set(fault.Rule{Service: "ssm", Operation: "StartAutomationExecution", Kind: kind})
			params := map[string][]string{"Name": {"file"}}
			once := awsssm.New(b.client.Options(), func(o *awsssm.Options) { o.Retryer = aws.NopRetryer{} })
			_, err := once.StartAutomationExecution(t.Context(), &awsssm.StartAutomationExecutionInput{
				DocumentName: aws.String("touch"), DocumentVersion: aws.String("1"), ClientToken: aws.String(token), Parameters: params,
			})
			require.Equal(t, kind == fault.LoseResponse, err != nil)
			id, err := b.start(t.Context(), "touch", token, params)
			require.NoError(t, err)
			b.finish(t, id)
			list, err := b.client.DescribeAutomationExecutions(t.Context(), &awsssm.DescribeAutomationExecutionsInput{})
			require.NoError(t, err)
			require.Len(t, list.AutomationExecutionMetadataList, 1)
			raw, err := os.ReadFile(filepath.Join(b.dir, "file"))
			require.NoError(t, err)
			require.Equal(t, "x\n", string(raw), "the script ran exactly once")
		})
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "touch", touch, types.DocumentFormatYaml)
	ok := map[string][]string{"Name": {"file"}}
	_, err := b.start(t.Context(), "touch", token, ok)
	require.NoError(t, err)

	_, err = b.start(t.Context(), "touch", token, map[string][]string{"Name": {"other"}})
	require.ErrorAs(t, err, new(*types.IdempotentParameterMismatch))
	_, err = b.start(t.Context(), "gone", "", ok)
	require.ErrorAs(t, err, new(*types.AutomationDefinitionNotFoundException))
	_, err = b.client.StartAutomationExecution(t.Context(), &awsssm.StartAutomationExecutionInput{DocumentName: aws.String("touch"), DocumentVersion: aws.String("9"), Parameters: ok})
	require.ErrorAs(t, err, new(*types.AutomationDefinitionVersionNotFoundException))
	for name, params := range map[string]map[string][]string{
		"missing": nil, "pattern": {"Name": {"a;b"}}, "unknown": {"Name": {"a"}, "X": {"y"}},
		"long": {"Name": {strings.Repeat("a", document.MaxValueLength+1)}},
	} {
		_, err = b.start(t.Context(), "touch", "", params)
		require.ErrorAs(t, err, new(*types.InvalidAutomationExecutionParametersException), name)
	}

	six := make([]types.Tag, 6)
	for i := range six {
		six[i] = types.Tag{Key: aws.String(strings.Repeat("k", i+1)), Value: aws.String("v")}
	}
	alarm := types.Alarm{Name: aws.String("a")}
	for name, in := range map[string]*awsssm.StartAutomationExecutionInput{
		"token":       {ClientToken: aws.String("00000000-0000-0000-0000-00000000000x")},
		"tags":        {Tags: six},
		"tag text":    {Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("a;b")}}},
		"tag length":  {Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String(strings.Repeat("v", 257))}}},
		"alarms":      {AlarmConfiguration: &types.AlarmConfiguration{Alarms: []types.Alarm{alarm, alarm}}},
		"interactive": {Mode: types.ExecutionModeInteractive},
		"targets":     {TargetParameterName: aws.String("Name")},
	} {
		in.DocumentName, in.Parameters = aws.String("touch"), ok
		_, err := b.client.StartAutomationExecution(t.Context(), in)
		var api smithy.APIError
		require.ErrorAs(t, err, &api, name)
		require.Equal(t, "ValidationException", api.ErrorCode(), name)
	}
}

func TestListingRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := types.AutomationExecutionFilterKeyExecutionStatus
	for name, in := range map[string]*awsssm.DescribeAutomationExecutionsInput{
		"page":          {MaxResults: aws.Int32(51)},
		"filters":       {Filters: slices.Repeat([]types.AutomationExecutionFilter{{Key: key, Values: []string{"Success"}}}, 11)},
		"filter values": {Filters: []types.AutomationExecutionFilter{{Key: key, Values: slices.Repeat([]string{"Success"}, 11)}}},
		"no values":     {Filters: []types.AutomationExecutionFilter{{Key: key, Values: []string{}}}},
	} {
		_, err := b.client.DescribeAutomationExecutions(t.Context(), in)
		var api smithy.APIError
		require.ErrorAs(t, err, &api, name)
		require.Equal(t, "ValidationException", api.ErrorCode(), name)
	}
}

func TestStopAndSignal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "hold", hold, types.DocumentFormatJson)
	waiting := func() string {
		id, err := b.start(t.Context(), "hold", "", nil)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			out, err := b.client.GetAutomationExecution(t.Context(), &awsssm.GetAutomationExecutionInput{AutomationExecutionId: &id})
			require.NoError(t, err)
			return out.AutomationExecution.AutomationExecutionStatus == types.AutomationExecutionStatusWaiting
		}, time.Minute, 5*time.Millisecond)
		return id
	}
	id := waiting()
	_, err := b.client.SendAutomationSignal(t.Context(), &awsssm.SendAutomationSignalInput{AutomationExecutionId: &id, SignalType: types.SignalTypeApprove})
	require.ErrorAs(t, err, new(*types.InvalidAutomationSignalException))
	_, err = b.client.SendAutomationSignal(t.Context(), &awsssm.SendAutomationSignalInput{
		AutomationExecutionId: &id, SignalType: types.SignalTypeResume, Payload: map[string][]string{"StepName": {"hold"}},
	})
	require.NoError(t, err)
	require.Equal(t, types.AutomationExecutionStatusSuccess, b.finish(t, id).AutomationExecutionStatus)

	id = waiting()
	_, err = b.client.StopAutomationExecution(t.Context(), &awsssm.StopAutomationExecutionInput{AutomationExecutionId: &id, Type: types.StopTypeCancel})
	require.NoError(t, err)
	require.Equal(t, types.AutomationExecutionStatusCancelled, b.finish(t, id).AutomationExecutionStatus)
	_, err = b.client.StopAutomationExecution(t.Context(), &awsssm.StopAutomationExecutionInput{AutomationExecutionId: &id})
	require.ErrorAs(t, err, new(*types.InvalidAutomationStatusUpdateException))
	_, err = b.client.GetAutomationExecution(t.Context(), &awsssm.GetAutomationExecutionInput{AutomationExecutionId: aws.String(token)})
	require.ErrorAs(t, err, new(*types.AutomationExecutionNotFoundException))
}

func TestThrottleAndBadSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "touch", touch, types.DocumentFormatYaml)
	remove := b.faults.Set(fault.Rule{Service: "ssm", Operation: "GetDocument", Kind: fault.Throttle, Times: fault.Forever})
	get := func() error {
		_, err := b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch")}, func(o *awsssm.Options) { o.Retryer = aws.NopRetryer{} })
		return err
	}
	err := get()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "ThrottlingException", api.ErrorCode())
	require.True(t, retry.NewStandard().IsErrorRetryable(err), "the SDK knows it as a throttle")
	remove()
	require.NoError(t, get())
	cfg := b.server.ClientConfig(b.endpoint)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: b.server.Credentials().AccessKeyID, SecretAccessKey: "wrong"}, nil
	})
	_, err = awsssm.NewFromConfig(cfg).GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch")})
	require.ErrorAs(t, err, &api)
	require.Equal(t, "InvalidSignatureException", api.ErrorCode())
}
