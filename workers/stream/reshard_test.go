package stream_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"firebreak/workers/stream"
)

// reshaped is a stream whose shards a and b were merged into c, which was split
// into d and e. The stand-in cannot reshard, so this answers in its place: one
// record a read, an empty page in between, and the list in pages of two.
type reshaped struct {
	mu    sync.Mutex
	left  map[string]int // records by shard
	reads []string       // shards in the order in which their records were read
	types map[string]types.ShardIteratorType
}

func (r *reshaped) ListShards(_ context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	closed := &types.SequenceNumberRange{StartingSequenceNumber: aws.String("1"), EndingSequenceNumber: aws.String("9")}
	open := &types.SequenceNumberRange{StartingSequenceNumber: aws.String("1")}
	all := []types.Shard{
		{ShardId: aws.String("e"), ParentShardId: aws.String("c"), SequenceNumberRange: open},
		{ShardId: aws.String("d"), ParentShardId: aws.String("c"), SequenceNumberRange: open},
		{ShardId: aws.String("c"), ParentShardId: aws.String("a"), AdjacentParentShardId: aws.String("b"), SequenceNumberRange: closed},
		{ShardId: aws.String("b"), ParentShardId: aws.String("trimmed"), SequenceNumberRange: closed},
		{ShardId: aws.String("a"), SequenceNumberRange: closed},
	}
	from := 0
	if in.NextToken != nil {
		if in.StreamName != nil {
			return nil, &types.InvalidArgumentException{Message: aws.String("NextToken and StreamName exclude each other")}
		}
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	}
	out := &kinesis.ListShardsOutput{Shards: all[from:min(from+2, len(all))]}
	if from+2 < len(all) {
		out.NextToken = aws.String(fmt.Sprint(from + 2))
	}
	return out, nil
}

func (r *reshaped) GetShardIterator(_ context.Context, in *kinesis.GetShardIteratorInput, _ ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.types[*in.ShardId] = in.ShardIteratorType
	return &kinesis.GetShardIteratorOutput{ShardIterator: aws.String(*in.ShardId + "/0")}, nil
}

func (r *reshaped) GetRecords(_ context.Context, in *kinesis.GetRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	shard, place, _ := strings.Cut(*in.ShardIterator, "/")
	n := 0
	if _, err := fmt.Sscan(place, &n); err != nil {
		return nil, err
	}
	out := &kinesis.GetRecordsOutput{MillisBehindLatest: aws.Int64(int64(r.left[shard])), NextShardIterator: aws.String(fmt.Sprintf("%s/%d", shard, n+1))}
	// Every other page is empty though there is more to come.
	if n%2 == 1 && r.left[shard] > 0 {
		r.left[shard]--
		r.reads = append(r.reads, shard)
		now := time.Now()
		out.Records = []types.Record{{
			SequenceNumber: aws.String(fmt.Sprint(n)), PartitionKey: aws.String("k"), ApproximateArrivalTimestamp: &now,
			Data: metric("checkout", "Errors", now, 0),
		}}
	}
	if r.left[shard] == 0 && strings.Contains("abc", shard) {
		out.NextShardIterator = nil
	}
	return out, nil
}

func TestChildrenAreReadAfterAllOfTheirParents(t *testing.T) {
	t.Parallel()
	api := &reshaped{left: map[string]int{"a": 3, "b": 1, "c": 2, "d": 2, "e": 1}, types: map[string]types.ShardIteratorType{}}
	s, out := &shop{t: t, folder: t.TempDir()}, &inbox{}
	o := s.options(out)
	o.Kinesis = api
	c, stop := start(t, o)
	require.Eventually(t, func() bool { return c.Counters().Records == 9 }, deadline, look)
	require.NoError(t, stop())

	order := strings.Join(api.reads, "")
	require.Less(t, strings.LastIndexAny(order, "ab"), strings.Index(order, "c"), order)
	require.Less(t, strings.LastIndex(order, "c"), strings.IndexAny(order, "de"), order)
	for shard, from := range api.types {
		require.Equal(t, types.ShardIteratorTypeTrimHorizon, from, shard)
	}

	// A restart does not read the parents again.
	api.types = map[string]types.ShardIteratorType{}
	c, stop = start(t, resumed(s, api))
	require.Eventually(t, func() bool { return len(c.Counters().LagMillis) == 2 }, deadline, look)
	require.NoError(t, stop())
	require.Equal(t, map[string]types.ShardIteratorType{
		"d": types.ShardIteratorTypeAfterSequenceNumber, "e": types.ShardIteratorTypeAfterSequenceNumber,
	}, api.types)
}

func resumed(s *shop, api *reshaped) stream.Options {
	o := s.options(&inbox{})
	o.Kinesis = api
	return o
}

func TestTheTipOfAReshapedStreamLeavesClosedShardsOut(t *testing.T) {
	t.Parallel()
	api := &reshaped{left: map[string]int{}, types: map[string]types.ShardIteratorType{}}
	s := &shop{t: t, folder: t.TempDir()}
	o := s.options(&inbox{})
	o.Kinesis, o.Start = api, stream.StartLatest
	c, stop := start(t, o)
	require.Eventually(t, func() bool { return len(c.Counters().LagMillis) == 2 }, deadline, look)
	require.NoError(t, stop())
	require.Equal(t, map[string]types.ShardIteratorType{"d": types.ShardIteratorTypeLatest, "e": types.ShardIteratorTypeLatest}, api.types)
}
