package logs_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
	"firebreak/test/stack/logs"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type bench struct {
	*sdk.Client
	service *logs.Service
	stream  *kinesis.Service
	faults  *fault.Faults
	add     func(time.Duration)
}

func start(t *testing.T, o logs.Options) bench {
	t.Helper()
	var mu sync.Mutex
	now := noon
	o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	faults, stream := fault.New(), kinesis.New(kinesis.Options{})
	o.Sink, o.Faults = stream, faults
	require.NoError(t, stream.Create("telemetry", 2))
	service, server := logs.New(o), awswire.New(awswire.Options{Faults: faults})
	service.Register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	cfg := server.ClientConfig(endpoint)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return bench{sdk.NewFromConfig(cfg), service, stream, faults, func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }}
}

func event(at time.Time, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(at.UnixMilli()), Message: aws.String(message)}
}

func (b bench) put(t *testing.T, stream string, events ...types.InputLogEvent) *sdk.PutLogEventsOutput {
	t.Helper()
	out, err := b.PutLogEvents(t.Context(), &sdk.PutLogEventsInput{LogGroupName: aws.String("/shop/checkout"), LogStreamName: &stream, LogEvents: events})
	require.NoError(t, err)
	return out
}

func (b bench) create(t *testing.T, streams ...string) {
	t.Helper()
	_, err := b.CreateLogGroup(t.Context(), &sdk.CreateLogGroupInput{LogGroupName: aws.String("/shop/checkout")})
	require.NoError(t, err)
	for _, s := range streams {
		_, err := b.CreateLogStream(t.Context(), &sdk.CreateLogStreamInput{LogGroupName: aws.String("/shop/checkout"), LogStreamName: &s})
		require.NoError(t, err)
	}
}

// filter reads all pages.
func (b bench) filter(t *testing.T, in sdk.FilterLogEventsInput) (messages []string) {
	t.Helper()
	in.LogGroupName = aws.String("/shop/checkout")
	for pages := sdk.NewFilterLogEventsPaginator(b, &in); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, e := range page.Events {
			messages = append(messages, *e.Message)
		}
	}
	return messages
}

