//go:build peers

package peers

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

var cloudwatchCases = []testCase{
	{api: "cloudwatch", name: "metrics are put, listed and read as statistics", cli: true, run: metricStatistics},
	{api: "cloudwatch", name: "queries with percentiles and metric math", run: metricQueries},
	{api: "cloudwatch", name: "values with counts and statistic sets", run: metricSets},
	{api: "cloudwatch", name: "what a datum must not be", run: metricRefusals},
	{api: "cloudwatch", name: "alarms are put, described, set and deleted", run: alarmLife},
	{api: "cloudwatch", name: "alarms are listed in pages", run: alarmPages},
	{api: "cloudwatch", name: "errors of alarms have their names", cli: true, run: alarmErrors},
	{api: "cloudwatch", name: "an alarm is evaluated over its metric", needs: []string{evaluates}, run: alarmEvaluates},
}

// Short names are those of the query protocol, which some clients keep for
// compatibility.
const (
	invalidValue       = "InvalidParameterValue|InvalidParameterValueException|ValidationError|ParamValidationError|CommandLine"
	invalidCombination = "InvalidParameterCombination|InvalidParameterCombinationException"
	noSuchAlarm        = "ResourceNotFound"
)

// datum is a value of the metric Errors of service checkout, at a minute that
// is over.
func datum(name string, more object) object {
	d := object{"MetricName": name, "Dimensions": []object{{"Name": "service", "Value": "checkout"}}, "Timestamp": lastMinute().Add(5 * time.Second), "Unit": "Count"}
	maps.Copy(d, more)
	return d
}

func lastMinute() time.Time { return time.Now().UTC().Truncate(time.Minute).Add(-2 * time.Minute) }

func metric(namespace, name string) object {
	return object{"Namespace": namespace, "MetricName": name, "Dimensions": []object{{"Name": "service", "Value": "checkout"}}}
}

func metricStatistics(t *trial) {
	space := t.name("Shop")
	at := lastMinute()
	t.ok("cloudwatch", "PutMetricData", object{"Namespace": space, "MetricData": []object{datum("Errors", object{"Value": 2.5}), datum("Errors", object{"Value": 4.0}), datum("Requests", object{"Value": 9.0})}})
	t.eventually(10*time.Second, "the metrics are listed", func() bool {
		return len(t.list(t.ok("cloudwatch", "ListMetrics", object{"Namespace": space}), "Metrics")) == 2
	})
	listed := t.ok("cloudwatch", "ListMetrics", object{"Namespace": space, "MetricName": "Errors", "Dimensions": []object{{"Name": "service"}}})
	require.Len(t, t.list(listed, "Metrics"), 1)
	require.Equal(t, "checkout", t.text(listed, "Metrics.0.Dimensions.0.Value"))

	in := metric(space, "Errors")
	in["StartTime"], in["EndTime"], in["Period"] = at, at.Add(time.Minute), 60
	in["Statistics"] = []any{"Sum", "Maximum", "SampleCount"}
	out := t.ok("cloudwatch", "GetMetricStatistics", in)
	require.Equal(t, "Errors", t.text(out, "Label"))
	require.Len(t, t.list(out, "Datapoints"), 1)
	require.True(t, at.Equal(t.time(out, "Datapoints.0.Timestamp")))
	require.InDelta(t, 6.5, t.number(out, "Datapoints.0.Sum"), 1e-9)
	require.InDelta(t, 4, t.number(out, "Datapoints.0.Maximum"), 1e-9)
	require.InDelta(t, 2, t.number(out, "Datapoints.0.SampleCount"), 1e-9)
	require.Equal(t, "Count", t.text(out, "Datapoints.0.Unit"))
}

