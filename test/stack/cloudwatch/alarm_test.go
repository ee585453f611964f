package cloudwatch_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/cloudwatch"
)

func errorsAlarm(name string, n, m int32) *sdk.PutMetricAlarmInput {
	return &sdk.PutMetricAlarmInput{
		AlarmName: &name, AlarmDescription: aws.String("Too many <errors>."), Namespace: aws.String("Shop"), MetricName: aws.String("Errors"), Dimensions: checkout,
		Statistic: types.StatisticSum, Period: aws.Int32(10), EvaluationPeriods: &n, DatapointsToAlarm: &m, Threshold: aws.Float64(5),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
	}
}

func (b bench) alarm(t *testing.T, in *sdk.PutMetricAlarmInput) {
	t.Helper()
	_, err := b.PutMetricAlarm(t.Context(), in)
	require.NoError(t, err)
}

func (b bench) state(t *testing.T, name string) types.MetricAlarm {
	t.Helper()
	out, err := b.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{AlarmNames: []string{name}})
	require.NoError(t, err)
	require.Len(t, out.MetricAlarms, 1)
	return out.MetricAlarms[0]
}

// TestMissingData holds the tables of the CloudWatch user guide, "How alarm
// state is evaluated when data is missing": oldest first, X breaches, 0 does
// not, - is missing.
func TestMissingData(t *testing.T) {
	t.Parallel()
	const alarm, ok, insufficient, retain = "ALARM", "OK", "INSUFFICIENT_DATA", "retain"
	tests := []struct {
		n, m   int32
		points string
		want   map[string]string // By the treatment.
	}{
		{3, 3, "0 - X - X", map[string]string{"missing": ok, "ignore": ok, "breaching": ok, "notBreaching": ok}},
		{3, 3, "- - - - 0", map[string]string{"missing": ok, "ignore": ok, "breaching": ok, "notBreaching": ok}},
		{3, 3, "- - - - -", map[string]string{"missing": insufficient, "ignore": retain, "breaching": alarm, "notBreaching": ok}},
		{3, 3, "0 X X - X", map[string]string{"missing": alarm, "ignore": alarm, "breaching": alarm, "notBreaching": alarm}},
		{3, 3, "- - X - -", map[string]string{"missing": alarm, "ignore": retain, "breaching": alarm, "notBreaching": ok}},
		{3, 2, "0 - X - X", map[string]string{"missing": alarm, "ignore": alarm, "breaching": alarm, "notBreaching": alarm}},
		{3, 2, "0 0 X 0 X", map[string]string{"missing": alarm, "ignore": alarm, "breaching": alarm, "notBreaching": alarm}},
		{3, 2, "0 - X - -", map[string]string{"missing": ok, "ignore": retain, "breaching": alarm, "notBreaching": ok}},
		{3, 2, "- - - - 0", map[string]string{"missing": ok, "ignore": ok, "breaching": alarm, "notBreaching": ok}},
		{3, 2, "- - - X -", map[string]string{"missing": alarm, "ignore": retain, "breaching": alarm, "notBreaching": ok}},
		// Not in the tables: without missing data only the newest periods count.
		{3, 3, "X X 0 X X", map[string]string{"missing": ok, "breaching": ok}},
		{1, 1, "X X X X 0", map[string]string{"missing": ok}},
		{1, 1, "0 0 0 0 X", map[string]string{"missing": alarm}},
		{1, 1, "0 0 X - -", map[string]string{"missing": alarm, "notBreaching": alarm}},
	}
	for _, tt := range tests {
		for treat, want := range tt.want {
			for _, before := range []types.StateValue{types.StateValueInsufficientData, types.StateValueOk, types.StateValueAlarm} {
				b := start(t, cloudwatch.Options{})
				in := errorsAlarm("a", tt.n, tt.m)
				in.TreatMissingData = aws.String(treat)
				b.at(noon.Add(-time.Minute)) // SetAlarmState holds for its own period.
				b.alarm(t, in)
				_, err := b.SetAlarmState(t.Context(), &sdk.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: before, StateReason: aws.String("test")})
				require.NoError(t, err)
				for i, p := range strings.Fields(tt.points) {
					at := noon.Add(time.Duration(10*(i-5)) * time.Second)
					if p != "-" {
						b.put(t, datum("Errors", at.Add(3*time.Second), map[string]float64{"0": 1, "X": 9}[p]))
					}
				}
				b.service.Evaluate(noon)
				expect := types.StateValue(want)
				if want == retain {
					expect = before
				}
				require.Equal(t, expect, b.state(t, "a").StateValue, "%d of %d, %s, %s, was %s", tt.m, tt.n, tt.points, treat, before)
			}
		}
	}
}

