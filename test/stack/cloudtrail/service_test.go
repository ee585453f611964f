package cloudtrail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/cloudtrail"
	standinssm "firebreak/test/stack/ssm"
)

func TestTheHistoryIsOfManagementCalls(t *testing.T) {
	t.Parallel()
	trail := cloudtrail.New(cloudtrail.Options{Region: "eu-central-1", Account: "123456789012"})
	server := awswire.New(awswire.Options{Region: "eu-central-1", Observe: trail.Observe})
	trail.Register(server)
	systems := standinssm.New(standinssm.Options{Region: "eu-central-1", Account: "123456789012"})
	t.Cleanup(systems.Close)
	systems.Register(server)
	address, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	client := sdk.NewFromConfig(server.ClientConfig(address))

	_, err = ssm.NewFromConfig(server.ClientConfig(address)).GetDocument(t.Context(), &ssm.GetDocumentInput{Name: aws.String("nothing")})
	require.Error(t, err)
	for n := range 120 {
		require.NoError(t, trail.Record(cloudtrail.Call{
			At: time.Now().Add(-time.Duration(n) * time.Second), Source: "lambda.amazonaws.com", Name: "UpdateFunctionCode20150331v2", Role: "Deploy", Session: "ana",
			Parameters: json.RawMessage(fmt.Sprintf(`{"functionName":"f-%d"}`, n)), Resources: []string{fmt.Sprintf("f-%d", n)},
		}))
	}
	in := &sdk.LookupEventsInput{
		StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now().Add(time.Minute)),
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyReadOnly, AttributeValue: aws.String("false")}},
	}
	var names []string
	for {
		page, err := client.LookupEvents(t.Context(), in)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Events), 50)
		for _, e := range page.Events {
			names = append(names, *e.Resources[0].ResourceName)
			require.Contains(t, *e.CloudTrailEvent, "assumed-role/Deploy/ana")
		}
		if page.NextToken == nil {
			break
		}
		in.NextToken = page.NextToken
	}
	require.Len(t, names, 120)
	require.Equal(t, "f-0", names[0], "the latest first")

	read, err := client.LookupEvents(t.Context(), &sdk.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{
		AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String("GetDocument"),
	}}})
	require.NoError(t, err)
	require.Len(t, read.Events, 1)
	require.Equal(t, "ssm.amazonaws.com", *read.Events[0].EventSource)
	require.Equal(t, "true", *read.Events[0].ReadOnly)
	require.Contains(t, *read.Events[0].CloudTrailEvent, `"name":"nothing"`)

	_, err = client.LookupEvents(t.Context(), &sdk.LookupEventsInput{MaxResults: aws.Int32(51)})
	var refused *types.InvalidMaxResultsException
	require.ErrorAs(t, err, &refused)
}

// record is of a recorded event what CloudTrail writes of a call's outcome and parameters.
type record struct {
	ErrorCode  *string        `json:"errorCode"`
	Parameters map[string]any `json:"requestParameters"`
}

func recorded(t *testing.T, client *sdk.Client, name string) []record {
	t.Helper()
	out, err := client.LookupEvents(t.Context(), &sdk.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{
		AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String(name),
	}}})
	require.NoError(t, err)
	var found []record
	for _, e := range out.Events {
		var r record
		require.NoError(t, json.Unmarshal([]byte(*e.CloudTrailEvent), &r))
		found = append(found, r)
	}
	return found
}

func begin(t *testing.T) (*cloudtrail.Service, *sdk.Client) {
	t.Helper()
	trail := cloudtrail.New(cloudtrail.Options{Region: "eu-central-1", Account: "123456789012"})
	server := awswire.New(awswire.Options{Region: "eu-central-1"})
	trail.Register(server)
	address, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return trail, sdk.NewFromConfig(server.ClientConfig(address))
}

