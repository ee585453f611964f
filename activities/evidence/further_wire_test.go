package evidence_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/stretchr/testify/require"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
	"firebreak/test/stack/awswire"
	standintrail "firebreak/test/stack/cloudtrail"
	"firebreak/test/stack/fault"
	standinxray "firebreak/test/stack/xray"
)

// wired is X-Ray and CloudTrail over their real wire protocols, with unmodified
// clients, and what a service sent to them around the onset.
type wired struct {
	faults *fault.Faults
	traces *xray.Client
	trail  *cloudtrail.Client
	began  time.Time
}

func newWired(t *testing.T) wired {
	t.Helper()
	w := wired{faults: fault.New(), began: time.Now().Add(-30 * time.Second).Truncate(time.Second)}
	server := awswire.New(awswire.Options{Faults: w.faults})
	standinxray.New(standinxray.Options{Account: "123456789012"}).Register(server)
	history := standintrail.New(standintrail.Options{Region: "us-east-1", Account: "123456789012"})
	history.Register(server)
	address, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	cfg := server.ClientConfig(address)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	w.traces, w.trail = xray.NewFromConfig(cfg), cloudtrail.NewFromConfig(cfg)
	require.NoError(t, history.Record(standintrail.Call{
		At: w.began.Add(-time.Minute), Source: "ecs.amazonaws.com", Name: "UpdateService", Role: "Deploy", Session: "ana@example.com",
		Parameters: json.RawMessage(`{"service":"payments-svc"}`),
	}))
	require.NoError(t, history.Record(standintrail.Call{At: w.began.Add(-time.Minute), Source: "ecs.amazonaws.com", Name: "DescribeServices", ReadOnly: true, Role: "Deploy", Session: "ana"}))

	// One request a second to checkout, each of which calls payments; since the
	// onset payments takes a second and then fails.
	for i := -100; i < 20; i++ {
		at := float64(w.began.Unix() + int64(i))
		took, failed, cause := 0.01, false, ""
		if i >= 0 {
			took, failed, cause = 1, true, `,"cause":{"exceptions":[{"type":"TimeoutError","message":"no answer for bob@example.com"}]}`
		}
		trace := fmt.Sprintf("1-%08x-%024x", w.began.Unix()+int64(i), i+1000)
		out, err := w.traces.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
			fmt.Sprintf(`{"name":"checkout","id":"%016x","trace_id":%q,"start_time":%f,"end_time":%f,"fault":%t,"subsegments":[{"name":"payments","id":"%016x","namespace":"remote","start_time":%f,"end_time":%f,"fault":%t%s}]}`,
				i+1000, trace, at, at+took, failed, i+5000, at, at+took, failed, cause),
			fmt.Sprintf(`{"name":"payments","id":"%016x","parent_id":"%016x","trace_id":%q,"start_time":%f,"end_time":%f,"fault":%t}`, i+9000, i+5000, trace, at, at+took, failed),
		}})
		require.NoError(t, err)
		require.Empty(t, out.UnprocessedTraceSegments)
	}
	return w
}

func (w wired) ask(t *testing.T) incident.GatherEvidenceResult {
	t.Helper()
	return askTraces(t, nil, func(o *evidence.Options, in *incident.GatherEvidenceInput) {
		o.Traces, o.Trail, o.Now, o.Within = w.traces, w.trail, time.Now, 5*time.Second
		in.Onset, in.Until = w.began, w.began.Add(25*time.Second)
		payments := service("payments")
		payments.Resources = []string{"payments-svc"}
		o.Catalog = catalog{"payments": payments}
	})
}

func TestTracesAndCallsOverTheWire(t *testing.T) {
	t.Parallel()
	out := newWired(t).ask(t)
	calls := pick(t, out, incident.EvidenceTrace, "calls of checkout to payments")
	require.InDelta(t, 0.01, calls.Facts[incident.FactBefore], 1e-3)
	require.InDelta(t, 1, calls.Facts[incident.FactAfter], 1e-3)
	require.InDelta(t, 0.9, calls.Facts[incident.FactShareAfter], 0.1)
	cause := pick(t, out, incident.EvidenceTrace, "20 of 20 traces with trouble through checkout: server errors that began in payments")
	require.Contains(t, cause.Detail.String(), "TimeoutError")
	require.NotContains(t, cause.Detail.String(), "bob@example.com")
	require.Contains(t, cause.Detail.String(), "aws xray batch-get-traces --trace-ids 1-")
	change := pick(t, out, incident.EvidenceChange, "change of payments: UpdateService")
	require.InDelta(t, 60, change.Facts[incident.FactSecondsBefore], 0)
	require.Contains(t, change.Detail.String(), "UpdateService by role Deploy on payments-svc")
	require.NotContains(t, change.Detail.String(), "ana")
}

func TestXRayAndCloudTrailThatRefuseOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWired(t)
	for _, r := range []fault.Rule{
		{Service: "xray", Operation: "GetServiceGraph", Kind: fault.Error, Code: "AccessDeniedException", Status: 403, Times: fault.Forever},
		{Service: "xray", Operation: "GetTraceSummaries", Kind: fault.Throttle, Times: fault.Forever},
		{Service: "cloudtrail", Operation: "LookupEvents", Kind: fault.Error, Code: "AccessDeniedException", Status: 400, Times: fault.Forever},
	} {
		w.faults.Set(r)
	}
	out := w.ask(t)
	graph, summaries, calls := gapAbout(t, out, "service graph"), gapAbout(t, out, "trace summaries"), gapAbout(t, out, "CloudTrail")
	require.Equal(t, incident.GapDenied, graph.Kind)
	require.Contains(t, graph.Reason.String(), "lacks xray:GetServiceGraph", "though the service does not say which")
	require.Equal(t, incident.GapThrottled, summaries.Kind)
	require.Equal(t, incident.GapDenied, calls.Kind)
	require.Contains(t, calls.Reason.String(), "lacks cloudtrail:LookupEvents")
}
