package victim

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const (
	shipEvery   = 500 * time.Millisecond
	maxWaiting  = 20_000 // lines kept while CloudWatch Logs cannot be reached
	maxShipment = 2_000  // lines a call; the service takes 10,000 or 1 MiB
)

// shipper is a log agent: an io.Writer of whole lines that sends them to a log
// stream in batches.
type shipper struct {
	client  *cloudwatchlogs.Client
	group   string
	stream  string
	created bool

	mu      sync.Mutex
	waiting []types.InputLogEvent
	dropped int
}

func newShipper(client *cloudwatchlogs.Client, group, stream string) *shipper {
	return &shipper{client: client, group: group, stream: stream}
}

// Write takes one line.
func (s *shipper) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) >= maxWaiting {
		s.dropped++
		return len(line), nil
	}
	s.waiting = append(s.waiting, types.InputLogEvent{
		Message:   aws.String(strings.TrimSuffix(string(line), "\n")),
		Timestamp: aws.Int64(time.Now().UnixMilli()),
	})
	return len(line), nil
}

// run sends until ctx ends, and then the rest.
func (s *shipper) run(ctx context.Context) {
	ticker := time.NewTicker(shipEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			complain("ship logs", s.ship(ctx))
		case <-ctx.Done():
			complain("ship the last logs", s.ship(context.WithoutCancel(ctx)))
			return
		}
	}
}

// ship sends what waits. Lines that cannot be sent wait for the next time.
func (s *shipper) ship(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.create(ctx); err != nil {
		return err
	}
	for {
		batch := s.take()
		if len(batch) == 0 {
			return nil
		}
		_, err := s.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &s.group, LogStreamName: &s.stream, LogEvents: batch,
		})
		if err != nil {
			s.giveBack(batch)
			return err
		}
	}
}

func (s *shipper) create(ctx context.Context) error {
	if s.created {
		return nil
	}
	_, err := s.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &s.group, LogStreamName: &s.stream})
	if exists := (*types.ResourceAlreadyExistsException)(nil); err != nil && !errors.As(err, &exists) {
		return err
	}
	s.created = true
	return nil
}

func (s *shipper) take() []types.InputLogEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.waiting), maxShipment)
	batch := s.waiting[:n:n]
	s.waiting = s.waiting[n:]
	return batch
}

func (s *shipper) giveBack(batch []types.InputLogEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(batch, s.waiting...)
}