func TestOutcomesAreWrittenAsCloudTrailDoes(t *testing.T) {
	t.Parallel()
	trail, client := begin(t)
	for name, err := range map[string]error{
		"Works": nil, "Breaks": errors.New("a fault of the stand-in"),
		"Fails":   fmt.Errorf("start: %w", &ssmtypes.AutomationDefinitionNotFoundException{}),
		"Refuses": awswire.Errorf("ValidationException", "no"),
	} {
		trail.Observe("ssm", name, []byte(`{}`), err)
	}
	for name, want := range map[string]string{"Fails": "AutomationDefinitionNotFoundException", "Refuses": "ValidationException", "Breaks": "InternalFailure"} {
		found := recorded(t, client, name)
		require.Len(t, found, 1)
		require.Equal(t, want, *found[0].ErrorCode)
	}
	found := recorded(t, client, "Works")
	require.Len(t, found, 1)
	require.Nil(t, found[0].ErrorCode, "a call that worked has none")
}

func TestParametersAreWrittenAsCloudTrailDoes(t *testing.T) {
	t.Parallel()
	trail, client := begin(t)
	for name, c := range map[string]struct{ body, want string }{
		"Members":    {`{"DocumentName":"Restart","Tags":[{"Key":"Team","Value":"Shop"}]}`, `{"documentName":"Restart","tags":[{"key":"Team","value":"Shop"}]}`},
		"Acronyms":   {`{"DBInstanceIdentifier":"a"}`, `{"dBInstanceIdentifier":"a"}`},
		"Lower":      {`{"limit":12345678901234567890,"logGroupName":"/a"}`, `{"limit":12345678901234567890,"logGroupName":"/a"}`},
		"CallersOwn": {`{"Parameters":{"InstanceId":["i-1"]},"tags":{"Team":"Shop"}}`, `{"parameters":{"InstanceId":["i-1"]},"tags":{"Team":"Shop"}}`},
		"Nested":     {`{"Targets":[{"Id":"1","InputTransformer":{"InputPathsMap":{"Name":"$.a"},"InputTemplate":"b"}}]}`, `{"targets":[{"id":"1","inputTransformer":{"inputPathsMap":{"Name":"$.a"},"inputTemplate":"b"}}]}`},
		"Text":       {`"Name"`, `"Name"`},
		"Nothing":    {``, `null`},
		"NoJSON":     {"\xa1\x64Name", `null`},
	} {
		trail.Observe("ssm", name, []byte(c.body), nil)
		out, err := client.LookupEvents(t.Context(), &sdk.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{
			AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String(name),
		}}})
		require.NoError(t, err)
		require.Len(t, out.Events, 1, name)
		require.Contains(t, *out.Events[0].CloudTrailEvent, `"requestParameters":`+c.want, name)
	}
}

func TestPollsDoNotPushOutWrites(t *testing.T) {
	t.Parallel()
	trail, client := begin(t)
	trail.Observe("ssm", "StartAutomationExecution", []byte(`{"DocumentName":"restart"}`), nil)
	for range 12_000 {
		trail.Observe("ssm", "GetAutomationExecution", []byte(`{}`), nil)
	}
	require.Len(t, recorded(t, client, "StartAutomationExecution"), 1)
	require.NotEmpty(t, recorded(t, client, "GetAutomationExecution"))
}

func TestTheOldestWritesMakeRoomForWrites(t *testing.T) {
	t.Parallel()
	trail, client := begin(t)
	trail.Observe("ssm", "CreateDocument", []byte(`{}`), nil)
	for range 5000 {
		trail.Observe("ssm", "StartAutomationExecution", []byte(`{}`), nil)
	}
	require.Empty(t, recorded(t, client, "CreateDocument"))
	trail.Observe("ssm", "StopAutomationExecution", []byte(`{}`), nil)
	require.NotEmpty(t, recorded(t, client, "StartAutomationExecution"))
	require.Len(t, recorded(t, client, "StopAutomationExecution"), 1)
}
