package stream_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// everyShard writes a record to each shard.
func (s *shop) everyShard(data []byte) {
	s.t.Helper()
	shards, err := s.client.ListShards(s.t.Context(), &kinesis.ListShardsInput{StreamName: aws.String(name)})
	require.NoError(s.t, err)
	for _, shard := range shards.Shards {
		_, err := s.client.PutRecord(s.t.Context(), &kinesis.PutRecordInput{
			StreamName: aws.String(name), PartitionKey: aws.String("feedback"), Data: data, ExplicitHashKey: shard.HashKeyRange.StartingHashKey,
		})
		require.NoError(s.t, err)
	}
}

// Feedback is put on every shard, because its sender does not know on which one
// a series is. It counts once, and is there after a restart.
func TestFeedbackOnEveryShardCountsOnce(t *testing.T) {
	t.Parallel()
	s, out := newShop(t, 2), &inbox{}
	c, stop := start(t, s.options(out))
	s.live(50, 0)
	s.live(8, 12)
	require.Eventually(t, func() bool { _, ok := out.opened("checkout", incident.KindMetric); return ok }, deadline, look)
	a, _ := out.opened("checkout", incident.KindMetric)
	raw, err := telemetry.Feedback{
		Series: a.Series, Rule: a.Rule, Verdict: telemetry.FalseAlarm, Anomaly: a.ID, Reached: 3, At: a.Opened, By: "ana", Note: "load test",
	}.Encode(account, region, time.Now())
	require.NoError(t, err)
	mark := c.Counters().Watermark
	s.everyShard(raw)
	s.everyShard(raw)
	require.Eventually(t, func() bool { return len(c.Adjustments()) == 1 }, deadline, look)
	require.Eventually(t, func() bool { return c.Counters().Repeated == 3 }, deadline, look)
	require.Less(t, c.Counters().Watermark.Sub(mark), time.Minute, "feedback of now says nothing of how far the stream is complete")
	adjusted := c.Adjustments()
	require.InDelta(t, 2, adjusted[0].Factor, 0.01)
	require.Equal(t, "load test", adjusted[0].Said[0].Note.String())
	require.NoError(t, stop())
	require.Zero(t, c.Counters().Quarantined)

	c, stop = start(t, s.options(out))
	require.Equal(t, adjusted[0].Said, c.Adjustments()[0].Said)
	require.NoError(t, stop())
}
