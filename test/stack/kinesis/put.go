package kinesis

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Limits of PutRecords: records, and bytes of data and keys together.
const (
	maxPutRecords = 500
	maxPutBytes   = 10 << 20
	maxKeyLength  = 256 // In characters.
)

// PutRecord puts one record for a neighbour in the same process.
func (s *Service) PutRecord(stream, partitionKey string, data []byte) error {
	_, err := s.putRecord(context.Background(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: &partitionKey, Data: data})
	if err != nil {
		return fmt.Errorf("put a record on stream %s: %w", stream, err)
	}
	return nil
}

func (s *Service) putRecord(_ context.Context, in *kinesis.PutRecordInput) (*kinesis.PutRecordOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	if err := st.check(in.PartitionKey, in.Data); err != nil {
		return nil, err
	}
	sh, err := st.route(*in.PartitionKey, in.ExplicitHashKey)
	if err != nil {
		return nil, err
	}
	now := s.o.Now()
	if !sh.writes.allow(now, s.o.WritesPerSecond) {
		return nil, &types.ProvisionedThroughputExceededException{Message: aws.String(exceeded(st, sh))}
	}
	r := s.append(st, sh, *in.PartitionKey, in.Data, now)
	return &kinesis.PutRecordOutput{SequenceNumber: &r.sequence, ShardId: aws.String(sh.id()), EncryptionType: types.EncryptionTypeNone}, nil
}

// putRecords refuses the whole request when it is malformed, and single records
// when their shard throttles: those carry an error code in the answer.
func (s *Service) putRecords(_ context.Context, in *kinesis.PutRecordsInput) (*kinesis.PutRecordsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	if n := len(in.Records); n < 1 || n > maxPutRecords {
		return nil, invalid("PutRecords takes 1 to %d records, not %d", maxPutRecords, n)
	}
	total := 0
	shards := make([]*shard, len(in.Records))
	for i, e := range in.Records {
		if err := st.check(e.PartitionKey, e.Data); err != nil {
			return nil, err
		}
		total += len(e.Data) + len(*e.PartitionKey)
		if shards[i], err = st.route(*e.PartitionKey, e.ExplicitHashKey); err != nil {
			return nil, err
		}
	}
	if total > maxPutBytes {
		return nil, invalid("Records size exceeds %d bytes", maxPutBytes)
	}
	out := &kinesis.PutRecordsOutput{FailedRecordCount: aws.Int32(0), EncryptionType: types.EncryptionTypeNone}
	now := s.o.Now()
	for i, e := range in.Records {
		if !shards[i].writes.allow(now, s.o.WritesPerSecond) {
			*out.FailedRecordCount++
			out.Records = append(out.Records, types.PutRecordsResultEntry{
				ErrorCode:    aws.String("ProvisionedThroughputExceededException"),
				ErrorMessage: aws.String(exceeded(st, shards[i])),
			})
			continue
		}
		r := s.append(st, shards[i], *e.PartitionKey, e.Data, now)
		out.Records = append(out.Records, types.PutRecordsResultEntry{SequenceNumber: &r.sequence, ShardId: aws.String(shards[i].id())})
	}
	return out, nil
}

func (st *stream) check(key *string, data []byte) error {
	if n := utf8.RuneCountInString(aws.ToString(key)); n < 1 || n > maxKeyLength {
		return invalid("PartitionKey has 1 to %d characters, not %d", maxKeyLength, n)
	}
	if n := len(data) + len(*key); n > st.maxSize {
		return invalid("A record has at most %d bytes, not %d", st.maxSize, n)
	}
	return nil
}

func (s *Service) append(st *stream, sh *shard, key string, data []byte, now time.Time) record {
	r := record{sequence: st.sequence(now, sh.index), key: key, data: append([]byte{}, data...), arrival: time.UnixMilli(st.clock).UTC()}
	sh.records = append(sh.records, r)
	sh.bytes += r.size()
	sh.newest = r.sequence
	sh.trim(now, s.o.MaxBytesPerShard)
	return r
}

func exceeded(st *stream, sh *shard) string {
	return fmt.Sprintf("Rate exceeded for shard %s in stream %s.", sh.id(), st.name)
}

func invalid(format string, args ...any) error {
	return &types.InvalidArgumentException{Message: aws.String(fmt.Sprintf(format, args...))}
}
