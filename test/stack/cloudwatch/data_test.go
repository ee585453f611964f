package cloudwatch_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/cloudwatch"
	"firebreak/test/stack/fault"
)

func TestStatistics(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	latency := datum("Latency", noon, 10, 20, 30)
	latency.Counts = []float64{97, 2, 1}
	b.put(t, latency, datum("Latency", noon.Add(time.Second), 40), datum("Latency", noon.Add(10*time.Second), 5))
	for name, want := range map[string]map[int]float64{
		"SampleCount": {0: 101, 10: 1}, "Sum": {0: 970 + 40 + 30 + 40, 10: 5}, "Average": {0: 1080.0 / 101, 10: 5}, "Minimum": {0: 10, 10: 5}, "Maximum": {0: 40, 10: 5},
		"p50": {0: 10, 10: 5}, "p97": {0: 20, 10: 5}, "p99": {0: 30, 10: 5}, "p99.9": {0: 40, 10: 5}, "p100": {0: 40, 10: 5}, "p0": {0: 10, 10: 5},
	} {
		require.InDeltaMapValues(t, want, b.get(t, stat("m1", "Latency", name, 10))["m1"], 1e-9, name)
	}
	require.Equal(t, map[int]float64{0: 100, 1: 1, 10: 1}, b.get(t, stat("m1", "Latency", "SampleCount", 1))["m1"])
	require.Equal(t, map[int]float64{0: 102}, b.get(t, stat("m1", "Latency", "SampleCount", 60))["m1"])
}

func TestStatisticSetsAndStandardResolution(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	set := func(name string, minimum, maximum, sum, n float64) types.MetricDatum {
		return types.MetricDatum{
			MetricName: &name, Timestamp: aws.Time(noon.Add(30 * time.Second)), Dimensions: checkout,
			StatisticValues: &types.StatisticSet{Minimum: &minimum, Maximum: &maximum, Sum: &sum, SampleCount: &n},
		}
	}
	b.put(t, set("Spread", 1, 9, 20, 4), set("Same", 3, 3, 12, 4))
	require.Equal(t, map[int]float64{0: 5}, b.get(t, stat("m1", "Spread", "Average", 60))["m1"], "kept by the minute")
	require.Empty(t, b.get(t, stat("m1", "Spread", "p90", 60))["m1"], "a percentile of a statistic set cannot be known")
	require.Equal(t, map[int]float64{0: 3}, b.get(t, stat("m1", "Same", "p90", 60))["m1"])
	// Without a unit all units are taken together; with one, only that.
	other := datum("Same", noon, 5)
	other.Unit = types.StandardUnitSeconds
	b.put(t, other)
	require.Equal(t, map[int]float64{0: 17}, b.get(t, stat("m1", "Same", "Sum", 60))["m1"])
	q := stat("m1", "Same", "Sum", 60)
	q.MetricStat.Unit = types.StandardUnitSeconds
	require.Equal(t, map[int]float64{0: 5}, b.get(t, q)["m1"])
}

func TestMetricMath(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	second := func(i int) time.Time { return noon.Add(time.Duration(i) * time.Second) }
	b.put(t, datum("Errors", second(0), 5), datum("Errors", second(1), 2), datum("Errors", second(2), 1), datum("Requests", second(0), 10), datum("Requests", second(1), 0))
	hidden := stat("m1", "Errors", "Sum", 1)
	hidden.ReturnData = aws.Bool(false)
	expression := func(id, text string) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, Expression: &text}
	}
	got := b.get(t, expression("rate", "100 * m1 / m2"), expression("sum", "(m1+m2)*2 - -1"), expression("twice", "rate*2"), hidden, stat("m2", "Requests", "Sum", 1))
	require.Equal(t, map[string]map[int]float64{
		"rate":  {0: 50}, // Not where the divisor is 0, nor where it is missing.
		"sum":   {0: 31, 1: 5},
		"twice": {0: 100},
		"m2":    {0: 10, 1: 0},
	}, got)

	for _, bad := range []string{"", "1", "m1 +", "m1 / unknown", "(m1", "m1)", "SUM(m1)", "SELECT AVG(x)", "m1 $ 2", strings.Repeat("(", 99) + "m1" + strings.Repeat(")", 99), strings.Repeat("-", 99) + "m1"} {
		_, err := b.GetMetricData(t.Context(), &sdk.GetMetricDataInput{
			StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Hour)),
			MetricDataQueries: []types.MetricDataQuery{expression("e1", bad), stat("m1", "Errors", "Sum", 1)},
		})
		var invalid *types.InvalidParameterValueException
		if bad == "" { // The SDK leaves out an empty text, and nothing remains.
			requireCode(t, err, "InvalidParameterValue", "InvalidParameterCombination")
			continue
		}
		require.ErrorAs(t, err, &invalid, bad)
	}
	_, err := b.GetMetricData(t.Context(), &sdk.GetMetricDataInput{
		StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Hour)),
		MetricDataQueries: []types.MetricDataQuery{expression("a", "b + 1"), expression("b", "a + 1")},
	})
	require.ErrorContains(t, err, "depends on itself")
}

