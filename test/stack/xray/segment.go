package xray

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// maxSegment is the size of one segment document, in bytes.
const maxSegment = 64 << 10

// Shapes of ids and names in the guide to segment documents.
var (
	traceID   = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)
	segmentID = regexp.MustCompile(`^[0-9a-f]{16}$`)
	name      = regexp.MustCompile(`^[\p{L}\p{N}\s_.:/%&#=+@-]{1,200}$`)
)

// segment is a segment or a subsegment: what a service did for one request, or
// one call that it made for it.
type segment struct {
	Name      string  `json:"name"`
	ID        string  `json:"id"`
	TraceID   string  `json:"trace_id"`
	ParentID  string  `json:"parent_id"`
	StartTime float64 `json:"start_time"` // seconds since 1970
	EndTime   float64 `json:"end_time"`
	Origin    string  `json:"origin"`    // type of the resource, e.g. AWS::EC2::Instance
	Namespace string  `json:"namespace"` // of a subsegment: "remote" for a call to another service
	Fault     bool    `json:"fault"`
	Error     bool    `json:"error"`
	Throttle  bool    `json:"throttle"`
	HTTP      struct {
		Request struct {
			Method string `json:"method"`
			URL    string `json:"url"`
		} `json:"request"`
		Response struct {
			Status int `json:"status"`
		} `json:"response"`
	} `json:"http"`
	Cause struct {
		Exceptions []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"exceptions"`
	} `json:"cause"`
	Subsegments []segment `json:"subsegments"`

	document string
}

func readSegment(doc string) (segment, error) {
	var s segment
	if len(doc) > maxSegment {
		return s, errors.New("the document is longer than 64 KiB")
	}
	if err := json.Unmarshal([]byte(doc), &s); err != nil {
		return s, fmt.Errorf("the document is no segment: %w", err)
	}
	s.document = doc
	switch {
	case !traceID.MatchString(s.TraceID):
		return s, errors.New("trace_id is not valid")
	case !segmentID.MatchString(s.ID):
		return s, errors.New("id is not valid")
	case !name.MatchString(s.Name):
		return s, errors.New("name is not valid")
	case s.StartTime <= 0 || s.EndTime < s.StartTime:
		return s, errors.New("start_time and end_time are not valid")
	}
	return s, nil
}

func at(seconds float64) time.Time { return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC() }

func (s segment) end() time.Time { return at(s.EndTime) }

func (s segment) seconds() float64 { return s.EndTime - s.StartTime }

func (s segment) endedIn(from, to time.Time) bool { return !s.end().Before(from) && s.end().Before(to) }

func (s segment) kind() *string {
	if s.Origin == "" {
		return nil
	}
	return aws.String(s.Origin)
}

// calls are the calls to other services that a segment made.
func (s segment) calls() []segment {
	var out []segment
	for _, sub := range s.Subsegments {
		if sub.Namespace == "remote" || sub.Namespace == "aws" {
			out = append(out, sub)
		}
		out = append(out, sub.calls()...)
	}
	return out
}

// root is the segment without a parent, or the first where there is none yet.
func (t *trace) root() segment {
	for _, s := range t.segments {
		if s.ParentID == "" {
			return s
		}
	}
	return t.segments[0]
}

// duration is from the root's start to the end of what ended last, in seconds.
func (t *trace) duration() float64 { return t.latest.Sub(at(t.root().StartTime)).Seconds() }

// under is the segment of the service that answered a call.
func (t *trace) under(call segment) (segment, bool) {
	for _, s := range t.segments {
		if s.ParentID == call.ID {
			return s, true
		}
	}
	return segment{}, false
}

func (s *Service) batchGetTraces(_ context.Context, in *sdk.BatchGetTracesInput) (*sdk.BatchGetTracesOutput, error) {
	if len(in.TraceIds) > 5 { // of one call
		return nil, invalid("more than 5 trace ids")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &sdk.BatchGetTracesOutput{Traces: []types.Trace{}, UnprocessedTraceIds: []string{}}
	for _, id := range in.TraceIds {
		t, ok := s.traces[id]
		if !ok {
			out.UnprocessedTraceIds = append(out.UnprocessedTraceIds, id)
			continue
		}
		found := types.Trace{Id: aws.String(id), Duration: aws.Float64(t.duration())}
		for _, seg := range t.segments {
			found.Segments = append(found.Segments, types.Segment{Id: aws.String(seg.ID), Document: aws.String(seg.document)})
		}
		out.Traces = append(out.Traces, found)
	}
	return out, nil
}