func TestComparisonOperators(t *testing.T) {
	t.Parallel()
	for operator, want := range map[types.ComparisonOperator]string{ // For 4, 5 and 6 against 5.
		types.ComparisonOperatorGreaterThanThreshold:          "OK OK ALARM",
		types.ComparisonOperatorGreaterThanOrEqualToThreshold: "OK ALARM ALARM",
		types.ComparisonOperatorLessThanThreshold:             "ALARM OK OK",
		types.ComparisonOperatorLessThanOrEqualToThreshold:    "ALARM ALARM OK",
	} {
		var got []string
		for _, v := range []float64{4, 5, 6} {
			b := start(t, cloudwatch.Options{})
			in := errorsAlarm("a", 1, 1)
			in.ComparisonOperator = operator
			b.alarm(t, in)
			b.put(t, datum("Errors", noon, v))
			b.service.Evaluate(noon.Add(10 * time.Second))
			got = append(got, string(b.state(t, "a").StateValue))
		}
		require.Equal(t, want, strings.Join(got, " "), operator)
	}
	b := start(t, cloudwatch.Options{})
	in := errorsAlarm("a", 1, 1)
	in.ComparisonOperator = types.ComparisonOperatorGreaterThanUpperThreshold
	_, err := b.PutMetricAlarm(t.Context(), in)
	requireCode(t, err, "InvalidParameterValue")
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func TestAStateChangeIsTheEventThatAWSSends(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	b.alarm(t, errorsAlarm("checkout-errors", 1, 1))
	require.Empty(t, b.bus.all())
	b.put(t, datum("Errors", noon, 2, 1))
	b.service.Evaluate(noon.Add(9 * time.Second))
	require.Empty(t, b.bus.all(), "the period is not complete")
	b.service.Evaluate(noon.Add(10*time.Second + 123*time.Millisecond))
	b.service.Evaluate(noon.Add(11 * time.Second))
	events := b.bus.all()
	require.Len(t, events, 1, "an event only when the state changes")
	require.JSONEq(t, `{"version":"0","id":"UUID","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",`+
		`"time":"2026-03-01T12:00:10Z","region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:checkout-errors"],`+
		`"detail":{"alarmName":"checkout-errors","configuration":{"description":"Too many <errors>.","metrics":[{"id":"UUID","metricStat":`+
		`{"metric":{"dimensions":{"service":"checkout"},"name":"Errors","namespace":"Shop"},"period":10,"stat":"Sum"},"returnData":true}]},`+
		`"previousState":{"reason":"Unchecked: Initial alarm creation","timestamp":"2026-03-01T12:00:00.000+0000","value":"INSUFFICIENT_DATA"},`+
		`"state":{"reason":"Threshold Crossed: 1 out of the last 1 datapoints [3.0 (01/03/26 12:00:00)] was not greater than the threshold (5.0) (minimum 1 datapoint for INSUFFICIENT_DATA -> OK transition).",`+
		`"reasonData":"{\"version\":\"1.0\",\"queryDate\":\"2026-03-01T12:00:10.123+0000\",\"startDate\":\"2026-03-01T12:00:00.000+0000\",\"statistic\":\"Sum\",\"period\":10,`+
		`\"recentDatapoints\":[3.0],\"threshold\":5.0,\"evaluatedDatapoints\":[{\"timestamp\":\"2026-03-01T12:00:00.000+0000\",\"sampleCount\":2.0,\"value\":3.0}]}",`+
		`"timestamp":"2026-03-01T12:00:10.123+0000","value":"OK"}}}`, uuids.ReplaceAllString(events[0], "UUID"))

	// The way there and back again, with what was before.
	b.put(t, datum("Errors", noon.Add(12*time.Second), 7.5))
	b.service.Evaluate(noon.Add(20 * time.Second))
	require.Len(t, b.bus.all(), 2)
	require.Contains(t, b.bus.all()[1], `1 out of the last 1 datapoints [7.5 (01/03/26 12:00:10)] was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).`)
	require.Contains(t, b.bus.all()[1], `"previousState":{"reason":"Threshold Crossed: 1 out of the last 1 datapoints [3.0`)
	alarm := b.state(t, "checkout-errors")
	require.Equal(t, types.StateValueAlarm, alarm.StateValue)
	require.True(t, noon.Add(20*time.Second).Equal(*alarm.StateUpdatedTimestamp))
	require.Contains(t, *alarm.StateReasonData, `"recentDatapoints":[7.5]`)

	history, err := b.DescribeAlarmHistory(t.Context(), &sdk.DescribeAlarmHistoryInput{AlarmName: aws.String("checkout-errors"), MaxRecords: aws.Int32(2)})
	require.NoError(t, err)
	require.Equal(t, "Alarm updated from OK to ALARM", *history.AlarmHistoryItems[0].HistorySummary)
	require.Contains(t, *history.AlarmHistoryItems[0].HistoryData, `"newState":{"stateValue":"ALARM"`)
	require.NotNil(t, history.NextToken)
	history, err = b.DescribeAlarmHistory(t.Context(), &sdk.DescribeAlarmHistoryInput{AlarmName: aws.String("checkout-errors"), NextToken: history.NextToken})
	require.NoError(t, err)
	require.Equal(t, types.HistoryItemTypeConfigurationUpdate, history.AlarmHistoryItems[0].HistoryItemType)
}

func TestReasonsOfMissingData(t *testing.T) {
	t.Parallel()
	for treat, want := range map[string]string{
		"missing":      "Insufficient Data: 2 datapoints were unknown.",
		"breaching":    "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
		"notBreaching": "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [NonBreaching].",
	} {
		b := start(t, cloudwatch.Options{})
		in := errorsAlarm("a", 2, 2)
		in.TreatMissingData = &treat
		b.alarm(t, in)
		b.put(t, datum("Errors", noon, 7), datum("Errors", noon.Add(10*time.Second), 8))
		b.service.Evaluate(noon.Add(20 * time.Second))
		require.Contains(t, *b.state(t, "a").StateReason, "2 out of the last 2 datapoints [8.0 (01/03/26 12:00:10), 7.0 (01/03/26 12:00:00)] were greater than")
		require.Contains(t, *b.state(t, "a").StateReasonData, `"recentDatapoints":[7.0,8.0]`)
		if treat == "breaching" {
			_, err := b.SetAlarmState(t.Context(), &sdk.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: types.StateValueOk, StateReason: aws.String("by hand")})
			require.NoError(t, err)
		}
		b.service.Evaluate(noon.Add(2 * time.Minute))
		require.Equal(t, want, *b.state(t, "a").StateReason)
	}
}

