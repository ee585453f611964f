// Package xray stands in for AWS X-Ray: it takes the segments that services
// send, and answers with the service graph and the trace summaries that they
// make, computed the way the service describes them.
package xray

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"firebreak/test/stack/awswire"
)

// Limits of the service.
const (
	maxSegments = 50            // documents of one PutTraceSegments
	maxRange    = 6 * time.Hour // of one question
	graphPage   = 25            // services of one page
	tracePage   = 100           // summaries of one page
)

// keep is how long traces are kept here. The service keeps them for 30 days.
const keep = 30 * time.Minute

// Options configure a Service.
type Options struct {
	Account string           // 12 digits
	Now     func() time.Time // time.Now when nil
}

// Service is the stand-in.
type Service struct {
	opts Options

	mu     sync.Mutex
	traces map[string]*trace
	swept  time.Time
}

// trace is all segments with one trace id.
type trace struct {
	id       string
	segments []segment
	latest   time.Time // end of the segment that ended last
}

// New makes a stand-in without traces.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{opts: o, traces: map[string]*trace{}}
}

// schema names the service; its clients send no target.
var schema = awswire.PlainSchema("com.amazonaws.xray", "AWSXRay")

// Register implements the service on a server.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name: "xray", SigningName: "xray", Schema: schema, ThrottleCode: "ThrottledException",
		Operations: []awswire.Operation{
			awswire.HandlePlain(schema, "PutTraceSegments", "/TraceSegments", s.putTraceSegments),
			awswire.HandlePlain(schema, "GetServiceGraph", "/ServiceGraph", s.getServiceGraph),
			awswire.HandlePlain(schema, "GetTraceSummaries", "/TraceSummaries", s.getTraceSummaries),
			awswire.HandlePlain(schema, "BatchGetTraces", "/Traces", s.batchGetTraces),
		},
	})
}

func invalid(format string, args ...any) error {
	return awswire.Errorf("InvalidRequestException", format, args...)
}

// during checks a time range.
func during(start, end *time.Time) (from, to time.Time, err error) {
	switch {
	case start == nil || end == nil:
		return from, to, invalid("StartTime and EndTime are required")
	case end.Before(*start):
		return from, to, invalid("EndTime is before StartTime")
	case end.Sub(*start) > maxRange:
		return from, to, invalid("the time range cannot be longer than 6 hours")
	}
	return *start, *end, nil
}

func (s *Service) putTraceSegments(_ context.Context, in *sdk.PutTraceSegmentsInput) (*sdk.PutTraceSegmentsOutput, error) {
	if len(in.TraceSegmentDocuments) > maxSegments {
		return nil, invalid("more than %d documents", maxSegments)
	}
	out := &sdk.PutTraceSegmentsOutput{UnprocessedTraceSegments: []types.UnprocessedTraceSegment{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, doc := range in.TraceSegmentDocuments {
		seg, err := readSegment(doc)
		if err != nil {
			out.UnprocessedTraceSegments = append(out.UnprocessedTraceSegments, types.UnprocessedTraceSegment{
				Id: &seg.ID, ErrorCode: aws.String("ParseError"), Message: aws.String(err.Error()),
			})
			continue
		}
		t := s.traces[seg.TraceID]
		if t == nil {
			t = &trace{id: seg.TraceID}
			s.traces[seg.TraceID] = t
		}
		t.segments = append(t.segments, seg)
		if seg.end().After(t.latest) {
			t.latest = seg.end()
		}
	}
	s.sweep()
	return out, nil
}

// sweep forgets old traces, once a minute.
func (s *Service) sweep() {
	now := s.opts.Now()
	if now.Sub(s.swept) < time.Minute {
		return
	}
	s.swept = now
	for id, t := range s.traces {
		if now.Sub(t.latest) > keep {
			delete(s.traces, id)
		}
	}
}

// within returns the traces with a segment that ended in a time range, the
// latest first.
func (s *Service) within(from, to time.Time) []*trace {
	var out []*trace
	for _, t := range s.traces {
		if slices.ContainsFunc(t.segments, func(seg segment) bool { return seg.endedIn(from, to) }) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *trace) int {
		return cmp.Or(b.latest.Compare(a.latest), strings.Compare(a.id, b.id))
	})
	return out
}

// page cuts a list at the place that a token stands for.
func page[T any](all []T, token *string, size int) (part []T, next *string, err error) {
	part, next, ok := awswire.Page(all, size, aws.ToString(token))
	if !ok {
		return nil, nil, invalid("NextToken is not one of ours")
	}
	return part, next, nil
}
