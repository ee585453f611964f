package logs

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Ensure creates a group and a stream in it, where they do not exist, for a
// neighbour in the same process.
func (s *Service) Ensure(group, stream string) error {
	var exists *types.ResourceAlreadyExistsException
	if _, err := s.createLogGroup(context.Background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create log group %s: %w", group, err)
	}
	if _, err := s.createLogStream(context.Background(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create log stream %s in %s: %w", stream, group, err)
	}
	return nil
}

// Put puts events in chronological order for a neighbour in the same process.
// Events that are too old or too new are an error, after the others were taken.
func (s *Service) Put(group, stream string, events ...types.InputLogEvent) error {
	out, err := s.putLogEvents(context.Background(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events})
	if err != nil {
		return fmt.Errorf("put %d log events to %s/%s: %w", len(events), group, stream, err)
	}
	if out.RejectedLogEventsInfo != nil {
		return fmt.Errorf("put %d log events to %s/%s: some are too old or too new", len(events), group, stream)
	}
	return nil
}

// Subscribe delivers what matches the filter pattern to a Kinesis stream, for a
// neighbour in the same process.
func (s *Service) Subscribe(group, filter, pattern, streamARN string) error {
	role := "arn:aws:iam::" + s.o.Account + ":role/logs-to-kinesis"
	_, err := s.putSubscriptionFilter(context.Background(), &cloudwatchlogs.PutSubscriptionFilterInput{
		LogGroupName: &group, FilterName: &filter, FilterPattern: &pattern, DestinationArn: &streamARN, RoleArn: &role,
	})
	if err != nil {
		return fmt.Errorf("subscribe %s to log group %s: %w", streamARN, group, err)
	}
	return nil
}
