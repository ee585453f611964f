// Package automation publishes runbooks as Systems Manager documents, starts
// them exactly once, and follows them. It is the only package that changes
// anything in an AWS account.
package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/runbook"
)

// Systems is the part of Systems Manager that is used.
type Systems interface {
	CreateDocument(ctx context.Context, in *ssm.CreateDocumentInput, opts ...func(*ssm.Options)) (*ssm.CreateDocumentOutput, error)
	UpdateDocument(ctx context.Context, in *ssm.UpdateDocumentInput, opts ...func(*ssm.Options)) (*ssm.UpdateDocumentOutput, error)
	GetDocument(ctx context.Context, in *ssm.GetDocumentInput, opts ...func(*ssm.Options)) (*ssm.GetDocumentOutput, error)
	StartAutomationExecution(ctx context.Context, in *ssm.StartAutomationExecutionInput, opts ...func(*ssm.Options)) (*ssm.StartAutomationExecutionOutput, error)
	GetAutomationExecution(ctx context.Context, in *ssm.GetAutomationExecutionInput, opts ...func(*ssm.Options)) (*ssm.GetAutomationExecutionOutput, error)
	DescribeAutomationStepExecutions(ctx context.Context, in *ssm.DescribeAutomationStepExecutionsInput, opts ...func(*ssm.Options)) (*ssm.DescribeAutomationStepExecutionsOutput, error)
	StopAutomationExecution(ctx context.Context, in *ssm.StopAutomationExecutionInput, opts ...func(*ssm.Options)) (*ssm.StopAutomationExecutionOutput, error)
	DescribeAutomationExecutions(ctx context.Context, in *ssm.DescribeAutomationExecutionsInput, opts ...func(*ssm.Options)) (*ssm.DescribeAutomationExecutionsOutput, error)
	ListTagsForResource(ctx context.Context, in *ssm.ListTagsForResourceInput, opts ...func(*ssm.Options)) (*ssm.ListTagsForResourceOutput, error)
}

// Catalog finds a runbook's document at a commit.
type Catalog interface {
	At(ctx context.Context, commit string) (*runbook.Catalog, error)
}

// Options are what the activities work with. Systems and Catalog are needed,
// everything else has a default.
type Options struct {
	Systems  Systems
	Catalog  Catalog
	Redactor redact.Redactor // default: rules.Default()
	Poll     time.Duration   // between two looks at an execution or a document; default 5 s
	Stop     time.Duration   // how long stopping an execution may take; default 30 s

	// Namespace is the Temporal namespace of the workflows that start executions:
	// its name, a slash and its id, because every cluster has one called
	// "default". Executions are tagged with it; without one FindOrphans refuses.
	Namespace string

	// Ended tells whether a workflow's current run has ended.
	// Default: Temporal is asked, with the worker's own client.
	Ended func(ctx context.Context, workflowID string) (End, error)
}

// Activities are PublishDocument, StartAutomation, WatchAutomation and
// StopAutomation, and the guard's FindOrphans and ReapOrphan.
type Activities struct{ opts Options }

// New checks the options and fills in the defaults.
func New(opts Options) (*Activities, error) {
	if opts.Systems == nil || opts.Catalog == nil {
		return nil, errors.New("automation activities need a client of Systems Manager and a catalogue")
	}
	if opts.Redactor == nil {
		opts.Redactor = rules.Default()
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&opts.Poll, 5 * time.Second}, {&opts.Stop, 30 * time.Second}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if opts.Ended == nil {
		opts.Ended = ended
	}
	return &Activities{opts: opts}, nil
}

// ended asks Temporal about the current run of a workflow; one that it does not
// know is gone.
func ended(ctx context.Context, workflowID string) (End, error) {
	return describe(ctx, activity.GetClient(ctx), workflowID)
}

// describer is what is needed of Temporal's client.
type describer interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

// describe tells whether a workflow's current run has ended. Only the statuses that are known to
// be ends count as one: a workflow that somebody paused goes on later, and a
// status of a newer server may mean anything.
func describe(ctx context.Context, c describer, workflowID string) (End, error) {
	out, err := c.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return End{Ended: true}, nil
	}
	if err != nil {
		return End{}, fmt.Errorf("describe workflow %s: %w", workflowID, err)
	}
	info := out.GetWorkflowExecutionInfo()
	if incident.HasEnded(info.GetStatus()) {
		return End{Ended: true, At: info.GetCloseTime().AsTime()}, nil
	}
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_PAUSED, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
		return End{}, nil
	default:
		return End{}, fmt.Errorf("describe workflow %s: status %s is not known here", workflowID, info.GetStatus())
	}
}
