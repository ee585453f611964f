package evidence_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func input() incident.GatherEvidenceInput {
	m := metric("checkout", "Errors")
	change := incident.Change{At: onset.Add(-7 * time.Second), Service: "checkout", Kind: "shop.config/Shop Configuration Reload", Text: redact.Literal("timeout set to 0")}
	return incident.GatherEvidenceInput{
		IncidentID: "inc-1", Service: service("checkout", "payments"), Neighbours: []string{"payments"}, Commit: "abc", Onset: onset, Until: onset.Add(30 * time.Second),
		Anomalies: []incident.Anomaly{
			{
				ID: "a-1", Region: "eu-central-1", Service: "checkout", Kind: incident.KindMetric, Metric: &m, Opened: onset, LastSeen: onset.Add(9 * time.Second),
				Observed: 40, Low: 0, High: 2, Why: redact.Literal("Errors are 40, expected 0 to 2"), Changes: []incident.Change{change},
			},
			{ID: "a-2", Region: "eu-central-1", Service: "checkout", Kind: incident.KindLog, LogGroup: "/shop/checkout", Opened: onset, Changes: []incident.Change{change}},
		},
	}
}

// broken is a checkout that fails since the onset, and calm payments.
func broken() *cloud {
	c := newCloud()
	for _, s := range []string{"checkout", "payments"} {
		c.fill(metric(s, "Requests"), -120, 30, func(i int) float64 { return float64(50 + i%3) })
		for i := -120; i < 30; i++ {
			c.log("/shop/"+s, i, fmt.Sprintf(`{"level":"info","request_id":"r-%d","msg":"order %d placed in %dms"}`, i, i*7, i%9))
		}
	}
	c.fill(metric("payments", "Errors"), -120, 30, func(int) float64 { return 0 })
	c.fill(metric("checkout", "Errors"), -120, 0, func(int) float64 { return 0 })
	c.fill(metric("checkout", "Errors"), 0, 30, func(int) float64 { return 40 })
	for i := range 30 {
		c.log("/shop/checkout", i, fmt.Sprintf(`{"level":"error","msg":"order %d failed: timeout of 0ms","error":"password=hunter%d"}`, i, i))
	}
	c.alarms = []cwtypes.MetricAlarm{{
		AlarmName: aws.String("checkout-errors"), StateValue: cwtypes.StateValueAlarm, Threshold: aws.Float64(5), MetricName: aws.String("Errors"),
		ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, EvaluationPeriods: aws.Int32(1), Period: aws.Int32(10),
		StateReason: aws.String("Threshold Crossed by user ana@example.com"), StateTransitionedTimestamp: aws.Time(onset.Add(10 * time.Second)),
	}}
	return c
}

func gather(t *testing.T, c *cloud, in incident.GatherEvidenceInput) (incident.GatherEvidenceResult, error) {
	t.Helper()
	_, env := activities(t, c)
	got, err := env.ExecuteActivity(incident.ActivityGatherEvidence, in)
	var out incident.GatherEvidenceResult
	if err == nil {
		require.NoError(t, got.Get(&out))
	}
	return out, err
}

func pick(t *testing.T, out incident.GatherEvidenceResult, kind incident.EvidenceKind, title string) incident.Evidence {
	t.Helper()
	i := slices.IndexFunc(out.Evidence, func(e incident.Evidence) bool { return e.Kind == kind && strings.Contains(e.Title.String(), title) })
	require.GreaterOrEqual(t, i, 0, "no %s with %q", kind, title)
	return out.Evidence[i]
}

