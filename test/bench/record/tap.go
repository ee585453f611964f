package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"firebreak/test/stack"
)

// maxDocument bounds what a record is unpacked to.
const maxDocument = 64 << 20

// tap reads a stream as a consumer does and keeps what arrives.
type tap struct {
	client  *kinesis.Client
	next    []*string // iterator of each shard
	records []recorded
}

// recorded is one record of the stream. Its documents stand in it unpacked, so
// that the file as a whole compresses well.
type recorded struct {
	PartitionKey string            `json:"partition_key"`
	Arrival      time.Time         `json:"arrival"`
	Documents    []json.RawMessage `json:"documents"`
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
			documents, err := unpack(r.Data)
			if err != nil {
				return fmt.Errorf("unpack a record of %s: %w", aws.ToString(r.PartitionKey), err)
			}
			t.records = append(t.records, recorded{aws.ToString(r.PartitionKey), aws.ToTime(r.ApproximateArrivalTimestamp).UTC(), documents})
		}
		t.next[i] = out.NextShardIterator
	}
	return nil
}

// unpack returns a record's JSON documents.
func unpack(data []byte) ([]json.RawMessage, error) {
	var in io.Reader = bytes.NewReader(data)
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = io.LimitReader(zr, maxDocument)
	}
	var documents []json.RawMessage
	for dec := json.NewDecoder(in); ; {
		var d json.RawMessage
		switch err := dec.Decode(&d); {
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil:
			return nil, err
		}
		documents = append(documents, d)
	}
}

// write replaces a file by the recording, in the order in which it was read.
func (t *tap) write(path string) error {
	var packed bytes.Buffer
	zw, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(zw)
	lines.SetEscapeHTML(false)
	for _, r := range t.records {
		if err := lines.Encode(r); err != nil {
			return fmt.Errorf("write record of %s: %w", r.PartitionKey, err)
		}
	}
	if err := zw.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}
