package evidence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
	"firebreak/test/stack/awswire"
	standincw "firebreak/test/stack/cloudwatch"
	"firebreak/test/stack/fault"
	standinlogs "firebreak/test/stack/logs"
)

// Over the real wire protocols, with unmodified clients: what is written to
// CloudWatch is what evidence and verification say.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	faults := fault.New()
	server := awswire.New(awswire.Options{Faults: faults})
	standincw.New(standincw.Options{}).Register(server)
	standinlogs.New(standinlogs.Options{}).Register(server)
	address, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	metrics := cloudwatch.NewFromConfig(server.ClientConfig(address))
	logs := cloudwatchlogs.NewFromConfig(server.ClientConfig(address))

	now := time.Now().Truncate(time.Second)
	began := now.Add(-30 * time.Second)
	group, stream := aws.String("/shop/checkout"), aws.String("one")
	_, err = logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
	require.NoError(t, err)
	_, err = logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	require.NoError(t, err)
	var events []logtypes.InputLogEvent
	for i := -60; i < 29; i++ {
		at := began.Add(time.Duration(i) * time.Second)
		errs := 0.0
		level := "info"
		if i >= 0 && i < 10 {
			errs, level = 40, "error"
		}
		datum := func(name string, v float64) cwtypes.MetricDatum {
			return cwtypes.MetricDatum{
				MetricName: &name, Value: &v, Timestamp: &at, StorageResolution: aws.Int32(1), Unit: cwtypes.StandardUnitCount,
				Dimensions: []cwtypes.Dimension{{Name: aws.String("service"), Value: aws.String("checkout")}},
			}
		}
		_, err := metrics.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{
			Namespace: aws.String("Shop"), MetricData: []cwtypes.MetricDatum{datum("Errors", errs), datum("Requests", 50)},
		})
		require.NoError(t, err)
		events = append(events, logtypes.InputLogEvent{
			Timestamp: aws.Int64(at.UnixMilli()), Message: aws.String(fmt.Sprintf(`{"level":%q,"msg":"order %d %s"}`, level, i, level)),
		})
	}
	_, err = logs.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events})
	require.NoError(t, err)
	_, err = metrics.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("checkout-errors"), Namespace: aws.String("Shop"), MetricName: aws.String("Errors"), Statistic: cwtypes.StatisticSum,
		Dimensions: []cwtypes.Dimension{{Name: aws.String("service"), Value: aws.String("checkout")}},
		Period:     aws.Int32(10), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(5), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	})
	require.NoError(t, err)

	a, err := evidence.New(evidence.Options{Metrics: metrics, Logs: logs, Catalog: catalog{}, Poll: 10 * time.Millisecond, Before: time.Minute})
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	faults.Set(fault.Rule{Service: "cloudwatch", Operation: "GetMetricData", Kind: fault.Throttle}) // the client tries again
	got, err := env.ExecuteActivity(incident.ActivityGatherEvidence, incident.GatherEvidenceInput{
		IncidentID: "inc-1", Service: service("checkout"), Onset: began, Until: began.Add(10 * time.Second),
	})
	require.NoError(t, err)
	var out incident.GatherEvidenceResult
	require.NoError(t, got.Get(&out))
	require.Empty(t, out.Gaps)
	require.InDelta(t, 40, pick(t, out, incident.EvidenceMetric, "errors of checkout").Facts[incident.FactAfter], 0)
	require.InDelta(t, 5, pick(t, out, incident.EvidenceAlarm, "checkout-errors").Facts[incident.FactThreshold], 0)
	require.InDelta(t, 10, pick(t, out, incident.EvidenceLogs, "new log pattern of checkout: order <*> error").Facts[incident.FactCountAfter], 0)

	got, err = env.ExecuteActivity(incident.ActivityVerifyRecovery, incident.VerifyRecoveryInput{Verify: spec(), Since: began.Add(10 * time.Second)})
	require.NoError(t, err)
	var seen incident.Verification
	require.NoError(t, got.Get(&seen))
	require.True(t, seen.OK, seen.Detail)

	got, err = env.ExecuteActivity(incident.ActivityVerifyRecovery, incident.VerifyRecoveryInput{Verify: func() incident.VerifySpec {
		v := spec()
		v.Metric = metric("checkout", "Nothing")
		v.Timeout = 1
		return v
	}(), Since: began.Add(10 * time.Second)})
	require.NoError(t, err)
	require.NoError(t, got.Get(&seen))
	require.False(t, seen.OK)
}

// The history of alarms over the wire, in the shapes of the stand-in.
func TestHistoryOfAlarmsOverTheWire(t *testing.T) {
	t.Parallel()
	server := awswire.New(awswire.Options{Faults: fault.New()})
	standincw.New(standincw.Options{}).Register(server)
	standinlogs.New(standinlogs.Options{}).Register(server)
	address, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	metrics := cloudwatch.NewFromConfig(server.ClientConfig(address))
	for _, name := range []string{"checkout-errors", "somebody-elses"} {
		for threshold := range 2 { // created, and then changed
			_, err = metrics.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
				AlarmName: &name, Namespace: aws.String("Shop"), MetricName: aws.String("Errors"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(10),
				EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(float64(5 + threshold)), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
			})
			require.NoError(t, err)
		}
		for _, state := range []cwtypes.StateValue{cwtypes.StateValueOk, cwtypes.StateValueAlarm} {
			_, err = metrics.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: state, StateReason: aws.String("a rehearsal")})
			require.NoError(t, err)
		}
	}
	a, err := evidence.New(evidence.Options{Metrics: metrics, Logs: cloudwatchlogs.NewFromConfig(server.ClientConfig(address)), Catalog: catalog{}})
	require.NoError(t, err)
	began := time.Now().Add(time.Second)
	s := service("checkout")
	s.LogGroups = nil
	got, err := environment(a).ExecuteActivity(incident.ActivityGatherEvidence, incident.GatherEvidenceInput{
		IncidentID: "inc-1", Service: s, Onset: began, Until: began.Add(time.Second),
	})
	require.NoError(t, err)
	var out incident.GatherEvidenceResult
	require.NoError(t, got.Get(&out))
	require.Contains(t, pick(t, out, incident.EvidenceAlarm, "state of alarm checkout-errors of checkout changed 1 time").Detail.String(), "OK to ALARM, a rehearsal")
	require.Contains(t, pick(t, out, incident.EvidenceAlarm, "settings of alarm checkout-errors of checkout changed 2 times").Detail.String(), "updated")
	require.Equal(t, 2, server.Count("cloudwatch", "DescribeAlarmHistory"))
}
