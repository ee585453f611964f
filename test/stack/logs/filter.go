package logs

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Limits of one answer of FilterLogEvents.
const (
	maxFilterEvents = 10_000
	maxFilterBytes  = 1 << 20
)

// filterToken continues a FilterLogEvents after the event it names. It carries
// the direction, because the token decides that and not the request.
type filterToken struct {
	Timestamp int64  `json:"t"`
	ID        string `json:"i"`
	Backwards bool   `json:"b,omitempty"`
}

func (s *Service) filterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	pattern, err := ParsePattern(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, invalid("Invalid filter pattern: %s", err)
	}
	limit := maxFilterEvents
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit < 1 || limit > maxFilterEvents {
		return nil, invalid("limit is 1 to %d, not %d", maxFilterEvents, limit)
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != nil {
		return nil, invalid("logStreamNames and logStreamNamePrefix cannot both be given")
	}
	var after *filterToken
	backwards := in.StartFromHead != nil && !*in.StartFromHead
	if in.NextToken != nil {
		after = &filterToken{}
		b, err := base64.StdEncoding.DecodeString(*in.NextToken)
		if err != nil || json.Unmarshal(b, after) != nil {
			return nil, invalid("The specified nextToken is invalid.")
		}
		backwards = after.Backwards
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	found := g.search(in, pattern)
	order := func(a, b event) int {
		c := cmp.Or(cmp.Compare(a.timestamp, b.timestamp), cmp.Compare(a.id[16:], b.id[16:]))
		if backwards {
			return -c
		}
		return c
	}
	slices.SortFunc(found, order)
	if after != nil {
		mark := event{timestamp: after.Timestamp, id: strings.Repeat("0", 16) + after.ID}
		found = slices.DeleteFunc(found, func(e event) bool { return order(e, mark) <= 0 })
	}
	return answer(found, limit, backwards), nil
}

func (g *group) search(in *cloudwatchlogs.FilterLogEventsInput, pattern Pattern) []event {
	var found []event
	for _, e := range g.events {
		switch {
		case in.StartTime != nil && e.timestamp < *in.StartTime:
		case in.EndTime != nil && e.timestamp > *in.EndTime:
		case in.LogStreamNames != nil && !slices.Contains(in.LogStreamNames, e.stream):
		case !strings.HasPrefix(e.stream, aws.ToString(in.LogStreamNamePrefix)):
		case !pattern.Match(e.message):
		default:
			found = append(found, e)
		}
	}
	return found
}

func answer(found []event, limit int, backwards bool) *cloudwatchlogs.FilterLogEventsOutput {
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	size := int64(0)
	for i, e := range found {
		if size += e.size(); i == limit || size > maxFilterBytes && i > 0 {
			last := found[i-1]
			b, _ := json.Marshal(filterToken{last.timestamp, last.id[16:], backwards}) // Text and numbers always marshal.
			out.NextToken = aws.String(base64.StdEncoding.EncodeToString(b))
			break
		}
		out.Events = append(out.Events, types.FilteredLogEvent{
			EventId: aws.String(e.id), Timestamp: aws.Int64(e.timestamp), IngestionTime: aws.Int64(e.arrival),
			LogStreamName: aws.String(e.stream), Message: aws.String(e.message),
		})
	}
	return out
}