func TestPercentileAndExpressionAlarms(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	slow := errorsAlarm("slow", 1, 1)
	slow.Statistic, slow.ExtendedStatistic, slow.MetricName, slow.Unit = "", aws.String("p99"), aws.String("Latency"), types.StandardUnitCount
	b.alarm(t, slow)
	hide := func(q types.MetricDataQuery) types.MetricDataQuery { q.ReturnData = aws.Bool(false); return q }
	rate := &sdk.PutMetricAlarmInput{
		AlarmName: aws.String("rate"), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(10), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		Metrics: []types.MetricDataQuery{{Id: aws.String("e1"), Expression: aws.String("m1/m2*100"), Label: aws.String("error rate")}, hide(stat("m1", "Errors", "Sum", 10)), hide(stat("m2", "Requests", "Sum", 10))},
	}
	b.alarm(t, rate)
	b.put(t, datum("Latency", noon, 1, 100), datum("Errors", noon, 2), datum("Requests", noon, 10))
	b.service.Evaluate(noon.Add(10 * time.Second))
	events := b.bus.all()
	require.Len(t, events, 2)
	require.Contains(t, events[0], `"metrics":[{"expression":"m1/m2*100","id":"e1","label":"error rate","returnData":true},{"id":"m1","metricStat":{"metric":{"dimensions":{"service":"checkout"},"name":"Errors","namespace":"Shop"},"period":10,"stat":"Sum"},"returnData":false}`)
	require.Contains(t, events[0], `[20.0 (01/03/26 12:00:00)] was greater than the threshold (10.0)`)
	require.Contains(t, events[1], `"stat":"p99","unit":"Count"`)
	require.Contains(t, events[1], `\"unit\":\"Count\",\"statistic\":\"p99\"`)
	require.Equal(t, rate.Metrics, b.state(t, "rate").Metrics)
}

func TestAlarmsAreListedUpdatedAndDeleted(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	for i := range 5 {
		b.alarm(t, errorsAlarm(fmt.Sprintf("a%d", i), 1, 1))
	}
	var names []string
	for p := sdk.NewDescribeAlarmsPaginator(b, &sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(2), AlarmNamePrefix: aws.String("a")}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, a := range page.MetricAlarms {
			names = append(names, *a.AlarmName)
		}
	}
	require.Equal(t, []string{"a0", "a1", "a2", "a3", "a4"}, names)

	b.put(t, datum("Errors", noon, 9))
	b.service.Evaluate(noon.Add(10 * time.Second))
	changed := errorsAlarm("a0", 1, 1)
	changed.Threshold = aws.Float64(100)
	b.alarm(t, changed)
	require.Equal(t, types.StateValueAlarm, b.state(t, "a0").StateValue, "a change of configuration leaves the state until it is evaluated")
	b.service.Evaluate(noon.Add(11 * time.Second))
	require.Equal(t, types.StateValueOk, b.state(t, "a0").StateValue)
	inAlarm, err := b.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{StateValue: types.StateValueAlarm})
	require.NoError(t, err)
	require.Len(t, inAlarm.MetricAlarms, 4)

	var missing *types.ResourceNotFound
	_, err = b.DeleteAlarms(t.Context(), &sdk.DeleteAlarmsInput{AlarmNames: []string{"a0", "other"}})
	require.ErrorAs(t, err, &missing)
	_, err = b.DeleteAlarms(t.Context(), &sdk.DeleteAlarmsInput{AlarmNames: []string{"a0"}})
	require.NoError(t, err)
	gone, err := b.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{AlarmNames: []string{"a0"}})
	require.NoError(t, err)
	require.Empty(t, gone.MetricAlarms)
	_, err = b.SetAlarmState(t.Context(), &sdk.SetAlarmStateInput{AlarmName: aws.String("a0"), StateValue: types.StateValueOk, StateReason: aws.String("x")})
	require.ErrorAs(t, err, &missing)
}

