package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"firebreak/test/bench/trace"
	"firebreak/test/stack"
)

// tap reads a stream as a consumer does and keeps what arrives.
type tap struct {
	client  *kinesis.Client
	next    []*string // iterator of each shard
	records []trace.Record
}

func openTap(ctx context.Context, config aws.Config) (*tap, error) {
	t := &tap{client: kinesis.NewFromConfig(config)}
	shards, err := t.client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: aws.String(stack.Stream)})
	if err != nil {
		return nil, fmt.Errorf("list the shards of %s: %w", stack.Stream, err)
	}
	for _, shard := range shards.Shards {
		it, err := t.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamName: aws.String(stack.Stream), ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			return nil, fmt.Errorf("read shard %s from its beginning: %w", aws.ToString(shard.ShardId), err)
		}
		t.next = append(t.next, it.ShardIterator)
	}
	return t, nil
}

// drain takes what has arrived on every shard.
func (t *tap) drain(ctx context.Context) error {
	for i, it := range t.next {
		out, err := t.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it})
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		for _, r := range out.Records {
			record, err := trace.NewRecord(aws.ToString(r.PartitionKey), aws.ToTime(r.ApproximateArrivalTimestamp), r.Data)
			if err != nil {
				return err
			}
			t.records = append(t.records, record)
		}
		t.next[i] = out.NextShardIterator
	}
	return nil
}
