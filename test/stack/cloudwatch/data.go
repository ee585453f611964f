package cloudwatch

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Limits of the reading operations.
const (
	maxDatapoints     = 100_800 // Of a page of GetMetricData.
	maxStatDatapoints = 1440    // Of an answer of GetMetricStatistics.
	maxListed         = 500     // Metrics of a page of ListMetrics.
)

func (s *Service) getMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
	if in.StartTime == nil || in.EndTime == nil || !in.StartTime.Before(*in.EndTime) {
		return nil, invalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	limit := maxDatapoints
	if in.MaxDatapoints != nil {
		limit = int(*in.MaxDatapoints)
	}
	if limit < 1 || limit > maxDatapoints {
		return nil, invalid("The value %d for parameter MaxDatapoints is invalid.", limit)
	}
	skip, err := openToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	qs, err := parseQueries(in.MetricDataQueries)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	results := s.run(qs, *in.StartTime, *in.EndTime)
	s.mu.Unlock()

	out := &cloudwatch.GetMetricDataOutput{Messages: []types.MessageData{}, MetricDataResults: []types.MetricDataResult{}}
	position := 0
	// In the order of the request, not in that of the evaluation.
	for _, d := range in.MetricDataQueries {
		if d.ReturnData != nil && !*d.ReturnData {
			continue
		}
		r := types.MetricDataResult{Id: d.Id, Label: aws.String(label(d)), StatusCode: types.StatusCodeComplete, Timestamps: []time.Time{}, Values: []float64{}}
		for _, at := range order(results[*d.Id], in.ScanBy) {
			if position++; position <= skip {
				continue
			}
			if position > skip+limit {
				r.StatusCode = types.StatusCodePartialData
				out.NextToken = sealToken(skip + limit)
				break
			}
			r.Timestamps = append(r.Timestamps, time.Unix(at, 0).UTC())
			r.Values = append(r.Values, results[*d.Id][at])
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
		if out.NextToken != nil {
			break
		}
	}
	return out, nil
}

func order(v values, scan types.ScanBy) []int64 {
	times := make([]int64, 0, len(v))
	for at := range v {
		times = append(times, at)
	}
	slices.Sort(times)
	if scan != types.ScanByTimestampAscending {
		slices.Reverse(times) // The default is newest first.
	}
	return times
}

func label(d types.MetricDataQuery) string {
	switch {
	case d.Label != nil:
		return *d.Label
	case d.MetricStat != nil:
		return *d.MetricStat.Metric.MetricName
	default:
		return *d.Id
	}
}

func sealToken(position int) *string {
	return aws.String(base64.StdEncoding.EncodeToString([]byte("after " + strconv.Itoa(position))))
}

func openToken(token *string) (int, error) {
	if token == nil {
		return 0, nil
	}
	b, err := base64.StdEncoding.DecodeString(*token)
	text, ok := strings.CutPrefix(string(b), "after ")
	position, numberErr := strconv.Atoi(text)
	if err != nil || !ok || numberErr != nil || position < 0 {
		return 0, &types.InvalidNextToken{Message: aws.String("The next token is invalid.")}
	}
	return position, nil
}

func (s *Service) getMetricStatistics(_ context.Context, in *cloudwatch.GetMetricStatisticsInput) (*cloudwatch.GetMetricStatisticsOutput, error) {
	if in.StartTime == nil || in.EndTime == nil || !in.StartTime.Before(*in.EndTime) {
		return nil, invalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	if err := checkPeriod(aws.ToInt32(in.Period)); err != nil {
		return nil, err
	}
	if len(in.Statistics)+len(in.ExtendedStatistics) == 0 {
		return nil, combination("At least one of Statistics and ExtendedStatistics is needed.")
	}
	if in.EndTime.Sub(*in.StartTime) > maxStatDatapoints*time.Duration(*in.Period)*time.Second {
		return nil, combination("You have requested up to more than %d datapoints. Reduce them by a longer period or a shorter time.", maxStatDatapoints)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &cloudwatch.GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []types.Datapoint{}}
	metric := types.Metric{Namespace: in.Namespace, MetricName: in.MetricName, Dimensions: in.Dimensions}
	for _, p := range s.byUnit(metric, in.Unit, *in.StartTime, *in.EndTime, int64(*in.Period)) {
		d := types.Datapoint{Timestamp: aws.Time(p.at), Unit: p.unit}
		targets := map[types.Statistic]**float64{
			types.StatisticAverage: &d.Average, types.StatisticSum: &d.Sum, types.StatisticMinimum: &d.Minimum,
			types.StatisticMaximum: &d.Maximum, types.StatisticSampleCount: &d.SampleCount,
		}
		for _, name := range in.Statistics {
			stat, err := parseStatistic(string(name))
			if err != nil || targets[name] == nil {
				return nil, invalid("The value %s for parameter Statistics is invalid.", name)
			}
			v, _ := stat(p.bucket) // These five are always there.
			*targets[name] = &v
		}
		for _, name := range in.ExtendedStatistics {
			stat, err := parseStatistic(name)
			if err != nil {
				return nil, err
			}
			if v, ok := stat(p.bucket); ok {
				if d.ExtendedStatistics == nil {
					d.ExtendedStatistics = map[string]float64{}
				}
				d.ExtendedStatistics[name] = v
			}
		}
		out.Datapoints = append(out.Datapoints, d)
	}
	return out, nil
}

func (s *Service) listMetrics(_ context.Context, in *cloudwatch.ListMetricsInput) (*cloudwatch.ListMetricsOutput, error) {
	skip, err := openToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]types.Metric{} // One for all units.
	for _, sr := range s.series {
		if in.Namespace != nil && *in.Namespace != sr.namespace || in.MetricName != nil && *in.MetricName != sr.name || !sr.has(in.Dimensions) {
			continue
		}
		found[metricKey(sr.namespace, sr.name, sr.dimensions)] = types.Metric{
			Namespace: aws.String(sr.namespace), MetricName: aws.String(sr.name), Dimensions: append([]types.Dimension{}, sr.dimensions...),
		}
	}
	var keys []string
	for k := range found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	out := &cloudwatch.ListMetricsOutput{Metrics: []types.Metric{}}
	for i, k := range keys {
		if i < skip {
			continue
		}
		if len(out.Metrics) == maxListed {
			out.NextToken = sealToken(i)
			break
		}
		out.Metrics = append(out.Metrics, found[k])
	}
	return out, nil
}

// has says whether the series has all these dimensions, with these values where
// they are given.
func (sr *series) has(filters []types.DimensionFilter) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(sr.dimensions, func(d types.Dimension) bool {
			return *d.Name == aws.ToString(f.Name) && (f.Value == nil || *d.Value == *f.Value)
		}) {
			return false
		}
	}
	return true
}