func TestGatherTellsWhatChanged(t *testing.T) {
	t.Parallel()
	out, err := gather(t, broken(), input())
	require.NoError(t, err)

	require.Equal(t, incident.EvidenceAnomaly, out.Evidence[0].Kind, "what the detector saw comes first")
	require.Equal(t, incident.RoleErrors, out.Evidence[0].Role)

	change := pick(t, out, incident.EvidenceChange, "Configuration Reload")
	require.InDelta(t, 7, change.Facts[incident.FactSecondsBefore], 0)
	require.Contains(t, change.Detail.String(), "timeout set to 0")
	require.Contains(t, change.Query, "aws kinesis get-records")

	errs := pick(t, out, incident.EvidenceMetric, "errors of checkout")
	require.InDelta(t, 0, errs.Facts[incident.FactBefore], 0)
	require.InDelta(t, 40, errs.Facts[incident.FactAfter], 0)
	require.Greater(t, errs.Facts[incident.FactDeviations], 20.0)
	require.Contains(t, errs.Title.String(), "above its band")
	require.Equal(t, incident.RoleErrors, errs.Role)
	require.Contains(t, errs.Query, `aws cloudwatch get-metric-data --metric-data-queries '[{"Id":"m0"`)

	calm := pick(t, out, incident.EvidenceMetric, "errors of payments")
	require.InDelta(t, 0, calm.Facts[incident.FactDeviations], 0)
	require.Equal(t, "payments", calm.Service)

	alarm := pick(t, out, incident.EvidenceAlarm, "checkout-errors")
	require.InDelta(t, 1, alarm.Facts[incident.FactInAlarm], 0)
	require.InDelta(t, 5, alarm.Facts[incident.FactThreshold], 0)
	require.NotContains(t, alarm.Detail.String(), "ana@example.com")

	logs := pick(t, out, incident.EvidenceLogs, "new log pattern of checkout")
	require.InDelta(t, 1, logs.Facts[incident.FactNew], 0)
	require.InDelta(t, 30, logs.Facts[incident.FactCountAfter], 0)
	require.InDelta(t, 0, logs.Facts[incident.FactCountBefore], 0)
	require.InDelta(t, 30.0/70, logs.Facts[incident.FactShareAfter], 0.01)
	require.Len(t, logs.Samples, 2)
	require.Contains(t, logs.Query, "--filter-pattern 'password timeout failed order'")

	raw, err := json.Marshal(out)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "hunter")
	ids := map[string]bool{}
	for _, e := range out.Evidence {
		require.Regexp(t, `^ev-[0-9a-f]{8}$`, e.ID)
		require.False(t, ids[e.ID], "ids differ")
		ids[e.ID] = true
		require.NotEmpty(t, e.Query)
	}
}

// Every series in which an anomaly shows is evidence with its own band.
func TestGatherTellsOfWitnesses(t *testing.T) {
	t.Parallel()
	in := input()
	latency := metric("checkout", "Latency")
	in.Service.Metrics = append(in.Service.Metrics, incident.WatchedMetric{MetricRef: latency, Role: incident.RoleLatency})
	in.Anomalies[0].Why = redact.Literal("Latency is 812, and 1 related series became anomalous with it")
	in.Anomalies[0].Witnesses = []incident.Witness{{
		Rule: "level", Series: "latency", Metric: &latency, Opened: onset.Add(-time.Second), Closed: onset.Add(20 * time.Second),
		Observed: 812, Low: 5, High: 45, Previous: 12,
	}}
	out, err := gather(t, broken(), in)
	require.NoError(t, err)
	own := pick(t, out, incident.EvidenceAnomaly, "Shop/Errors")
	require.Contains(t, own.Detail.String(), "Errors is 40 where 0 to 2 is expected.")
	require.InDelta(t, 2, own.Facts[incident.FactHigh], 0)
	seen := pick(t, out, incident.EvidenceAnomaly, "metric anomaly of checkout: Shop/Latency")
	require.Equal(t, incident.RoleLatency, seen.Role)
	require.Equal(t, &latency, seen.Metric)
	require.Equal(t, map[string]float64{incident.FactBefore: 12, incident.FactAfter: 812, incident.FactLow: 5, incident.FactHigh: 45}, seen.Facts)
	require.Contains(t, seen.Detail.String(), "Latency is 812 where 5 to 45 is expected. Opened")
	require.Contains(t, seen.Detail.String(), "by rule level together with Shop/Errors, back since")
	require.Contains(t, seen.Query, "Latency")

	for n := range 14 {
		more := in.Anomalies[0].Witnesses[0]
		more.Series = fmt.Sprint("latency ", n)
		in.Anomalies[0].Witnesses = append(in.Anomalies[0].Witnesses, more)
	}
	in.Anomalies[0].MoreWitnesses = 20
	out, err = gather(t, broken(), in)
	require.NoError(t, err)
	anomalies := 0
	for _, e := range out.Evidence {
		if e.Kind == incident.EvidenceAnomaly {
			anomalies++
		}
	}
	require.Equal(t, 12, anomalies)
	require.True(t, slices.ContainsFunc(out.Gaps, func(g incident.Gap) bool { return g.Reason.String() == "seen in 37 series, of which 12 are shown" }), out.Gaps)
}

