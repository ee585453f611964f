//go:build peers

package peers

import (
	"math/big"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

func kinesisErrors(t *trial) {
	t.refused(malformed, "kinesis", "CreateStream", object{"StreamName": "no spaces", "ShardCount": 1})
	nowhere := t.name("nowhere")
	t.refused("ResourceNotFoundException", "kinesis", "PutRecord", object{"StreamName": nowhere, "PartitionKey": "k", "Data": []byte("x")})
	t.refused("ResourceNotFoundException", "kinesis", "PutRecords", object{"StreamName": nowhere, "Records": []object{{"PartitionKey": "k", "Data": []byte("x")}}})
	t.refused("ResourceNotFoundException", "kinesis", "DescribeStreamSummary", object{"StreamName": nowhere})
	t.refused("ResourceNotFoundException", "kinesis", "ListShards", object{"StreamName": nowhere})
	t.refused("ResourceNotFoundException", "kinesis", "DeleteStream", object{"StreamName": nowhere})
	t.refused("ResourceNotFoundException", "kinesis", "GetShardIterator", object{"StreamName": nowhere, "ShardId": firstShard, "ShardIteratorType": "LATEST"})
	name := t.stream(1)
	r := t.refused("ResourceNotFoundException", "kinesis", "GetShardIterator", object{"StreamName": name, "ShardId": "shardId-000000000009", "ShardIteratorType": "LATEST"})
	if r.Status != 0 { // The command line does not show it.
		require.Equal(t, 400, r.Status)
	}
}

func malformedIterator(t *trial) {
	t.stream(1)
	r := t.refused("InvalidArgumentException", "kinesis", "GetRecords", object{"ShardIterator": "not-an-iterator"})
	if r.Status != 0 {
		require.Equal(t, 400, r.Status)
	}
}

func strangeSequenceNumber(t *trial) {
	name := t.stream(1)
	t.put(name, "k", "x")
	for _, sequence := range []string{"12", "not-a-number", strings.Repeat("9", 56)} {
		t.refused("InvalidArgumentException", "kinesis", "GetShardIterator", object{
			"StreamName": name, "ShardId": firstShard, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": sequence,
		})
	}
}

func expiredIterator(t *trial) {
	name := t.stream(1)
	iterator := t.iterator(name, "TRIM_HORIZON", nil)
	t.server.clock.add(5*time.Minute + time.Second)
	t.refused("ExpiredIteratorException", "kinesis", "GetRecords", object{"ShardIterator": iterator})
	t.read(t.iterator(name, "TRIM_HORIZON", nil))
}

// children are the shards that have a parent.
func (t *trial) shards(stream string) (all []any, byID map[string]any) {
	all = t.list(t.ok("kinesis", "ListShards", object{"StreamName": stream}), "Shards")
	byID = map[string]any{}
	for _, sh := range all {
		byID[t.text(sh, "ShardId")] = sh
	}
	return all, byID
}

// splitShard follows a consumer over a split: the parent is read to its end,
// which names the children.
func splitShard(t *trial) {
	name := t.stream(1)
	t.put(name, "k", "before")
	half := new(big.Int).Lsh(big.NewInt(1), 127)
	t.ok("kinesis", "SplitShard", object{"StreamName": name, "ShardToSplit": firstShard, "NewStartingHashKey": half.String()})
	t.active(name)

	all, byID := t.shards(name)
	require.Len(t, all, 3)
	parent, low, high := byID[firstShard], byID["shardId-000000000001"], byID["shardId-000000000002"]
	require.True(t, has(parent, "SequenceNumberRange.EndingSequenceNumber"), "the parent is closed")
	require.Equal(t, firstShard, t.text(low, "ParentShardId"))
	require.Equal(t, firstShard, t.text(high, "ParentShardId"))
	require.False(t, has(low, "AdjacentParentShardId"))
	require.Equal(t, "0", t.text(low, "HashKeyRange.StartingHashKey"))
	require.Equal(t, new(big.Int).Sub(half, big.NewInt(1)).String(), t.text(low, "HashKeyRange.EndingHashKey"))
	require.Equal(t, half.String(), t.text(high, "HashKeyRange.StartingHashKey"))
	require.InDelta(t, 2, t.number(t.ok("kinesis", "DescribeStreamSummary", object{"StreamName": name}), "StreamDescriptionSummary.OpenShardCount"), 0)

	out := t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": "k", "ExplicitHashKey": half.String(), "Data": []byte("after")})
	require.Equal(t, "shardId-000000000002", t.text(out, "ShardId"))
	t.readToEnd(name, firstShard, []string{"before"}, []string{"shardId-000000000001", "shardId-000000000002"})
	got, _ := t.read(t.iterator(name, "TRIM_HORIZON", object{"ShardId": "shardId-000000000002"}))
	require.Equal(t, []string{"after"}, got)
}

func splitClosedShard(t *trial) {
	name := t.stream(1)
	split := object{"StreamName": name, "ShardToSplit": firstShard, "NewStartingHashKey": "500"}
	t.ok("kinesis", "SplitShard", split)
	t.active(name)
	t.refused("InvalidArgumentException", "kinesis", "SplitShard", split)
}

func mergeShards(t *trial) {
	name := t.stream(2)
	const second, merged = "shardId-000000000001", "shardId-000000000002"
	t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": "k", "ExplicitHashKey": "0", "Data": []byte("before")})
	t.ok("kinesis", "MergeShards", object{"StreamName": name, "ShardToMerge": firstShard, "AdjacentShardToMerge": second})
	t.active(name)
	all, byID := t.shards(name)
	require.Len(t, all, 3)
	require.Equal(t, firstShard, t.text(byID[merged], "ParentShardId"))
	require.Equal(t, second, t.text(byID[merged], "AdjacentParentShardId"))
	require.Equal(t, "0", t.text(byID[merged], "HashKeyRange.StartingHashKey"))
	require.Equal(t, t.text(byID[second], "HashKeyRange.EndingHashKey"), t.text(byID[merged], "HashKeyRange.EndingHashKey"))
	t.readToEnd(name, firstShard, []string{"before"}, []string{merged})
	t.readToEnd(name, second, nil, []string{merged})
	t.put(name, "k", "after")
	got, _ := t.read(t.iterator(name, "TRIM_HORIZON", object{"ShardId": merged}))
	require.Equal(t, []string{"after"}, got)
}

// readToEnd reads a closed shard until there is no next iterator; the last
// answer names the children.
func (t *trial) readToEnd(stream, shard string, want, children []string) {
	iterator := t.iterator(stream, "TRIM_HORIZON", object{"ShardId": shard})
	var got []string
	for range 5 {
		data, out := t.read(iterator)
		got = append(got, data...)
		if !has(out, "NextShardIterator") {
			require.Equal(t, want, got)
			require.ElementsMatch(t, children, t.texts(out, "ChildShards", "ShardId"))
			require.Contains(t, t.list(out, "ChildShards.0.ParentShards"), shard)
			return
		}
		iterator = t.text(out, "NextShardIterator")
	}
	require.FailNow(t, "the closed shard does not end")
}
