//go:build peers

package peers

import (
	"crypto/md5"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

const firstShard = "shardId-000000000000"

var kinesisCases = []testCase{
	{api: "kinesis", name: "streams are created, listed, described and deleted", run: streamLife},
	{api: "kinesis", name: "lists come in pages", run: streamPages},
	{api: "kinesis", name: "records are put and read from the trim horizon", cli: true, run: putAndGet},
	{api: "kinesis", name: "iterator at a sequence number", run: iterateFrom("AT_SEQUENCE_NUMBER", "two", "three")},
	{api: "kinesis", name: "iterator after a sequence number", run: iterateFrom("AFTER_SEQUENCE_NUMBER", "three")},
	{api: "kinesis", name: "iterator at a timestamp", run: iterateAtTimestamp},
	{api: "kinesis", name: "iterator at the latest record", run: iterateLatest},
	{api: "kinesis", name: "a limit cuts an answer and the next one goes on", run: readInPages},
	{api: "kinesis", name: "sequence numbers have 56 digits and grow within a shard", run: sequenceOrder},
	{api: "kinesis", name: "a partition key goes to the shard of its MD5", run: routing},
	{api: "kinesis", name: "many records in one request", cli: true, run: putMany},
	{api: "kinesis", name: "a request puts at most 500 records", run: kinesisLimits},
	{api: "kinesis", name: "a partition key has 1 to 256 characters", run: partitionKeys},
	{api: "kinesis", name: "errors of streams and shards have their names", run: kinesisErrors},
	{api: "kinesis", name: "a malformed iterator is refused", run: malformedIterator},
	{api: "kinesis", name: "a sequence number of nowhere is refused", run: strangeSequenceNumber},
	{api: "kinesis", name: "an iterator expires after five minutes", needs: []string{ownClock}, run: expiredIterator},
	{api: "kinesis", name: "a shard is split", run: splitShard},
	{api: "kinesis", name: "a closed shard is not split again", run: splitClosedShard},
	{api: "kinesis", name: "two shards are merged", run: mergeShards},
}

// stream makes a stream and waits until it is active.
func (t *trial) stream(shards int) string {
	name := t.name("stream")
	t.ok("kinesis", "CreateStream", object{"StreamName": name, "ShardCount": shards})
	t.active(name)
	return name
}

func (t *trial) active(name string) {
	t.eventually(20*time.Second, "stream "+name+" is active", func() bool {
		out := t.ok("kinesis", "DescribeStreamSummary", object{"StreamName": name})
		return t.text(out, "StreamDescriptionSummary.StreamStatus") == "ACTIVE"
	})
}

func (t *trial) put(stream, key, data string) string {
	out := t.ok("kinesis", "PutRecord", object{"StreamName": stream, "PartitionKey": key, "Data": []byte(data)})
	return t.text(out, "SequenceNumber")
}

// iterator asks for an iterator of the first shard, or of the one in more.
func (t *trial) iterator(stream, kind string, more object) string {
	in := object{"StreamName": stream, "ShardId": firstShard, "ShardIteratorType": kind}
	maps.Copy(in, more)
	return t.text(t.ok("kinesis", "GetShardIterator", in), "ShardIterator")
}

// read reads once.
func (t *trial) read(iterator string) (data []string, out object) {
	out = t.ok("kinesis", "GetRecords", object{"ShardIterator": iterator})
	for _, r := range t.list(out, "Records") {
		data = append(data, string(t.bytes(r, "Data")))
	}
	return data, out
}

func streamLife(t *trial) {
	name := t.stream(3)
	described := t.ok("kinesis", "DescribeStream", object{"StreamName": name})
	arn := t.text(described, "StreamDescription.StreamARN")
	require.Regexp(t, `^arn:aws:kinesis:[a-z0-9-]+:\d{12}:stream/`+name+`$`, arn)
	require.InDelta(t, 24, t.number(described, "StreamDescription.RetentionPeriodHours"), 0)
	require.WithinDuration(t, time.Now(), t.time(described, "StreamDescription.StreamCreationTimestamp"), time.Minute)
	require.InDelta(t, 3, t.number(t.ok("kinesis", "DescribeStreamSummary", object{"StreamARN": arn}), "StreamDescriptionSummary.OpenShardCount"), 0)
	require.Contains(t, t.list(t.ok("kinesis", "ListStreams", object{}), "StreamNames"), name)

	shards := t.list(t.ok("kinesis", "ListShards", object{"StreamName": name}), "Shards")
	require.Len(t, shards, 3)
	require.Equal(t, t.list(described, "StreamDescription.Shards"), shards)
	next := big.NewInt(0) // The ranges cover all 128-bit hash keys without gap or overlap.
	for i, sh := range shards {
		require.Equal(t, fmt.Sprintf("shardId-%012d", i), t.text(sh, "ShardId"))
		require.Equal(t, next.String(), t.text(sh, "HashKeyRange.StartingHashKey"))
		end, ok := new(big.Int).SetString(t.text(sh, "HashKeyRange.EndingHashKey"), 10)
		require.True(t, ok)
		next = end.Add(end, big.NewInt(1))
		require.False(t, has(sh, "SequenceNumberRange.EndingSequenceNumber"), "an open shard has no end")
	}
	require.Equal(t, new(big.Int).Lsh(big.NewInt(1), 128).String(), next.String())

	t.refused("ResourceInUseException", "kinesis", "CreateStream", object{"StreamName": name, "ShardCount": 1})
	t.ok("kinesis", "DeleteStream", object{"StreamName": name})
	t.eventually(20*time.Second, "the stream is deleted", func() bool {
		_, err := t.call("kinesis", "DescribeStreamSummary", object{"StreamName": name})
		return err != nil
	})
	t.refused("ResourceNotFoundException", "kinesis", "DescribeStream", object{"StreamName": name})
}

func streamPages(t *trial) {
	name := t.stream(5)
	var ids []string
	in := object{"StreamName": name, "MaxResults": 2}
	for range 3 {
		out := t.ok("kinesis", "ListShards", in)
		ids = append(ids, t.texts(out, "Shards", "ShardId")...)
		if !has(out, "NextToken") {
			break
		}
		in = object{"NextToken": t.text(out, "NextToken"), "MaxResults": 2}
	}
	require.Len(t, ids, 5)
	require.True(t, slices.IsSorted(ids))
	out := t.ok("kinesis", "DescribeStream", object{"StreamName": name, "Limit": 3, "ExclusiveStartShardId": ids[0]})
	require.Equal(t, ids[1:4], t.texts(out, "StreamDescription.Shards", "ShardId"))
	require.Equal(t, true, t.get(out, "StreamDescription.HasMoreShards"))
}

func putAndGet(t *trial) {
	name := t.stream(1)
	put := t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": "schlüssel", "Data": []byte("grüße \u2713\x01")})
	require.Equal(t, firstShard, t.text(put, "ShardId"))
	t.put(name, "k", "second")
	got, out := t.read(t.iterator(name, "TRIM_HORIZON", nil))
	require.Equal(t, []string{"grüße \u2713\x01", "second"}, got)
	require.Equal(t, "schlüssel", t.text(out, "Records.0.PartitionKey"))
	require.Equal(t, t.text(put, "SequenceNumber"), t.text(out, "Records.0.SequenceNumber"))
	require.WithinDuration(t, time.Now(), t.time(out, "Records.0.ApproximateArrivalTimestamp"), time.Minute)
	require.InDelta(t, 0, t.number(out, "MillisBehindLatest"), 0)
	got, out = t.read(t.text(out, "NextShardIterator"))
	require.Empty(t, got)
	require.NotEmpty(t, t.text(out, "NextShardIterator"), "an empty answer is not the end")
}

func iterateFrom(kind string, want ...string) func(t *trial) {
	return func(t *trial) {
		name := t.stream(1)
		t.put(name, "k", "one")
		two := t.put(name, "k", "two")
		t.put(name, "k", "three")
		got, _ := t.read(t.iterator(name, kind, object{"StartingSequenceNumber": two}))
		require.Equal(t, want, got)
	}
}

func iterateAtTimestamp(t *trial) {
	name := t.stream(1)
	t.put(name, "k", "one")
	select { // boto3 sends whole seconds.
	case <-t.ctx.Done():
	case <-time.After(2100 * time.Millisecond):
	}
	t.put(name, "k", "two")
	_, out := t.read(t.iterator(name, "TRIM_HORIZON", nil))
	second := t.time(out, "Records.1.ApproximateArrivalTimestamp")
	got, _ := t.read(t.iterator(name, "AT_TIMESTAMP", object{"Timestamp": second.Add(-time.Second)}))
	require.Equal(t, []string{"two"}, got)
	got, _ = t.read(t.iterator(name, "AT_TIMESTAMP", object{"Timestamp": second.Add(-time.Hour)}))
	require.Equal(t, []string{"one", "two"}, got)
	t.refused("InvalidArgumentException", "kinesis", "GetShardIterator", object{
		"StreamName": name, "ShardId": firstShard, "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": time.Now().Add(time.Hour),
	})
}

func iterateLatest(t *trial) {
	name := t.stream(1)
	t.put(name, "k", "before")
	latest := t.iterator(name, "LATEST", nil)
	got, out := t.read(latest)
	require.Empty(t, got)
	t.put(name, "k", "after")
	got, _ = t.read(t.text(out, "NextShardIterator"))
	require.Equal(t, []string{"after"}, got)
}

func readInPages(t *trial) {
	name := t.stream(1)
	var want, got []string
	for i := range 7 {
		want = append(want, fmt.Sprint(i))
		t.put(name, "k", fmt.Sprint(i))
	}
	iterator := t.iterator(name, "TRIM_HORIZON", nil)
	for range 4 {
		out := t.ok("kinesis", "GetRecords", object{"ShardIterator": iterator, "Limit": 2})
		records := t.list(out, "Records")
		require.LessOrEqual(t, len(records), 2)
		for _, r := range records {
			got = append(got, string(t.bytes(r, "Data")))
		}
		iterator = t.text(out, "NextShardIterator")
	}
	require.Equal(t, want, got)
	t.refused(malformed, "kinesis", "GetRecords", object{"ShardIterator": iterator, "Limit": 10_001})
}

func sequenceOrder(t *trial) {
	name := t.stream(2)
	last := map[string]*big.Int{}
	for i := range 20 {
		out := t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": fmt.Sprint(i), "Data": []byte("x")})
		sequence, shard := t.text(out, "SequenceNumber"), t.text(out, "ShardId")
		require.Regexp(t, `^[1-9]\d{55}$`, sequence)
		n, _ := new(big.Int).SetString(sequence, 10)
		if last[shard] != nil {
			require.Positive(t, n.Cmp(last[shard]), "%s is not after %s", n, last[shard])
		}
		last[shard] = n
	}
	require.Len(t, last, 2)
	for _, sh := range t.list(t.ok("kinesis", "ListShards", object{"StreamName": name}), "Shards") {
		start, _ := new(big.Int).SetString(t.text(sh, "SequenceNumberRange.StartingSequenceNumber"), 10)
		require.Negative(t, start.Cmp(last[t.text(sh, "ShardId")]), "a shard starts before its records")
	}
}

func routing(t *trial) {
	name := t.stream(4)
	quarter := new(big.Int).Lsh(big.NewInt(1), 126)
	for _, key := range []string{"checkout", "payments", "日本"} {
		sum := md5.Sum([]byte(key))
		want := new(big.Int).Div(new(big.Int).SetBytes(sum[:]), quarter)
		out := t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": key, "Data": []byte("x")})
		require.Equal(t, fmt.Sprintf("shardId-%012d", want), t.text(out, "ShardId"), key)
	}
	last := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
	out := t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": "checkout", "ExplicitHashKey": last.String(), "Data": []byte("x")})
	require.Equal(t, "shardId-000000000003", t.text(out, "ShardId"))
	t.refused("InvalidArgumentException", "kinesis", "PutRecord", object{
		"StreamName": name, "PartitionKey": "k", "Data": []byte("x"), "ExplicitHashKey": new(big.Int).Add(last, big.NewInt(1)).String(),
	})
}

func putMany(t *trial) {
	name := t.stream(1)
	var records []object
	var want []string
	for i := range 50 {
		records = append(records, object{"PartitionKey": fmt.Sprint("k", i), "Data": []byte(fmt.Sprint(i))})
		want = append(want, fmt.Sprint(i))
	}
	out := t.ok("kinesis", "PutRecords", object{"StreamName": name, "Records": records})
	require.InDelta(t, 0, t.number(out, "FailedRecordCount"), 0)
	numbers := t.texts(out, "Records", "SequenceNumber")
	require.Len(t, numbers, 50)
	got, read := t.read(t.iterator(name, "TRIM_HORIZON", nil))
	require.ElementsMatch(t, want, got, "PutRecords promises no order")
	require.ElementsMatch(t, numbers, t.texts(read, "Records", "SequenceNumber"))
}

// malformed are the names for what breaks a limit; some clients check by
// themselves.
const malformed = "InvalidArgumentException|ValidationException|ParamValidationError|CommandLine"

func kinesisLimits(t *trial) {
	name := t.stream(1)
	one := object{"PartitionKey": "k", "Data": []byte("x")}
	t.refused(malformed, "kinesis", "PutRecords", object{"StreamName": name, "Records": slices.Repeat([]object{one}, 501)})
}

func partitionKeys(t *trial) {
	name := t.stream(1)
	t.ok("kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": strings.Repeat("k", 256), "Data": []byte("x")})
	t.refused(malformed, "kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": "", "Data": []byte("x")})
	t.refused(malformed, "kinesis", "PutRecord", object{"StreamName": name, "PartitionKey": strings.Repeat("k", 257), "Data": []byte("x")})
}
