// Package cloudtrail stands in for AWS CloudTrail's event history: it records
// the management calls that the other stand-ins serve, and answers LookupEvents.
package cloudtrail

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/google/uuid"

	"firebreak/test/stack/awswire"
)

// Limits of the service.
const (
	maxResults = 50                  // events of one page
	history    = 90 * 24 * time.Hour // that can be looked up
)

// kept bounds the history here.
const kept = 5000

// Options configure a Service.
type Options struct {
	Region  string
	Account string           // 12 digits
	Now     func() time.Time // time.Now when nil
}

// Call is what somebody called.
type Call struct {
	At         time.Time       // now when zero
	Source     string          // such as "ssm.amazonaws.com"
	Name       string          // such as "StartAutomationExecution"
	ReadOnly   bool            //
	Role       string          // of the caller
	Session    string          // of the role
	Parameters json.RawMessage // requestParameters, in lower camel case; may be nil
	Resources  []string        // names or ARNs
	ErrorCode  string          // empty for a call that worked
}

// Service is the stand-in.
type Service struct {
	opts Options

	mu     sync.Mutex
	events []types.Event // in the order in which they came
}

// New makes a stand-in with an empty history.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{opts: o}
}

// Record adds a call to the history.
func (s *Service) Record(c Call) error {
	if c.At.IsZero() {
		c.At = s.opts.Now()
	}
	id := uuid.NewString()
	arn := fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", s.opts.Account, c.Role, c.Session)
	record := map[string]any{
		"eventVersion": "1.11", "eventID": id, "eventTime": c.At.UTC().Format(time.RFC3339), "eventSource": c.Source, "eventName": c.Name,
		"awsRegion": s.opts.Region, "recipientAccountId": s.opts.Account, "readOnly": c.ReadOnly, "managementEvent": true, "eventCategory": "Management",
		"requestParameters": c.Parameters,
		"userIdentity": map[string]any{
			"type": "AssumedRole", "arn": arn, "accountId": s.opts.Account,
			"sessionContext": map[string]any{"sessionIssuer": map[string]any{"type": "Role", "userName": c.Role}},
		},
	}
	if c.ErrorCode != "" {
		record["errorCode"] = c.ErrorCode
	}
	document, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("record the call %s: %w", c.Name, err)
	}
	event := types.Event{
		EventId: aws.String(id), EventName: aws.String(c.Name), EventSource: aws.String(c.Source), EventTime: aws.Time(c.At.Truncate(time.Second)),
		ReadOnly: aws.String(strconv.FormatBool(c.ReadOnly)), Username: aws.String(c.Session), CloudTrailEvent: aws.String(string(document)),
	}
	for _, r := range c.Resources {
		event.Resources = append(event.Resources, types.Resource{ResourceName: aws.String(r)})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
	if len(s.events) > kept {
		s.events = trim(s.events)
	}
	return nil
}

// trim leaves the latest half of what is kept. Polls go first, whatever their
// age: they are most of the calls, and would push out the few that changed something.
func trim(events []types.Event) []types.Event {
	surplus := len(events) - kept/2
	var rest []types.Event
	for _, e := range events {
		if surplus > 0 && aws.ToString(e.ReadOnly) == "true" {
			surplus--
			continue
		}
		rest = append(rest, e)
	}
	return rest[surplus:]
}

// schema names the service as its clients send it in X-Amz-Target.
var schema = awswire.PlainSchema("com.amazonaws.cloudtrail", "CloudTrail_20131101")

// Register implements the service on a server.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name: "cloudtrail", SigningName: "cloudtrail", Schema: schema,
		Operations: []awswire.Operation{awswire.HandlePlain(schema, "LookupEvents", "", s.lookupEvents)},
	})
}

func (s *Service) lookupEvents(_ context.Context, in *sdk.LookupEventsInput) (*sdk.LookupEventsOutput, error) {
	now := s.opts.Now()
	from, to := now.Add(-history), now
	if in.StartTime != nil && in.StartTime.After(from) {
		from = *in.StartTime
	}
	if in.EndTime != nil {
		to = *in.EndTime
	}
	size := int(aws.ToInt32(in.MaxResults))
	switch {
	case to.Before(from):
		return nil, awswire.Errorf("InvalidTimeRangeException", "the end time is before the start time")
	case len(in.LookupAttributes) > 1:
		return nil, awswire.Errorf("InvalidLookupAttributesException", "only one lookup attribute is allowed")
	case size < 0 || size > maxResults:
		return nil, awswire.Errorf("InvalidMaxResultsException", "MaxResults is between 1 and %d", maxResults)
	case size == 0:
		size = maxResults
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []types.Event{}
	for _, e := range s.events {
		if !e.EventTime.Before(from) && !e.EventTime.After(to) && fits(e, in.LookupAttributes) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b types.Event) int { return b.EventTime.Compare(*a.EventTime) }) // the latest first
	part, next, ok := awswire.Page(found, size, aws.ToString(in.NextToken))
	if !ok {
		return nil, awswire.Errorf("InvalidNextTokenException", "the token is not one of ours")
	}
	return &sdk.LookupEventsOutput{Events: part, NextToken: next}, nil
}

func fits(e types.Event, attributes []types.LookupAttribute) bool {
	for _, a := range attributes {
		want := aws.ToString(a.AttributeValue)
		switch a.AttributeKey {
		case types.LookupAttributeKeyReadOnly:
			return aws.ToString(e.ReadOnly) == want
		case types.LookupAttributeKeyEventName:
			return aws.ToString(e.EventName) == want
		case types.LookupAttributeKeyEventSource:
			return aws.ToString(e.EventSource) == want
		case types.LookupAttributeKeyEventId:
			return aws.ToString(e.EventId) == want
		case types.LookupAttributeKeyUsername:
			return aws.ToString(e.Username) == want
		case types.LookupAttributeKeyResourceName:
			return slices.ContainsFunc(e.Resources, func(r types.Resource) bool { return aws.ToString(r.ResourceName) == want })
		default:
			return false
		}
	}
	return true
}
