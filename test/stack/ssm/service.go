// Package ssm stands in for AWS Systems Manager: documents and their versions,
// and Automation that really runs them. It speaks the real wire protocol through
// awswire, so that unmodified SDK clients work against it.
//
// Because it can run shell scripts it must only ever be reached through awswire,
// which checks signature and Host, and it runs them on registered instances
// only.
package ssm

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/ssm/automation"
)

// Options configure a Service; zero values take defaults.
type Options struct {
	Account string                 // 12 digits; "123456789012" when empty
	Region  string                 // "us-east-1" when empty
	Now     func() time.Time       // time.Now when nil
	Alarms  automation.AlarmStates // answers for executions with an AlarmConfiguration; nil cannot tell

	// Poll is how often waiting steps and alarms look; automation.DefaultPoll when 0.
	Poll time.Duration
	// Concurrent is how many executions run at once; automation.DefaultConcurrent when 0.
	Concurrent int
}

// Service is the stand-in. Close it when done.
type Service struct {
	opts   Options
	engine *automation.Engine

	mu        sync.Mutex
	documents map[string]*storedDocument
	tags      map[tagKey][]types.Tag
	closed    map[string]bool // calendars that are closed; absent ones do not exist
}

// New makes a stand-in without documents and instances.
func New(opts Options) *Service {
	if opts.Account == "" {
		opts.Account = "123456789012"
	}
	if opts.Region == "" {
		opts.Region = "us-east-1"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Service{
		opts: opts,
		engine: automation.New(automation.Options{
			Account: opts.Account, Region: opts.Region, Now: opts.Now,
			Alarms: opts.Alarms, Poll: opts.Poll, Concurrent: opts.Concurrent,
		}),
		documents: map[string]*storedDocument{},
		tags:      map[tagKey][]types.Tag{},
		closed:    map[string]bool{},
	}
}

// Close ends every execution and kills their scripts; it returns when nothing
// of the stand-in runs any more.
func (s *Service) Close() { s.engine.Close() }

// Instance is a managed instance; see automation.Instance.
type Instance = automation.Instance

// RegisterInstance lets aws:runCommand run scripts in an instance's directory.
func (s *Service) RegisterInstance(in Instance) error { return s.engine.RegisterInstance(in) }

// RegisterAPI offers an operation to aws:executeAwsApi and its relatives; see
// automation.API.
func (s *Service) RegisterAPI(service, api string, fn func(ctx context.Context, input map[string]any) (map[string]any, error)) {
	s.engine.RegisterAPI(service, api, fn)
}

// SetCalendar opens or closes a change calendar, and makes it when it is new.
func (s *Service) SetCalendar(name string, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[name] = !open
}

// Register offers the stand-in's operations on a server.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name: "ssm", SigningName: "ssm", Schema: schemas.AmazonSSM, Errors: ssm.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(schemas.CreateDocument, schemas.CreateDocumentRequest, schemas.CreateDocumentResult, s.createDocument),
			awswire.Handle(schemas.UpdateDocument, schemas.UpdateDocumentRequest, schemas.UpdateDocumentResult, s.updateDocument),
			awswire.Handle(schemas.UpdateDocumentDefaultVersion, schemas.UpdateDocumentDefaultVersionRequest, schemas.UpdateDocumentDefaultVersionResult, s.updateDefaultVersion),
			awswire.Handle(schemas.DescribeDocument, schemas.DescribeDocumentRequest, schemas.DescribeDocumentResult, s.describeDocument),
			awswire.Handle(schemas.GetDocument, schemas.GetDocumentRequest, schemas.GetDocumentResult, s.getDocument),
			awswire.Handle(schemas.ListDocuments, schemas.ListDocumentsRequest, schemas.ListDocumentsResult, s.listDocuments),
			awswire.Handle(schemas.ListDocumentVersions, schemas.ListDocumentVersionsRequest, schemas.ListDocumentVersionsResult, s.listDocumentVersions),
			awswire.Handle(schemas.DeleteDocument, schemas.DeleteDocumentRequest, schemas.DeleteDocumentResult, s.deleteDocument),

			awswire.Handle(schemas.DescribeInstanceInformation, schemas.DescribeInstanceInformationRequest, schemas.DescribeInstanceInformationResult, s.describeInstances),

			awswire.Handle(schemas.StartAutomationExecution, schemas.StartAutomationExecutionRequest, schemas.StartAutomationExecutionResult, s.startAutomation),
			awswire.Handle(schemas.GetAutomationExecution, schemas.GetAutomationExecutionRequest, schemas.GetAutomationExecutionResult, s.getAutomation),
			awswire.Handle(schemas.DescribeAutomationExecutions, schemas.DescribeAutomationExecutionsRequest, schemas.DescribeAutomationExecutionsResult, s.describeAutomations),
			awswire.Handle(schemas.DescribeAutomationStepExecutions, schemas.DescribeAutomationStepExecutionsRequest, schemas.DescribeAutomationStepExecutionsResult, s.describeSteps),
			awswire.Handle(schemas.StopAutomationExecution, schemas.StopAutomationExecutionRequest, schemas.StopAutomationExecutionResult, s.stopAutomation),
			awswire.Handle(schemas.SendAutomationSignal, schemas.SendAutomationSignalRequest, schemas.SendAutomationSignalResult, s.sendSignal),

			awswire.Handle(schemas.GetCalendarState, schemas.GetCalendarStateRequest, schemas.GetCalendarStateResponse, s.getCalendarState),
			awswire.Handle(schemas.AddTagsToResource, schemas.AddTagsToResourceRequest, schemas.AddTagsToResourceResult, s.addTags),
			awswire.Handle(schemas.ListTagsForResource, schemas.ListTagsForResourceRequest, schemas.ListTagsForResourceResult, s.listTags),
		},
	})
}

// executor is whose executions they are, as the service shows it.
func (s *Service) executor() string {
	return "arn:aws:iam::" + s.opts.Account + ":user/stand-in"
}
