package cloudtrail_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
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
	require.Contains(t, *read.Events[0].CloudTrailEvent, `"Name":"nothing"`)

	_, err = client.LookupEvents(t.Context(), &sdk.LookupEventsInput{MaxResults: aws.Int32(51)})
	var refused *types.InvalidMaxResultsException
	require.ErrorAs(t, err, &refused)
}
