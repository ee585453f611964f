package telemetry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

const alarmEvent = `{"version":"0","id":"1","detail-type":"%s","source":"aws.cloudwatch","account":"123456789012",
"time":"2019-10-02T17:04:41Z","region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout-errors"],"detail":%s}`

const oneSeries = `"metrics":[{"id":"m","returnData":true,"metricStat":{"metric":{"namespace":"Shop","name":"Errors","dimensions":{"service":"checkout"}},"period":10,"stat":"Sum"}}]`

func alarm(t *testing.T, detail string) telemetry.Signal {
	t.Helper()
	got, err := telemetry.Decode(fmt.Appendf(nil, alarmEvent, "CloudWatch Alarm State Change", detail), source)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, telemetry.KindAlarm, got[0].Kind)
	return got[0]
}

// CloudWatch writes the zone of inner times without a colon, which RFC 3339
// parsing refuses.
func TestAlarmOnOneMetric(t *testing.T) {
	t.Parallel()
	s := alarm(t, `{"alarmName":"checkout-errors","configuration":{"description":"d",`+oneSeries+`},
"previousState":{"value":"OK","timestamp":"2019-10-02T17:00:00.000+0000"},
"state":{"value":"ALARM","reason":"Threshold Crossed","timestamp":"2019-10-02T17:04:40.989+0000",
"reasonData":"{\"version\":\"1.0\",\"recentDatapoints\":[3.0,99.5,null],\"threshold\":50.0}"}}`)
	require.Equal(t, time.Date(2019, 10, 2, 17, 4, 40, 989e6, time.UTC), s.Time)
	require.Equal(t, "123456789012/us-east-1/alarm/checkout-errors", s.Series)
	require.Equal(t, telemetry.AlarmALARM, s.Alarm.State)
	require.Equal(t, telemetry.AlarmOK, s.Alarm.Previous)
	require.InDelta(t, 50.0, *s.Alarm.Threshold, 0)
	require.InDelta(t, 99.5, *s.Alarm.Value, 0)
	require.Equal(t, &incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": "checkout"}, Stat: "Sum", Period: 10}, s.Alarm.Metric)
	require.False(t, s.Alarm.Composite)
}

func TestAlarmJustCreatedHasNoReasonData(t *testing.T) {
	t.Parallel()
	s := alarm(t, `{"alarmName":"new","configuration":{},"state":{"value":"INSUFFICIENT_DATA","reason":"Unchecked: Initial alarm creation","timestamp":"2019-10-02T17:04:40.989+0000"}}`)
	require.Equal(t, telemetry.AlarmInsufficientData, s.Alarm.State)
	require.Nil(t, s.Alarm.Threshold)
	require.Nil(t, s.Alarm.Metric)
	require.Empty(t, s.Alarm.Previous)
}

func TestAlarmOnABandHasEdgesInsteadOfAThreshold(t *testing.T) {
	t.Parallel()
	metrics := strings.TrimSuffix(oneSeries, "]") + `,{"id":"ad1","expression":"ANOMALY_DETECTION_BAND(m, 2)","returnData":true}]`
	s := alarm(t, `{"alarmName":"band","configuration":{`+metrics+`},"state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000",
"reasonData":"{\"recentDatapoints\":[9.0],\"recentLowerThresholds\":[1.5],\"recentUpperThresholds\":[4.5]}"}}`)
	require.InDelta(t, 1.5, *s.Alarm.Low, 0)
	require.InDelta(t, 4.5, *s.Alarm.High, 0)
	require.Nil(t, s.Alarm.Threshold)
	require.Equal(t, "Errors", s.Alarm.Metric.Name)
}

func TestAlarmOnMetricMathOverTwoSeriesStandsOnNone(t *testing.T) {
	t.Parallel()
	two := strings.ReplaceAll(`"metrics":[{"id":"e","expression":"a/b","returnData":true},
{"id":"a","returnData":false,"metricStat":{"metric":{"namespace":"N","name":"A"},"period":60,"stat":"Sum"}},
{"id":"b","returnData":false,"metricStat":{"metric":{"namespace":"N","name":"B"},"period":60,"stat":"Sum"}}]`, "\n", "")
	s := alarm(t, `{"alarmName":"ratio","configuration":{`+two+`},"state":{"value":"OK","timestamp":"2019-10-02T17:04:40.989+0000"}}`)
	require.Nil(t, s.Alarm.Metric)
}

// An anomaly carries the series of its alarm, and has to fit a signal: one that
// does not would hold the stream up for ever.
func TestAlarmOnAnImpossibleSeriesStandsOnNone(t *testing.T) {
	t.Parallel()
	many := make([]string, 31)
	for i := range many {
		many[i] = fmt.Sprintf(`"d%d":"v"`, i)
	}
	for name, dimensions := range map[string]string{
		"too many":    strings.Join(many, ","),
		"long value":  `"d":"` + strings.Repeat("v", 2<<20) + `"`,
		"long name":   `"` + strings.Repeat("d", 2<<20) + `":"v"`,
		"as large as": `"` + strings.Repeat("d", 255) + `":"` + strings.Repeat("v", 1024) + `"`,
	} {
		detail := `{"alarmName":"x","configuration":{` + strings.Replace(oneSeries, `"service":"checkout"`, dimensions, 1) +
			`},"state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000"}}`
		s := alarm(t, detail)
		require.Equal(t, name == "as large as", s.Alarm.Metric != nil, name)
	}
}

func TestCompositeAlarm(t *testing.T) {
	t.Parallel()
	s := alarm(t, `{"alarmName":"all","configuration":{"alarmRule":"ALARM(a) OR ALARM(b)","actionsSuppressor":"deploying"},
"state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000","actionsSuppressedBy":"Alarm",
"reasonData":"{\"triggeringAlarms\":[{\"arn\":\"arn:a\",\"state\":{\"value\":\"ALARM\"}}]}"}}`)
	require.True(t, s.Alarm.Composite)
	require.Equal(t, "ALARM(a) OR ALARM(b)", s.Alarm.Rule)
	require.Equal(t, []string{"arn:a"}, s.Alarm.Triggering)
	require.Equal(t, "Alarm", s.Alarm.Suppressed)
}

func TestMutedAlarmSaysSo(t *testing.T) {
	t.Parallel()
	s := alarm(t, `{"alarmName":"x","state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000"},"muteDetail":{"mutedByArn":"arn:mute"}}`)
	require.Equal(t, "arn:mute", s.Alarm.Suppressed)
}

// The alarm as a whole stays in ALARM while its contributors change, so each is
// a series of its own.
func TestContributorsAreSeriesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, id := range []string{"c1", "c2"} {
		detail := `{"alarmName":"fleet","alarmContributor":{"id":"` + id + `","attributes":{"InstanceId":"i-1"}},"state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000"}}`
		got, err := telemetry.Decode(fmt.Appendf(nil, alarmEvent, "CloudWatch Alarm Contributor State Change", detail), source)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"InstanceId": "i-1"}, got[0].Alarm.Attributes)
		seen[got[0].Series], seen[got[0].Key] = true, true
	}
	require.Len(t, seen, 4)
}

func TestBrokenAlarms(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string]string{
		`{"alarmName":"x","state":{"value":"FINE","timestamp":"2019-10-02T17:04:40.989+0000"}}`:                     `"FINE" is unknown`,
		`{"alarmName":"x","state":{"value":"OK","timestamp":"today"}}`:                                              "detail.state.timestamp",
		`{"state":{"value":"OK","timestamp":"2019-10-02T17:04:40.989+0000"}}`:                                       "alarmName is missing",
		`{"alarmName":"x","alarmContributor":{},"state":{"value":"OK","timestamp":"2019-10-02T17:04:40.989+0000"}}`: "alarmContributor.id",
		`7`: "detail",
	} {
		got, err := telemetry.Decode(fmt.Appendf(nil, alarmEvent, "CloudWatch Alarm State Change", detail), source)
		require.ErrorContains(t, err, want)
		require.Empty(t, got)
	}
	// A change whose numbers are broken is still a change.
	got, err := telemetry.Decode(fmt.Appendf(nil, alarmEvent, "CloudWatch Alarm State Change",
		`{"alarmName":"x","state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000","reasonData":"{"}}`), source)
	require.ErrorContains(t, err, "reasonData")
	require.Len(t, got, 1)
}