func TestFilterLogEvents(t *testing.T) {
	t.Parallel()
	b := start(t, logs.Options{})
	b.create(t, "web-1", "web-2")
	b.put(t, "web-2", event(noon.Add(time.Second), "b ERROR"), event(noon.Add(3*time.Second), "d"))
	b.put(t, "web-1", event(noon, "a"), event(noon.Add(2*time.Second), "c ERROR"), event(noon.Add(2*time.Second), "c2"))

	all := []string{"a", "b ERROR", "c ERROR", "c2", "d"}
	ms := func(seconds int) *int64 { return aws.Int64(noon.Add(time.Duration(seconds) * time.Second).UnixMilli()) }
	tests := []struct {
		name string
		in   sdk.FilterLogEventsInput
		want []string
	}{
		{"everything, by time over all streams", sdk.FilterLogEventsInput{}, all},
		{"in pages of one", sdk.FilterLogEventsInput{Limit: aws.Int32(1)}, all},
		{"both ends of the range are inside", sdk.FilterLogEventsInput{StartTime: ms(1), EndTime: ms(2)}, all[1:4]},
		{"pattern", sdk.FilterLogEventsInput{FilterPattern: aws.String("ERROR")}, []string{"b ERROR", "c ERROR"}},
		{"pattern in pages", sdk.FilterLogEventsInput{FilterPattern: aws.String("ERROR"), Limit: aws.Int32(1)}, []string{"b ERROR", "c ERROR"}},
		{"stream names", sdk.FilterLogEventsInput{LogStreamNames: []string{"web-2"}}, []string{"b ERROR", "d"}},
		{"stream prefix", sdk.FilterLogEventsInput{LogStreamNamePrefix: aws.String("web-1")}, []string{"a", "c ERROR", "c2"}},
		{"latest first, in pages", sdk.FilterLogEventsInput{StartFromHead: aws.Bool(false), Limit: aws.Int32(2)}, []string{"d", "c2", "c ERROR", "b ERROR", "a"}},
		{"nothing", sdk.FilterLogEventsInput{StartTime: ms(100)}, nil},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, b.filter(t, tt.in), tt.name)
	}
	var bad *types.InvalidParameterException
	for _, in := range []sdk.FilterLogEventsInput{
		{FilterPattern: aws.String("{ broken")},
		{NextToken: aws.String("forged")},
		{Limit: aws.Int32(10_001)},
		{LogStreamNames: []string{"a"}, LogStreamNamePrefix: aws.String("a")},
	} {
		in.LogGroupName = aws.String("/shop/checkout")
		_, err := b.FilterLogEvents(t.Context(), &in)
		require.ErrorAs(t, err, &bad)
	}
	var missing *types.ResourceNotFoundException
	_, err := b.FilterLogEvents(t.Context(), &sdk.FilterLogEventsInput{LogGroupName: aws.String("/other")})
	require.ErrorAs(t, err, &missing)
	out, err := b.FilterLogEvents(t.Context(), &sdk.FilterLogEventsInput{LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:/shop/checkout")})
	require.NoError(t, err)
	require.Len(t, out.Events, 5)
	require.NotEqual(t, *out.Events[2].EventId, *out.Events[3].EventId)
}

func TestPutLogEventsKeepsItsRules(t *testing.T) {
	t.Parallel()
	b := start(t, logs.Options{MaxEventsPerGroup: 4})
	b.create(t, "web-1")
	var bad *types.InvalidParameterException
	for name, events := range map[string][]types.InputLogEvent{
		"order": {event(noon.Add(time.Second), "b"), event(noon, "a")},
		"size":  {event(noon, strings.Repeat("x", 1_048_576))},
		"span":  {event(noon, "a"), event(noon.Add(24*time.Hour+time.Millisecond), "b")},
		"empty": {},
	} {
		_, err := b.PutLogEvents(t.Context(), &sdk.PutLogEventsInput{LogGroupName: aws.String("/shop/checkout"), LogStreamName: aws.String("web-1"), LogEvents: events})
		require.ErrorAs(t, err, &bad, name)
	}
	out := b.put(t, "web-1", event(noon.Add(-14*24*time.Hour-time.Second), "old"), event(noon.Add(-14*24*time.Hour+time.Second), "kept"))
	require.EqualValues(t, 1, *out.RejectedLogEventsInfo.TooOldLogEventEndIndex)
	out = b.put(t, "web-1", event(noon, "now"), event(noon.Add(2*time.Hour+time.Second), "ahead"))
	require.EqualValues(t, 1, *out.RejectedLogEventsInfo.TooNewLogEventStartIndex)
	require.Equal(t, []string{"kept", "now"}, b.filter(t, sdk.FilterLogEventsInput{}))

	var missing *types.ResourceNotFoundException
	_, err := b.PutLogEvents(t.Context(), &sdk.PutLogEventsInput{LogGroupName: aws.String("/shop/checkout"), LogStreamName: aws.String("other"), LogEvents: []types.InputLogEvent{event(noon, "a")}})
	require.ErrorAs(t, err, &missing)

	for i := range 6 {
		require.NoError(t, b.service.Put("/shop/checkout", "web-1", event(noon, fmt.Sprint(i))))
	}
	require.Equal(t, []string{"2", "3", "4", "5"}, b.filter(t, sdk.FilterLogEventsInput{}), "a full group drops its oldest")
	b.add(25 * time.Hour)
	require.NoError(t, b.service.Put("/shop/checkout", "web-1", event(noon.Add(25*time.Hour), "next day")))
	require.Equal(t, []string{"next day"}, b.filter(t, sdk.FilterLogEventsInput{}))
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	b := start(t, logs.Options{})
	b.create(t, "b", "a", "c")
	require.NoError(t, b.service.Ensure("/shop/payments", "x"))
	require.NoError(t, b.service.Ensure("/shop/payments", "x"), "what exists is left alone")
	b.put(t, "a", event(noon, "later"))
	b.put(t, "c", event(noon.Add(-time.Hour), "earlier"))

	var groups, streams []string
	for pages := sdk.NewDescribeLogGroupsPaginator(b, &sdk.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/shop/"), Limit: aws.Int32(1)}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, g := range page.LogGroups {
			groups = append(groups, *g.LogGroupName)
		}
	}
	require.Equal(t, []string{"/shop/checkout", "/shop/payments"}, groups)
	for pages := sdk.NewDescribeLogStreamsPaginator(b, &sdk.DescribeLogStreamsInput{LogGroupName: aws.String("/shop/checkout"), Limit: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, s := range page.LogStreams {
			streams = append(streams, *s.LogStreamName)
		}
	}
	require.Equal(t, []string{"a", "b", "c"}, streams)
	latest, err := b.DescribeLogStreams(t.Context(), &sdk.DescribeLogStreamsInput{LogGroupName: aws.String("/shop/checkout"), OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true), Limit: aws.Int32(1)})
	require.NoError(t, err)
	require.Equal(t, "a", *latest.LogStreams[0].LogStreamName)
	require.Equal(t, noon.UnixMilli(), *latest.LogStreams[0].LastEventTimestamp)

	var exists *types.ResourceAlreadyExistsException
	_, err = b.CreateLogGroup(t.Context(), &sdk.CreateLogGroupInput{LogGroupName: aws.String("/shop/checkout")})
	require.ErrorAs(t, err, &exists)
	_, err = b.CreateLogStream(t.Context(), &sdk.CreateLogStreamInput{LogGroupName: aws.String("/shop/checkout"), LogStreamName: aws.String("a")})
	require.ErrorAs(t, err, &exists)
}

// delivered decodes what is on the stream with AWS's own Lambda types.
func (b bench) delivered(t *testing.T) (keys []string, records []lambda.CloudwatchLogsData) {
	t.Helper()
	for _, r := range b.stream.Records("telemetry") {
		d, err := lambda.CloudwatchLogsRawData{Data: base64.StdEncoding.EncodeToString(r.Data)}.Parse()
		require.NoError(t, err)
		if d.MessageType == "CONTROL_MESSAGE" {
			continue
		}
		keys, records = append(keys, *r.PartitionKey), append(records, d)
	}
	return keys, records
}

