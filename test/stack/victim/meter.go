package victim

import (
	"context"
	"math"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// maxLatencies is how many different values one datum may carry.
const maxLatencies = 150

// meter counts requests and sends one datapoint of each metric for every
// second, zeros included. A second without a request has no latency.
type meter struct {
	client *cloudwatch.Client
	dims   []types.Dimension

	mu        sync.Mutex
	requests  int
	errors    int
	latencies map[float64]float64 // milliseconds, rounded, to how often
	shops     perShop             // nil: not counted
}

func newMeter(client *cloudwatch.Client, service string) *meter {
	return &meter{
		client:    client,
		dims:      []types.Dimension{{Name: aws.String("service"), Value: aws.String(service)}},
		latencies: map[float64]float64{},
	}
}

// detail has every shop counted by itself from now on.
func (m *meter) detail() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shops = newPerShop()
}

// observe counts one request, for a shop where it names one.
func (m *meter) observe(took time.Duration, failed bool, shop string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	m.shops.observe(shop, took, failed)
	if failed {
		m.errors++
	}
	value := math.Round(float64(took)/float64(time.Millisecond)*10) / 10
	if _, known := m.latencies[value]; !known && len(m.latencies) >= maxLatencies {
		return
	}
	m.latencies[value]++
}

// run sends shortly after each full second of the wall clock, so that the
// datapoints of all services are of the same seconds.
func (m *meter) run(ctx context.Context) {
	for {
		second := time.Now().Truncate(time.Second)
		if sleep(ctx, time.Until(second.Add(time.Second))) != nil {
			complain("send the last metrics", m.send(context.WithoutCancel(ctx), second))
			return
		}
		complain("send metrics", m.send(ctx, second))
	}
}

func (m *meter) send(ctx context.Context, second time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := m.client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{
		Namespace: aws.String(metricNamespace), MetricData: m.drain(second),
	})
	return err
}

func (m *meter) drain(second time.Time) []types.MetricDatum {
	m.mu.Lock()
	defer m.mu.Unlock()
	datum := func(name string, unit types.StandardUnit, value float64) types.MetricDatum {
		return types.MetricDatum{
			MetricName: &name, Unit: unit, Value: &value, Dimensions: m.dims,
			Timestamp: &second, StorageResolution: aws.Int32(1),
		}
	}
	data := []types.MetricDatum{
		datum("Requests", types.StandardUnitCount, float64(m.requests)),
		datum("Errors", types.StandardUnitCount, float64(m.errors)),
		datum("MemoryUsed", types.StandardUnitMegabytes, memoryUsed()),
	}
	if len(m.latencies) > 0 {
		latency := datum("Latency", types.StandardUnitMilliseconds, 0)
		latency.Value = nil
		for value, count := range m.latencies {
			latency.Values = append(latency.Values, value)
			latency.Counts = append(latency.Counts, count)
		}
		data = append(data, latency)
	}
	if m.shops != nil {
		data = append(data, m.shops.drain(second)...)
	}
	m.requests, m.errors = 0, 0
	clear(m.latencies)
	return data
}

// memoryUsed is what this process has of the system's memory, in megabytes.
func memoryUsed() float64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return float64(samples[0].Value.Uint64()-samples[1].Value.Uint64()) / (1 << 20)
}
