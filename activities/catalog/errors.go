package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

func final(kind string, cause error, format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), kind, clean(cause))
}

// clean makes an error fit for history and for logs. What is wrong with a
// catalogue is told with the value that stands there, which can be a secret in
// the wrong place, and errors of the git host hold the host's words.
func clean(err error) error { return redact.Error(rules.Default(), err, maxProblem) }

// classify decides which errors of the git host are worth another try. The
// result is a *temporal.ApplicationError, or context.Canceled as it came, because the SDK looks only at
// the outermost error to decide whether to retry.
func classify(err error, doing string) error {
	if err == nil {
		return nil
	}
	if app := new(temporal.ApplicationError); errors.As(err, &app) {
		return app
	}
	if errors.Is(err, context.Canceled) {
		return err // the SDK tells a cancelled activity by it
	}
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed), errors.Is(err, transport.ErrInvalidAuthMethod):
		return final(incident.ErrorPermission, err, "%s: the git host refuses the token; check catalog.user and FIREBREAK_CATALOG_TOKEN", doing)
	case errors.Is(err, transport.ErrRepositoryNotFound), errors.Is(err, transport.ErrEmptyRemoteRepository):
		return final(incident.ErrorNotFound, err, "%s: there is no repository with a commit at catalog.url, or the token may not see it", doing)
	}
	// What git upload-pack answers, as an ERR line, for a commit that it does not
	// have or may not hand out.
	if strings.Contains(err.Error(), "not our ref") {
		return final(incident.ErrorNotFound, err, "%s: the git host does not hand this commit out", doing)
	}
	// UnexpectedError hides what it holds from errors.As.
	if hidden := new(plumbing.UnexpectedError); errors.As(err, &hidden) {
		if answer := new(githttp.Err); errors.As(hidden.Err, &answer) {
			return classifyStatus(answer, err, doing)
		}
	}
	// Timeouts, resets and everything else that happens between two machines.
	return temporal.NewApplicationErrorWithCause(doing, incident.ErrorUnavailable, clean(err))
}

func classifyStatus(answer *githttp.Err, err error, doing string) error {
	options := temporal.ApplicationErrorOptions{Cause: clean(err), NextRetryDelay: retryAfter(answer.Response.Header)}
	switch code := answer.StatusCode(); {
	case code == http.StatusTooManyRequests:
		return temporal.NewApplicationErrorWithOptions(doing, incident.ErrorThrottled, options)
	case code >= 500 || code == http.StatusRequestTimeout:
		return temporal.NewApplicationErrorWithOptions(doing, incident.ErrorUnavailable, options)
	default:
		return final(incident.ErrorValidation, err, "%s: the git host does not understand the request; check catalog.url", doing)
	}
}

// maxRetryAfter bounds what a host may make us wait.
const maxRetryAfter = 10 * time.Minute

// retryAfter reads the header in its form in seconds; 0 leaves the delay to
// the retry policy.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}
