package events_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/events"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type bench struct {
	*sdk.Client
	service *events.Service
	stream  *kinesis.Service
	faults  *fault.Faults
}

func start(t *testing.T) bench {
	t.Helper()
	faults, stream := fault.New(), kinesis.New(kinesis.Options{})
	require.NoError(t, stream.Create("telemetry", 1))
	service := events.New(events.Options{Now: func() time.Time { return noon }, Account: "111122223333", Sink: stream, Faults: faults})
	server := awswire.New(awswire.Options{Faults: faults})
	service.Register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	cfg := server.ClientConfig(endpoint)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return bench{sdk.NewFromConfig(cfg), service, stream, faults}
}

// rule makes a rule with one target on the stream.
func (b bench) rule(t *testing.T, name, pattern string, change func(*types.Target)) {
	t.Helper()
	_, err := b.PutRule(t.Context(), &sdk.PutRuleInput{Name: &name, EventPattern: &pattern})
	require.NoError(t, err)
	target := types.Target{Id: aws.String("stream"), Arn: aws.String(b.stream.ARN("telemetry")), RoleArn: aws.String("arn:aws:iam::1:role/r")}
	if change != nil {
		change(&target)
	}
	out, err := b.PutTargets(t.Context(), &sdk.PutTargetsInput{Rule: &name, Targets: []types.Target{target}})
	require.NoError(t, err)
	require.Zero(t, out.FailedEntryCount)
}

func (b bench) put(t *testing.T, entries ...types.PutEventsRequestEntry) *sdk.PutEventsOutput {
	t.Helper()
	out, err := b.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: entries})
	require.NoError(t, err)
	return out
}

func deployed(detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: aws.String("shop.deploy"), DetailType: aws.String("Deployment <finished>"), Detail: &detail}
}

func TestAMatchingEventReachesTheStreamInAWSsEnvelope(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.rule(t, "deployments", `{"source":["shop.deploy"],"detail":{"service":[{"exists":true}]}}`, nil)
	out := b.put(t, deployed(`{ "service": "checkout", "build": 12345678901234567890 }`), deployed(`{"other":1}`))
	require.Zero(t, out.FailedEntryCount)
	records := b.stream.Records("telemetry")
	require.Len(t, records, 1)
	id := *out.Entries[0].EventId
	require.Equal(t, id, *records[0].PartitionKey, "the default key is the event's id")
	require.Equal(t, `{"version":"0","id":"`+id+`","detail-type":"Deployment <finished>","source":"shop.deploy","account":"111122223333",`+
		`"time":"2026-03-01T12:00:00Z","region":"us-east-1","resources":[],"detail":{"service":"checkout","build":12345678901234567890}}`, string(records[0].Data))
	var decoded lambda.EventBridgeEvent
	require.NoError(t, json.Unmarshal(records[0].Data, &decoded))
	require.Equal(t, noon, decoded.Time)
}

func TestTargetsShapeWhatTheyDeliver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		change    func(*types.Target)
		key, data string // Empty: not checked.
	}{
		{"partition key path", func(x *types.Target) {
			x.KinesisParameters = &types.KinesisParameters{PartitionKeyPath: aws.String("$.detail.service")}
		}, "checkout", ""},
		{"number and list in the path", func(x *types.Target) {
			x.KinesisParameters = &types.KinesisParameters{PartitionKeyPath: aws.String("$.detail.hosts[1].n")}
		}, "7", ""},
		{"constant input", func(x *types.Target) { x.Input = aws.String(`{"a":1}`) }, "", `{"a":1}`},
		{"input path", func(x *types.Target) { x.InputPath = aws.String("$.detail.service") }, "", `"checkout"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.rule(t, "r", `{"source":["shop.deploy"]}`, tt.change)
			b.put(t, deployed(`{"service":"checkout","hosts":[{"n":6},{"n":7}]}`))
			record := b.stream.Records("telemetry")[0]
			if tt.key != "" {
				require.Equal(t, tt.key, *record.PartitionKey)
			}
			if tt.data != "" {
				require.Equal(t, tt.data, string(record.Data))
			}
		})
	}
	b := start(t)
	b.rule(t, "r", `{"source":["shop.deploy"]}`, func(x *types.Target) {
		x.KinesisParameters = &types.KinesisParameters{PartitionKeyPath: aws.String("$.detail.absent")}
	})
	out := b.put(t, deployed(`{}`))
	require.Equal(t, *out.Entries[0].EventId, *b.stream.Records("telemetry")[0].PartitionKey, "without a value at the path it is the id again")
}

func TestEntriesFailOneByOne(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.rule(t, "all", `{"account":["111122223333"]}`, nil)
	bad := func(change func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
		e := deployed(`{}`)
		change(&e)
		return e
	}
	out := b.put(t,
		deployed(`{}`),
		bad(func(e *types.PutEventsRequestEntry) { e.Source = nil }),
		bad(func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.cloudwatch") }),
		bad(func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("[1]") }),
		bad(func(e *types.PutEventsRequestEntry) { e.DetailType = nil }),
		bad(func(e *types.PutEventsRequestEntry) { e.EventBusName = aws.String("other") }),
		bad(func(e *types.PutEventsRequestEntry) { e.Time = aws.Time(noon.Add(-time.Hour)) }),
	)
	require.EqualValues(t, 5, out.FailedEntryCount)
	var codes []string
	for _, e := range out.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	require.Equal(t, []string{"", "InvalidArgument", "NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument", "InvalidArgument", ""}, codes)
	require.Len(t, b.stream.Records("telemetry"), 2)
	require.Contains(t, string(b.stream.Records("telemetry")[1].Data), `"time":"2026-03-01T11:00:00Z"`)
	for _, entries := range [][]types.PutEventsRequestEntry{{}, make([]types.PutEventsRequestEntry, 11), {deployed(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`)}} {
		_, err := b.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: entries})
		requireCode(t, err, "ValidationException")
	}
}

func requireCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode())
}

func TestRulesAndTargets(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, n := range []string{"b", "a", "c"} {
		b.rule(t, n, `{"source":["shop.deploy"]}`, nil)
	}
	var names []string
	var token *string
	for {
		page, err := b.ListRules(t.Context(), &sdk.ListRulesInput{Limit: aws.Int32(2), NextToken: token})
		require.NoError(t, err)
		for _, r := range page.Rules {
			names = append(names, *r.Name)
		}
		if token = page.NextToken; token == nil {
			break
		}
	}
	require.Equal(t, []string{"a", "b", "c"}, names)
	listed, err := b.ListTargetsByRule(t.Context(), &sdk.ListTargetsByRuleInput{Rule: aws.String("a")})
	require.NoError(t, err)
	require.Equal(t, "stream", *listed.Targets[0].Id)

	_, err = b.DeleteRule(t.Context(), &sdk.DeleteRuleInput{Name: aws.String("a")})
	requireCode(t, err, "ValidationException")
	_, err = b.RemoveTargets(t.Context(), &sdk.RemoveTargetsInput{Rule: aws.String("a"), Ids: []string{"stream"}})
	require.NoError(t, err)
	_, err = b.DeleteRule(t.Context(), &sdk.DeleteRuleInput{Name: aws.String("a")})
	require.NoError(t, err)
	var missing *types.ResourceNotFoundException
	_, err = b.ListTargetsByRule(t.Context(), &sdk.ListTargetsByRuleInput{Rule: aws.String("a")})
	require.ErrorAs(t, err, &missing)

	b.put(t, deployed(`{}`))
	require.Len(t, b.stream.Records("telemetry"), 2, "once for each rule that is left")
	_, err = b.PutRule(t.Context(), &sdk.PutRuleInput{Name: aws.String("b"), EventPattern: aws.String(`{"source":["shop.deploy"]}`), State: types.RuleStateDisabled})
	require.NoError(t, err)
	b.put(t, deployed(`{}`))
	require.Len(t, b.stream.Records("telemetry"), 3, "a disabled rule is silent, and kept its target")

	var malformed *types.InvalidEventPatternException
	_, err = b.PutRule(t.Context(), &sdk.PutRuleInput{Name: aws.String("d"), EventPattern: aws.String(`{"source":"x"}`)})
	require.ErrorAs(t, err, &malformed)
	_, err = b.PutRule(t.Context(), &sdk.PutRuleInput{Name: aws.String("d"), EventPattern: aws.String(`{"source":["x"]}`), EventBusName: aws.String("other")})
	require.ErrorAs(t, err, &missing)
	for name, change := range map[string]func(*types.Target){
		"no role":       func(x *types.Target) { x.RoleArn = nil },
		"no stream":     func(x *types.Target) { x.Arn = aws.String("arn:aws:lambda:us-east-1:1:function:f") },
		"a transformer": func(x *types.Target) { x.InputTransformer = &types.InputTransformer{InputTemplate: aws.String("x")} },
		"a bad path": func(x *types.Target) {
			x.KinesisParameters = &types.KinesisParameters{PartitionKeyPath: aws.String("detail")}
		},
		"input and path": func(x *types.Target) { x.Input, x.InputPath = aws.String("1"), aws.String("$.detail") },
		"a malformed id": func(x *types.Target) { x.Id = aws.String("a b") },
	} {
		target := types.Target{Id: aws.String("stream"), Arn: aws.String(b.stream.ARN("telemetry")), RoleArn: aws.String("r")}
		change(&target)
		_, err := b.PutTargets(t.Context(), &sdk.PutTargetsInput{Rule: aws.String("b"), Targets: []types.Target{target}})
		require.Error(t, err, name)
		requireCode(t, err, "ValidationException")
	}
}

func TestEventsOfAWSServicesComeFromTheProcess(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.rule(t, "alarms", `{"source":["aws.cloudwatch"]}`, nil)
	event := `{"version":"0","id":"i","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333","time":"2026-03-01T12:00:00Z","region":"us-east-1","resources":["arn"],"detail":{"alarmName":"a"}}`
	require.NoError(t, b.service.PutEvent([]byte(event)))
	require.Equal(t, event, string(b.stream.Records("telemetry")[0].Data))
	for _, broken := range []string{
		`no json`, strings.Replace(event, "aws.cloudwatch", "shop", 1), strings.Replace(event, `"id":"i"`, `"id":""`, 1),
		strings.Replace(event, "12:00:00Z", "noon", 1), strings.Replace(event, `{"alarmName":"a"}`, `[]`, 1),
	} {
		require.Error(t, b.service.PutEvent([]byte(broken)), broken)
	}
}

func TestDeliveryIsAtLeastOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.rule(t, "all", `{"source":["shop.deploy"]}`, nil)
	b.faults.Set(fault.Rule{Service: "events", Operation: "Deliver", Kind: fault.Duplicate})
	b.put(t, deployed(`{}`))
	records := b.stream.Records("telemetry")
	require.Len(t, records, 2)
	require.Equal(t, records[0].Data, records[1].Data)

	// A lost answer makes the caller put again: another event with another id.
	b.faults.Set(fault.Rule{Service: "events", Operation: "PutEvents", Kind: fault.LoseResponse})
	_, err := b.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{deployed(`{}`)}})
	require.Error(t, err)
	require.Len(t, b.stream.Records("telemetry"), 3)

	_, err = b.DeleteRule(t.Context(), &sdk.DeleteRuleInput{Name: aws.String("unknown")})
	require.NoError(t, err)
}
