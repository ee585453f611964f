package xray_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/xray"
)

var began = time.Now().Add(-time.Minute).Truncate(time.Second)

// order is checkout's segment of one order and payments', when payments answers.
func order(n int, took float64, failed bool) []string {
	start := float64(began.Unix()) + float64(n)/10
	id := fmt.Sprintf("1-%08x-%024x", began.Unix(), n)
	status, cause := 200, ""
	if failed {
		status, cause = 500, `,"cause":{"exceptions":[{"type":"Timeout","message":"payments did not answer"}]}`
	}
	checkout := fmt.Sprintf(`{"name":"checkout","id":"%016x","trace_id":%q,"start_time":%f,"end_time":%f,"origin":"AWS::EC2::Instance","fault":%t,
		"http":{"request":{"method":"POST","url":"http://checkout/orders"},"response":{"status":%d}},
		"subsegments":[{"name":"payments","id":"%016x","namespace":"remote","start_time":%f,"end_time":%f,"fault":%t%s}]}`,
		2*n+1, id, start, start+took, failed, status, 2*n+2, start, start+took, failed, cause)
	payments := fmt.Sprintf(`{"name":"payments","id":"%016x","parent_id":"%016x","trace_id":%q,"start_time":%f,"end_time":%f,"origin":"AWS::EC2::Instance"}`,
		1<<32+n, 2*n+2, id, start, start+took)
	if failed {
		return []string{checkout}
	}
	return []string{checkout, payments}
}

func start(t *testing.T) (*sdk.Client, *fault.Faults) {
	t.Helper()
	faults := fault.New()
	server := awswire.New(awswire.Options{Faults: faults})
	xray.New(xray.Options{Account: "123456789012"}).Register(server)
	address, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return sdk.NewFromConfig(server.ClientConfig(address)), faults
}

func send(t *testing.T, client *sdk.Client, documents ...string) {
	t.Helper()
	out, err := client.PutTraceSegments(t.Context(), &sdk.PutTraceSegmentsInput{TraceSegmentDocuments: documents})
	require.NoError(t, err)
	require.Empty(t, out.UnprocessedTraceSegments)
}

func TestTheGraphIsWhatTheSegmentsSay(t *testing.T) {
	t.Parallel()
	client, _ := start(t)
	for n := range 10 {
		send(t, client, order(n, 0.02, n >= 7)...)
	}
	in := &sdk.GetServiceGraphInput{StartTime: aws.Time(began), EndTime: aws.Time(began.Add(time.Minute))}
	out, err := client.GetServiceGraph(t.Context(), in)
	require.NoError(t, err)
	require.Nil(t, out.NextToken)
	byName := map[string]types.Service{}
	for _, s := range out.Services {
		byName[aws.ToString(s.Type)+" "+*s.Name] = s
	}
	require.Len(t, byName, 4, "checkout, who calls it, payments, and payments where it sent no segment")
	checkout, payments, silent := byName["AWS::EC2::Instance checkout"], byName["AWS::EC2::Instance payments"], byName["remote payments"]
	require.True(t, *checkout.Root)
	require.EqualValues(t, 10, *checkout.SummaryStatistics.TotalCount)
	require.EqualValues(t, 3, *checkout.SummaryStatistics.FaultStatistics.TotalCount)
	require.EqualValues(t, 7, *checkout.SummaryStatistics.OkCount)
	require.InDelta(t, 0.2, *checkout.SummaryStatistics.TotalResponseTime, 1e-3)
	require.Equal(t, []types.HistogramEntry{{Value: 0.02, Count: 10}}, checkout.ResponseTimeHistogram)
	require.Len(t, checkout.Edges, 2)
	ends := map[int32]types.Edge{}
	for _, e := range checkout.Edges {
		ends[*e.ReferenceId] = e
	}
	require.EqualValues(t, 7, *ends[*payments.ReferenceId].SummaryStatistics.OkCount)
	require.EqualValues(t, 3, *ends[*silent.ReferenceId].SummaryStatistics.FaultStatistics.TotalCount)
	require.WithinDuration(t, began, *checkout.StartTime, time.Millisecond)

	in.EndTime = aws.Time(began.Add(7 * time.Hour))
	_, err = client.GetServiceGraph(t.Context(), in)
	var refused *types.InvalidRequestException
	require.ErrorAs(t, err, &refused)
	require.Contains(t, *refused.Message, "6 hours")
}

func TestSummariesAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	client, _ := start(t)
	for n := range 120 {
		send(t, client, order(n, 0.02+float64(n)/100, n%2 == 1)...)
	}
	for filter, want := range map[string]int{
		"":                                      120,
		`service("checkout") { fault }`:         60,
		`service("checkout") { fault = false }`: 60,
		`service("payments")`:                   60,
		`!service("payments") AND responsetime>1`:                              11,
		`edge("checkout", "payments") { fault = true OR responsetime > 1.19 }`: 61,
		`service("nobody")`: 0,
	} {
		in := &sdk.GetTraceSummariesInput{StartTime: aws.Time(began), EndTime: aws.Time(began.Add(time.Minute)), FilterExpression: aws.String(filter)}
		got, pages := 0, 0
		for {
			out, err := client.GetTraceSummaries(t.Context(), in)
			require.NoError(t, err, filter)
			require.EqualValues(t, 120, *out.TracesProcessedCount)
			got += len(out.TraceSummaries)
			pages++
			if out.NextToken == nil {
				break
			}
			in.NextToken = out.NextToken
		}
		require.Equal(t, want, got, filter)
		require.Equal(t, want > 100, pages > 1, filter)
	}
	for _, filter := range []string{`service("checkout"`, "fault AND", "colour = 1", "responsetime > much", "fault fault", "fault;"} {
		_, err := client.GetTraceSummaries(t.Context(), &sdk.GetTraceSummariesInput{
			StartTime: aws.Time(began), EndTime: aws.Time(began.Add(time.Minute)), FilterExpression: aws.String(filter),
		})
		var refused *types.InvalidRequestException
		require.ErrorAs(t, err, &refused)
	}
}

// What a call set off can end after the answer: the trace takes longer than its root.
func TestDurationIsOfTheWholeTrace(t *testing.T) {
	t.Parallel()
	client, _ := start(t)
	begin, id := float64(began.Unix()), fmt.Sprintf("1-%08x-%024x", began.Unix(), 1)
	send(t, client,
		fmt.Sprintf(`{"name":"checkout","id":"0000000000000001","trace_id":%q,"start_time":%f,"end_time":%f,
			"subsegments":[{"name":"mail","id":"0000000000000002","namespace":"remote","start_time":%f,"end_time":%f}]}`, id, begin, begin+2, begin, begin+1),
		fmt.Sprintf(`{"name":"mail","id":"0000000000000003","parent_id":"0000000000000002","trace_id":%q,"start_time":%f,"end_time":%f}`, id, begin+1, begin+9))
	for filter, want := range map[string]int{
		"duration > 5": 1, "duration = 9": 1, "duration > 9": 0, "responsetime > 5": 0, "responsetime = 2": 1,
		`service("checkout") { duration > 5 }`:      1,
		`service("mail") { duration = 8 }`:          1,
		`service("mail") { duration > 8 }`:          0,
		`edge("checkout", "mail") { duration > 1 }`: 0,
	} {
		out, err := client.GetTraceSummaries(t.Context(), &sdk.GetTraceSummariesInput{
			StartTime: aws.Time(began), EndTime: aws.Time(began.Add(time.Minute)), FilterExpression: aws.String(filter),
		})
		require.NoError(t, err, filter)
		require.Len(t, out.TraceSummaries, want, filter)
		for _, s := range out.TraceSummaries {
			require.InDelta(t, 9, *s.Duration, 1e-6)
			require.InDelta(t, 2, *s.ResponseTime, 1e-6)
		}
	}
	traces, err := client.BatchGetTraces(t.Context(), &sdk.BatchGetTracesInput{TraceIds: []string{id}})
	require.NoError(t, err)
	require.InDelta(t, 9, *traces.Traces[0].Duration, 1e-6)
}