func TestGatherIsDeterministic(t *testing.T) {
	t.Parallel()
	first, err := gather(t, broken(), input())
	require.NoError(t, err)
	for range 3 {
		again, err := gather(t, broken(), input())
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestGatherKeepsItsLimits(t *testing.T) {
	t.Parallel()
	c := broken()
	c.page = 500
	in := input()
	for i := range 60 {
		m := metric("checkout", fmt.Sprintf("Extra%02d", i))
		in.Service.Metrics = append(in.Service.Metrics, incident.WatchedMetric{MetricRef: m, Role: incident.RoleSaturation})
		c.fill(m, -60, 30, func(int) float64 { return float64(i) })
		for j := range 10 {
			c.log("/shop/checkout", j, `{"level":"error","msg":"`+strings.Repeat(string(rune('a'+i%26)), 3+i)+strings.Repeat(" long", 400)+`"}`)
		}
	}
	out, err := gather(t, c, in)
	require.NoError(t, err)
	require.LessOrEqual(t, len(out.Evidence), 40)
	raw, err := json.Marshal(out)
	require.NoError(t, err)
	require.Less(t, len(raw), 64<<10)
	require.Contains(t, string(raw), "less telling pieces")
	for _, e := range out.Evidence {
		require.LessOrEqual(t, len(e.Title.String()), 160)
		require.LessOrEqual(t, len(e.Detail.String()), 600)
	}
}

func TestGatherRefusesNonsense(t *testing.T) {
	t.Parallel()
	in := input()
	in.Until = onset.Add(-time.Second)
	_, err := gather(t, newCloud(), in)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.True(t, app.NonRetryable())
}

func TestGrownGoneAndTruncatedLogs(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.page = 10
	for i := -120; i < -20; i++ {
		c.log("/shop/checkout", i, "INFO heartbeat sent")
		if i%10 == 0 {
			c.log("/shop/checkout", i, "ERROR cannot reach 10.0.0.7:5432 error")
		}
	}
	for i := range 30 {
		c.log("/shop/checkout", i, fmt.Sprintf("ERROR cannot reach 10.0.0.%d:5432 error", i))
		for range 5 {
			c.log("/shop/checkout", i, "INFO serving")
		}
	}
	out, err := gather(t, c, input())
	require.NoError(t, err)
	grown := pick(t, out, incident.EvidenceLogs, "grown log pattern of checkout: ERROR cannot reach <*> error")
	require.InDelta(t, 30, grown.Facts[incident.FactCountAfter], 0)
	require.Contains(t, c.filters, "?ERROR ?Error ?error ?FATAL ?Fatal ?fatal ?CRITICAL ?panic ?Exception", "too many lines: errors are looked for by themselves")

	c = newCloud()
	c.page = 500
	for i := -120; i < 30; i++ {
		if i < -20 {
			c.log("/shop/checkout", i, "INFO heartbeat sent")
		}
		c.log("/shop/checkout", i, "INFO serving")
	}
	out, err = gather(t, c, input())
	require.NoError(t, err)
	gone := pick(t, out, incident.EvidenceLogs, "gone log pattern of checkout: INFO heartbeat sent")
	require.InDelta(t, 0, gone.Facts[incident.FactCountAfter], 0)
}

func TestALogGroupThatJustBeganIsComparedWithItsOwnPast(t *testing.T) {
	t.Parallel()
	c := newCloud()
	for i := -40; i < 30; i++ { // as often as ever, but only for 40 s
		for range 5 {
			c.log("/shop/checkout", i, "INFO serving")
		}
	}
	out, err := gather(t, c, input())
	require.NoError(t, err)
	calm := pick(t, out, incident.EvidenceLogs, "no new, grown or gone log pattern of checkout")
	require.Contains(t, calm.Detail.String(), "0% are errors")
}

func TestOldDataIsReadInLongerPeriods(t *testing.T) {
	t.Parallel()
	c := broken()
	c.now = onset.Add(5 * time.Hour)
	_, err := gather(t, c, input())
	require.NoError(t, err)
	require.Equal(t, int32(60), c.periods[0], "after three hours, one-second data is gone")
}
