package tickets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	jira "github.com/andygrunwald/go-jira"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// maxCause bounds the text of an error that is not of Jira's making, in bytes.
const maxCause = 500

// maxRetryAfter bounds how long Jira's Retry-After is obeyed.
const maxRetryAfter = 10 * time.Minute

// classified turns an error of go-jira into one that says whether a retry can
// help. what names the action and its object: "comment on OPS-1". It reads and
// closes the response's body.
func classified(what string, resp *jira.Response, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if resp == nil || resp.Response == nil || resp.StatusCode < 300 {
		// No answer, or one that broke off: whether the call had its effect is
		// unknown, and whoever tries again looks first.
		return temporal.NewApplicationErrorWithCause(what+": no answer from Jira", incident.ErrorUnavailable, redact.Error(rules.Default(), err, maxCause))
	}
	err = detailed(resp, err)
	msg := fmt.Sprintf("%s: Jira answers %d", what, resp.StatusCode)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		if reason := resp.Header.Get("RateLimit-Reason"); reason != "" {
			msg += " (" + shown(reason) + ")"
		}
		return temporal.NewApplicationErrorWithOptions(msg, incident.ErrorThrottled,
			temporal.ApplicationErrorOptions{Cause: err, NextRetryDelay: retryAfter(resp.Header.Get("Retry-After"))})
	case code >= http.StatusInternalServerError, code == http.StatusRequestTimeout:
		return temporal.NewApplicationErrorWithOptions(msg, incident.ErrorUnavailable,
			temporal.ApplicationErrorOptions{Cause: err, NextRetryDelay: retryAfter(resp.Header.Get("Retry-After"))})
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return temporal.NewNonRetryableApplicationError(msg+"; check the token and the rights of its user in the project", incident.ErrorPermission, err)
	case code == http.StatusNotFound:
		return temporal.NewNonRetryableApplicationError(msg, incident.ErrorNotFound, err)
	case code == http.StatusGone:
		return temporal.NewNonRetryableApplicationError(msg+": this Jira has removed the call; is it Cloud, set up as Data Center?", incident.ErrorValidation, err)
	default:
		return temporal.NewNonRetryableApplicationError(msg, incident.ErrorValidation, err)
	}
}

// detailed adds what Jira says about an error, shortened and without anything
// but words: it goes into workflow history.
func detailed(resp *jira.Response, err error) error {
	var known *jira.Error
	if !errors.As(err, &known) && resp.Body != nil {
		if more := jira.NewJiraError(&jira.Response{Response: limited(resp.Response)}, err); more != nil { //nolint:bodyclose // go-jira closes it
			err = more
		}
	}
	return errors.New(shown(err.Error()))
}

// limited bounds what is read of an error page.
func limited(r *http.Response) *http.Response {
	out := *r
	out.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r.Body, 16<<10), r.Body}
	return &out
}

// retryAfter reads Retry-After in seconds; 0 leaves the delay to the retry policy.
func retryAfter(v string) time.Duration {
	seconds, err := strconv.Atoi(v)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// shown is somebody else's words made fit for an error message: Jira can quote
// what was sent, and errors end in workflow history.
func shown(s string) string {
	return redact.Name(redact.Clean(rules.Default(), s).String()).Cut(300).String()
}

// invalid is a request that no retry mends.
func invalid(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), incident.ErrorValidation, nil)
}

// uncertain tells whether a call may have had its effect in spite of its error.
func uncertain(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == incident.ErrorUnavailable
}