func TestSetAlarmStateLastsUntilTheNextPeriod(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	b.alarm(t, errorsAlarm("a", 1, 1))
	b.put(t, datum("Errors", noon, 1))
	b.service.Evaluate(noon.Add(10 * time.Second))
	b.at(noon.Add(12 * time.Second))
	set := &sdk.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: types.StateValueAlarm, StateReason: aws.String("drill"), StateReasonData: aws.String(`{"why":"drill"}`)}
	_, err := b.SetAlarmState(t.Context(), set)
	require.NoError(t, err)
	var event struct {
		Detail struct {
			State struct{ Reason, ReasonData, Value string }
		}
	}
	decode(t, b.bus.all()[1], &event)
	require.Equal(t, "drill", event.Detail.State.Reason)
	require.JSONEq(t, `{"why":"drill"}`, event.Detail.State.ReasonData)
	b.service.Evaluate(noon.Add(19 * time.Second))
	require.Equal(t, types.StateValueAlarm, b.state(t, "a").StateValue)
	b.service.Evaluate(noon.Add(20 * time.Second))
	require.Equal(t, types.StateValueOk, b.state(t, "a").StateValue)
	_, err = b.SetAlarmState(t.Context(), &sdk.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: types.StateValueAlarm, StateReason: aws.String("x"), StateReasonData: aws.String("{")})
	var format *types.InvalidFormatFault
	require.ErrorAs(t, err, &format)
}

func TestMalformedAlarmsAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{})
	for name, change := range map[string]func(*sdk.PutMetricAlarmInput){
		"two statistics": func(in *sdk.PutMetricAlarmInput) { in.ExtendedStatistic = aws.String("p99") },
		"no statistic":   func(in *sdk.PutMetricAlarmInput) { in.Statistic = "" },
		"period":         func(in *sdk.PutMetricAlarmInput) { in.Period = aws.Int32(15) },
		"m above n":      func(in *sdk.PutMetricAlarmInput) { in.DatapointsToAlarm = aws.Int32(9) },
		"no threshold":   func(in *sdk.PutMetricAlarmInput) { in.Threshold = nil },
		"missing data":   func(in *sdk.PutMetricAlarmInput) { in.TreatMissingData = aws.String("guess") },
		"metric and query": func(in *sdk.PutMetricAlarmInput) {
			in.Metrics = []types.MetricDataQuery{stat("m1", "Errors", "Sum", 10)}
		},
		"too long": func(in *sdk.PutMetricAlarmInput) { in.Period, in.EvaluationPeriods = aws.Int32(600), aws.Int32(200) },
		"two results": func(in *sdk.PutMetricAlarmInput) {
			*in = sdk.PutMetricAlarmInput{
				AlarmName: in.AlarmName, EvaluationPeriods: in.EvaluationPeriods, Threshold: in.Threshold, ComparisonOperator: in.ComparisonOperator,
				Metrics: []types.MetricDataQuery{stat("m1", "Errors", "Sum", 10), stat("m2", "Errors", "Sum", 10)},
			}
		},
	} {
		in := errorsAlarm("a", 1, 1)
		change(in)
		_, err := b.PutMetricAlarm(t.Context(), in)
		require.Error(t, err, name)
		requireCode(t, err, "InvalidParameterValue", "InvalidParameterCombination", "MissingParameter")
	}
}

func TestRunEvaluates(t *testing.T) {
	t.Parallel()
	b := start(t, cloudwatch.Options{Tick: 5 * time.Millisecond})
	b.alarm(t, errorsAlarm("a", 1, 1))
	b.put(t, datum("Errors", noon, 9))
	go b.service.Run(t.Context())
	b.at(noon.Add(10 * time.Second))
	require.Eventually(t, func() bool { return len(b.bus.all()) == 1 }, time.Minute, 5*time.Millisecond)
}
