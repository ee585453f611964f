package evidence

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// refused finds the action that IAM did not allow in what a service says: "User:
// ... is not authorized to perform: logs:FilterLogEvents on resource: ...".
var refused = regexp.MustCompile(`not authorized to perform:? ([a-z0-9-]{2,40}:[A-Za-z0-9]{2,80})`)

// prefixes of IAM actions by the service ids of the SDK, where they are not the
// id in small letters.
var prefixes = map[string]string{"CloudWatch Logs": "logs", "XRay": "xray", "CloudWatch": "cloudwatch", "CloudTrail": "cloudtrail"}

// reason tells why a source gave no answer. Needs are the actions that it takes.
func (a *Activities) reason(err error, needs []string) (incident.GapKind, redact.Text) {
	said := a.clean(err.Error())
	_, late := errors.AsType[tooLong](err)
	switch {
	case errors.Is(err, errNotConfigured):
		return incident.GapNotConfigured, said
	case late, errors.Is(err, errNotAsked), errors.Is(err, context.DeadlineExceeded):
		return incident.GapTimeout, said
	}
	switch awserror.Kind(err) {
	case incident.ErrorPermission:
		return incident.GapDenied, redact.Format("the worker's role lacks %s: %s", redact.Name(action(err, needs)), said)
	case incident.ErrorThrottled:
		return incident.GapThrottled, redact.Format("throttled: %s", said)
	default:
		return incident.GapUnavailable, said
	}
}

// action is the IAM action that was missing: as the service says, else that of
// the operation that failed, else all that the source needs.
func action(err error, needs []string) string {
	if m := refused.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	if failed, ok := errors.AsType[*smithy.OperationError](err); ok {
		prefix, known := prefixes[failed.ServiceID]
		if !known {
			prefix = strings.ToLower(strings.ReplaceAll(failed.ServiceID, " ", ""))
		}
		return prefix + ":" + failed.OperationName
	}
	return strings.Join(needs, ", ")
}
