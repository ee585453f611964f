package logs

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const maxFilters = 2 // Subscription filters of a group.

type subscription struct {
	name, text, destination, role string
	created                       time.Time
	distribution                  types.Distribution
	pattern                       Pattern
	stream                        string
}

// record is the document that a subscription delivers, gzipped.
type record struct {
	MessageType         string        `json:"messageType"`
	Owner               string        `json:"owner"`
	LogGroup            string        `json:"logGroup"`
	LogStream           string        `json:"logStream"`
	SubscriptionFilters []string      `json:"subscriptionFilters"`
	LogEvents           []recordEvent `json:"logEvents"`
}

type recordEvent struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
}

func (s *Service) putSubscriptionFilter(_ context.Context, in *cloudwatchlogs.PutSubscriptionFilterInput) (*cloudwatchlogs.PutSubscriptionFilterOutput, error) {
	pattern, err := ParsePattern(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, invalid("Invalid filter pattern: %s", err)
	}
	arn, name, _ := strings.Cut(aws.ToString(in.DestinationArn), ":stream/")
	if !strings.HasPrefix(arn, "arn:aws:kinesis:") || name == "" {
		return nil, invalid("destinationArn %s is no Kinesis stream, the only destination there is here", aws.ToString(in.DestinationArn))
	}
	if aws.ToString(in.RoleArn) == "" {
		return nil, invalid("destinationArn for vendor kinesis cannot be used without roleArn")
	}
	sub := &subscription{
		name: aws.ToString(in.FilterName), text: aws.ToString(in.FilterPattern), destination: *in.DestinationArn, role: *in.RoleArn,
		created: s.o.Now(), distribution: cmp.Or(in.Distribution, types.DistributionByLogStream), pattern: pattern, stream: name,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(g.filters, func(f *subscription) bool { return f.name == sub.name })
	if at < 0 && len(g.filters) >= maxFilters {
		return nil, &types.LimitExceededException{Message: aws.String("Resource limit exceeded.")}
	}
	if err := s.checkDestination(sub); err != nil {
		return nil, err
	}
	if at >= 0 {
		g.filters[at] = sub
	} else {
		g.filters = append(g.filters, sub)
	}
	return &cloudwatchlogs.PutSubscriptionFilterOutput{}, nil
}

// checkDestination sends the control message that consumers have to drop.
func (s *Service) checkDestination(sub *subscription) error {
	refused := invalid("Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state.")
	if s.o.Sink == nil {
		return refused
	}
	control := zip(record{
		MessageType: "CONTROL_MESSAGE", Owner: "CloudwatchLogs", SubscriptionFilters: []string{},
		LogEvents: []recordEvent{{Timestamp: s.o.Now().UnixMilli(), Message: "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}},
	})
	if err := s.o.Sink.PutRecord(sub.stream, rand.Text(), control); err != nil {
		s.o.Logger.Warn("a subscription's destination refused the control message", "stream", sub.stream, "error", err)
		return refused
	}
	return nil
}

func (s *Service) describeSubscriptionFilters(_ context.Context, in *cloudwatchlogs.DescribeSubscriptionFiltersInput) (*cloudwatchlogs.DescribeSubscriptionFiltersOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeSubscriptionFiltersOutput{SubscriptionFilters: []types.SubscriptionFilter{}}
	for _, f := range g.filters {
		if strings.HasPrefix(f.name, aws.ToString(in.FilterNamePrefix)) {
			out.SubscriptionFilters = append(out.SubscriptionFilters, types.SubscriptionFilter{
				FilterName: aws.String(f.name), FilterPattern: aws.String(f.text), DestinationArn: aws.String(f.destination), RoleArn: aws.String(f.role),
				LogGroupName: aws.String(g.name), CreationTime: aws.Int64(f.created.UnixMilli()), Distribution: f.distribution,
			})
		}
	}
	return out, nil
}

func (s *Service) deleteSubscriptionFilter(_ context.Context, in *cloudwatchlogs.DeleteSubscriptionFilterInput) (*cloudwatchlogs.DeleteSubscriptionFilterOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	before := len(g.filters)
	g.filters = slices.DeleteFunc(g.filters, func(f *subscription) bool { return f.name == aws.ToString(in.FilterName) })
	if len(g.filters) == before {
		return nil, &types.ResourceNotFoundException{Message: aws.String("The specified subscription filter does not exist.")}
	}
	return &cloudwatchlogs.DeleteSubscriptionFilterOutput{}, nil
}

// deliver sends what each filter lets pass; the caller holds the lock, so that
// a stream's events leave in the order in which they came.
func (s *Service) deliver(g *group, stream string, events []event) {
	for _, f := range g.filters {
		var passed []recordEvent
		for _, e := range events {
			if f.pattern.Match(e.message) {
				passed = append(passed, recordEvent{e.id, e.timestamp, e.message})
			}
		}
		if len(passed) > 0 {
			s.send(f, record{
				MessageType: "DATA_MESSAGE", Owner: s.o.Account, LogGroup: g.name, LogStream: stream,
				SubscriptionFilters: []string{f.name}, LogEvents: passed,
			})
		}
	}
}

// send puts one record. A batch of PutLogEvents is at most 1 MiB of text, so
// that its gzip always fits into a Kinesis record of 1 MiB.
func (s *Service) send(f *subscription, r record) {
	key := r.LogStream
	if f.distribution == types.DistributionRandom {
		key = rand.Text()
	}
	s.feed.Put(f.stream, partitionKey(key), zip(r))
}

// partitionKey cuts a log stream's name to the 256 characters that Kinesis
// takes.
func partitionKey(name string) string {
	if r := []rune(name); len(r) > 256 {
		return string(r[:256])
	}
	return name
}

func zip(r record) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	encoder := json.NewEncoder(z)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		panic(fmt.Sprintf("encode a record of text and numbers: %v", err))
	}
	if err := z.Close(); err != nil {
		panic(fmt.Sprintf("compress into memory: %v", err))
	}
	return b.Bytes()
}
