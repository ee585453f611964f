package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Limits of PutLogEvents.
const (
	maxPutEvents  = 10_000
	maxPutBytes   = 1_048_576 // Messages in UTF-8 plus eventOverhead each.
	eventOverhead = 26
	maxSpan       = 24 * time.Hour
	maxAge        = 14 * 24 * time.Hour
	maxAhead      = 2 * time.Hour
	keepFor       = 24 * time.Hour // Since ingestion.
)

func (s *Service) putLogEvents(_ context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	st := g.streams[aws.ToString(in.LogStreamName)]
	if st == nil {
		return nil, &types.ResourceNotFoundException{Message: aws.String("The specified log stream does not exist.")}
	}
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	now := s.o.Now()
	accepted, rejected := acceptable(in.LogEvents, now)
	events := make([]event, 0, len(accepted))
	for _, e := range accepted {
		s.issued++
		ev := event{
			// Real ids have 56 digits too; they are compared as text.
			id:     fmt.Sprintf("39%014d%040d", *e.Timestamp, s.issued),
			stream: st.name, timestamp: *e.Timestamp, arrival: now.UnixMilli(), message: *e.Message,
		}
		events = append(events, ev)
		st.take(ev)
		g.bytes += ev.size()
	}
	g.events = append(g.events, events...)
	g.trim(now, s.o.MaxEventsPerGroup)
	s.deliver(g, st.name, events)
	// Sequence tokens mean nothing any more, but are still given.
	return &cloudwatchlogs.PutLogEventsOutput{
		NextSequenceToken: aws.String(fmt.Sprintf("%056d", s.issued)), RejectedLogEventsInfo: rejected,
	}, nil
}

func checkBatch(events []types.InputLogEvent) error {
	if n := len(events); n < 1 || n > maxPutEvents {
		return invalid("a batch holds 1 to %d log events, not %d", maxPutEvents, n)
	}
	size, previous := 0, int64(0)
	for i, e := range events {
		if e.Message == nil || *e.Message == "" || e.Timestamp == nil || *e.Timestamp < 0 {
			return invalid("log event %d has no message or no valid timestamp", i)
		}
		if *e.Timestamp < previous {
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		previous = *e.Timestamp
		size += len(*e.Message) + eventOverhead
	}
	if size > maxPutBytes {
		return invalid("Upload too large: %d bytes exceeds limit of %d", size, maxPutBytes)
	}
	if previous-*events[0].Timestamp > maxSpan.Milliseconds() {
		return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// acceptable leaves out what is older than 14 days or more than two hours
// ahead, as AWS does, and says where those are in the batch.
func acceptable(events []types.InputLogEvent, now time.Time) ([]types.InputLogEvent, *types.RejectedLogEventsInfo) {
	oldest, newest := now.Add(-maxAge).UnixMilli(), now.Add(maxAhead).UnixMilli()
	from, to := 0, len(events)
	for from < to && *events[from].Timestamp < oldest {
		from++
	}
	for to > from && *events[to-1].Timestamp > newest {
		to--
	}
	if from == 0 && to == len(events) {
		return events, nil
	}
	info := &types.RejectedLogEventsInfo{}
	if from > 0 {
		info.TooOldLogEventEndIndex = aws.Int32(int32(from))
	}
	if to < len(events) {
		info.TooNewLogEventStartIndex = aws.Int32(int32(to))
	}
	return events[from:to], info
}

func (e event) size() int64 { return int64(len(e.message)) + eventOverhead }

func (st *logStream) take(e event) {
	if st.first == 0 || e.timestamp < st.first {
		st.first = e.timestamp
	}
	st.last = max(st.last, e.timestamp)
	st.lastArrival = max(st.lastArrival, e.arrival)
}

func (g *group) trim(now time.Time, maxEvents int) {
	drop := max(len(g.events)-maxEvents, 0)
	for drop < len(g.events) && g.events[drop].arrival < now.Add(-keepFor).UnixMilli() {
		drop++
	}
	for _, e := range g.events[:drop] {
		g.bytes -= e.size()
	}
	clear(g.events[:drop])
	g.events = g.events[drop:]
}
