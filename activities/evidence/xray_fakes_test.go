package evidence_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	xraytypes "github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
)

// traces is X-Ray in memory: one graph before the onset and one since.
type traces struct {
	before, since []xraytypes.Service
	summaries     []xraytypes.TraceSummary
	page          int // services or summaries of one answer
	endless       bool

	endlessBefore, endlessSince bool // one of the graphs

	graphErr, beforeErr, summaryErr error
	errAfter                        int // pages that come before the error
	hang                            bool

	ranges  [][2]time.Time
	filters []string
}

func (x *traces) GetServiceGraph(ctx context.Context, in *xray.GetServiceGraphInput, _ ...func(*xray.Options)) (*xray.GetServiceGraphOutput, error) {
	if x.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if x.graphErr != nil {
		return nil, x.graphErr
	}
	x.ranges = append(x.ranges, [2]time.Time{*in.StartTime, *in.EndTime})
	all, endless := x.since, x.endless || x.endlessSince
	if in.EndTime.Before(onset) {
		if x.beforeErr != nil {
			return nil, x.beforeErr
		}
		all, endless = x.before, x.endless || x.endlessBefore
	}
	at, _ := strconv.Atoi(aws.ToString(in.NextToken))
	end := min(len(all), at+max(1, x.page))
	out := &xray.GetServiceGraphOutput{Services: all[min(at, end):end]}
	if end < len(all) || endless {
		out.NextToken = aws.String(strconv.Itoa(end))
	}
	return out, nil
}

func (x *traces) GetTraceSummaries(_ context.Context, in *xray.GetTraceSummariesInput, _ ...func(*xray.Options)) (*xray.GetTraceSummariesOutput, error) {
	at, _ := strconv.Atoi(aws.ToString(in.NextToken))
	if x.summaryErr != nil && at >= x.errAfter*max(1, x.page) {
		return nil, x.summaryErr
	}
	x.filters = append(x.filters, *in.FilterExpression)
	end := min(len(x.summaries), at+max(1, x.page))
	out := &xray.GetTraceSummariesOutput{TraceSummaries: x.summaries[at:end], TracesProcessedCount: aws.Int64(400)}
	if end < len(x.summaries) {
		out.NextToken = aws.String(strconv.Itoa(end))
	}
	return out, nil
}

// seen is how a node or an edge did: requests, of which faults, at one response time.
type seen struct {
	n, faults, refused, throttled int64
	took                          float64
}

func (s seen) times() []xraytypes.HistogramEntry {
	if s.took == 0 {
		return nil
	}
	return []xraytypes.HistogramEntry{{Value: s.took * 2, Count: int32(s.n / 20)}, {Value: s.took, Count: int32(s.n - s.n/20)}}
}

func node(id int32, name string, s seen, edges ...xraytypes.Edge) xraytypes.Service {
	return xraytypes.Service{
		ReferenceId: aws.Int32(id), Name: aws.String(name), Names: []string{name}, Type: aws.String("AWS::EC2::Instance"), Edges: edges, ResponseTimeHistogram: s.times(),
		SummaryStatistics: &xraytypes.ServiceStatistics{
			TotalCount: aws.Int64(s.n), OkCount: aws.Int64(s.n - s.faults - s.refused), FaultStatistics: &xraytypes.FaultStatistics{TotalCount: aws.Int64(s.faults)},
			ErrorStatistics: &xraytypes.ErrorStatistics{TotalCount: aws.Int64(s.refused), ThrottleCount: aws.Int64(s.throttled)},
		},
	}
}

func edge(to int32, s seen) xraytypes.Edge {
	return xraytypes.Edge{
		ReferenceId: aws.Int32(to), ResponseTimeHistogram: s.times(),
		SummaryStatistics: &xraytypes.EdgeStatistics{
			TotalCount: aws.Int64(s.n), FaultStatistics: &xraytypes.FaultStatistics{TotalCount: aws.Int64(s.faults)},
			ErrorStatistics: &xraytypes.ErrorStatistics{TotalCount: aws.Int64(s.refused), ThrottleCount: aws.Int64(s.throttled)},
		},
	}
}

// shopGraph is two services and a table, by how the calls between them did.
func shopGraph(checkout, toPayments, payments, toTable seen) []xraytypes.Service {
	return []xraytypes.Service{
		{ReferenceId: aws.Int32(0), Name: aws.String("checkout"), Type: aws.String("client"), Edges: []xraytypes.Edge{edge(1, checkout)}},
		node(1, "checkout", checkout, edge(2, toPayments)),
		node(2, "payments", payments, edge(3, toTable)),
		node(3, "ledger", toTable),
	}
}

func askTraces(t *testing.T, x *traces, edits ...func(*evidence.Options, *incident.GatherEvidenceInput)) incident.GatherEvidenceResult {
	t.Helper()
	c := newCloud()
	opts := evidence.Options{
		Metrics: c, Logs: c, Catalog: catalog{"payments": service("payments")}, Now: c.clock, Before: 2 * time.Minute, Within: 2 * time.Second,
	}
	if x != nil {
		opts.Traces = x
	}
	in := incident.GatherEvidenceInput{
		IncidentID: "inc-1", Service: service("checkout", "payments"), Neighbours: []string{"payments"}, Commit: "abc", Onset: onset, Until: onset.Add(30 * time.Second),
	}
	for _, edit := range edits {
		edit(&opts, &in)
	}
	a, err := evidence.New(opts)
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	got, err := env.ExecuteActivity(incident.ActivityGatherEvidence, in)
	require.NoError(t, err)
	var out incident.GatherEvidenceResult
	require.NoError(t, got.Get(&out))
	return out
}
