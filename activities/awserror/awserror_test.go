package awserror_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
)

func answered(status int, code, retryAfter string) error {
	resp := &http.Response{StatusCode: status, Header: http.Header{}}
	if retryAfter != "" {
		resp.Header.Set("Retry-After", retryAfter)
	}
	cause := errors.New("unreadable")
	if code != "" {
		cause = &smithy.GenericAPIError{Code: code, Message: "password=hunter2"}
	}
	return fmt.Errorf("operation error: %w", &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: resp}, Err: cause},
	})
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		err   error
		kind  string
		final bool
		delay time.Duration
	}{
		{"throttle", answered(400, "ThrottlingException", ""), incident.ErrorThrottled, false, 0},
		{"throttle with a delay", answered(429, "TooManyRequestsException", "7"), incident.ErrorThrottled, false, 7 * time.Second},
		{"a delay has a limit", answered(503, "ServiceUnavailable", "86400"), incident.ErrorUnavailable, false, 5 * time.Minute},
		{"request limit", answered(400, "RequestLimitExceeded", ""), incident.ErrorThrottled, false, 0},
		{"executions used up", answered(400, "AutomationExecutionLimitExceededException", ""), incident.ErrorThrottled, false, time.Minute},
		{"model quota", answered(400, "ServiceQuotaExceededException", ""), incident.ErrorThrottled, false, time.Minute},
		{"model not ready", answered(429, "ModelNotReadyException", ""), incident.ErrorThrottled, false, 0},
		{"model timeout", answered(408, "ModelTimeoutException", ""), incident.ErrorUnavailable, false, 0},
		{"model error", answered(424, "ModelErrorException", ""), incident.ErrorUnavailable, false, 0},
		{"500", answered(500, "InternalServerError", ""), incident.ErrorUnavailable, false, 0},
		{"500 without a code", answered(502, "", ""), incident.ErrorUnavailable, false, 0},
		{"connection lost", errors.New("EOF"), incident.ErrorUnavailable, false, 0},
		{"deadline", context.DeadlineExceeded, incident.ErrorUnavailable, false, 0},
		{"validation", answered(400, "ValidationException", ""), incident.ErrorValidation, true, 0},
		{"unknown 4xx", answered(400, "SomethingNew", ""), incident.ErrorValidation, true, 0},
		{"permission", answered(400, "AccessDeniedException", ""), incident.ErrorPermission, true, 0},
		{"403 without a code", answered(403, "", ""), incident.ErrorPermission, true, 0},
		{"not found", answered(400, "ResourceNotFoundException", ""), incident.ErrorNotFound, true, 0},
		{"mismatch", answered(400, "IdempotentParameterMismatch", ""), incident.ErrorMismatch, true, 0},
		{"parameters refused by the client", smithy.InvalidParamsError{Context: "x"}, incident.ErrorValidation, true, 0},
	} {
		err := awserror.Classify("read alarm a", c.err)
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app, c.name)
		require.Equal(t, c.kind, app.Type(), c.name)
		require.Equal(t, c.final, app.NonRetryable(), c.name)
		require.Equal(t, c.delay, app.NextRetryDelay(), c.name)
		require.Contains(t, app.Message(), "read alarm a", c.name)
		require.NotContains(t, err.Error(), "hunter2", c.name)
		require.Equal(t, !c.final, awserror.Retryable(c.err), c.name)
		require.Equal(t, !c.final, awserror.Retryable(err), c.name)
	}
}

func TestClassifyLeavesWhatIsDecided(t *testing.T) {
	t.Parallel()
	require.NoError(t, awserror.Classify("x", nil))
	require.ErrorIs(t, awserror.Classify("x", context.Canceled), context.Canceled)
	refused := awserror.Refuse(incident.ErrorMismatch, "document %s has other content", "d")
	// Temporal looks at the outermost error: it has to be the application error.
	app, ok := awserror.Classify("publish", fmt.Errorf("wrapped: %w", refused)).(*temporal.ApplicationError) //nolint:errorlint // on purpose
	require.True(t, ok)
	require.Equal(t, incident.ErrorMismatch, app.Type())
	require.True(t, app.NonRetryable())
	require.Equal(t, "publish: document d has other content", app.Message())
}
