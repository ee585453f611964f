package evidence_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func throttle() error {
	return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}
}

func denied() error {
	return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no", Fault: smithy.FaultClient}
}

func TestAFailingSourceIsAGap(t *testing.T) {
	t.Parallel()
	c := broken()
	c.metricErr = throttle()
	out, err := gather(t, c, input())
	require.NoError(t, err)
	require.Equal(t, "metrics", out.Gaps[0].What.String())
	require.Contains(t, out.Gaps[0].Reason.String(), "slow down")
	pick(t, out, incident.EvidenceLogs, "new log pattern")

	c.alarmErr, c.logErr = throttle(), throttle()
	_, err = gather(t, c, input())
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app, "when nothing answers, it is tried again")
	require.False(t, app.NonRetryable())
	require.Equal(t, "Throttled", app.Type())

	c.logErr = denied()
	out, err = gather(t, c, input())
	require.NoError(t, err, "a source that never will answer must not keep the incident from going on")
	require.Equal(t, incident.EvidenceAnomaly, out.Evidence[0].Kind)

	in := input()
	in.Commit, in.Neighbours = "other", []string{"payments"}
	out, err = gather(t, broken(), in)
	require.NoError(t, err)
	require.Contains(t, out.Gaps[0].Reason.String(), "no commit other")
}

func TestSilenceCountsOnlyOnceADatapointIsOverdue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		seconds int // after the onset
		title   string
	}{
		{1, "no datapoint since the onset yet"},
		{30, "stopped reporting"},
	} {
		c := newCloud()
		c.fill(metric("checkout", "Errors"), -120, 0, constant(0))
		c.now = onset.Add(time.Duration(tc.seconds) * time.Second)
		in := input()
		in.Until = c.now
		out, err := gather(t, c, in)
		require.NoError(t, err)
		pick(t, out, incident.EvidenceMetric, "errors of checkout, Shop/Errors: "+tc.title)
	}
}

// A log group that hangs costs its own time, and nothing of the rest.
func TestALogGroupThatHangs(t *testing.T) {
	t.Parallel()
	c := broken()
	c.onLines = func(ctx context.Context, group string, _ time.Time, _ int) error {
		if group != "/shop/payments" {
			return nil
		}
		<-ctx.Done()
		return fmt.Errorf("operation error: %w", ctx.Err())
	}
	out := gatherFrom(t, evidence.Options{
		Metrics: c, Logs: c, Catalog: catalog{"payments": service("payments")}, Now: c.clock, Within: 100 * time.Millisecond,
	}, input())
	require.Equal(t, incident.Gap{
		What: redact.Literal("logs of payments in /shop/payments"), Reason: redact.Literal("no whole answer within 100ms"), Kind: incident.GapTimeout,
	}, gapOf(t, out, "logs of payments"))
	pick(t, out, incident.EvidenceLogs, "new log pattern of checkout")
	pick(t, out, incident.EvidenceMetric, "errors of payments")
}

// What was read before pages got lost is used, as far as it can be trusted.
func TestPagesOfLogsThatAreLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before bool   // the window before the onset fails, else the one since
		want   string // of a title
		not    string
	}{
		// The error that was there before must not look new.
		"before the onset": {true, "unmatched log pattern of checkout: order <*> failed", "new log pattern of checkout"},
		"since the onset":  {false, "unmatched log pattern of checkout: order <*> failed", "no new, grown or gone log pattern of checkout"},
	} {
		cloud := broken()
		cloud.page = 30
		cloud.onLines = func(_ context.Context, group string, from time.Time, skip int) error {
			if group == "/shop/checkout" && skip >= 30 && from.Before(onset.Add(-time.Minute)) == c.before {
				return throttle()
			}
			return nil
		}
		for i := -110; i < 10; i += 10 {
			cloud.lines["/shop/checkout"] = append([]line{{onset.Add(time.Duration(i) * time.Second), fmt.Sprintf(`{"level":"error","msg":"order %d failed"}`, 300+i)}}, cloud.lines["/shop/checkout"]...)
		}
		slices.SortStableFunc(cloud.lines["/shop/checkout"], func(x, y line) int { return x.at.Compare(y.at) })
		cloud.page = 30
		out, err := gather(t, cloud, input())
		require.NoError(t, err, name)
		require.Equal(t, incident.GapThrottled, gapOf(t, out, "logs of checkout").Kind, name)
		pick(t, out, incident.EvidenceLogs, c.want)
		for _, e := range out.Evidence {
			require.NotContains(t, e.Title.String(), c.not, name)
		}
	}
}

// CloudWatch may refuse single series of a question.
func TestSeriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	c := broken()
	refused, failed := metric("payments", "Errors"), metric("payments", "Requests")
	c.status = map[string]cwtypes.StatusCode{refused.SourceKey(): cwtypes.StatusCodeForbidden, failed.SourceKey(): cwtypes.StatusCodeInternalError}
	out, err := gather(t, c, input())
	require.NoError(t, err)
	denied := gapOf(t, out, "errors of payments, Shop/Errors")
	require.Equal(t, incident.GapDenied, denied.Kind)
	require.Contains(t, denied.Reason.String(), "the worker's role lacks cloudwatch:GetMetricData")
	require.Equal(t, incident.GapUnavailable, gapOf(t, out, "requests of payments, Shop/Requests").Kind)
	pick(t, out, incident.EvidenceMetric, "errors of checkout")
}

// A group that says too much is compared with what it said right before the
// onset, not with ten minutes of which only the first could be read.
func TestABusyLogGroupIsComparedWithItsLatestPast(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.page = 10_000
	var from []time.Time
	c.onLines = func(_ context.Context, group string, at time.Time, _ int) error {
		if group == "/shop/checkout" {
			from = append(from, at)
		}
		return nil
	}
	for i := -120; i < 30; i++ {
		for n := range 200 {
			c.log("/shop/checkout", i, fmt.Sprintf("INFO served %d", n))
		}
		if i > -60 {
			c.log("/shop/checkout", i, "ERROR an old error that began after most of what could be read")
		}
	}
	out, err := gather(t, c, input())
	require.NoError(t, err)
	require.WithinDuration(t, onset.Add(-80*time.Second), from[1], 2*time.Second)
	pick(t, out, incident.EvidenceLogs, "steady log pattern of checkout: ERROR an old error")
}
