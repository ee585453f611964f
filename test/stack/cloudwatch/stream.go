package cloudwatch

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/internal/incident"
)

const (
	// streamTick is how often Run looks whether an interval is over.
	streamTick = 250 * time.Millisecond
	// streamDelay is how long a second's datapoints are waited for after it is
	// over. What comes later goes out as a line of its own, with only the late
	// part.
	streamDelay = time.Second
	// maxPending bounds the lines that a stream holds for a sink that refuses
	// them.
	maxPending = 100_000
	streamName = "firebreak"
)

// metricStream collects datapoints until their second is over.
type metricStream struct {
	sink     func(partitionKey string, data []byte) error
	interval time.Duration
	due      time.Time

	pending map[string]map[int64]*bucket // Series key to second.
	series  map[string]*series
	held    int // Buckets in pending.
}

// StreamMetrics sends all datapoints from now on to sink, in the JSON format of
// CloudWatch metric streams, once in every interval while Run runs. CloudWatch
// itself cannot stream metrics to Kinesis Data Streams: a transform behind
// Firehose has to put the lines there, and sink stands for it. Each call of
// sink is one record of one series, whose key is the partition key, with one
// line for every second that had data (for every minute at standard
// resolution); what it refuses is sent again at the next interval.
func (s *Service) StreamMetrics(sink func(partitionKey string, data []byte) error, interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams = append(s.streams, &metricStream{sink: sink, interval: interval, due: s.o.Now().Add(interval), pending: map[string]map[int64]*bucket{}, series: map[string]*series{}})
}

// add takes a datum into the pending lines; the caller holds the lock.
func (st *metricStream) add(key string, sr *series, second, length int64, d types.MetricDatum) {
	if st.pending[key] == nil {
		st.pending[key] = map[int64]*bucket{}
		st.series[key] = sr
	}
	b := st.pending[key][second]
	if b == nil {
		if st.held >= maxPending {
			return
		}
		st.held++
		b = newBucket(length)
		st.pending[key][second] = b
	}
	b.addDatum(d)
}

// line is one line of a metric stream.
type line struct {
	Stream     string            `json:"metric_stream_name"`
	Account    string            `json:"account_id"`
	Region     string            `json:"region"`
	Namespace  string            `json:"namespace"`
	Name       string            `json:"metric_name"`
	Dimensions map[string]string `json:"dimensions"`
	Timestamp  int64             `json:"timestamp"` // Unix milliseconds of the second's start.
	Value      lineValue         `json:"value"`
	Unit       string            `json:"unit"`
}

type lineValue struct {
	Max   float64 `json:"max"`
	Min   float64 `json:"min"`
	Sum   float64 `json:"sum"`
	Count float64 `json:"count"`
}

// outgoing is one record on its way to a sink.
type outgoing struct {
	stream  *metricStream
	series  string
	key     string
	data    []byte
	seconds map[int64]*bucket
}

// Flush sends what is complete at now on every stream whose interval is over.
// Run calls it.
func (s *Service) Flush(now time.Time) {
	s.mu.Lock()
	var records []outgoing
	for _, st := range s.streams {
		if now.Before(st.due) {
			continue
		}
		st.due = now.Add(st.interval)
		records = append(records, s.collect(st, now)...)
	}
	s.mu.Unlock()
	for _, r := range records {
		if err := r.stream.sink(r.key, r.data); err != nil {
			s.o.Logger.Warn("a metric stream's sink refused a record, which is sent again", "series", r.key, "error", err)
			s.mu.Lock()
			r.stream.restore(r)
			s.mu.Unlock()
		}
	}
}

// collect takes the complete buckets out of a stream, a record a series.
func (s *Service) collect(st *metricStream, now time.Time) []outgoing {
	var records []outgoing
	for key, seconds := range st.pending {
		r := outgoing{stream: st, series: key, seconds: map[int64]*bucket{}}
		for second, b := range seconds {
			if !now.Before(time.Unix(second+b.length, 0).Add(streamDelay)) {
				r.seconds[second] = b
				delete(seconds, second)
				st.held--
			}
		}
		if len(seconds) == 0 {
			delete(st.pending, key)
		}
		if len(r.seconds) == 0 {
			continue
		}
		r.key, r.data = s.encodeLines(st.series[key], r.seconds)
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b outgoing) int { return cmp.Compare(a.series, b.series) })
	return records
}

func (s *Service) encodeLines(sr *series, seconds map[int64]*bucket) (key string, data []byte) {
	ref := incident.MetricRef{Namespace: sr.namespace, Name: sr.name, Dimensions: map[string]string{}}
	for _, d := range sr.dimensions {
		ref.Dimensions[*d.Name] = *d.Value
	}
	var ordered []int64
	for second := range seconds {
		ordered = append(ordered, second)
	}
	slices.Sort(ordered)
	var b bytes.Buffer
	for _, second := range ordered {
		v := seconds[second]
		b.Write(encode(line{
			Stream: streamName, Account: s.o.Account, Region: s.o.Region, Namespace: sr.namespace, Name: sr.name, Dimensions: ref.Dimensions,
			Timestamp: second * 1000, Value: lineValue{Max: v.max, Min: v.min, Sum: v.sum, Count: v.count}, Unit: string(sr.unit),
		}))
		b.WriteByte('\n')
	}
	key = ref.SourceKey()
	if len(key) > 256 { // What Kinesis takes.
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:])
	}
	return key, b.Bytes()
}

// restore puts a refused record back, under what came in meanwhile.
func (st *metricStream) restore(r outgoing) {
	if st.pending[r.series] == nil {
		st.pending[r.series] = map[int64]*bucket{}
	}
	for second, b := range r.seconds {
		if late := st.pending[r.series][second]; late != nil {
			b.merge(late)
		} else {
			st.held++
		}
		st.pending[r.series][second] = b
	}
}