func TestOnlyOwnTokensAreTaken(t *testing.T) {
	t.Parallel()
	client, _ := start(t)
	for n := range 120 {
		send(t, client, order(n, 0.02, true)...)
	}
	in := &sdk.GetTraceSummariesInput{StartTime: aws.Time(began), EndTime: aws.Time(began.Add(time.Minute))}
	out, err := client.GetTraceSummaries(t.Context(), in)
	require.NoError(t, err)
	require.NotNil(t, out.NextToken)
	for _, token := range []string{*out.NextToken + "junk", "121", "-1", "x"} {
		in.NextToken = &token
		_, err := client.GetTraceSummaries(t.Context(), in)
		var refused *types.InvalidRequestException
		require.ErrorAs(t, err, &refused, token)
	}
}

func TestRootCausesFollowWhatFailedAndWhatTookTheTime(t *testing.T) {
	t.Parallel()
	client, _ := start(t)
	send(t, client, append(order(1, 0.5, false), order(2, 1.5, true)...)...)
	out, err := client.GetTraceSummaries(t.Context(), &sdk.GetTraceSummariesInput{StartTime: aws.Time(began), EndTime: aws.Time(began.Add(time.Minute))})
	require.NoError(t, err)
	require.Len(t, out.TraceSummaries, 2)
	failed, slow := out.TraceSummaries[0], out.TraceSummaries[1]
	require.True(t, *failed.HasFault)
	require.EqualValues(t, 500, *failed.Http.HttpStatus)
	chain := failed.FaultRootCauses[0].Services
	require.Equal(t, []string{"checkout", "payments"}, []string{*chain[0].Name, *chain[1].Name})
	require.True(t, *chain[1].Inferred, "it sent no segment")
	require.Equal(t, "payments did not answer", *chain[1].EntityPath[0].Exceptions[0].Message)
	require.Empty(t, slow.FaultRootCauses)
	chain2 := slow.ResponseTimeRootCauses[0].Services
	require.Equal(t, "payments", *chain2[len(chain2)-1].Name)
	require.InDelta(t, 1, *chain2[len(chain2)-1].EntityPath[0].Coverage, 1e-6)

	traces, err := client.BatchGetTraces(t.Context(), &sdk.BatchGetTracesInput{TraceIds: []string{*slow.Id, "1-00000000-000000000000000000000000"}})
	require.NoError(t, err)
	require.Len(t, traces.Traces[0].Segments, 2)
	require.Len(t, traces.UnprocessedTraceIds, 1)
}

func TestBrokenSegmentsAreSaidToBe(t *testing.T) {
	t.Parallel()
	client, faults := start(t)
	out, err := client.PutTraceSegments(t.Context(), &sdk.PutTraceSegmentsInput{TraceSegmentDocuments: append([]string{
		"no JSON", `{"name":"a","id":"short","trace_id":"1-00000000-000000000000000000000000","start_time":1,"end_time":2}`,
		`{"name":"a","id":"0000000000000001","trace_id":"other","start_time":1,"end_time":2}`,
		`{"name":"<a>","id":"0000000000000001","trace_id":"1-00000000-000000000000000000000000","start_time":1,"end_time":2}`,
		`{"name":"a","id":"0000000000000001","trace_id":"1-00000000-000000000000000000000000","start_time":2,"end_time":1}`,
	}, order(1, 1, false)...)})
	require.NoError(t, err)
	require.Len(t, out.UnprocessedTraceSegments, 5)

	faults.Set(fault.Rule{Service: "xray", Operation: "GetServiceGraph", Kind: fault.Throttle, Times: 100})
	_, err = client.GetServiceGraph(t.Context(), &sdk.GetServiceGraphInput{StartTime: aws.Time(began), EndTime: aws.Time(began)}, func(o *sdk.Options) { o.Retryer = aws.NopRetryer{} })
	var throttled *types.ThrottledException
	require.ErrorAs(t, err, &throttled)
}
