package kinesis_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/kinesis"
)

const (
	shard0 = "shardId-000000000000"
	shard1 = "shardId-000000000001"
	shard2 = "shardId-000000000002"
	shard3 = "shardId-000000000003"
)

var half = new(big.Int).Lsh(big.NewInt(1), 127)

func (b bench) split(t *testing.T, shard, at string) {
	t.Helper()
	_, err := b.SplitShard(t.Context(), &sdk.SplitShardInput{StreamName: aws.String("s"), ShardToSplit: &shard, NewStartingHashKey: &at})
	require.NoError(t, err)
}

func (b bench) merge(t *testing.T, one, two string) {
	t.Helper()
	_, err := b.MergeShards(t.Context(), &sdk.MergeShardsInput{StreamName: aws.String("s"), ShardToMerge: &one, AdjacentShardToMerge: &two})
	require.NoError(t, err)
}

func (b bench) list(t *testing.T, f *types.ShardFilter) (ids []string, byID map[string]types.Shard) {
	t.Helper()
	byID = map[string]types.Shard{}
	in := &sdk.ListShardsInput{StreamName: aws.String("s"), ShardFilter: f, MaxResults: aws.Int32(2)}
	for {
		out, err := b.ListShards(t.Context(), in)
		require.NoError(t, err)
		for _, sh := range out.Shards {
			ids = append(ids, *sh.ShardId)
			byID[*sh.ShardId] = sh
		}
		if out.NextToken == nil {
			return ids, byID
		}
		in = &sdk.ListShardsInput{NextToken: out.NextToken, MaxResults: aws.Int32(2)}
	}
}

// A consumer holds an iterator of a shard while it is split, and the two are
// merged again.
func TestReadersFollowASplitAndAMerge(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 1)
	require.NoError(t, b.service.PutRecord("s", "k", []byte("one")))
	held := b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest})
	require.NoError(t, b.service.PutRecord("s", "k", []byte("two")))
	b.split(t, shard0, half.String())

	got, out := b.read(t, held)
	require.Equal(t, []string{"two"}, got)
	require.Nil(t, out.NextShardIterator, "the shard is at its end")
	require.Len(t, out.ChildShards, 2)
	require.Equal(t, shard1, *out.ChildShards[0].ShardId)
	require.Equal(t, []string{shard0}, out.ChildShards[0].ParentShards)
	require.Equal(t, half.String(), *out.ChildShards[1].HashKeyRange.StartingHashKey)

	put := func(hash, data string) *sdk.PutRecordOutput {
		out, err := b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), ExplicitHashKey: &hash, Data: []byte(data)})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, shard1, *put("0", "low").ShardId)
	require.Equal(t, shard2, *put(half.String(), "high").ShardId)
	b.merge(t, shard2, shard1)
	require.Equal(t, shard3, *put("0", "merged").ShardId)

	ids, byID := b.list(t, nil)
	require.Equal(t, []string{shard0, shard1, shard2, shard3}, ids)
	require.NotNil(t, byID[shard0].SequenceNumberRange.EndingSequenceNumber)
	require.Nil(t, byID[shard3].SequenceNumberRange.EndingSequenceNumber)
	require.Equal(t, shard2, *byID[shard3].ParentShardId)
	require.Equal(t, shard1, *byID[shard3].AdjacentParentShardId)
	require.Greater(t, *byID[shard1].SequenceNumberRange.StartingSequenceNumber, *byID[shard0].SequenceNumberRange.EndingSequenceNumber, "children come after their parent")
	summary, err := b.DescribeStreamSummary(t.Context(), &sdk.DescribeStreamSummaryInput{StreamName: aws.String("s")})
	require.NoError(t, err)
	require.EqualValues(t, 1, *summary.StreamDescriptionSummary.OpenShardCount)
	got, out = b.read(t, b.iterator(t, sdk.GetShardIteratorInput{ShardId: aws.String(shard2), ShardIteratorType: types.ShardIteratorTypeTrimHorizon}))
	require.Equal(t, []string{"high"}, got)
	require.Equal(t, []string{shard2, shard1}, out.ChildShards[0].ParentShards)
	require.Equal(t, []string{"one", "two", "low", "high", "merged"}, contents(b.service, "s"))
}

func TestWhatCannotBeResharded(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 3)
	var invalid *types.InvalidArgumentException
	var missing *types.ResourceNotFoundException
	split := func(shard, at string) error {
		_, err := b.SplitShard(t.Context(), &sdk.SplitShardInput{StreamName: aws.String("s"), ShardToSplit: &shard, NewStartingHashKey: &at})
		return err
	}
	merge := func(one, two string) error {
		_, err := b.MergeShards(t.Context(), &sdk.MergeShardsInput{StreamName: aws.String("s"), ShardToMerge: &one, AdjacentShardToMerge: &two})
		return err
	}
	require.ErrorAs(t, split("shardId-000000000009", "5"), &missing)
	require.ErrorAs(t, split(shard0, "1"), &invalid, "not greater than one plus the start")
	require.ErrorAs(t, split(shard0, half.String()), &invalid, "of another shard")
	require.ErrorAs(t, merge(shard0, shard2), &invalid, "no neighbours")
	require.ErrorAs(t, merge(shard0, "shardId-000000000009"), &missing)
	require.NoError(t, merge(shard0, shard1))
	require.ErrorContains(t, split(shard0, "5"), "has already been merged or split")
	require.ErrorAs(t, merge(shard1, shard2), &invalid, "the first is closed")
}

func TestShardFilters(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 1)
	created := b.clock.now()
	b.clock.add(time.Hour)
	b.split(t, shard0, half.String())
	split := b.clock.now()
	b.clock.add(time.Hour)
	tests := []struct {
		f    types.ShardFilter
		want []string
	}{
		{types.ShardFilter{Type: types.ShardFilterTypeAtLatest}, []string{shard1, shard2}},
		{types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}, []string{shard0}},
		{types.ShardFilter{Type: types.ShardFilterTypeFromTrimHorizon}, []string{shard0, shard1, shard2}},
		{types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: aws.Time(created.Add(time.Minute))}, []string{shard0}},
		{types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: aws.Time(split.Add(time.Minute))}, []string{shard1, shard2}},
		{types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: aws.Time(created.Add(time.Minute))}, []string{shard0, shard1, shard2}},
		{types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: aws.Time(split.Add(time.Minute))}, []string{shard1, shard2}},
		{types.ShardFilter{Type: types.ShardFilterTypeAfterShardId, ShardId: aws.String(shard1)}, []string{shard2}},
	}
	for _, tt := range tests {
		ids, _ := b.list(t, &tt.f)
		require.Equal(t, tt.want, ids, tt.f.Type)
	}
	b.clock.add(24 * time.Hour)
	ids, byID := b.list(t, nil)
	require.Equal(t, []string{shard1, shard2}, ids, "a closed shard leaves with its last record")
	require.Equal(t, shard0, *byID[shard1].ParentShardId, "children still name the parent that is gone")
	var missing *types.ResourceNotFoundException
	_, err := b.GetShardIterator(t.Context(), &sdk.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String(shard0), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	require.ErrorAs(t, err, &missing)
}
