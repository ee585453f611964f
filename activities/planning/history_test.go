package planning_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/planning"
)

type counter struct {
	query string
	err   error
}

func (c *counter) CountWorkflow(_ context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	c.query = r.GetQuery()
	return &workflowservice.CountWorkflowExecutionsResponse{Count: 3}, c.err
}

func TestTemporalHistory(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c := &counter{}
	h := planning.TemporalHistory{Client: c}
	n, err := h.Remediations(t.Context(), "incident/1/r/checkout/", since, "incident/1/r/checkout/inc-1/remediation/1")
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, "WorkflowType = 'RemediationWorkflow' AND WorkflowId STARTS_WITH 'incident/1/r/checkout/' AND StartTime >= '2026-03-02T09:00:00Z' AND WorkflowId != 'incident/1/r/checkout/inc-1/remediation/1'", c.query)

	_, err = h.Remediations(t.Context(), "incident/1/r/checkout/", since, "")
	require.NoError(t, err)
	require.NotContains(t, c.query, "!=")

	for name, tt := range map[string]struct {
		prefix    string
		err       error
		retryable bool
	}{
		"quote in the prefix": {prefix: "incident/x' OR ''='"},
		"refused query":       {prefix: "incident/1/", err: serviceerror.NewInvalidArgument("bad")},
		"unavailable":         {prefix: "incident/1/", err: serviceerror.NewUnavailable("down"), retryable: true},
	} {
		_, err := planning.TemporalHistory{Client: &counter{err: tt.err}}.Remediations(t.Context(), tt.prefix, since, "")
		require.Error(t, err, name)
		var app *temporal.ApplicationError
		require.Equal(t, tt.retryable, !errors.As(err, &app) || !app.NonRetryable(), name)
	}
}
