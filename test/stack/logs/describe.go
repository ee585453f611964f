package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// maxDescribe is the default and the limit of a page.
const maxDescribe = 50

func (s *Service) describeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []types.LogGroup
	for _, g := range s.groups {
		if !strings.HasPrefix(g.name, aws.ToString(in.LogGroupNamePrefix)) || !strings.Contains(g.name, aws.ToString(in.LogGroupNamePattern)) {
			continue
		}
		found = append(found, types.LogGroup{
			LogGroupName: aws.String(g.name), Arn: aws.String(s.arn(g.name) + ":*"), LogGroupArn: aws.String(s.arn(g.name)),
			CreationTime: aws.Int64(g.created.UnixMilli()), StoredBytes: aws.Int64(g.bytes), MetricFilterCount: aws.Int32(0),
			LogGroupClass: types.LogGroupClassStandard,
		})
	}
	slices.SortFunc(found, func(a, b types.LogGroup) int { return cmp.Compare(*a.LogGroupName, *b.LogGroupName) })
	page, next := page(found, in.Limit, in.NextToken, func(g types.LogGroup) string { return *g.LogGroupName })
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: page, NextToken: next}, nil
}

func (s *Service) describeLogStreams(_ context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	byTime := in.OrderBy == types.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	if byTime && in.NextToken != nil {
		return nil, invalid("Pages of streams ordered by LastEventTime are not supported.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	var found []types.LogStream
	for _, st := range g.streams {
		if !strings.HasPrefix(st.name, aws.ToString(in.LogStreamNamePrefix)) {
			continue
		}
		ls := types.LogStream{
			LogStreamName: aws.String(st.name), Arn: aws.String(s.arn(g.name) + ":log-stream:" + st.name),
			CreationTime: aws.Int64(st.created.UnixMilli()), StoredBytes: aws.Int64(0), //nolint:staticcheck // always 0 since 2019, but sent
		}
		if st.last != 0 {
			ls.FirstEventTimestamp, ls.LastEventTimestamp, ls.LastIngestionTime = aws.Int64(st.first), aws.Int64(st.last), aws.Int64(st.lastArrival)
		}
		found = append(found, ls)
	}
	slices.SortFunc(found, func(a, b types.LogStream) int {
		c := cmp.Compare(*a.LogStreamName, *b.LogStreamName)
		if byTime {
			c = cmp.Or(cmp.Compare(aws.ToInt64(a.LastEventTimestamp), aws.ToInt64(b.LastEventTimestamp)), c)
		}
		if aws.ToBool(in.Descending) {
			return -c
		}
		return c
	})
	if byTime {
		return &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: found[:min(len(found), pageSize(in.Limit))]}, nil
	}
	page, next := page(found, in.Limit, in.NextToken, func(st types.LogStream) string { return *st.LogStreamName })
	return &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: page, NextToken: next}, nil
}

func pageSize(limit *int32) int {
	if limit == nil || *limit < 1 {
		return maxDescribe
	}
	return min(int(*limit), maxDescribe)
}

// page cuts a page that begins after the item named by the token.
func page[T any](sorted []T, limit *int32, token *string, name func(T) string) ([]T, *string) {
	from := 0
	if token != nil {
		if i := slices.IndexFunc(sorted, func(t T) bool { return name(t) == *token }); i >= 0 {
			from = i + 1
		}
	}
	to := min(from+pageSize(limit), len(sorted))
	if to == len(sorted) {
		return append([]T{}, sorted[from:]...), nil
	}
	return sorted[from:to], aws.String(name(sorted[to-1]))
}
