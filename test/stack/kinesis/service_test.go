package kinesis_test

import (
	"crypto/md5"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type bench struct {
	*sdk.Client
	service *kinesis.Service
	clock   *clock
	faults  *fault.Faults
}

func start(t *testing.T, o kinesis.Options) bench {
	t.Helper()
	c := &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	o.Now = c.now
	faults := fault.New()
	service, server := kinesis.New(o), awswire.New(awswire.Options{Faults: faults})
	service.Register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	cfg := server.ClientConfig(endpoint)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return bench{Client: sdk.NewFromConfig(cfg), service: service, clock: c, faults: faults}
}

func (b bench) create(t *testing.T, name string, shards int32) {
	t.Helper()
	_, err := b.CreateStream(t.Context(), &sdk.CreateStreamInput{StreamName: &name, ShardCount: &shards})
	require.NoError(t, err)
}

func (b bench) iterator(t *testing.T, in sdk.GetShardIteratorInput) *string {
	t.Helper()
	if in.ShardId == nil {
		in.ShardId = aws.String("shardId-000000000000")
	}
	in.StreamName = aws.String("s")
	out, err := b.GetShardIterator(t.Context(), &in)
	require.NoError(t, err)
	return out.ShardIterator
}

func (b bench) read(t *testing.T, iterator *string) (data []string, out *sdk.GetRecordsOutput) {
	t.Helper()
	out, err := b.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: iterator})
	require.NoError(t, err)
	for _, r := range out.Records {
		data = append(data, string(r.Data))
	}
	return data, out
}

func TestStreamsAreCreatedListedDescribedAndDeleted(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	for _, n := range []string{"c", "a", "b"} {
		b.create(t, n, 3)
	}
	var exists *types.ResourceInUseException
	_, err := b.CreateStream(t.Context(), &sdk.CreateStreamInput{StreamName: aws.String("a")})
	require.ErrorAs(t, err, &exists)

	var names []string
	pages := sdk.NewListStreamsPaginator(b, &sdk.ListStreamsInput{Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		names = append(names, page.StreamNames...)
	}
	require.Equal(t, []string{"a", "b", "c"}, names)

	described, err := b.DescribeStream(t.Context(), &sdk.DescribeStreamInput{StreamARN: aws.String(b.service.ARN("a"))})
	require.NoError(t, err)
	require.Equal(t, types.StreamStatusActive, described.StreamDescription.StreamStatus)
	require.Equal(t, b.clock.now(), *described.StreamDescription.StreamCreationTimestamp)
	summary, err := b.DescribeStreamSummary(t.Context(), &sdk.DescribeStreamSummaryInput{StreamName: aws.String("a")})
	require.NoError(t, err)
	require.EqualValues(t, 3, *summary.StreamDescriptionSummary.OpenShardCount)

	var shards []types.Shard
	var token *string
	for {
		in := &sdk.ListShardsInput{MaxResults: aws.Int32(2), NextToken: token}
		if token == nil {
			in.StreamName = aws.String("a")
		}
		page, err := b.ListShards(t.Context(), in)
		require.NoError(t, err)
		shards = append(shards, page.Shards...)
		if token = page.NextToken; token == nil {
			break
		}
	}
	require.Equal(t, described.StreamDescription.Shards, shards)
	// The ranges cover all 128-bit hash keys without gap or overlap.
	next := big.NewInt(0)
	for _, sh := range shards {
		require.Equal(t, next.String(), *sh.HashKeyRange.StartingHashKey)
		end, ok := new(big.Int).SetString(*sh.HashKeyRange.EndingHashKey, 10)
		require.True(t, ok)
		next = end.Add(end, big.NewInt(1))
	}
	require.Equal(t, new(big.Int).Lsh(big.NewInt(1), 128).String(), next.String())

	_, err = b.DeleteStream(t.Context(), &sdk.DeleteStreamInput{StreamName: aws.String("a")})
	require.NoError(t, err)
	var missing *types.ResourceNotFoundException
	_, err = b.DescribeStream(t.Context(), &sdk.DescribeStreamInput{StreamName: aws.String("a")})
	require.ErrorAs(t, err, &missing)
}

func TestRecordsKeepTheirOrderOnTheShardOfTheirKey(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 4)
	quarter := new(big.Int).Lsh(big.NewInt(1), 126)
	last := map[string]string{}
	for i := range 200 {
		key := fmt.Sprintf("series-%d", i%20)
		out, err := b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: aws.String("s"), PartitionKey: &key, Data: []byte("x")})
		require.NoError(t, err)
		sum := md5.Sum([]byte(key))
		want := new(big.Int).Div(new(big.Int).SetBytes(sum[:]), quarter)
		require.Equal(t, fmt.Sprintf("shardId-%012d", want), *out.ShardId)
		require.Len(t, *out.SequenceNumber, 56)
		require.Greater(t, *out.SequenceNumber, last[*out.ShardId])
		last[*out.ShardId] = *out.SequenceNumber
		if i == 100 {
			b.clock.add(-time.Hour) // A clock that goes back does not break the order.
		}
	}
	_, err := b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), ExplicitHashKey: aws.String("0"), Data: nil})
	require.ErrorContains(t, err, "Data", "the SDK itself wants data")
	out, err := b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), ExplicitHashKey: aws.String("0"), Data: []byte{}})
	require.NoError(t, err)
	require.Equal(t, "shardId-000000000000", *out.ShardId)
}

