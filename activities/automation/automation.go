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
	"go.temporal.io/sdk/activity"

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
}

// Catalog finds a runbook's document at a commit.
type Catalog interface {
	At(ctx context.Context, commit string) (*runbook.Catalog, error)
}

// Options are what the activities work with. Systems and Catalog are needed,
// everything else has a default.
type Options struct {
	Systems   Systems
	Catalog   Catalog
	Redactor  redact.Redactor // default: rules.Default()
	Poll      time.Duration   // between two looks at an execution or a document; default 5 s
	Heartbeat time.Duration   // between two heartbeats; default 5 s
	Stop      time.Duration   // how long stopping an execution may take; default 30 s

	// Running tells whether a run of a workflow still runs; an empty run id means
	// the current one.
	// Default: Temporal is asked, with the worker's own client.
	Running func(ctx context.Context, workflowID, runID string) (bool, error)
}

// Activities are PublishDocument, StartAutomation and WatchAutomation.
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
	}{{&opts.Poll, 5 * time.Second}, {&opts.Heartbeat, 5 * time.Second}, {&opts.Stop, 30 * time.Second}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if opts.Running == nil {
		opts.Running = running
	}
	return &Activities{opts: opts}, nil
}

// running asks Temporal about a workflow; one that it does not know is gone.
func running(ctx context.Context, workflowID, runID string) (bool, error) {
	out, err := activity.GetClient(ctx).DescribeWorkflowExecution(ctx, workflowID, runID)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("describe workflow %s: %w", workflowID, err)
	}
	return out.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}
