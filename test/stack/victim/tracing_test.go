package victim

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	standin "firebreak/test/stack/xray"
)

// traced adds an X-Ray to what the services send to, and returns a client of it.
func traced(t *testing.T, c *capture) *xray.Client {
	t.Helper()
	server := awswire.New(awswire.Options{Region: "eu-central-1", Credentials: c.credentials})
	standin.New(standin.Options{Account: "123456789012"}).Register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	c.env = append(c.env, envXRay+"="+endpoint)
	return xray.NewFromConfig(server.ClientConfig(endpoint))
}

// TestSampledRequestsAreTraced follows orders from checkout to payments: the
// graph has the call, and what breaks it is the root cause that X-Ray sees.
func TestSampledRequestsAreTraced(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	client := traced(t, c)
	s := startShop(t, c)
	healthy(t, s)
	began := time.Now().Add(-time.Minute)
	graph := func() map[string]types.Service {
		out, err := client.GetServiceGraph(t.Context(), &xray.GetServiceGraphInput{StartTime: &began, EndTime: aws.Time(time.Now().Add(time.Minute))})
		require.NoError(t, err)
		byName := map[string]types.Service{}
		for _, n := range out.Services {
			if aws.ToString(n.Type) == "AWS::EC2::Instance" {
				byName[*n.Name] = n
			}
		}
		return byName
	}
	// Until a called service has sent its segment too, X-Ray has a guessed node in
	// its place; right after payments has sent, nothing is guessed.
	var g map[string]types.Service
	eventually(t, "both services have sent the segments of the same requests", func() bool {
		g = graph()
		return len(g) == 2 && aws.ToInt64(g[Payments].SummaryStatistics.OkCount) > 5 && len(g[Checkout].Edges) == 1
	})
	require.Equal(t, *g[Payments].ReferenceId, *g[Checkout].Edges[0].ReferenceId)
	require.Nil(t, g[Payments].Root)
	require.Less(t, *g[Checkout].SummaryStatistics.TotalCount, int64(s.Traffic(time.Minute).Requests), "a sample")

	require.NoError(t, s.Inject(t.Context(), BadReload()))
	eventually(t, "failed orders are traced", func() bool {
		out, err := client.GetTraceSummaries(t.Context(), &xray.GetTraceSummariesInput{
			StartTime: &began, EndTime: aws.Time(time.Now().Add(time.Minute)), FilterExpression: aws.String(`service("checkout") { fault }`),
		})
		require.NoError(t, err)
		return len(out.TraceSummaries) > 3 && len(out.TraceSummaries[0].FaultRootCauses) == 1
	})
}

func TestTheSamplingRule(t *testing.T) {
	t.Parallel()
	tr := &tracer{}
	at := time.Unix(1000, 0)
	taken := 0
	for range 2000 {
		if tr.sample(at) {
			taken++
		}
	}
	require.Greater(t, taken, sampleFirst)
	require.Less(t, taken, 300)
	require.True(t, tr.sample(at.Add(time.Second)), "the first of the next second")
}

func TestTraceHeaders(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ header, root, parent, sampled string }{
		{}, {"Root=1-a;Parent=b;Sampled=1", "1-a", "b", "1"}, {"Sampled=0", "", "", "0"}, {" Self=x; Root = y;Sampled=?", "", "", "?"},
	} {
		root, parent, sampled := readTraceHeader(tc.header)
		require.Equal(t, [3]string{tc.root, tc.parent, tc.sampled}, [3]string{root, parent, sampled}, tc.header)
	}
}
