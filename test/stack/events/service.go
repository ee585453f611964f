// Package events stands in for EventBridge: the default bus, rules with event
// patterns, and Kinesis streams as targets.
package events

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/schemas"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

const (
	defaultBus = "default"
	maxRules   = 300 // Of a bus.
)

// Options configure a Service. The zero value works, without targets.
type Options struct {
	Now     func() time.Time     // Clock; time.Now when nil.
	Region  string               // "us-east-1" when empty.
	Account string               // "123456789012" when empty.
	Sink    kinesis.RecordPutter // Where Kinesis targets deliver; nil refuses targets.
	Faults  *fault.Faults        // Rules on "events"/"Deliver" strike deliveries.
	Logger  *slog.Logger         // Discarded when nil.
}

// Service holds the rules of the default bus. It is safe for concurrent use.
type Service struct {
	o    Options
	feed *kinesis.Feed

	mu    sync.Mutex
	rules map[string]*rule
}

type rule struct {
	types.Rule
	pattern Pattern
	targets []types.Target
}

// New makes a bus without rules.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.Account = cmp.Or(o.Account, "123456789012")
	return &Service{o: o, feed: kinesis.NewFeed("events", o.Sink, o.Faults, o.Logger), rules: map[string]*rule{}}
}

// Run delivers again what streams refused, until ctx ends.
func (s *Service) Run(ctx context.Context) { s.feed.Run(ctx) }

// Register serves the bus on the wire.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name:        "events",
		SigningName: "events",
		Schema:      schemas.AWSEvents,
		Errors:      eventbridge.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(schemas.PutEvents, schemas.PutEventsRequest, schemas.PutEventsResponse, s.putEvents),
			awswire.Handle(schemas.PutRule, schemas.PutRuleRequest, schemas.PutRuleResponse, s.putRule),
			awswire.Handle(schemas.DeleteRule, schemas.DeleteRuleRequest, nil, s.deleteRule),
			awswire.Handle(schemas.ListRules, schemas.ListRulesRequest, schemas.ListRulesResponse, s.listRules),
			awswire.Handle(schemas.PutTargets, schemas.PutTargetsRequest, schemas.PutTargetsResponse, s.putTargets),
			awswire.Handle(schemas.RemoveTargets, schemas.RemoveTargetsRequest, schemas.RemoveTargetsResponse, s.removeTargets),
			awswire.Handle(schemas.ListTargetsByRule, schemas.ListTargetsByRuleRequest, schemas.ListTargetsByRuleResponse, s.listTargets),
		},
	})
}

var ruleName = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

func (s *Service) putRule(_ context.Context, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	name := aws.ToString(in.Name)
	if !ruleName.MatchString(name) {
		return nil, invalid("%q is no name of a rule", name)
	}
	if in.ScheduleExpression != nil || in.EventPattern == nil {
		return nil, invalid("Parameter EventPattern is not valid: a rule here has a pattern and no schedule.")
	}
	pattern, err := ParsePattern([]byte(*in.EventPattern))
	if err != nil {
		return nil, &types.InvalidEventPatternException{Message: aws.String("Event pattern is not valid. Reason: " + err.Error())}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rules[name]
	if r == nil {
		if len(s.rules) >= maxRules {
			return nil, &types.LimitExceededException{Message: aws.String("The requested resource exceeds the maximum number allowed.")}
		}
		r = &rule{}
		s.rules[name] = r
	}
	r.pattern = pattern
	r.Rule = types.Rule{
		Name: &name, Arn: aws.String(s.ruleARN(name)), EventPattern: in.EventPattern, Description: in.Description, RoleArn: in.RoleArn,
		State: cmp.Or(in.State, types.RuleStateEnabled), EventBusName: aws.String(defaultBus),
	}
	return &eventbridge.PutRuleOutput{RuleArn: r.Arn}, nil
}

func (s *Service) deleteRule(_ context.Context, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := aws.ToString(in.Name)
	if r := s.rules[name]; r != nil && len(r.targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	delete(s.rules, name) // A rule that does not exist is no error.
	return &eventbridge.DeleteRuleOutput{}, nil
}

func (s *Service) listRules(_ context.Context, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &eventbridge.ListRulesOutput{Rules: []types.Rule{}}
	for _, name := range s.names() {
		if !hasPrefix(name, in.NamePrefix) || name <= aws.ToString(in.NextToken) {
			continue
		}
		if len(out.Rules) == pageSize(in.Limit) {
			out.NextToken = out.Rules[len(out.Rules)-1].Name
			break
		}
		out.Rules = append(out.Rules, s.rules[name].Rule)
	}
	return out, nil
}

func (s *Service) names() []string {
	var names []string
	for n := range s.rules {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (s *Service) ruleARN(name string) string {
	return fmt.Sprintf("arn:aws:events:%s:%s:rule/%s", s.o.Region, s.o.Account, name)
}

// bus refuses every bus but the default one, named or by its ARN.
func (s *Service) bus(name *string) error {
	arn := fmt.Sprintf("arn:aws:events:%s:%s:event-bus/%s", s.o.Region, s.o.Account, defaultBus)
	if n := aws.ToString(name); n != "" && n != defaultBus && n != arn {
		return &types.ResourceNotFoundException{Message: aws.String("Event bus " + n + " does not exist.")}
	}
	return nil
}

func pageSize(limit *int32) int {
	if limit == nil || *limit < 1 || *limit > 100 {
		return 100
	}
	return int(*limit)
}

// invalid is EventBridge's ValidationException, which the SDK has no type for.
func invalid(format string, args ...any) error {
	return awswire.Errorf("ValidationException", format, args...)
}