func metricQueries(t *trial) {
	space := t.name("Shop")
	at := lastMinute()
	var data []object
	for i := range 100 {
		data = append(data, datum("Latency", object{"Value": float64(i + 1)}))
	}
	data = append(data, datum("Errors", object{"Value": 5.0}), datum("Requests", object{"Value": 20.0}))
	t.ok("cloudwatch", "PutMetricData", object{"Namespace": space, "MetricData": data})
	stat := func(id, name, stat string, returned bool) object {
		return object{"Id": id, "MetricStat": object{"Metric": metric(space, name), "Period": 60, "Stat": stat}, "ReturnData": returned}
	}
	out := t.ok("cloudwatch", "GetMetricData", object{
		"StartTime": at, "EndTime": at.Add(time.Minute), "ScanBy": "TimestampAscending",
		"MetricDataQueries": []object{
			stat("p90", "Latency", "p90", true), stat("e", "Errors", "Sum", false), stat("r", "Requests", "Sum", false), stat("none", "Nothing", "Sum", true),
			{"Id": "rate", "Expression": "100 * e / r", "Label": "error rate"},
		},
	})
	byID := map[string]any{}
	for _, r := range t.list(out, "MetricDataResults") {
		byID[t.text(r, "Id")] = r
		require.Equal(t, "Complete", t.text(r, "StatusCode"))
	}
	require.Len(t, byID, 3, "what is not to be returned is not")
	require.InDelta(t, 90, t.number(byID["p90"], "Values.0"), 1)
	require.InDelta(t, 25, t.number(byID["rate"], "Values.0"), 1e-9)
	require.Equal(t, "error rate", t.text(byID["rate"], "Label"))
	require.True(t, at.Equal(t.time(byID["rate"], "Timestamps.0")))
	require.Empty(t, t.list(byID["none"], "Values"))
}

func metricSets(t *trial) {
	space := t.name("Shop")
	at := lastMinute()
	t.ok("cloudwatch", "PutMetricData", object{"Namespace": space, "MetricData": []object{
		datum("Latency", object{"Values": []any{10.0, 20.0}, "Counts": []any{3.0, 1.0}}),
		datum("Latency", object{"StatisticValues": object{"SampleCount": 2.0, "Sum": 30.0, "Minimum": 5.0, "Maximum": 25.0}}),
	}})
	in := metric(space, "Latency")
	in["StartTime"], in["EndTime"], in["Period"] = at, at.Add(time.Minute), 60
	in["Statistics"] = []any{"Sum", "Minimum", "Maximum", "Average", "SampleCount"}
	out := t.ok("cloudwatch", "GetMetricStatistics", in)
	for name, want := range map[string]float64{"Sum": 80, "Minimum": 5, "Maximum": 25, "SampleCount": 6, "Average": 80.0 / 6} {
		require.InDelta(t, want, t.number(out, "Datapoints.0."+name), 1e-9, name)
	}
}

func metricRefusals(t *trial) {
	space := t.name("Shop")
	put := func(d object) object { return object{"Namespace": space, "MetricData": []object{d}} }
	t.refused(invalidValue, "cloudwatch", "PutMetricData", put(datum("Errors", object{"Value": 1.0, "Timestamp": time.Now().Add(-15 * 24 * time.Hour)})))
	t.refused(invalidValue, "cloudwatch", "PutMetricData", put(datum("Errors", object{"Value": 1.0, "Timestamp": time.Now().Add(3 * time.Hour)})))
	t.refused(invalidValue+"|"+invalidCombination, "cloudwatch", "PutMetricData", put(datum("Errors", object{"Value": 1.0, "Values": []any{1.0}})))
	r := t.refused(invalidValue, "cloudwatch", "PutMetricData", object{"Namespace": "AWS/EC2", "MetricData": []object{datum("Errors", object{"Value": 1.0})}})
	if r.Status != 0 {
		require.Equal(t, 400, r.Status)
	}
}

func alarmOf(name, space string) object {
	return object{
		"AlarmName": name, "AlarmDescription": "more than 5 errors", "Namespace": space, "MetricName": "Errors",
		"Dimensions": []object{{"Name": "service", "Value": "checkout"}}, "Statistic": "Sum", "Period": 10, "EvaluationPeriods": 1, "Threshold": 5.0,
		"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
	}
}

