package cloudwatch

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// maxValues bounds the distinct values that a bucket keeps for percentiles;
// above it they are rounded to three digits, which is finer than a percentile
// of that many values is meant to be.
const maxValues = 512

// series is one metric with its dimensions in one unit.
type series struct {
	namespace, name string
	dimensions      []types.Dimension // By name.
	unit            types.StandardUnit
	buckets         map[int64]*bucket // By their first second, Unix time.
	lastPut         time.Time
}

// bucket is what was put for one second, or for one minute at standard
// resolution.
type bucket struct {
	length   int64 // In seconds.
	count    float64
	sum      float64
	min, max float64
	values   map[float64]float64 // Value to count.
	// opaque says that some of it came as a statistic set over several samples,
	// of which no percentile can be known.
	opaque bool
}

func newBucket(length int64) *bucket {
	return &bucket{length: length, min: math.Inf(1), max: math.Inf(-1), values: map[float64]float64{}}
}

// add adds a value that was seen count times.
func (b *bucket) add(value, count float64) {
	if count == 0 {
		return
	}
	b.count += count
	b.sum += value * count
	b.min, b.max = min(b.min, value), max(b.max, value)
	b.values[value] += count
	if len(b.values) > maxValues {
		b.coarsen()
	}
}

func (b *bucket) coarsen() {
	rounded := make(map[float64]float64, maxValues)
	for v, c := range b.values {
		if v != 0 {
			scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
			v = math.Round(v*scale) / scale
		}
		rounded[v] += c
	}
	b.values = rounded
}

// addSet adds a statistic set. Where all its samples are the same, they are
// known as single values are.
func (b *bucket) addSet(set types.StatisticSet) {
	if *set.Minimum == *set.Maximum || *set.SampleCount == 1 {
		b.add(*set.Minimum, *set.SampleCount)
		return
	}
	b.count += *set.SampleCount
	b.sum += *set.Sum
	b.min, b.max = min(b.min, *set.Minimum), max(b.max, *set.Maximum)
	b.opaque = true
}

func (b *bucket) merge(o *bucket) {
	b.count += o.count
	b.sum += o.sum
	b.min, b.max = min(b.min, o.min), max(b.max, o.max)
	b.opaque = b.opaque || o.opaque
	for v, c := range o.values {
		b.values[v] += c
	}
}

// percentile is the smallest value that p percent of the samples do not exceed.
func (b *bucket) percentile(p float64) (float64, bool) {
	if b.opaque || len(b.values) == 0 {
		return 0, false
	}
	sorted := make([]float64, 0, len(b.values))
	total := 0.0
	for v, c := range b.values {
		sorted = append(sorted, v)
		total += c
	}
	slices.Sort(sorted)
	rank, seen := p/100*total, 0.0
	for _, v := range sorted {
		// A rounding error must not push a rank past its value.
		if seen += b.values[v]; seen >= rank-1e-9*total {
			return v, true
		}
	}
	return sorted[len(sorted)-1], true
}

// metricKey names a metric and its dimensions, without the unit.
func metricKey(namespace, name string, dimensions []types.Dimension) string {
	parts := []string{namespace, name}
	for _, d := range sortDimensions(dimensions) {
		parts = append(parts, aws.ToString(d.Name), aws.ToString(d.Value))
	}
	return strings.Join(parts, "\x00")
}

func sortDimensions(dimensions []types.Dimension) []types.Dimension {
	sorted := slices.Clone(dimensions)
	slices.SortFunc(sorted, func(a, b types.Dimension) int { return cmp.Compare(aws.ToString(a.Name), aws.ToString(b.Name)) })
	return sorted
}

// datapoint is the aggregate of one period that had data.
type datapoint struct {
	at time.Time // Start of the period.
	*bucket
}

// aggregate sums up a metric over the periods from start (inclusive, rounded
// down to the period) to end (exclusive), oldest first. Without a unit it takes
// all units together. The caller holds the lock.
func (s *Service) aggregate(m types.Metric, unit types.StandardUnit, start, end time.Time, period int64) []datapoint {
	key := metricKey(aws.ToString(m.Namespace), aws.ToString(m.MetricName), m.Dimensions)
	from := start.Unix() - mod(start.Unix(), period)
	periods := map[int64]*bucket{}
	for _, u := range unit.Values() {
		if unit != "" && u != unit {
			continue
		}
		sr := s.series[key+"\x00"+string(u)]
		if sr == nil {
			continue
		}
		for second, b := range sr.buckets {
			if second < from || !time.Unix(second, 0).Before(end) {
				continue
			}
			at := second - mod(second, period)
			if periods[at] == nil {
				periods[at] = newBucket(period)
			}
			periods[at].merge(b)
		}
	}
	points := make([]datapoint, 0, len(periods))
	for at, b := range periods {
		points = append(points, datapoint{time.Unix(at, 0).UTC(), b})
	}
	slices.SortFunc(points, func(a, b datapoint) int { return a.at.Compare(b.at) })
	return points
}

// unitPoint is a datapoint of the data that came with one unit.
type unitPoint struct {
	datapoint
	unit types.StandardUnit
}

// byUnit is aggregate for every unit by itself: who asks GetMetricStatistics
// for no unit gets all of them, each under the unit that it was put with. The
// caller holds the lock.
func (s *Service) byUnit(m types.Metric, unit types.StandardUnit, start, end time.Time, period int64) []unitPoint {
	var points []unitPoint
	for _, u := range unit.Values() {
		if unit != "" && u != unit {
			continue
		}
		for _, p := range s.aggregate(m, u, start, end, period) {
			points = append(points, unitPoint{p, u})
		}
	}
	slices.SortStableFunc(points, func(a, b unitPoint) int { return a.at.Compare(b.at) })
	return points
}

// mod is never negative.
func mod(a, b int64) int64 { return (a%b + b) % b }

// expire drops buckets past the retention, and series that have none left.
func (s *Service) expire(now time.Time) {
	oldest := now.Add(-s.o.Retention).Unix()
	for key, sr := range s.series {
		for second := range sr.buckets {
			if second < oldest {
				delete(sr.buckets, second)
			}
		}
		if len(sr.buckets) == 0 {
			delete(s.series, key)
		}
	}
}
