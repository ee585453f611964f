package cloudwatch

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Limits of PutMetricData.
const (
	maxData        = 1000
	maxDatumValues = 150
	maxDimensions  = 30
	maxPast        = 14 * 24 * time.Hour
	maxAhead       = 2 * time.Hour
	expireEvery    = time.Minute
)

func (s *Service) putMetricData(_ context.Context, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
	if strings.HasPrefix(aws.ToString(in.Namespace), "AWS/") {
		return nil, invalid("The value AWS/ for parameter Namespace is invalid.")
	}
	data := in.MetricData
	for _, e := range in.EntityMetricData {
		data = append(data, e.MetricData...)
	}
	if err := s.PutMetricData(aws.ToString(in.Namespace), data); err != nil {
		return nil, err
	}
	return &cloudwatch.PutMetricDataOutput{}, nil
}

// PutMetricData puts datapoints for a neighbour in the same process, which may
// also use the AWS/ namespaces. Either all of them are taken or none.
func (s *Service) PutMetricData(namespace string, data []types.MetricDatum) error {
	if namespace == "" || len(namespace) > 255 {
		return invalid("The parameter Namespace has 1 to 255 characters.")
	}
	if len(data) > maxData {
		return invalid("A request holds at most %d datapoints, not %d.", maxData, len(data))
	}
	now := s.o.Now()
	for _, d := range data {
		if err := checkDatum(d, now); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range data {
		if err := s.take(namespace, d, now); err != nil {
			return err
		}
	}
	return nil
}

func checkDatum(d types.MetricDatum, now time.Time) error {
	name := aws.ToString(d.MetricName)
	if name == "" || len(name) > 255 {
		return invalid("The parameter MetricName has 1 to 255 characters.")
	}
	if len(d.Dimensions) > maxDimensions {
		return invalid("%s has more than %d dimensions.", name, maxDimensions)
	}
	seen := map[string]bool{}
	for _, dim := range d.Dimensions {
		if aws.ToString(dim.Name) == "" || aws.ToString(dim.Value) == "" || seen[*dim.Name] {
			return invalid("A dimension of %s is empty or comes twice.", name)
		}
		seen[*dim.Name] = true
	}
	if d.Timestamp != nil && (now.Sub(*d.Timestamp) > maxPast || d.Timestamp.Sub(now) > maxAhead) {
		return invalid("The timestamp of %s is more than two weeks ago or two hours ahead.", name)
	}
	if r := d.StorageResolution; r != nil && *r != 1 && *r != 60 {
		return invalid("The value %d for parameter StorageResolution is invalid.", *r)
	}
	return checkValues(d)
}

func checkValues(d types.MetricDatum) error {
	kinds := 0
	var all []float64
	if d.Value != nil {
		kinds++
		all = append(all, *d.Value)
	}
	if len(d.Values) > 0 {
		kinds++
		all = append(all, d.Values...)
		if len(d.Values) > maxDatumValues {
			return invalid("%s has more than %d values.", *d.MetricName, maxDatumValues)
		}
		if d.Counts != nil && len(d.Counts) != len(d.Values) {
			return combination("The parameters Values and Counts of %s differ in length.", *d.MetricName)
		}
		for _, c := range d.Counts {
			if c < 0 {
				return invalid("A count of %s is negative.", *d.MetricName)
			}
			all = append(all, c)
		}
	}
	if set := d.StatisticValues; set != nil {
		kinds++
		if set.Minimum == nil || set.Maximum == nil || set.SampleCount == nil || set.Sum == nil {
			return &types.MissingRequiredParameterException{Message: aws.String("StatisticValues needs Minimum, Maximum, SampleCount and Sum.")}
		}
		if *set.SampleCount <= 0 || *set.Minimum > *set.Maximum {
			return invalid("The statistic set of %s contradicts itself.", *d.MetricName)
		}
		all = append(all, *set.Minimum, *set.Maximum, *set.SampleCount, *set.Sum)
	}
	if kinds != 1 {
		return combination("%s needs exactly one of Value, Values and StatisticValues.", *d.MetricName)
	}
	for _, v := range all {
		// CloudWatch takes values up to 2^360.
		if math.IsNaN(v) || math.Abs(v) > math.Pow(2, 360) {
			return invalid("A value of %s is out of range.", *d.MetricName)
		}
	}
	return nil
}

// take adds one checked datum; the caller holds the lock.
func (s *Service) take(namespace string, d types.MetricDatum, now time.Time) error {
	unit := d.Unit
	if unit == "" {
		unit = types.StandardUnitNone
	}
	key := metricKey(namespace, *d.MetricName, d.Dimensions) + "\x00" + string(unit)
	sr := s.series[key]
	if sr == nil {
		if len(s.series) >= maxSeries {
			return &types.LimitExceededException{Message: aws.String("There are too many series.")}
		}
		sr = &series{namespace: namespace, name: *d.MetricName, dimensions: sortDimensions(d.Dimensions), unit: unit, buckets: map[int64]*bucket{}}
		s.series[key] = sr
	}
	if now.Truncate(expireEvery).After(sr.lastPut.Truncate(expireEvery)) {
		s.expire(now)
		s.series[key] = sr // Even if it was empty till now.
	}
	sr.lastPut = now
	at, length := now, int64(60)
	if d.Timestamp != nil {
		at = *d.Timestamp
	}
	if aws.ToInt32(d.StorageResolution) == 1 {
		length = 1
	}
	second := at.Unix() - mod(at.Unix(), length)
	b := sr.buckets[second]
	if b == nil {
		b = newBucket(length)
		sr.buckets[second] = b
	}
	b.addDatum(d)
	for _, st := range s.streams {
		st.add(key, sr, second, length, d)
	}
	return nil
}

func (b *bucket) addDatum(d types.MetricDatum) {
	switch {
	case d.Value != nil:
		b.add(*d.Value, 1)
	case d.StatisticValues != nil:
		b.addSet(*d.StatisticValues)
	default:
		for i, v := range d.Values {
			count := 1.0
			if d.Counts != nil {
				count = d.Counts[i]
			}
			b.add(v, count)
		}
	}
}
