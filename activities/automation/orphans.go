package automation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"go.temporal.io/sdk/activity"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
)

// Tags by which an execution is known to be one of ours, and whose. Five can be
// given at the start, and all five are.
const (
	tagManagedBy = "ManagedBy"
	tagIncident  = "FirebreakIncident"
	tagStep      = "FirebreakStep"
	tagWorkflow  = "FirebreakWorkflow"  // id of the RemediationWorkflow
	tagNamespace = "FirebreakNamespace" // name and id of its Temporal namespace
	managedBy    = "firebreak"
)

const (
	orphanPage  = 50 // DescribeAutomationExecutions' own limit
	orphanPages = 40 // 100 executions run at once in an account, the rest is pending
	orphansOnce = 50 // reported at once, so that the answer stays small; the next look finds more
)

// unfinished are the statuses of an execution that may still do something. One
// that is Cancelling has been stopped already.
var unfinished = []types.AutomationExecutionStatus{
	types.AutomationExecutionStatusPending, types.AutomationExecutionStatusInprogress, types.AutomationExecutionStatusWaiting,
	types.AutomationExecutionStatusPendingApproval, types.AutomationExecutionStatusApproved, types.AutomationExecutionStatusScheduled,
	types.AutomationExecutionStatusRunbookInprogress, types.AutomationExecutionStatusPendingChangeCalendarOverride,
	types.AutomationExecutionStatusChangeCalendarOverrideApproved,
}

// FindOrphans lists the executions that a RemediationWorkflow of the scope
// started and that run on although that workflow has ended: it was terminated
// while no worker watched, so that nobody stopped them.
//
// Whose an execution is stands in its tags, and nothing is an orphan on less
// than proof: another account, region, namespace or prefix, a tag that is
// missing, a workflow that runs, a workflow that Temporal cannot be asked about,
// all of these leave it alone.
func (a *Activities) FindOrphans(ctx context.Context, in incident.FindOrphansInput) (incident.FindOrphansResult, error) {
	var out incident.FindOrphansResult
	if a.opts.Namespace == "" || in.Scope.Account == "" || in.Scope.Region == "" {
		return out, awserror.Refuse(incident.ErrorValidation, "find orphans: the Temporal namespace, the account and the region have to be known")
	}
	running := &ssm.DescribeAutomationExecutionsInput{
		MaxResults: aws.Int32(orphanPage),
		Filters: []types.AutomationExecutionFilter{
			{Key: types.AutomationExecutionFilterKeyDocumentNamePrefix, Values: []string{namePrefix}},
			{Key: types.AutomationExecutionFilterKeyExecutionStatus, Values: names(unfinished)},
		},
	}
	for range orphanPages {
		page, err := a.opts.Systems.DescribeAutomationExecutions(ctx, running)
		if err != nil {
			return out, awserror.Classify("list running automations (needs ssm:DescribeAutomationExecutions)", err)
		}
		for _, x := range page.AutomationExecutionMetadataList {
			if x.ParentAutomationExecutionId != nil {
				continue // ends with its parent
			}
			out.Running++
			orphan, err := a.orphan(ctx, in, x)
			switch {
			case err != nil && !awserror.Retryable(err):
				return out, err
			case err != nil:
				out.Unsure++
				activity.GetLogger(ctx).Warn("an automation is left alone because it cannot be told whose it is", "execution", aws.ToString(x.AutomationExecutionId), "error", err)
			case orphan != nil && len(out.Orphans) < orphansOnce:
				out.Orphans = append(out.Orphans, *orphan)
			}
		}
		if running.NextToken = page.NextToken; aws.ToString(running.NextToken) == "" {
			break
		}
	}
	return out, nil
}