func alarmLife(t *trial) {
	name := t.name("alarm")
	in := alarmOf(name, t.name("Shop"))
	delete(in, "TreatMissingData") // Nothing is ever put: the state stays as it is set.
	in["TreatMissingData"] = "ignore"
	t.ok("cloudwatch", "PutMetricAlarm", in)
	described := t.ok("cloudwatch", "DescribeAlarms", object{"AlarmNames": []any{name}})
	require.Regexp(t, `^arn:aws:cloudwatch:[a-z0-9-]+:\d{12}:alarm:`+name+`$`, t.text(described, "MetricAlarms.0.AlarmArn"))
	require.Equal(t, "INSUFFICIENT_DATA", t.text(described, "MetricAlarms.0.StateValue"))
	require.InDelta(t, 5, t.number(described, "MetricAlarms.0.Threshold"), 0)
	require.WithinDuration(t, time.Now(), t.time(described, "MetricAlarms.0.StateUpdatedTimestamp"), time.Minute)

	t.ok("cloudwatch", "SetAlarmState", object{"AlarmName": name, "StateValue": "ALARM", "StateReason": "rehearsal", "StateReasonData": `{"by":"hand"}`})
	described = t.ok("cloudwatch", "DescribeAlarms", object{"AlarmNamePrefix": name, "StateValue": "ALARM"})
	require.Equal(t, "rehearsal", t.text(described, "MetricAlarms.0.StateReason"))
	var data map[string]string
	require.NoError(t, json.Unmarshal([]byte(t.text(described, "MetricAlarms.0.StateReasonData")), &data))
	history := t.ok("cloudwatch", "DescribeAlarmHistory", object{"AlarmName": name, "HistoryItemType": "StateUpdate"})
	require.Equal(t, "Alarm updated from INSUFFICIENT_DATA to ALARM", t.text(history, "AlarmHistoryItems.0.HistorySummary"))

	in["Threshold"] = 7.5
	t.ok("cloudwatch", "PutMetricAlarm", in)
	described = t.ok("cloudwatch", "DescribeAlarms", object{"AlarmNames": []any{name}})
	require.InDelta(t, 7.5, t.number(described, "MetricAlarms.0.Threshold"), 0)
	require.Equal(t, "ALARM", t.text(described, "MetricAlarms.0.StateValue"), "a change of the configuration keeps the state")
	t.ok("cloudwatch", "DeleteAlarms", object{"AlarmNames": []any{name}})
	require.Empty(t, t.list(t.ok("cloudwatch", "DescribeAlarms", object{"AlarmNames": []any{name}}), "MetricAlarms"))
}

func alarmPages(t *trial) {
	prefix := t.name("alarm")
	for _, n := range []string{"c", "a", "b"} {
		t.ok("cloudwatch", "PutMetricAlarm", alarmOf(prefix+n, t.name("Shop")))
	}
	in := object{"AlarmNamePrefix": prefix, "MaxRecords": 2}
	out := t.ok("cloudwatch", "DescribeAlarms", in)
	names := t.texts(out, "MetricAlarms", "AlarmName")
	in["NextToken"] = t.text(out, "NextToken")
	out = t.ok("cloudwatch", "DescribeAlarms", in)
	require.Equal(t, []string{prefix + "a", prefix + "b", prefix + "c"}, append(names, t.texts(out, "MetricAlarms", "AlarmName")...))
	require.False(t, has(out, "NextToken"))
}

func alarmErrors(t *trial) {
	name := t.name("alarm")
	r := t.refused(noSuchAlarm, "cloudwatch", "SetAlarmState", object{"AlarmName": name, "StateValue": "OK", "StateReason": "x"})
	if r.Status != 0 {
		require.Contains(t, []int{400, 404}, r.Status)
	}
	require.NotEmpty(t, r.Message)
	in := alarmOf(name, t.name("Shop"))
	in["Period"] = 45 // 10, 20, 30 or a multiple of 60
	t.refused(invalidValue, "cloudwatch", "PutMetricAlarm", in)
	in = alarmOf(name, t.name("Shop"))
	in["EvaluationPeriods"] = 100_000
	t.refused(invalidValue+"|"+invalidCombination, "cloudwatch", "PutMetricAlarm", in)
}

func alarmEvaluates(t *trial) {
	name, space := t.name("alarm"), t.name("Shop")
	t.ok("cloudwatch", "PutMetricAlarm", alarmOf(name, space))
	d := datum("Errors", object{"Value": 50.0, "StorageResolution": 1})
	delete(d, "Timestamp")
	t.ok("cloudwatch", "PutMetricData", object{"Namespace": space, "MetricData": []object{d}})
	var out object
	t.eventually(25*time.Second, "the alarm goes off", func() bool {
		out = t.ok("cloudwatch", "DescribeAlarms", object{"AlarmNames": []any{name}})
		return t.text(out, "MetricAlarms.0.StateValue") == "ALARM"
	})
	require.True(t, strings.HasPrefix(t.text(out, "MetricAlarms.0.StateReason"), "Threshold Crossed: 1 out of the last 1 datapoints [50.0 ("))
}
