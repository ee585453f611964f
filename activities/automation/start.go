package automation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
)

// Limits of StartAutomationExecution's parameters, by its API model; a value's
// length is runbook.MaxParameterValue.
const (
	maxParameters      = 200
	maxParameterValues = 50
	maxParameterBytes  = 60 << 10 // document and inputs together take at most 64 KB
)

// tokenSpace is the UUID namespace of client tokens.
var tokenSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("firebreak/automation"))

// ClientToken is the UUIDv5 of what is started. The SDK does not fill the token
// in and tries again after a 500, so without it one call could start several
// executions; with it every try of the same attempt is the same execution. A
// backfill or a drill of the same time has the incident ids of the live
// incidents, so what is not live has the prefix of its workflow id in its token:
// it would be given the live incident's execution otherwise, long over.
func ClientToken(workflowID, incidentID, step string, attempt int) string {
	prefix, _, known := strings.Cut(workflowID, "incident/")
	if !known {
		prefix = ""
	}
	return uuid.NewSHA1(tokenSpace, []byte(prefix+incidentID+"\x00"+step+"\x00"+strconv.Itoa(attempt))).String()
}

// StartAutomation starts a document at its numeric version and checks that this
// is the version that runs.
func (a *Activities) StartAutomation(ctx context.Context, in incident.StartAutomationInput) (incident.Execution, error) {
	if err := checkStart(in); err != nil {
		return incident.Execution{}, err
	}
	doing := fmt.Sprintf("start document %s version %s", in.Document.Name, in.Document.Version)
	workflowID := activity.GetInfo(ctx).WorkflowExecution.ID
	token := ClientToken(workflowID, in.IncidentID, in.Step, in.Attempt)
	out, err := a.opts.Systems.StartAutomationExecution(ctx, &ssm.StartAutomationExecutionInput{
		DocumentName: &in.Document.Name, DocumentVersion: &in.Document.Version, ClientToken: &token,
		Parameters: in.Parameters, Mode: types.ExecutionModeAuto, Tags: a.tagsOf(workflowID, in),
	})
	if err != nil {
		return incident.Execution{}, awserror.Classify(doing, err)
	}
	id := aws.ToString(out.AutomationExecutionId)
	exec, err := a.look(ctx, id)
	if err != nil && !awserror.Retryable(err) && !notYet(err) {
		// What cannot be seen cannot be watched either, and must not run on.
		if stopped := a.stop(ctx, id); stopped != nil {
			return incident.Execution{}, awserror.Classify(fmt.Sprintf("%s: execution %s cannot be read and could not be stopped", doing, id), stopped)
		}
		return incident.Execution{}, awserror.Classify(doing+": execution "+id+" was stopped, because it cannot be read", err)
	}
	if err != nil {
		// The next try has the same token, which leads to the same execution.
		return incident.Execution{}, awserror.Unavailablef("%s: execution %s does not show yet: %s", doing, id, err)
	}
	if exec.DocumentVersion != in.Document.Version {
		if err := a.stop(ctx, id); err != nil {
			return incident.Execution{}, awserror.Classify(fmt.Sprintf("%s: it runs version %s and could not be stopped", doing, exec.DocumentVersion), err)
		}
		return incident.Execution{}, awserror.Refuse(incident.ErrorMismatch, "%s: execution %s runs version %s instead and was stopped", doing, id, exec.DocumentVersion)
	}
	return exec, nil
}

// checkStart refuses what Systems Manager would refuse, and what it would not
// but must never run.
func checkStart(in incident.StartAutomationInput) error {
	refuse := func(format string, args ...any) error {
		return awserror.Refuse(incident.ErrorValidation, "start document "+in.Document.Name+": "+format, args...)
	}
	if in.IncidentID == "" || in.Step == "" || in.Attempt < 1 || in.Document.Name == "" {
		return refuse("incident, step, attempt and document are needed")
	}
	if !numeric.MatchString(in.Document.Version) {
		return refuse("version %q is no number; $LATEST and $DEFAULT can change their content", in.Document.Version)
	}
	if len(in.Parameters) > maxParameters {
		return refuse("%d parameters are more than %d", len(in.Parameters), maxParameters)
	}
	bytes := 0
	for name, values := range in.Parameters {
		// Whoever may choose the role may do what the role may do.
		if strings.EqualFold(name, "AutomationAssumeRole") {
			return refuse("the role is set in the document, never by a parameter")
		}
		if len(values) > maxParameterValues {
			return refuse("parameter %s has %d values, more than %d", name, len(values), maxParameterValues)
		}
		bytes += len(name)
		for _, v := range values {
			if err := runbook.CheckParameterValue(v); err != nil {
				return refuse("parameter %s: %s", name, err)
			}
			bytes += len(v)
		}
	}
	if bytes > maxParameterBytes {
		return refuse("parameters have %d bytes, more than %d", bytes, maxParameterBytes)
	}
	return nil
}