func requireCode(t *testing.T, err error, codes ...string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Contains(t, codes, api.ErrorCode())
}

func TestGetMetricDataPagesAndOrder(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	for i := range 5 {
		b.put(t, datum("A", noon.Add(time.Duration(i)*time.Second), float64(i)), datum("B", noon.Add(time.Duration(i)*time.Second), float64(10+i)))
	}
	in := &sdk.GetMetricDataInput{
		StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(4 * time.Second)), MaxDatapoints: aws.Int32(3),
		MetricDataQueries: []types.MetricDataQuery{stat("a", "A", "Sum", 1), stat("b", "B", "Sum", 1)},
	}
	var got []string
	pages := 0
	for p := sdk.NewGetMetricDataPaginator(b, in); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, r := range page.MetricDataResults {
			for _, v := range r.Values {
				got = append(got, fmt.Sprint(*r.Id, v))
			}
		}
	}
	require.Equal(t, 3, pages)
	// Newest first by default; the end of the range is outside.
	require.Equal(t, []string{"a3", "a2", "a1", "a0", "b13", "b12", "b11", "b10"}, got)

	// The start is rounded down to the period.
	in = &sdk.GetMetricDataInput{StartTime: aws.Time(noon.Add(3 * time.Second)), EndTime: aws.Time(noon.Add(time.Minute)), MetricDataQueries: []types.MetricDataQuery{stat("a", "A", "Sum", 10)}}
	out, err := b.GetMetricData(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []float64{0 + 1 + 2 + 3 + 4}, out.MetricDataResults[0].Values)

	in.NextToken = aws.String("forged")
	var token *types.InvalidNextToken
	_, err = b.GetMetricData(t.Context(), in)
	require.ErrorAs(t, err, &token)
	for name, q := range map[string]types.MetricDataQuery{
		"period": stat("a", "A", "Sum", 7), "stat": stat("a", "A", "Median", 10), "percentile": stat("a", "A", "p101", 10), "id": stat("Upper", "A", "Sum", 10),
	} {
		_, err := b.GetMetricData(t.Context(), &sdk.GetMetricDataInput{StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Minute)), MetricDataQueries: []types.MetricDataQuery{q}})
		require.Error(t, err, name)
		requireCode(t, err, "InvalidParameterValue")
	}
}

func TestGetMetricStatisticsAndListMetrics(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	b.put(t, datum("Latency", noon, 1, 2, 3, 4))
	out, err := b.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
		Namespace: aws.String("Shop"), MetricName: aws.String("Latency"), Dimensions: checkout, StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Minute)), Period: aws.Int32(60),
		Statistics: []types.Statistic{types.StatisticAverage, types.StatisticMaximum}, ExtendedStatistics: nil,
	})
	require.NoError(t, err)
	require.Len(t, out.Datapoints, 1)
	require.InDelta(t, 2.5, *out.Datapoints[0].Average, 1e-9)
	require.InDelta(t, 4, *out.Datapoints[0].Maximum, 1e-9)
	require.Nil(t, out.Datapoints[0].Sum)
	require.Equal(t, types.StandardUnitCount, out.Datapoints[0].Unit, "also who asks for no unit is told it")
	other := datum("Latency", noon, 100)
	other.Unit = types.StandardUnitSeconds
	b.put(t, other)
	out, err = b.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
		Namespace: aws.String("Shop"), MetricName: aws.String("Latency"), Dimensions: checkout, StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Minute)), Period: aws.Int32(60),
		Statistics: []types.Statistic{types.StatisticMaximum},
	})
	require.NoError(t, err)
	maxima := map[types.StandardUnit]float64{}
	for _, d := range out.Datapoints {
		maxima[d.Unit] = *d.Maximum
	}
	require.Equal(t, map[types.StandardUnit]float64{types.StandardUnitCount: 4, types.StandardUnitSeconds: 100}, maxima, "units are not added up")
	out, err = b.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
		Namespace: aws.String("Shop"), MetricName: aws.String("Latency"), Dimensions: checkout, StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Minute)), Period: aws.Int32(60), ExtendedStatistics: []string{"p75"}, Unit: types.StandardUnitCount,
	})
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"p75": 3}, out.Datapoints[0].ExtendedStatistics)
	_, err = b.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
		Namespace: aws.String("Shop"), MetricName: aws.String("Latency"), StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Hour)), Period: aws.Int32(1), Statistics: []types.Statistic{types.StatisticSum},
	})
	requireCode(t, err, "InvalidParameterCombination")

	var data []types.MetricDatum
	for i := range 600 {
		d := datum("Many", noon, 1)
		d.Dimensions = []types.Dimension{{Name: aws.String("host"), Value: aws.String(fmt.Sprintf("h%03d", i))}}
		data = append(data, d)
	}
	b.put(t, data...)
	count := func(in sdk.ListMetricsInput) (n int) {
		for p := sdk.NewListMetricsPaginator(b, &in); p.HasMorePages(); {
			page, err := p.NextPage(t.Context())
			require.NoError(t, err)
			n += len(page.Metrics)
		}
		return n
	}
	require.Equal(t, 601, count(sdk.ListMetricsInput{Namespace: aws.String("Shop")}))
	require.Equal(t, 600, count(sdk.ListMetricsInput{MetricName: aws.String("Many")}))
	require.Equal(t, 1, count(sdk.ListMetricsInput{Dimensions: []types.DimensionFilter{{Name: aws.String("host"), Value: aws.String("h007")}}}))
	require.Equal(t, 600, count(sdk.ListMetricsInput{Dimensions: []types.DimensionFilter{{Name: aws.String("host")}}}))
	require.Zero(t, count(sdk.ListMetricsInput{Namespace: aws.String("Other")}))
}

