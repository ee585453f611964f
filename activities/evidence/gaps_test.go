package evidence_test

import (
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
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