func TestIterators(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 1)
	put := func(data string) (string, time.Time) {
		out, err := b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte(data)})
		require.NoError(t, err)
		at := b.clock.now()
		b.clock.add(time.Second)
		return *out.SequenceNumber, at
	}
	put("one")
	second, at := put("two")
	put("three")
	latest := b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest})

	tests := []struct {
		in   sdk.GetShardIteratorInput
		want []string
	}{
		{sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon}, []string{"one", "two", "three"}},
		{sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: &second}, []string{"two", "three"}},
		{sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: &second}, []string{"three"}},
		{sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: &at}, []string{"two", "three"}},
		{sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(at.Add(time.Millisecond))}, []string{"three"}},
	}
	for _, tt := range tests {
		got, out := b.read(t, b.iterator(t, tt.in))
		require.Equal(t, tt.want, got, tt.in.ShardIteratorType)
		require.Zero(t, *out.MillisBehindLatest)
		require.Equal(t, "k", *out.Records[0].PartitionKey)
	}
	got, out := b.read(t, latest)
	require.Empty(t, got)
	require.NotNil(t, out.NextShardIterator, "an empty answer is not the end")
	put("four")
	got, _ = b.read(t, out.NextShardIterator)
	require.Equal(t, []string{"four"}, got)

	paged, err := b.GetRecords(t.Context(), &sdk.GetRecordsInput{Limit: aws.Int32(1), ShardIterator: b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon})})
	require.NoError(t, err)
	require.Len(t, paged.Records, 1)
	require.EqualValues(t, 3000, *paged.MillisBehindLatest)

	var invalid *types.InvalidArgumentException
	for _, sequence := range []string{"12", "x", strings.Repeat("9", 56), second[:51] + "00007"} {
		_, err := b.GetShardIterator(t.Context(), &sdk.GetShardIteratorInput{
			StreamName: aws.String("s"), ShardId: aws.String("shardId-000000000000"),
			ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: aws.String(sequence),
		})
		require.ErrorAs(t, err, &invalid, sequence)
	}
	_, err = b.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: aws.String("forged")})
	require.ErrorAs(t, err, &invalid)

	b.clock.add(5*time.Minute + time.Second)
	var expired *types.ExpiredIteratorException
	_, err = b.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: out.NextShardIterator})
	require.ErrorAs(t, err, &expired)

	require.NoError(t, b.service.PutRecord("s", "k", []byte("five")))
	b.clock.add(24 * time.Hour)
	got, _ = b.read(t, b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: &second}))
	require.Equal(t, []string{"five"}, got, "what came before was trimmed after 24 hours")
}