func TestPutMetricDataRefusesWhatCloudWatchRefuses(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	change := func(f func(*types.MetricDatum)) types.MetricDatum {
		d := datum("M", noon, 1)
		f(&d)
		return d
	}
	for name, d := range map[string]types.MetricDatum{
		"too old":        change(func(d *types.MetricDatum) { d.Timestamp = aws.Time(noon.Add(-15 * 24 * time.Hour)) }),
		"too new":        change(func(d *types.MetricDatum) { d.Timestamp = aws.Time(noon.Add(3 * time.Hour)) }),
		"two kinds":      change(func(d *types.MetricDatum) { d.Value = aws.Float64(1) }),
		"no value":       change(func(d *types.MetricDatum) { d.Values = nil }),
		"counts differ":  change(func(d *types.MetricDatum) { d.Counts = []float64{1, 2} }),
		"negative count": change(func(d *types.MetricDatum) { d.Counts = []float64{-1} }),
		"NaN":            change(func(d *types.MetricDatum) { d.Values = []float64{math.NaN()} }),
		"infinite":       change(func(d *types.MetricDatum) { d.Values = []float64{math.Inf(1)} }),
		"many values":    change(func(d *types.MetricDatum) { d.Values = make([]float64, 151) }),
		"resolution":     change(func(d *types.MetricDatum) { d.StorageResolution = aws.Int32(5) }),
		"dimensions":     change(func(d *types.MetricDatum) { d.Dimensions = slices.Concat(checkout[:1], checkout) }),
	} {
		_, err := b.PutMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: aws.String("Shop"), MetricData: []types.MetricDatum{datum("M", noon, 1), d}})
		require.Error(t, err, name)
		requireCode(t, err, "InvalidParameterValue", "InvalidParameterCombination")
	}
	require.Empty(t, b.get(t, stat("m1", "M", "Sum", 60))["m1"], "a refused request puts nothing")
	_, err := b.PutMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: aws.String("AWS/EC2"), MetricData: []types.MetricDatum{datum("M", noon, 1)}})
	requireCode(t, err, "InvalidParameterValue")
	require.NoError(t, b.service.PutMetricData("AWS/EC2", []types.MetricDatum{datum("M", noon, 1)}))
}

func TestLargeRequestsAndOldData(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{Retention: time.Minute})
	var data []types.MetricDatum
	for i := range 1000 { // Large enough for the SDK to gzip it.
		data = append(data, datum("Big", noon, float64(i)))
	}
	b.put(t, data...)
	require.Equal(t, map[int]float64{0: 1000}, b.get(t, stat("m1", "Big", "SampleCount", 60))["m1"])
	p := b.get(t, stat("m1", "Big", "p50", 60))["m1"][0]
	require.InDelta(t, 500, p, 5, "many distinct values are rounded to three digits")
	b.at(noon.Add(3 * time.Minute))
	b.put(t, datum("Big", noon.Add(3*time.Minute), 1))
	require.Equal(t, map[int]float64{180: 1}, b.get(t, stat("m1", "Big", "SampleCount", 60))["m1"], "what is past the retention is gone")

	b.faults.Set(fault.Rule{Service: "cloudwatch", Operation: "PutMetricData", Kind: fault.Throttle})
	_, err := b.PutMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: aws.String("Shop"), MetricData: data[:1]})
	requireCode(t, err, "Throttling")
}
