package kinesis

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const retentionHours = 24

func (s *Service) describeStream(_ context.Context, in *kinesis.DescribeStreamInput) (*kinesis.DescribeStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	shards, more := st.page(aws.ToString(in.ExclusiveStartShardId), limit, func(*shard) bool { return true })
	return &kinesis.DescribeStreamOutput{StreamDescription: &types.StreamDescription{
		StreamName: &st.name, StreamARN: aws.String(s.ARN(st.name)), StreamStatus: types.StreamStatusActive,
		StreamCreationTimestamp: aws.Time(st.created), RetentionPeriodHours: aws.Int32(retentionHours),
		EncryptionType: types.EncryptionTypeNone, EnhancedMonitoring: []types.EnhancedMetrics{{}},
		StreamModeDetails: provisioned(), Shards: shards, HasMoreShards: &more,
	}}, nil
}

func (s *Service) describeStreamSummary(_ context.Context, in *kinesis.DescribeStreamSummaryInput) (*kinesis.DescribeStreamSummaryOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{
		StreamName: &st.name, StreamARN: aws.String(s.ARN(st.name)), StreamStatus: types.StreamStatusActive,
		StreamCreationTimestamp: aws.Time(st.created), RetentionPeriodHours: aws.Int32(retentionHours),
		EncryptionType: types.EncryptionTypeNone, EnhancedMonitoring: []types.EnhancedMetrics{{}},
		StreamModeDetails: provisioned(), OpenShardCount: aws.Int32(int32(st.openShards())),
		ConsumerCount: aws.Int32(0), MaxRecordSizeInKiB: aws.Int32(int32(st.maxSize >> 10)),
	}}, nil
}

func (s *Service) listStreams(_ context.Context, in *kinesis.ListStreamsInput) (*kinesis.ListStreamsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	after := aws.ToString(in.ExclusiveStartStreamName)
	if in.NextToken != nil && !s.open(*in.NextToken, &after) {
		return nil, invalid("Invalid NextToken.")
	}
	out := &kinesis.ListStreamsOutput{StreamNames: []string{}, HasMoreStreams: aws.Bool(false)}
	for _, n := range s.names() {
		if n <= after {
			continue
		}
		if len(out.StreamNames) == limit {
			out.HasMoreStreams = aws.Bool(true)
			out.NextToken = aws.String(s.seal(out.StreamNames[limit-1]))
			break
		}
		st := s.streams[n]
		out.StreamNames = append(out.StreamNames, n)
		out.StreamSummaries = append(out.StreamSummaries, types.StreamSummary{
			StreamName: aws.String(n), StreamARN: aws.String(s.ARN(n)), StreamStatus: types.StreamStatusActive,
			StreamCreationTimestamp: aws.Time(st.created), StreamModeDetails: provisioned(),
		})
	}
	return out, nil
}

// shardToken continues a ListShards.
type shardToken struct {
	Stream string             `json:"s"`
	After  string             `json:"a"`
	Filter *types.ShardFilter `json:"f,omitempty"` // Of the first page, which the others keep.
}

func (s *Service) listShards(_ context.Context, in *kinesis.ListShardsInput) (*kinesis.ListShardsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := shardToken{After: aws.ToString(in.ExclusiveStartShardId), Filter: in.ShardFilter}
	name, arn := in.StreamName, in.StreamARN
	if in.NextToken != nil {
		if name != nil || in.ExclusiveStartShardId != nil {
			return nil, invalid("NextToken and StreamName or ExclusiveStartShardId cannot be provided together.")
		}
		if !s.open(*in.NextToken, &token) {
			return nil, &types.ExpiredNextTokenException{Message: aws.String("The pagination token is invalid.")}
		}
		name, arn = &token.Stream, nil
	}
	st, err := s.find(name, arn)
	if err != nil {
		return nil, err
	}
	limit := 1000
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	passing := map[*shard]bool{}
	for _, sh := range st.shards {
		if passing[sh], err = st.selects(token.Filter, sh, s.o.Now()); err != nil {
			return nil, err
		}
	}
	shards, more := st.page(token.After, limit, func(sh *shard) bool { return passing[sh] })
	out := &kinesis.ListShardsOutput{Shards: shards}
	if more {
		out.NextToken = aws.String(s.seal(shardToken{st.name, *shards[len(shards)-1].ShardId, token.Filter}))
	}
	return out, nil
}

func (st *stream) page(after string, limit int, passes func(*shard) bool) (shards []types.Shard, more bool) {
	shards = []types.Shard{}
	for _, sh := range st.shards {
		if sh.id() <= after || !passes(sh) {
			continue
		}
		if len(shards) >= max(limit, 1) {
			return shards, true
		}
		shards = append(shards, sh.describe())
	}
	return shards, false
}

func provisioned() *types.StreamModeDetails {
	return &types.StreamModeDetails{StreamMode: types.StreamModeProvisioned}
}

// Records are the records that a stream keeps, shard by shard, each oldest
// first, for a neighbour in the same process; nil when there is no such stream.
func (s *Service) Records(stream string) []types.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[stream]
	if st == nil {
		return nil
	}
	var all []types.Record
	for _, sh := range st.shards {
		for from := sh.base; from < sh.end(); {
			var page []types.Record
			page, from, _ = sh.read(from, maxGetRecords)
			all = append(all, page...)
		}
	}
	return slices.Clip(all)
}

// seal makes an opaque text that open takes back and nobody else can make.
func (s *Service) seal(v any) string {
	b, _ := json.Marshal(v) // Structs of text and numbers always marshal.
	return base64.StdEncoding.EncodeToString(append(s.mac(b), b...))
}

func (s *Service) open(token string, into any) bool {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) < sha256.Size || !hmac.Equal(b[:sha256.Size], s.mac(b[sha256.Size:])) {
		return false
	}
	return json.Unmarshal(b[sha256.Size:], into) == nil
}

func (s *Service) mac(b []byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write(b)
	return m.Sum(nil)
}
