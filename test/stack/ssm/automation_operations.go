package ssm

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/ssm/automation"
)

// clientToken is a UUID. The SDK does not fill it in.
var clientToken = regexp.MustCompile(`^[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$`)

// maxStartTags is how many tags an execution can start with.
const maxStartTags = 5

func (s *Service) startAutomation(_ context.Context, in *ssm.StartAutomationExecutionInput) (*ssm.StartAutomationExecutionOutput, error) {
	if err := checkStart(in); err != nil {
		return nil, err
	}
	req, err := s.automationRequest(in)
	if err != nil {
		return nil, err
	}
	id, err := s.engine.Start(req)
	if err != nil {
		return nil, automationError(err)
	}
	if len(in.Tags) > 0 {
		s.mu.Lock()
		s.tags[tagKey{types.ResourceTypeForTaggingAutomation, id}] = in.Tags
		s.mu.Unlock()
	}
	return &ssm.StartAutomationExecutionOutput{AutomationExecutionId: aws.String(id)}, nil
}

func checkStart(in *ssm.StartAutomationExecutionInput) error {
	switch {
	case in.ClientToken != nil && !clientToken.MatchString(*in.ClientToken):
		return awswire.Errorf("ValidationException", "ClientToken must be a UUID")
	case len(in.Tags) > maxStartTags:
		return awswire.Errorf("ValidationException", "%d tags given, %d is the limit", len(in.Tags), maxStartTags)
	case slices.ContainsFunc(in.Tags, badTag):
		return awswire.Errorf("ValidationException", "a tag's key has 1 to 128 characters, its value at most 256, of letters, digits, spaces and _.:/=+-@; keys do not begin with aws:")
	case in.AlarmConfiguration != nil && len(in.AlarmConfiguration.Alarms) != 1:
		return awswire.Errorf("ValidationException", "AlarmConfiguration needs exactly one alarm")
	case in.Mode == types.ExecutionModeInteractive:
		return awswire.Errorf("ValidationException", "Mode Interactive is not supported here")
	case len(in.Targets) > 0 || len(in.TargetLocations) > 0 || len(in.TargetMaps) > 0 || in.TargetParameterName != nil || in.TargetLocationsURL != nil:
		return awswire.Errorf("ValidationException", "rate-controlled and multi-account executions are not supported here")
	}
	return nil
}

// tagText is what a tag's key and value may consist of.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func badTag(t types.Tag) bool {
	key, value := aws.ToString(t.Key), aws.ToString(t.Value)
	return key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 ||
		strings.HasPrefix(key, "aws:") || !tagText.MatchString(key) || !tagText.MatchString(value)
}

func (s *Service) automationRequest(in *ssm.StartAutomationExecutionInput) (automation.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.documents[documentKey(in.DocumentName)]
	if !ok {
		return automation.Request{}, &types.AutomationDefinitionNotFoundException{Message: aws.String("An Automation document with the specified name could not be found.")}
	}
	v, ok := d.pick(aws.ToString(in.DocumentVersion), "")
	if !ok {
		return automation.Request{}, &types.AutomationDefinitionVersionNotFoundException{Message: aws.String("An Automation document with the specified name and version could not be found.")}
	}
	return automation.Request{
		Document: v.parsed, Name: d.name, Version: aws.ToString(v.label()), Asked: aws.ToString(in.DocumentVersion),
		Parameters: in.Parameters, Token: aws.ToString(in.ClientToken), Mode: in.Mode,
		Alarm: in.AlarmConfiguration, ExecutedBy: s.executor(),
	}, nil
}

// automationError gives the service's error for a refusal of the engine.
func automationError(err error) error {
	message := aws.String(err.Error())
	switch {
	case errors.Is(err, automation.ErrParameters):
		return &types.InvalidAutomationExecutionParametersException{Message: message}
	case errors.Is(err, automation.ErrTokenMismatch):
		return &types.IdempotentParameterMismatch{Message: message}
	case errors.Is(err, automation.ErrLimit):
		return &types.AutomationExecutionLimitExceededException{Message: message}
	case errors.Is(err, automation.ErrNotFound):
		return &types.AutomationExecutionNotFoundException{Message: message}
	case errors.Is(err, automation.ErrStatus):
		return &types.InvalidAutomationStatusUpdateException{Message: message}
	case errors.Is(err, automation.ErrSignal):
		return &types.InvalidAutomationSignalException{Message: message}
	case errors.Is(err, automation.ErrStepNotFound):
		return &types.AutomationStepNotFoundException{Message: message}
	default:
		return err
	}
}

func (s *Service) getAutomation(_ context.Context, in *ssm.GetAutomationExecutionInput) (*ssm.GetAutomationExecutionOutput, error) {
	x, err := s.engine.Get(aws.ToString(in.AutomationExecutionId))
	if err != nil {
		return nil, automationError(err)
	}
	return &ssm.GetAutomationExecutionOutput{AutomationExecution: &x}, nil
}

func (s *Service) stopAutomation(_ context.Context, in *ssm.StopAutomationExecutionInput) (*ssm.StopAutomationExecutionOutput, error) {
	if err := s.engine.Stop(aws.ToString(in.AutomationExecutionId), in.Type); err != nil {
		return nil, automationError(err)
	}
	return &ssm.StopAutomationExecutionOutput{}, nil
}

func (s *Service) sendSignal(_ context.Context, in *ssm.SendAutomationSignalInput) (*ssm.SendAutomationSignalOutput, error) {
	if err := s.engine.Signal(aws.ToString(in.AutomationExecutionId), in.SignalType, in.Payload); err != nil {
		return nil, automationError(err)
	}
	return &ssm.SendAutomationSignalOutput{}, nil
}
