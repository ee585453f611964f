// Package awserror decides, at the edge to AWS, whether an error is worth
// another try, and says so in the terms that Temporal's retry policies know.
// Its messages are redacted, because they end in workflow history.
package awserror

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// quotaDelay is how long to wait after a quota was used up: quotas are by the
// minute or by running executions, so that seconds change nothing.
const quotaDelay = time.Minute

// maxRetryAfter bounds what a Retry-After header may ask for.
const maxRetryAfter = 5 * time.Minute

// maxMessage bounds an error's message in history, in bytes.
const maxMessage = 1000

var byCode = map[string]string{
	"AccessDenied": incident.ErrorPermission, "AccessDeniedException": incident.ErrorPermission, "UnauthorizedOperation": incident.ErrorPermission,
	"UnrecognizedClientException": incident.ErrorPermission, "InvalidClientTokenId": incident.ErrorPermission, "SignatureDoesNotMatch": incident.ErrorPermission,
	"InvalidSignatureException": incident.ErrorPermission, "IncompleteSignature": incident.ErrorPermission, "MissingAuthenticationToken": incident.ErrorPermission,
	"NotAuthorized": incident.ErrorPermission, "OptInRequired": incident.ErrorPermission,

	"ResourceNotFoundException": incident.ErrorNotFound, "ResourceNotFound": incident.ErrorNotFound, "InvalidDocument": incident.ErrorNotFound,
	"InvalidDocumentVersion": incident.ErrorNotFound, "AutomationDefinitionNotFoundException": incident.ErrorNotFound,
	"AutomationDefinitionVersionNotFoundException": incident.ErrorNotFound, "AutomationExecutionNotFoundException": incident.ErrorNotFound,

	"IdempotentParameterMismatch": incident.ErrorMismatch,

	"AutomationExecutionLimitExceededException": incident.ErrorThrottled, "ServiceQuotaExceededException": incident.ErrorThrottled,
	"ModelNotReadyException": incident.ErrorThrottled, "DocumentLimitExceeded": incident.ErrorValidation,

	// A model that failed or took too long may answer the next time (408, 424).
	"ModelTimeoutException": incident.ErrorUnavailable, "ModelErrorException": incident.ErrorUnavailable,
	// Credentials that ran out are fetched again by the SDK.
	"ExpiredToken": incident.ErrorUnavailable, "ExpiredTokenException": incident.ErrorUnavailable, "RequestExpired": incident.ErrorUnavailable,
}

// slow are errors after which the next try has to wait for long.
var slow = []string{"AutomationExecutionLimitExceededException", "ServiceQuotaExceededException"}

// Classify wraps an error of an AWS client with what was being done. Its result
// is a temporal.ApplicationError of one of the types above, or, when the context
// ended, the plain error. It returns nil for nil. An error that is classified
// already keeps its verdict; only wrapping it would lose it, since Temporal looks
// at the outermost error and takes any other type for retryable.
func Classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if done, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		msg := redact.Clean(rules.Default(), doing+": "+done.Message()).Cut(maxMessage).String()
		return temporal.NewApplicationErrorWithOptions(msg, done.Type(), temporal.ApplicationErrorOptions{
			NonRetryable: done.NonRetryable(), NextRetryDelay: done.NextRetryDelay(),
		})
	}
	kind, delay := kindOf(err)
	msg := redact.Clean(rules.Default(), fmt.Sprintf("%s: %s", doing, err)).Cut(maxMessage).String()
	// The cause is left out: Temporal would write its message, which is not
	// redacted, into history beside this one.
	return temporal.NewApplicationErrorWithOptions(msg, kind, temporal.ApplicationErrorOptions{
		NonRetryable:   kind == incident.ErrorValidation || kind == incident.ErrorPermission || kind == incident.ErrorNotFound || kind == incident.ErrorMismatch,
		NextRetryDelay: delay,
	})
}

// Retryable tells whether Classify would make err retryable. An error that is
// classified already is asked for its own verdict.
func Retryable(err error) bool {
	if done, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return !done.NonRetryable()
	}
	kind, _ := kindOf(err)
	return kind == incident.ErrorThrottled || kind == incident.ErrorUnavailable
}

// Kind is the type that Classify would give err, one of incident's. An error that
// is classified already keeps its own.
func Kind(err error) string {
	if done, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return done.Type()
	}
	kind, _ := kindOf(err)
	return kind
}

// Refuse makes an error that no retry mends.
func Refuse(kind, format string, args ...any) error {
	msg := redact.Clean(rules.Default(), fmt.Sprintf(format, args...)).Cut(maxMessage).String()
	return temporal.NewNonRetryableApplicationError(msg, kind, nil)
}

// Unavailablef makes an error that a retry may mend.
func Unavailablef(format string, args ...any) error {
	msg := redact.Clean(rules.Default(), fmt.Sprintf(format, args...)).Cut(maxMessage).String()
	return temporal.NewApplicationError(msg, incident.ErrorUnavailable)
}

func kindOf(err error) (kind string, delay time.Duration) {
	var api smithy.APIError
	hasCode := errors.As(err, &api)
	status, after := response(err)
	if hasCode {
		if slices.Contains(slow, api.ErrorCode()) {
			return incident.ErrorThrottled, max(after, quotaDelay)
		}
		if kind, known := byCode[api.ErrorCode()]; known {
			return kind, after
		}
		if _, throttle := retry.DefaultThrottleErrorCodes[api.ErrorCode()]; throttle {
			return incident.ErrorThrottled, after
		}
	}
	switch {
	case status == http.StatusTooManyRequests:
		return incident.ErrorThrottled, after
	case status == http.StatusRequestTimeout, status == http.StatusFailedDependency, status >= http.StatusInternalServerError:
		return incident.ErrorUnavailable, after
	case hasCode && api.ErrorFault() == smithy.FaultServer:
		return incident.ErrorUnavailable, after
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return incident.ErrorPermission, 0
	case status >= http.StatusBadRequest:
		return incident.ErrorValidation, 0
	case hasCode && api.ErrorFault() == smithy.FaultClient:
		return incident.ErrorValidation, 0
	}
	// Parameters that the client itself refuses to send.
	var invalid *smithy.InvalidParamsError
	if errors.As(err, &invalid) || invalidParams(err) {
		return incident.ErrorValidation, 0
	}
	// No answer, or none that could be read: it is not known what happened.
	return incident.ErrorUnavailable, 0
}

func invalidParams(err error) bool {
	var invalid smithy.InvalidParamsError
	return errors.As(err, &invalid)
}

// response reads the HTTP status (0 when there was no answer) and Retry-After.
func response(err error) (int, time.Duration) {
	var answered *awshttp.ResponseError
	if !errors.As(err, &answered) || answered.Response == nil || answered.Response.Response == nil {
		return 0, 0
	}
	seconds, bad := strconv.Atoi(answered.Response.Header.Get("Retry-After"))
	if bad != nil || seconds <= 0 {
		return answered.HTTPStatusCode(), 0
	}
	return answered.HTTPStatusCode(), min(time.Duration(seconds)*time.Second, maxRetryAfter)
}
