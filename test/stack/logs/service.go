// Package logs stands in for CloudWatch Logs: groups and streams of events in
// memory, FilterLogEvents with filter patterns, and subscription filters that
// deliver gzip records to Kinesis.
package logs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

// Options configure a Service. The zero value works, without subscriptions.
type Options struct {
	Now     func() time.Time     // Clock; time.Now when nil.
	Region  string               // "us-east-1" when empty.
	Account string               // "123456789012" when empty.
	Sink    kinesis.RecordPutter // Where subscription filters deliver; nil refuses them.
	Faults  *fault.Faults        // Rules on "logs"/"Deliver" strike deliveries.
	Logger  *slog.Logger         // Discarded when nil.
	// MaxEventsPerGroup bounds what a group keeps, oldest ingested first out;
	// 200,000 when 0. Events also leave 24 hours after they came in.
	MaxEventsPerGroup int
}

// Service holds the groups. It is safe for concurrent use.
type Service struct {
	o    Options
	feed *kinesis.Feed

	mu     sync.Mutex
	groups map[string]*group
	issued int64 // Events taken so far, which makes event ids.
}

type group struct {
	name    string
	created time.Time
	streams map[string]*logStream
	events  []event // In order of ingestion.
	filters []*subscription
	bytes   int64
}

type logStream struct {
	name                     string
	created                  time.Time
	first, last, lastArrival int64 // Unix milliseconds; 0 while there is no event.
}

type event struct {
	id        string // Decimal, in order of ingestion.
	stream    string
	timestamp int64 // Unix milliseconds.
	arrival   int64
	message   string
}

// New makes a service without groups.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.Account = cmp.Or(o.Account, "123456789012")
	o.MaxEventsPerGroup = cmp.Or(o.MaxEventsPerGroup, 200_000)
	return &Service{o: o, feed: kinesis.NewFeed("logs", o.Sink, o.Faults, o.Logger), groups: map[string]*group{}}
}

// Run delivers again what streams refused, until ctx ends.
func (s *Service) Run(ctx context.Context) { s.feed.Run(ctx) }

// Register serves the logs on the wire.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name:        "logs",
		SigningName: "logs",
		Schema:      schemas.Logs_20140328,
		Errors:      cloudwatchlogs.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(schemas.CreateLogGroup, schemas.CreateLogGroupRequest, nil, s.createLogGroup),
			awswire.Handle(schemas.CreateLogStream, schemas.CreateLogStreamRequest, nil, s.createLogStream),
			awswire.Handle(schemas.DescribeLogGroups, schemas.DescribeLogGroupsRequest, schemas.DescribeLogGroupsResponse, s.describeLogGroups),
			awswire.Handle(schemas.DescribeLogStreams, schemas.DescribeLogStreamsRequest, schemas.DescribeLogStreamsResponse, s.describeLogStreams),
			awswire.Handle(schemas.PutLogEvents, schemas.PutLogEventsRequest, schemas.PutLogEventsResponse, s.putLogEvents),
			awswire.Handle(schemas.FilterLogEvents, schemas.FilterLogEventsRequest, schemas.FilterLogEventsResponse, s.filterLogEvents),
			awswire.Handle(schemas.PutSubscriptionFilter, schemas.PutSubscriptionFilterRequest, nil, s.putSubscriptionFilter),
			awswire.Handle(schemas.DescribeSubscriptionFilters, schemas.DescribeSubscriptionFiltersRequest, schemas.DescribeSubscriptionFiltersResponse, s.describeSubscriptionFilters),
			awswire.Handle(schemas.DeleteSubscriptionFilter, schemas.DeleteSubscriptionFilterRequest, nil, s.deleteSubscriptionFilter),
		},
	})
}

var (
	groupName  = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	streamName = regexp.MustCompile(`^[^:*]{1,512}$`)
)

func (s *Service) createLogGroup(_ context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	name := aws.ToString(in.LogGroupName)
	if !groupName.MatchString(name) {
		return nil, invalid("%q is no name of a log group", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[name] != nil {
		return nil, &types.ResourceAlreadyExistsException{Message: aws.String("The specified log group already exists")}
	}
	s.groups[name] = &group{name: name, created: s.o.Now(), streams: map[string]*logStream{}}
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func (s *Service) createLogStream(_ context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
	if !streamName.MatchString(name) {
		return nil, invalid("%q is no name of a log stream", name)
	}
	if g.streams[name] != nil {
		return nil, &types.ResourceAlreadyExistsException{Message: aws.String("The specified log stream already exists")}
	}
	g.streams[name] = &logStream{name: name, created: s.o.Now()}
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// group finds a group by name or by identifier, which is a name or an ARN; the
// caller holds the lock.
func (s *Service) group(name, identifier *string) (*group, error) {
	n := aws.ToString(name)
	if n == "" {
		n = aws.ToString(identifier)
		n = strings.TrimSuffix(strings.TrimPrefix(n, s.arn("")), ":*")
	}
	if g := s.groups[n]; g != nil {
		return g, nil
	}
	return nil, &types.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}
}

func (s *Service) arn(group string) string {
	return fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", s.o.Region, s.o.Account, group)
}

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}
