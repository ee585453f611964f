package cloudwatch_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/cloudwatch"
)

// sink keeps the records of a metric stream by their key.
type sink struct {
	mu      sync.Mutex
	refuse  bool
	records map[string][]string
}

func (s *sink) put(key string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return errors.New("the stream throttles")
	}
	if s.records == nil {
		s.records = map[string][]string{}
	}
	s.records[key] = append(s.records[key], string(data))
	return nil
}

func (s *sink) set(refuse bool) { s.mu.Lock(); defer s.mu.Unlock(); s.refuse = refuse }

func (s *sink) of(key string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.records[key]...)
}

const errorsKey = "Shop/Errors{service=checkout}"

func TestMetricStream(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	b.put(t, datum("Errors", noon, 99)) // Before the stream.
	out := &sink{}
	b.service.StreamMetrics(out.put, 2*time.Second)
	b.put(t, datum("Errors", noon, 1, 3), datum("Errors", noon.Add(time.Second), 5), datum("Latency", noon, 8), datum("Errors", noon.Add(2*time.Second), 7))

	b.service.Flush(noon.Add(1900 * time.Millisecond))
	require.Empty(t, out.of(errorsKey), "the interval is not over")
	b.service.Flush(noon.Add(3 * time.Second))
	const prefix = `{"metric_stream_name":"firebreak","account_id":"111122223333","region":"us-east-1","namespace":"Shop","metric_name":"Errors","dimensions":{"service":"checkout"},`
	want := prefix + `"timestamp":1772366400000,"value":{"max":3,"min":1,"sum":4,"count":2},"unit":"Count"}` + "\n" +
		prefix + `"timestamp":1772366401000,"value":{"max":5,"min":5,"sum":5,"count":1},"unit":"Count"}` + "\n"
	require.Equal(t, []string{want}, out.of(errorsKey), "the third second is not over")
	require.Len(t, out.of("Shop/Latency{service=checkout}"), 1)

	// A refused record is sent again, together with what came in meanwhile.
	out.set(true)
	b.service.Flush(noon.Add(5 * time.Second))
	b.put(t, datum("Errors", noon.Add(2*time.Second), 3))
	out.set(false)
	b.service.Flush(noon.Add(7 * time.Second))
	require.JSONEq(t, prefix+`"timestamp":1772366402000,"value":{"max":7,"min":3,"sum":10,"count":2},"unit":"Count"}`+"\n", out.of(errorsKey)[1])

	// What is late goes out as a line of its own.
	b.put(t, datum("Errors", noon, 2))
	b.service.Flush(noon.Add(9 * time.Second))
	require.Contains(t, out.of(errorsKey)[2], `"timestamp":1772366400000,"value":{"max":2,"min":2,"sum":2,"count":1}`)
	b.service.Flush(noon.Add(11 * time.Second))
	require.Len(t, out.of(errorsKey), 3, "nothing is sent twice")
}

func TestMetricStreamOfStandardResolutionWaitsForTheMinute(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	out := &sink{}
	b.service.StreamMetrics(out.put, time.Second)
	long := strings.Repeat("x", 250)
	d := datum("Errors", noon, 1)
	d.StorageResolution, d.Dimensions = nil, []types.Dimension{{Name: aws.String("host"), Value: &long}}
	b.put(t, d)
	b.service.Flush(noon.Add(59 * time.Second))
	require.Empty(t, out.records)
	b.service.Flush(noon.Add(61 * time.Second))
	require.Len(t, out.records, 1)
	for key := range out.records {
		require.Len(t, key, 64, "a key that is too long for Kinesis is hashed")
	}
}

func TestRunStreams(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	out := &sink{}
	b.service.StreamMetrics(out.put, time.Second)
	b.put(t, datum("Errors", noon, 1))
	b.at(noon.Add(time.Minute))
	go b.service.Run(t.Context())
	require.Eventually(t, func() bool { return len(out.of(errorsKey)) == 1 }, time.Minute, 10*time.Millisecond)
}
