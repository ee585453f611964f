package events

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const maxTargets = 5 // Of a rule.

var targetID = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

func (s *Service) putTargets(_ context.Context, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if err := s.checkTarget(t); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.Rule)
	if err != nil {
		return nil, err
	}
	targets := slices.Clone(r.targets)
	for _, t := range in.Targets {
		if i := slices.IndexFunc(targets, func(o types.Target) bool { return *o.Id == *t.Id }); i >= 0 {
			targets[i] = t
			continue
		}
		targets = append(targets, t)
	}
	if len(targets) > maxTargets {
		return nil, &types.LimitExceededException{Message: aws.String("The requested resource exceeds the maximum number allowed.")}
	}
	r.targets = targets
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, nil
}

func (s *Service) checkTarget(t types.Target) error {
	if !targetID.MatchString(aws.ToString(t.Id)) {
		return invalid("Parameter Id %q of a target is not valid.", aws.ToString(t.Id))
	}
	arn := aws.ToString(t.Arn)
	if !strings.HasPrefix(arn, "arn:aws:kinesis:") || streamOf(arn) == "" || s.o.Sink == nil {
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format, or is not of a Kinesis stream, the only target there is here.", arn)
	}
	if aws.ToString(t.RoleArn) == "" {
		return invalid("RoleArn is required for target %s.", arn)
	}
	if t.InputTransformer != nil {
		return invalid("InputTransformer is not supported for target %s.", arn)
	}
	if t.Input != nil && t.InputPath != nil {
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", *t.Id)
	}
	paths := []*string{t.InputPath}
	if t.KinesisParameters != nil {
		paths = append(paths, t.KinesisParameters.PartitionKeyPath)
	}
	for _, p := range paths {
		if p == nil {
			continue
		}
		if _, err := parsePath(*p); err != nil {
			return invalid("Target %s: %s", *t.Id, err)
		}
	}
	return nil
}

func (s *Service) removeTargets(_ context.Context, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.Rule)
	if err != nil {
		return nil, err
	}
	r.targets = slices.DeleteFunc(slices.Clone(r.targets), func(t types.Target) bool { return slices.Contains(in.Ids, *t.Id) })
	return &eventbridge.RemoveTargetsOutput{FailedEntries: []types.RemoveTargetsResultEntry{}}, nil
}

func (s *Service) listTargets(_ context.Context, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.Rule)
	if err != nil {
		return nil, err
	}
	// A rule has at most five targets, less than the smallest page in use.
	return &eventbridge.ListTargetsByRuleOutput{Targets: append([]types.Target{}, r.targets...)}, nil
}

// rule finds a rule; the caller holds the lock.
func (s *Service) rule(name *string) (*rule, error) {
	r := s.rules[aws.ToString(name)]
	if r == nil {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Rule " + aws.ToString(name) + " does not exist on EventBus default.")}
	}
	return r, nil
}

func streamOf(arn string) string {
	_, name, _ := strings.Cut(arn, ":stream/")
	return name
}

func hasPrefix(name string, prefix *string) bool {
	return strings.HasPrefix(name, aws.ToString(prefix))
}
