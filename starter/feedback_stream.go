package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

// Limits of what is put at once. A record may have 1 MiB, a request 500 records
// and 10 MiB; events have a few hundred bytes each.
const (
	putEvents  = 200 // events in a record
	putRecords = 20  // records in a request
	putTries   = 6
	putWithin  = 30 * time.Second
)

// putFeedback puts events on every open shard of the configured stream, because
// only the engines know on which one a series is; the others ignore it. It
// returns how many shards have it.
func putFeedback(ctx context.Context, cfg config.Config, events [][]byte) (int, error) {
	awsCfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(cfg.Region))
	if err != nil {
		return 0, fmt.Errorf("load the AWS configuration: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	p := putter{client: kinesis.NewFromConfig(awsCfg), stream: cfg.Stream.Name, arn: "arn:aws:kinesis:" + cfg.Region + ":" + cfg.Account + ":stream/" + cfg.Stream.Name}
	shards, err := p.shards(ctx)
	if err != nil {
		return 0, err
	}
	var records []types.PutRecordsRequestEntry
	for _, s := range shards {
		for i := 0; i < len(events); i += putEvents {
			var data []byte
			for _, e := range events[i:min(i+putEvents, len(events))] {
				data = append(append(data, e...), '\n')
			}
			records = append(records, types.PutRecordsRequestEntry{
				Data: data, PartitionKey: aws.String("firebreak-feedback"), ExplicitHashKey: s.HashKeyRange.StartingHashKey,
			})
		}
	}
	for len(records) > 0 {
		n := min(len(records), putRecords)
		if err := p.put(ctx, records[:n]); err != nil {
			return 0, fmt.Errorf("%w\nNot every shard has it. Say it again: what has arrived counts once", err)
		}
		records = records[n:]
	}
	return len(shards), nil
}

type putter struct {
	client      *kinesis.Client
	stream, arn string
}

// shards lists the open ones.
func (p putter) shards(ctx context.Context) ([]types.Shard, error) {
	var open []types.Shard
	in := &kinesis.ListShardsInput{StreamName: &p.stream}
	for {
		page, err := p.client.ListShards(ctx, in)
		if err != nil {
			return nil, p.explain("list the shards", "kinesis:ListShards", err)
		}
		for _, s := range page.Shards {
			if s.HashKeyRange != nil && (s.SequenceNumberRange == nil || s.SequenceNumberRange.EndingSequenceNumber == nil) {
				open = append(open, s)
			}
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: page.NextToken}
	}
	if len(open) == 0 {
		return nil, fmt.Errorf("stream %s has no open shard: it is being created, resharded or deleted, try again in a minute", p.stream)
	}
	return open, nil
}

// put puts records until all are taken. PutRecords succeeds when only some are.
func (p putter) put(ctx context.Context, records []types.PutRecordsRequestEntry) error {
	wait := 200 * time.Millisecond
	for try := 1; ; try++ {
		out, err := p.client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &p.stream, Records: records})
		if err != nil {
			return p.explain("put records", "kinesis:PutRecords", err)
		}
		var left []types.PutRecordsRequestEntry
		why := ""
		for i, r := range out.Records {
			if r.ErrorCode != nil && i < len(records) {
				left, why = append(left, records[i]), aws.ToString(r.ErrorCode)
			}
		}
		if len(left) == 0 {
			return nil
		}
		if try == putTries {
			return fmt.Errorf("put records on stream %s: %d of %d were refused %d times: %s", p.stream, len(left), len(records), try, clean(why))
		}
		records = left
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("put records on stream %s: %w", p.stream, ctx.Err())
		}
		wait *= 2
	}
}

// explain says what to do about an error.
func (p putter) explain(doing, action string, err error) error {
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return fmt.Errorf("%s of stream %s: there is no such stream; is it that of the worker's configuration?", doing, p.stream)
	case kindOf(err) == incident.ErrorPermission:
		return fmt.Errorf("%s of stream %s: %w\nAllow %s on %s for whoever gives feedback", doing, p.stream, err, action, p.arn)
	default:
		return fmt.Errorf("%s of stream %s: %w", doing, p.stream, err)
	}
}
