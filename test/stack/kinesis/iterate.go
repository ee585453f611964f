package kinesis

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	iteratorLife  = 5 * time.Minute
	maxGetRecords = 10_000
	maxGetBytes   = 10 << 20
	// fullPause is how long reads throttle after an answer of maxGetBytes.
	fullPause = 5 * time.Second
)

// iterator is a place in a shard, sealed into the text that clients hold.
type iterator struct {
	Stream  string `json:"s"`
	Created int64  `json:"c"` // The stream's creation, which tells a new stream of the same name.
	Shard   string `json:"h"`
	Next    int64  `json:"n"` // Absolute index of the next record.
	Issued  int64  `json:"i"` // Unix milliseconds.
}

func (s *Service) getShardIterator(_ context.Context, in *kinesis.GetShardIteratorInput) (*kinesis.GetShardIteratorOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	sh := st.shard(aws.ToString(in.ShardId))
	if sh == nil {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Shard " + aws.ToString(in.ShardId) + " in stream " + st.name + " does not exist")}
	}
	now := s.o.Now()
	sh.trim(now, s.o.MaxBytesPerShard)
	next, err := sh.position(in, now)
	if err != nil {
		return nil, err
	}
	return &kinesis.GetShardIteratorOutput{ShardIterator: aws.String(s.seal(iterator{st.name, st.created.UnixNano(), sh.id(), next, now.UnixMilli()}))}, nil
}

func (sh *shard) position(in *kinesis.GetShardIteratorInput, now time.Time) (int64, error) {
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeTrimHorizon:
		return sh.base, nil
	case types.ShardIteratorTypeLatest:
		return sh.end(), nil
	case types.ShardIteratorTypeAtTimestamp:
		if in.Timestamp == nil || in.Timestamp.After(now) {
			return 0, invalid("AT_TIMESTAMP needs a Timestamp that is not in the future")
		}
		return sh.since(*in.Timestamp), nil
	case types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber:
		sequence := aws.ToString(in.StartingSequenceNumber)
		// A number that the shard has not given out is one of another shard or
		// of another stream. One that was trimmed is fine.
		if !sh.belongs(sequence) || sequence < sh.start || sequence > sh.newest {
			return 0, invalid("StartingSequenceNumber %s used in GetShardIterator on shard %s is invalid", sequence, sh.id())
		}
		return sh.after(sequence, in.ShardIteratorType == types.ShardIteratorTypeAtSequenceNumber), nil
	default:
		return 0, invalid("Unknown ShardIteratorType %s", in.ShardIteratorType)
	}
}

func (s *Service) getRecords(_ context.Context, in *kinesis.GetRecordsInput) (*kinesis.GetRecordsOutput, error) {
	limit := maxGetRecords
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit < 1 || limit > maxGetRecords {
		return nil, invalid("Limit is 1 to %d, not %d", maxGetRecords, limit)
	}
	var it iterator
	if !s.open(aws.ToString(in.ShardIterator), &it) {
		return nil, invalid("Invalid ShardIterator.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	if now.Sub(time.UnixMilli(it.Issued)) > iteratorLife {
		return nil, &types.ExpiredIteratorException{Message: aws.String("Iterator expired. The iterator was created more than 300000 milliseconds ago, which is the tolerated delay.")}
	}
	st, err := s.find(&it.Stream, nil)
	if err != nil {
		return nil, err
	}
	sh := st.shard(it.Shard)
	if sh == nil || st.created.UnixNano() != it.Created {
		return nil, &types.ResourceNotFoundException{Message: aws.String("The stream of this iterator was deleted")}
	}
	sh.trim(now, s.o.MaxBytesPerShard)
	if now.Before(sh.pause) || !sh.reads.allow(now, s.o.ReadsPerSecond) {
		return nil, &types.ProvisionedThroughputExceededException{Message: aws.String(exceeded(st, sh))}
	}
	records, next, full := sh.read(max(it.Next, sh.base), limit)
	if full && s.o.ReadsPerSecond > 0 {
		sh.pause = now.Add(fullPause)
	}
	behind := int64(0)
	if next < sh.end() {
		behind = max(now.Sub(sh.records[next-sh.base].arrival).Milliseconds(), 0)
	}
	out := &kinesis.GetRecordsOutput{Records: records, MillisBehindLatest: &behind}
	if sh.closed() && next >= sh.end() {
		out.ChildShards = sh.descendants() // The end of the shard has no next iterator.
		return out, nil
	}
	out.NextShardIterator = aws.String(s.seal(iterator{st.name, st.created.UnixNano(), sh.id(), next, now.UnixMilli()}))
	return out, nil
}

// read takes records from an absolute index until a limit; full says that it
// was the limit in bytes.
func (sh *shard) read(from int64, limit int) (records []types.Record, next int64, full bool) {
	records = []types.Record{} // An empty list, not a missing one.
	size := 0
	for next = from; next < sh.end() && len(records) < limit; next++ {
		r := sh.records[next-sh.base]
		if size+r.size() > maxGetBytes && len(records) > 0 {
			return records, next, true
		}
		size += r.size()
		records = append(records, types.Record{
			Data: r.data, PartitionKey: aws.String(r.key), SequenceNumber: aws.String(r.sequence),
			ApproximateArrivalTimestamp: aws.Time(r.arrival),
		})
	}
	return records, next, false
}