// orphan looks at one execution; nil means that it is none. An error that is
// worth another try means that it cannot be told.
func (a *Activities) orphan(ctx context.Context, in incident.FindOrphansInput, x types.AutomationExecutionMetadata) (*incident.Orphan, error) {
	id := aws.ToString(x.AutomationExecutionId)
	began := aws.ToTime(x.ExecutionStartTime)
	if id == "" || began.IsZero() || time.Since(began) < in.Grace.Std() {
		return nil, nil
	}
	owner, err := a.owner(ctx, id, in.Scope)
	if err != nil || owner == "" {
		return nil, err
	}
	end, err := a.opts.Ended(ctx, owner)
	if err != nil {
		return nil, awserror.Unavailablef("ask whether %s runs: %v", owner, err)
	}
	if !end.Ended || !end.At.IsZero() && time.Since(end.At) < in.Grace.Std() {
		return nil, nil
	}
	return &incident.Orphan{ExecutionID: id, Document: aws.ToString(x.DocumentName), WorkflowID: owner, Started: began.UTC(), Ended: end.At}, nil
}

// owner returns the id of the RemediationWorkflow of the scope that started an
// execution, or nothing when none did.
func (a *Activities) owner(ctx context.Context, id string, scope incident.Scope) (string, error) {
	out, err := a.opts.Systems.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{
		ResourceType: types.ResourceTypeForTaggingAutomation, ResourceId: &id,
	})
	if err != nil {
		return "", awserror.Classify("read the tags of execution "+id+" (needs ssm:ListTagsForResource)", err)
	}
	tags := map[string]string{}
	for _, t := range out.TagList {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	owner := tags[tagWorkflow]
	ours := tags[tagManagedBy] == managedBy && tags[tagNamespace] == a.opts.Namespace &&
		strings.HasPrefix(owner, scope.IncidentPrefix()) && strings.Contains(owner, "/remediation/")
	if !ours {
		return "", nil
	}
	return owner, nil
}

// ReapOrphan stops an orphan as StopAutomation does, unless its workflow turns
// out to run after all: somebody may have reset it since it was found.
func (a *Activities) ReapOrphan(ctx context.Context, in incident.ReapOrphanInput) (incident.ReapOrphanResult, error) {
	o := in.Orphan
	if o.ExecutionID == "" || o.WorkflowID == "" {
		return incident.ReapOrphanResult{}, awserror.Refuse(incident.ErrorValidation, "stop an orphan: its execution and its workflow are needed")
	}
	end, err := a.opts.Ended(ctx, o.WorkflowID)
	switch {
	case err != nil:
		return incident.ReapOrphanResult{}, awserror.Unavailablef("stop execution %s: it cannot be told whether %s runs: %v", o.ExecutionID, o.WorkflowID, err)
	case !end.Ended:
		activity.GetLogger(ctx).Info("an automation is watched again and goes on", "execution", o.ExecutionID, "workflow", o.WorkflowID)
		return incident.ReapOrphanResult{}, nil
	}
	activity.GetLogger(ctx).Warn("stopping an automation whose workflow has ended", "execution", o.ExecutionID, "document", o.Document, "workflow", o.WorkflowID)
	exec, err := a.StopAutomation(ctx, incident.StopAutomationInput{ExecutionID: o.ExecutionID})
	return incident.ReapOrphanResult{Stopped: err == nil, Execution: exec}, err
}

func names[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

// tagsOf are what an execution is known by later.
func (a *Activities) tagsOf(workflowID string, in incident.StartAutomationInput) []types.Tag {
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	tags := []types.Tag{
		tag(tagManagedBy, managedBy),
		tag(tagIncident, in.IncidentID),
		tag(tagStep, fmt.Sprintf("%s-%d", in.Step, in.Attempt)),
	}
	if a.opts.Namespace == "" || len(workflowID) > maxTagValue {
		return tags // it is nobody's then, and the guard leaves it alone
	}
	return append(tags, tag(tagWorkflow, workflowID), tag(tagNamespace, a.opts.Namespace))
}

// maxTagValue is the length of a tag's value, in characters.
const maxTagValue = 256

// End is whether and when a workflow has ended.
type End struct {
	Ended bool
	At    time.Time // zero when Temporal does not know the workflow any more
}
