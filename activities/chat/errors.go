package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// Slack's error codes by what to do about them. Codes that are in none of the
// lists are validation errors: repeating the same call gives the same answer.
var (
	permissionCodes = []string{
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission",
		"missing_scope", "not_allowed_token_type", "access_denied", "ekm_access_denied", "not_in_channel",
		"restricted_action", "is_archived", "org_login_required", "team_access_not_granted", "cant_update_message",
	}
	notFoundCodes  = []string{"channel_not_found", "message_not_found", "thread_not_found"}
	throttledCodes = []string{"ratelimited", "rate_limited", "message_limit_exceeded"}
	passingCodes   = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "timeout"}
)

// maxCause bounds what is told of Slack's own words, in bytes. They can quote
// what was sent, and end in workflow history.
const maxCause = 500

// classified turns an error of slack-go into one that says whether a retry can
// help. what names the action and its object: "post to channel C1".
func classified(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = redact.Error(rules.Default(), err, maxCause)
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var refused slack.SlackErrorResponse
	switch {
	case errors.As(err, &limited):
		return temporal.NewApplicationErrorWithOptions(what+": Slack throttles", incident.ErrorThrottled,
			temporal.ApplicationErrorOptions{Cause: err, NextRetryDelay: limited.RetryAfter})
	case errors.As(err, &status):
		return byStatus(what, status.Code, err)
	case errors.As(err, &refused):
		return byCode(what, refused, err)
	default:
		// The connection broke, the answer did not come or was no JSON: whether
		// the call had its effect is unknown, and the next attempt looks first.
		return temporal.NewApplicationErrorWithCause(what+": no answer from Slack", incident.ErrorUnavailable, err)
	}
}

func byStatus(what string, code int, err error) error {
	switch {
	case code == http.StatusTooManyRequests:
		return temporal.NewApplicationErrorWithCause(what+": Slack throttles", incident.ErrorThrottled, err)
	case code >= http.StatusInternalServerError, code == http.StatusRequestTimeout:
		return temporal.NewApplicationErrorWithCause(what+": Slack failed", incident.ErrorUnavailable, err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return temporal.NewNonRetryableApplicationError(what+": Slack refuses the token", incident.ErrorPermission, err)
	default:
		return temporal.NewNonRetryableApplicationError(what+": Slack refuses the request", incident.ErrorValidation, err)
	}
}

func byCode(what string, refused slack.SlackErrorResponse, err error) error {
	msg := what + ": Slack answers " + refused.Err
	switch {
	case slices.Contains(throttledCodes, refused.Err):
		return temporal.NewApplicationErrorWithCause(msg, incident.ErrorThrottled, err)
	case slices.Contains(passingCodes, refused.Err):
		return temporal.NewApplicationErrorWithCause(msg, incident.ErrorUnavailable, err)
	case slices.Contains(notFoundCodes, refused.Err):
		return temporal.NewNonRetryableApplicationError(msg, incident.ErrorNotFound, err)
	case slices.Contains(permissionCodes, refused.Err):
		return temporal.NewNonRetryableApplicationError(msg+"; check the bot token, its scopes and that the bot is in the channel", incident.ErrorPermission, err)
	default:
		if len(refused.ResponseMetadata.Messages) > 0 {
			msg += " (" + redact.Clean(rules.Default(), refused.ResponseMetadata.Messages[0]).Cut(maxCause).String() + ")"
		}
		return temporal.NewNonRetryableApplicationError(msg, incident.ErrorValidation, err)
	}
}

// errNoTimestamp says that an answer was no answer.
var errNoTimestamp = errors.New("the answer names no message")

// invalid is a request that no retry mends.
func invalid(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), incident.ErrorValidation, nil)
}
