// Package kinesis stands in for Kinesis Data Streams: streams of shards in
// memory, records routed by the MD5 of their partition key, iterators that
// expire, and the limits that a consumer must live with.
//
// A stream is active as soon as it is created, and again as soon as a shard was
// split or two were merged; there is no enhanced fan-out.
package kinesis

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/schemas"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"firebreak/test/stack/awswire"
)

// Options configure a Service. The zero value works.
type Options struct {
	Now     func() time.Time // Clock; time.Now when nil.
	Region  string           // "us-east-1" when empty.
	Account string           // "123456789012" when empty.

	// ReadsPerSecond is how many GetRecords a shard serves in one second before
	// it throttles; with it, an answer of the full 10 MiB throttles the next 5
	// seconds. AWS allows 5; 0 means no limit.
	ReadsPerSecond int
	// WritesPerSecond is how many records a shard takes in one second before it
	// throttles. AWS allows 1000; 0 means no limit.
	WritesPerSecond int
	// MaxBytesPerShard bounds what a shard keeps, oldest records first out; 64
	// MiB when 0. Records also leave after 24 hours.
	MaxBytesPerShard int
}

// Service holds the streams. It is safe for concurrent use.
type Service struct {
	o   Options
	key []byte // Signs iterators and tokens, so that only our own are taken.

	mu      sync.Mutex
	streams map[string]*stream
}

type stream struct {
	name    string
	created time.Time
	maxSize int // Of one record's data and key, in bytes.
	shards  []*shard
	next    int   // Number of the next shard.
	issued  int64 // Records put so far, which orders sequence numbers.
	clock   int64 // Highest arrival in milliseconds that a sequence number holds.
}

// New makes a service without streams.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.Account = cmp.Or(o.Account, "123456789012")
	o.MaxBytesPerShard = cmp.Or(o.MaxBytesPerShard, 64<<20)
	return &Service{o: o, key: []byte(rand.Text()), streams: map[string]*stream{}}
}

// Register serves the streams on the wire.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name:         "kinesis",
		SigningName:  "kinesis",
		Schema:       schemas.Kinesis_20131202,
		Errors:       kinesis.TypeRegistry,
		ThrottleCode: "ProvisionedThroughputExceededException",
		Operations: []awswire.Operation{
			awswire.Handle(schemas.CreateStream, schemas.CreateStreamInput, nil, s.createStream),
			awswire.Handle(schemas.DeleteStream, schemas.DeleteStreamInput, nil, s.deleteStream),
			awswire.Handle(schemas.DescribeStream, schemas.DescribeStreamInput, schemas.DescribeStreamOutput, s.describeStream),
			awswire.Handle(schemas.DescribeStreamSummary, schemas.DescribeStreamSummaryInput, schemas.DescribeStreamSummaryOutput, s.describeStreamSummary),
			awswire.Handle(schemas.ListStreams, schemas.ListStreamsInput, schemas.ListStreamsOutput, s.listStreams),
			awswire.Handle(schemas.ListShards, schemas.ListShardsInput, schemas.ListShardsOutput, s.listShards),
			awswire.Handle(schemas.PutRecord, schemas.PutRecordInput, schemas.PutRecordOutput, s.putRecord),
			awswire.Handle(schemas.PutRecords, schemas.PutRecordsInput, schemas.PutRecordsOutput, s.putRecords),
			awswire.Handle(schemas.GetShardIterator, schemas.GetShardIteratorInput, schemas.GetShardIteratorOutput, s.getShardIterator),
			awswire.Handle(schemas.GetRecords, schemas.GetRecordsInput, schemas.GetRecordsOutput, s.getRecords),
			awswire.Handle(schemas.SplitShard, schemas.SplitShardInput, nil, s.splitShard),
			awswire.Handle(schemas.MergeShards, schemas.MergeShardsInput, nil, s.mergeShards),
		},
	})
}

// ARN is the stream's resource name, whether or not the stream exists.
func (s *Service) ARN(name string) string {
	return fmt.Sprintf("arn:aws:kinesis:%s:%s:stream/%s", s.o.Region, s.o.Account, name)
}

var streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)

// Create makes a stream for a neighbour in the same process, with the hash keys
// divided evenly over the shards.
func (s *Service) Create(name string, shards int) error {
	if !streamName.MatchString(name) {
		return &types.InvalidArgumentException{Message: aws.String("Invalid stream name " + name)}
	}
	if shards < 1 || shards > 500 {
		return &types.InvalidArgumentException{Message: aws.String("ShardCount must be between 1 and 500")}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[name] != nil {
		return &types.ResourceInUseException{Message: aws.String("Stream " + name + " under account " + s.o.Account + " already exists.")}
	}
	st := &stream{name: name, created: s.o.Now(), maxSize: 1 << 20}
	width := new(big.Int).Div(hashSpace, big.NewInt(int64(shards)))
	for i := range shards {
		from := new(big.Int).Mul(width, big.NewInt(int64(i)))
		to := new(big.Int).Sub(new(big.Int).Add(from, width), one)
		if i == shards-1 {
			to = new(big.Int).Sub(hashSpace, one)
		}
		st.open(from, to, st.created)
	}
	s.streams[name] = st
	return nil
}

func (s *Service) createStream(_ context.Context, in *kinesis.CreateStreamInput) (*kinesis.CreateStreamOutput, error) {
	shards := 4 // What a new on-demand stream gets.
	if in.ShardCount != nil {
		shards = int(*in.ShardCount)
	}
	if err := s.Create(aws.ToString(in.StreamName), shards); err != nil {
		return nil, err
	}
	if in.MaxRecordSizeInKiB != nil {
		s.mu.Lock()
		s.streams[*in.StreamName].maxSize = int(*in.MaxRecordSizeInKiB) << 10
		s.mu.Unlock()
	}
	return &kinesis.CreateStreamOutput{}, nil
}

func (s *Service) deleteStream(_ context.Context, in *kinesis.DeleteStreamInput) (*kinesis.DeleteStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	delete(s.streams, st.name)
	return &kinesis.DeleteStreamOutput{}, nil
}

// find takes a stream by name or ARN; the caller holds the lock.
func (s *Service) find(name, arn *string) (*stream, error) {
	n := aws.ToString(name)
	if n == "" {
		prefix, fromARN, ok := strings.Cut(aws.ToString(arn), ":stream/")
		if !ok || prefix+":stream/"+fromARN != s.ARN(fromARN) {
			return nil, &types.InvalidArgumentException{Message: aws.String("Either StreamName or a valid StreamARN of this account and region is needed")}
		}
		n = fromARN
	}
	st := s.streams[n]
	if st != nil {
		st.forget(s.o.Now())
	}
	if st == nil {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Stream " + n + " under account " + s.o.Account + " not found.")}
	}
	return st, nil
}

func (s *Service) names() []string {
	var names []string
	for n := range s.streams {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
