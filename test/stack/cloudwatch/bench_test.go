package cloudwatch_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/cloudwatch"
	"firebreak/test/stack/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bus keeps the events of alarms.
type bus struct {
	mu     sync.Mutex
	events []string
}

func (b *bus) PutEvent(event []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, string(event))
	return nil
}

func (b *bus) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.events...)
}

type bench struct {
	*sdk.Client
	service *cloudwatch.Service
	bus     *bus
	faults  *fault.Faults
	now     func() time.Time
	at      func(time.Time) // Sets the clock.
}

func start(t *testing.T, o cloudwatch.Options) bench {
	t.Helper()
	var mu sync.Mutex
	now := noon
	b := bench{
		bus: &bus{}, faults: fault.New(),
		now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		at:  func(t time.Time) { mu.Lock(); defer mu.Unlock(); now = t },
	}
	o.Now, o.Events, o.Account = b.now, b.bus, "111122223333"
	b.service = cloudwatch.New(o)
	server := awswire.New(awswire.Options{Faults: b.faults})
	b.service.Register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	cfg := server.ClientConfig(endpoint)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	b.Client = sdk.NewFromConfig(cfg)
	return b
}

var checkout = []types.Dimension{{Name: aws.String("service"), Value: aws.String("checkout")}}

// datum is a value of one-second resolution.
func datum(name string, at time.Time, values ...float64) types.MetricDatum {
	return types.MetricDatum{MetricName: &name, Timestamp: &at, Values: values, Dimensions: checkout, StorageResolution: aws.Int32(1), Unit: types.StandardUnitCount}
}

func (b bench) put(t *testing.T, data ...types.MetricDatum) {
	t.Helper()
	_, err := b.PutMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: aws.String("Shop"), MetricData: data})
	require.NoError(t, err)
}

func stat(id, name, stat string, period int32) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String("Shop"), MetricName: &name, Dimensions: checkout}, Stat: &stat, Period: &period,
	}}
}

// get asks for an hour around noon, oldest first, and gives each result as
// seconds since noon to value.
func (b bench) get(t *testing.T, queries ...types.MetricDataQuery) map[string]map[int]float64 {
	t.Helper()
	out, err := b.GetMetricData(t.Context(), &sdk.GetMetricDataInput{
		StartTime: aws.Time(noon.Add(-time.Hour)), EndTime: aws.Time(noon.Add(time.Hour)), MetricDataQueries: queries, ScanBy: types.ScanByTimestampAscending,
	})
	require.NoError(t, err)
	require.Nil(t, out.NextToken)
	all := map[string]map[int]float64{}
	for _, r := range out.MetricDataResults {
		require.Equal(t, types.StatusCodeComplete, r.StatusCode)
		all[*r.Id] = map[int]float64{}
		for i, at := range r.Timestamps {
			all[*r.Id][int(at.Sub(noon).Seconds())] = r.Values[i]
		}
	}
	return all
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), into))
}
