package ssm

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/awswire"
)

// Limits of DescribeAutomationExecutions, by its API model.
const (
	maxFilters      = 10
	maxFilterValues = 10
)

func checkListing(in *ssm.DescribeAutomationExecutionsInput) error {
	if len(in.Filters) > maxFilters {
		return awswire.Errorf("ValidationException", "%d filters given, %d is the limit", len(in.Filters), maxFilters)
	}
	for _, f := range in.Filters {
		if len(f.Values) < 1 || len(f.Values) > maxFilterValues {
			return awswire.Errorf("ValidationException", "a filter has from 1 to %d values", maxFilterValues)
		}
	}
	return nil
}

func (s *Service) describeAutomations(_ context.Context, in *ssm.DescribeAutomationExecutionsInput) (*ssm.DescribeAutomationExecutionsOutput, error) {
	if err := checkListing(in); err != nil {
		return nil, err
	}
	var found []types.AutomationExecutionMetadata
	for _, x := range s.engine.List() {
		ok, err := s.matches(x, in.Filters)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, metadata(x))
		}
	}
	shown, next, err := page(found, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssm.DescribeAutomationExecutionsOutput{AutomationExecutionMetadataList: shown, NextToken: next}, nil
}

func metadata(x types.AutomationExecution) types.AutomationExecutionMetadata {
	return types.AutomationExecutionMetadata{
		AutomationExecutionId: x.AutomationExecutionId, AutomationExecutionStatus: x.AutomationExecutionStatus,
		AutomationType: types.AutomationTypeLocal, DocumentName: x.DocumentName, DocumentVersion: x.DocumentVersion,
		ExecutedBy: x.ExecutedBy, ExecutionStartTime: x.ExecutionStartTime, ExecutionEndTime: x.ExecutionEndTime,
		CurrentStepName: x.CurrentStepName, CurrentAction: x.CurrentAction, FailureMessage: x.FailureMessage,
		Mode: x.Mode, Outputs: x.Outputs, ResolvedTargets: x.ResolvedTargets,
		AlarmConfiguration: x.AlarmConfiguration, TriggeredAlarms: x.TriggeredAlarms,
	}
}

// matches applies all filters: of one filter any value, of several filters all.
func (s *Service) matches(x types.AutomationExecution, filters []types.AutomationExecutionFilter) (bool, error) {
	for _, f := range filters {
		var err error
		var test func(value string) bool
		switch f.Key {
		case types.AutomationExecutionFilterKeyDocumentNamePrefix:
			test = func(v string) bool { return strings.HasPrefix(aws.ToString(x.DocumentName), v) }
		case types.AutomationExecutionFilterKeyExecutionStatus:
			test = func(v string) bool { return string(x.AutomationExecutionStatus) == v }
		case types.AutomationExecutionFilterKeyExecutionId:
			test = func(v string) bool { return aws.ToString(x.AutomationExecutionId) == v }
		case types.AutomationExecutionFilterKeyCurrentAction:
			test = func(v string) bool { return aws.ToString(x.CurrentAction) == v }
		case types.AutomationExecutionFilterKeyAutomationType:
			test = func(v string) bool { return string(types.AutomationTypeLocal) == v }
		case types.AutomationExecutionFilterKeyTagKey:
			test = func(v string) bool { return s.tagged(aws.ToString(x.AutomationExecutionId), v) }
		case types.AutomationExecutionFilterKeyStartTimeBefore, types.AutomationExecutionFilterKeyStartTimeAfter:
			test = func(v string) bool {
				at, parseErr := time.Parse(time.RFC3339, v)
				if parseErr != nil {
					err = &types.InvalidFilterValue{Message: aws.String(parseErr.Error())}
					return false
				}
				if f.Key == types.AutomationExecutionFilterKeyStartTimeBefore {
					return x.ExecutionStartTime.Before(at)
				}
				return x.ExecutionStartTime.After(at)
			}
		default:
			return false, &types.InvalidFilterKey{Message: aws.String("The specified key isn't valid here: " + string(f.Key))}
		}
		if ok := slices.ContainsFunc(f.Values, test); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (s *Service) describeSteps(_ context.Context, in *ssm.DescribeAutomationStepExecutionsInput) (*ssm.DescribeAutomationStepExecutionsOutput, error) {
	x, err := s.engine.Get(aws.ToString(in.AutomationExecutionId))
	if err != nil {
		return nil, automationError(err)
	}
	var found []types.StepExecution
	for _, step := range x.StepExecutions {
		ok, err := stepMatches(step, in.Filters)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, step)
		}
	}
	if aws.ToBool(in.ReverseOrder) {
		slices.Reverse(found)
	}
	shown, next, err := page(found, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssm.DescribeAutomationStepExecutionsOutput{StepExecutions: shown, NextToken: next}, nil
}

func stepMatches(step types.StepExecution, filters []types.StepExecutionFilter) (bool, error) {
	for _, f := range filters {
		var value string
		switch f.Key {
		case types.StepExecutionFilterKeyStepName:
			value = aws.ToString(step.StepName)
		case types.StepExecutionFilterKeyStepExecutionStatus:
			value = string(step.StepStatus)
		case types.StepExecutionFilterKeyStepExecutionId:
			value = aws.ToString(step.StepExecutionId)
		case types.StepExecutionFilterKeyAction:
			value = aws.ToString(step.Action)
		default:
			return false, &types.InvalidFilterKey{Message: aws.String("The specified key isn't valid here: " + string(f.Key))}
		}
		if !slices.Contains(f.Values, value) {
			return false, nil
		}
	}
	return true, nil
}