func TestSubscriptionsDeliver(t *testing.T) {
	t.Parallel()
	b := start(t, logs.Options{Account: "111122223333"})
	b.create(t, "web-1")
	subscribe := func(name, pattern, arn, role string) error {
		_, err := b.PutSubscriptionFilter(t.Context(), &sdk.PutSubscriptionFilterInput{
			LogGroupName: aws.String("/shop/checkout"), FilterName: &name, FilterPattern: &pattern, DestinationArn: &arn, RoleArn: &role,
		})
		return err
	}
	arn, role := b.stream.ARN("telemetry"), "arn:aws:iam::111122223333:role/r"
	var bad *types.InvalidParameterException
	require.ErrorAs(t, subscribe("f", "", b.stream.ARN("other"), role), &bad)
	require.ErrorAs(t, subscribe("f", "", "arn:aws:lambda:us-east-1:1:function:f", role), &bad)
	require.ErrorAs(t, subscribe("f", "{ broken", arn, role), &bad)
	require.Empty(t, b.stream.Records("telemetry"))

	require.NoError(t, subscribe("errors", `{ $.level = "ERROR" }`, arn, role))
	require.Len(t, b.stream.Records("telemetry"), 1, "the control message")
	control, err := lambda.CloudwatchLogsRawData{Data: base64.StdEncoding.EncodeToString(b.stream.Records("telemetry")[0].Data)}.Parse()
	require.NoError(t, err)
	require.Equal(t, "CONTROL_MESSAGE", control.MessageType)

	b.put(t, "web-1", event(noon, `{"level":"INFO","msg":"a"}`), event(noon.Add(time.Millisecond), `{"level":"ERROR","msg":"<b>"}`))
	b.put(t, "web-1", event(noon, `{"level":"INFO"}`))
	keys, records := b.delivered(t)
	require.Equal(t, []string{"web-1"}, keys)
	found, err := b.FilterLogEvents(t.Context(), &sdk.FilterLogEventsInput{LogGroupName: aws.String("/shop/checkout"), FilterPattern: aws.String("ERROR")})
	require.NoError(t, err)
	require.Equal(t, []lambda.CloudwatchLogsData{{
		Owner: "111122223333", LogGroup: "/shop/checkout", LogStream: "web-1", SubscriptionFilters: []string{"errors"}, MessageType: "DATA_MESSAGE",
		LogEvents: []lambda.CloudwatchLogsLogEvent{{ID: *found.Events[0].EventId, Timestamp: noon.UnixMilli() + 1, Message: `{"level":"ERROR","msg":"<b>"}`}},
	}}, records)

	require.NoError(t, subscribe("all", "", arn, role))
	var limit *types.LimitExceededException
	require.ErrorAs(t, subscribe("third", "", arn, role), &limit)
	require.NoError(t, subscribe("errors", "never", arn, role), "a filter of the same name is replaced")
	described, err := b.DescribeSubscriptionFilters(t.Context(), &sdk.DescribeSubscriptionFiltersInput{LogGroupName: aws.String("/shop/checkout")})
	require.NoError(t, err)
	require.Len(t, described.SubscriptionFilters, 2)
	require.Equal(t, "never", *described.SubscriptionFilters[0].FilterPattern)

	// An acknowledgement that is lost delivers the record again.
	b.faults.Set(fault.Rule{Service: "logs", Operation: "Deliver", Kind: fault.LoseResponse})
	b.put(t, "web-1", event(noon, "1"))
	b.put(t, "web-1", event(noon, "2"))
	_, records = b.delivered(t)
	var got []string
	for _, r := range records[1:] {
		got = append(got, r.LogEvents[0].Message)
	}
	require.Equal(t, []string{"1", "1", "2"}, got)

	_, err = b.DeleteSubscriptionFilter(t.Context(), &sdk.DeleteSubscriptionFilterInput{LogGroupName: aws.String("/shop/checkout"), FilterName: aws.String("all")})
	require.NoError(t, err)
	b.put(t, "web-1", event(noon, "3"))
	_, after := b.delivered(t)
	require.Len(t, after, len(records))
}

func TestTheLargestBatchFitsIntoARecord(t *testing.T) {
	t.Parallel()
	b := start(t, logs.Options{})
	require.NoError(t, b.service.Ensure("/shop/checkout", "web-1"))
	require.NoError(t, b.service.Subscribe("/shop/checkout", "all", "", b.stream.ARN("telemetry")))
	random := rand.New(rand.NewPCG(1, 2))
	events := make([]types.InputLogEvent, 10_000)
	for i := range events {
		message := make([]byte, 1_048_576/len(events)-26)
		for j := range message {
			message[j] = byte(' ' + random.IntN(95)) // As hard to compress as text gets.
		}
		events[i] = event(noon.Add(time.Duration(i)*time.Millisecond), string(message))
	}
	require.NoError(t, b.service.Put("/shop/checkout", "web-1", events...))
	_, records := b.delivered(t)
	require.Len(t, records, 1)
	require.Len(t, records[0].LogEvents, 10_000)
}