func TestIteratorOfADeletedStreamDoesNotReadItsSuccessor(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 1)
	it := b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	_, err := b.DeleteStream(t.Context(), &sdk.DeleteStreamInput{StreamName: aws.String("s")})
	require.NoError(t, err)
	b.clock.add(time.Second)
	b.create(t, "s", 1)
	var missing *types.ResourceNotFoundException
	_, err = b.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: it})
	require.ErrorAs(t, err, &missing)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{ReadsPerSecond: 5, WritesPerSecond: 8})
	b.create(t, "s", 1)
	entries := func(n, size int) *sdk.PutRecordsInput {
		in := &sdk.PutRecordsInput{StreamName: aws.String("s")}
		for range n {
			in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String("k"), Data: make([]byte, size)})
		}
		return in
	}
	var invalid *types.InvalidArgumentException
	for _, in := range []*sdk.PutRecordsInput{entries(501, 1), entries(11, 1<<20-1), entries(1, 1<<20)} {
		_, err := b.PutRecords(t.Context(), in)
		require.ErrorAs(t, err, &invalid)
	}
	require.Empty(t, b.service.Records("s"), "a refused request puts nothing")

	out, err := b.PutRecords(t.Context(), entries(10, 1))
	require.NoError(t, err)
	require.EqualValues(t, 2, *out.FailedRecordCount)
	require.NotNil(t, out.Records[7].SequenceNumber)
	require.Nil(t, out.Records[8].SequenceNumber)
	require.Equal(t, "ProvisionedThroughputExceededException", *out.Records[8].ErrorCode)
	var throttled *types.ProvisionedThroughputExceededException
	_, err = b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte("x")})
	require.ErrorAs(t, err, &throttled)

	it := b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	for range 5 {
		b.read(t, it)
	}
	_, err = b.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: it})
	require.ErrorAs(t, err, &throttled)

	// An answer of the full 10 MiB throttles the next five seconds.
	for range 2 {
		b.clock.add(time.Second)
		_, err := b.PutRecords(t.Context(), entries(6, 1<<20-1))
		require.NoError(t, err)
	}
	got, page := b.read(t, it)
	require.Len(t, got, 8+9, "the next would be more than 10 MiB") // Not Len: its message would hold all data.
	b.clock.add(4 * time.Second)
	_, err = b.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: page.NextShardIterator})
	require.ErrorAs(t, err, &throttled)
	b.clock.add(time.Second)
	got, _ = b.read(t, page.NextShardIterator)
	require.Len(t, got, 3)
}

func TestTheOldestRecordsGoWhenAShardIsFull(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{MaxBytesPerShard: 100})
	b.create(t, "s", 1)
	for i := range 20 {
		require.NoError(t, b.service.PutRecord("s", "k", fmt.Appendf(nil, "%09d", i)))
	}
	got, _ := b.read(t, b.iterator(t, sdk.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon}))
	require.Len(t, got, 10)
	require.Equal(t, "000000010", got[0])
	require.Len(t, b.service.Records("s"), 10)
}

func TestFaultsAndUnknownStreams(t *testing.T) {
	t.Parallel()
	b := start(t, kinesis.Options{})
	b.create(t, "s", 1)
	b.faults.Set(fault.Rule{Service: "kinesis", Operation: "PutRecord", Kind: fault.Throttle})
	put := func(stream string) error {
		_, err := b.PutRecord(t.Context(), &sdk.PutRecordInput{StreamName: &stream, PartitionKey: aws.String("k"), Data: []byte("x")})
		return err
	}
	var throttled *types.ProvisionedThroughputExceededException
	require.ErrorAs(t, put("s"), &throttled)
	b.faults.Set(fault.Rule{Service: "kinesis", Operation: "PutRecord", Kind: fault.LoseResponse})
	require.Error(t, put("s"))
	require.Len(t, b.service.Records("s"), 1, "the record was put though the answer was lost")
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, put("other"), &missing)
	require.ErrorAs(t, b.service.PutRecord("other", "k", nil), &missing)
}
