package kinesis

import (
	"context"
	"math/big"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// splitShard closes a shard and opens two in its place. AWS takes a while, in
// which the stream is UPDATING; here it is done when the call returns.
func (s *Service) splitShard(_ context.Context, in *kinesis.SplitShardInput) (*kinesis.SplitShardOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	sh, err := s.reshardable(st, in.ShardToSplit)
	if err != nil {
		return nil, err
	}
	at, ok := new(big.Int).SetString(aws.ToString(in.NewStartingHashKey), 10)
	if !ok || at.Cmp(new(big.Int).Add(sh.from, one)) <= 0 || at.Cmp(sh.to) >= 0 {
		return nil, invalid("NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
			aws.ToString(in.NewStartingHashKey), sh.id(), st.name, s.o.Account, sh.from, sh.to)
	}
	now := s.o.Now()
	st.close(sh, now)
	st.open(sh.from, new(big.Int).Sub(at, one), now, sh)
	st.open(at, sh.to, now, sh)
	return &kinesis.SplitShardOutput{}, nil
}

// mergeShards closes two neighbours and opens one in their place.
func (s *Service) mergeShards(_ context.Context, in *kinesis.MergeShardsInput) (*kinesis.MergeShardsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.find(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	sh, err := s.reshardable(st, in.ShardToMerge)
	if err != nil {
		return nil, err
	}
	other, err := s.reshardable(st, in.AdjacentShardToMerge)
	if err != nil {
		return nil, err
	}
	low, high := sh, other
	if low.from.Cmp(high.from) > 0 {
		low, high = high, low
	}
	if new(big.Int).Add(low.to, one).Cmp(high.from) != 0 {
		return nil, invalid("Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging", sh.id(), other.id(), st.name, s.o.Account)
	}
	now := s.o.Now()
	st.close(sh, now)
	st.close(other, now)
	st.open(low.from, high.to, now, sh, other)
	return &kinesis.MergeShardsOutput{}, nil
}

// reshardable finds an open shard; the caller holds the lock.
func (s *Service) reshardable(st *stream, id *string) (*shard, error) {
	sh := st.shard(aws.ToString(id))
	if sh == nil {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Could not find shard " + aws.ToString(id) + " in stream " + st.name + " under account " + s.o.Account + ".")}
	}
	if sh.closed() {
		return nil, invalid("Shard %s in stream %s under account %s has already been merged or split, and thus is not eligible for merging or splitting.", sh.id(), st.name, s.o.Account)
	}
	return sh, nil
}

// open adds a shard with the next number; its parents know it as their child.
func (st *stream) open(from, to *big.Int, now time.Time, parents ...*shard) {
	sh := &shard{index: st.next, from: from, to: to, opened: now}
	st.next++
	sh.start = st.sequence(now, sh.index)
	sh.newest = sh.start
	for _, p := range parents {
		sh.parents = append(sh.parents, p.id())
		p.children = append(p.children, sh)
	}
	st.shards = append(st.shards, sh)
}

func (st *stream) close(sh *shard, now time.Time) {
	sh.last = st.sequence(now, sh.index)
	sh.newest = sh.last
	sh.ended = now
}

// forget drops closed shards whose last record has left the stream.
func (st *stream) forget(now time.Time) {
	st.shards = slices.DeleteFunc(st.shards, func(sh *shard) bool { return sh.closed() && now.Sub(sh.ended) > retention })
}

func (st *stream) openShards() int {
	n := 0
	for _, sh := range st.shards {
		if !sh.closed() {
			n++
		}
	}
	return n
}

func (sh *shard) closed() bool { return sh.last != "" }

// describe shows the shard with its range of sequence numbers, which has an end
// once the shard is closed, and its parents, of which the second came by a
// merge.
func (sh *shard) describe() types.Shard {
	out := types.Shard{
		ShardId: aws.String(sh.id()), HashKeyRange: sh.hashKeys(),
		SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String(sh.start)},
	}
	if sh.closed() {
		out.SequenceNumberRange.EndingSequenceNumber = aws.String(sh.last)
	}
	if len(sh.parents) > 0 {
		out.ParentShardId = aws.String(sh.parents[0])
	}
	if len(sh.parents) > 1 {
		out.AdjacentParentShardId = aws.String(sh.parents[1])
	}
	return out
}

func (sh *shard) hashKeys() *types.HashKeyRange {
	return &types.HashKeyRange{StartingHashKey: aws.String(sh.from.String()), EndingHashKey: aws.String(sh.to.String())}
}

// descendants are what a reader at the end of a closed shard goes on with.
func (sh *shard) descendants() []types.ChildShard {
	var out []types.ChildShard
	for _, c := range sh.children {
		out = append(out, types.ChildShard{ShardId: aws.String(c.id()), ParentShards: slices.Clone(c.parents), HashKeyRange: c.hashKeys()})
	}
	return out
}

// selects tells whether a filter of ListShards lets a shard pass. The trim
// horizon of a young stream is its creation.
func (st *stream) selects(f *types.ShardFilter, sh *shard, now time.Time) (bool, error) {
	if f == nil {
		return true, nil
	}
	horizon := now.Add(-retention)
	if horizon.Before(st.created) {
		horizon = st.created
	}
	at := horizon
	switch f.Type {
	case types.ShardFilterTypeAfterShardId:
		return sh.id() > aws.ToString(f.ShardId), nil
	case types.ShardFilterTypeAtLatest:
		return !sh.closed(), nil
	case types.ShardFilterTypeAtTrimHorizon, types.ShardFilterTypeFromTrimHorizon:
	case types.ShardFilterTypeAtTimestamp, types.ShardFilterTypeFromTimestamp:
		if f.Timestamp == nil || f.Timestamp.After(now) {
			return false, invalid("The shard filter %s needs a Timestamp that is not in the future", f.Type)
		}
		if f.Timestamp.After(horizon) {
			at = *f.Timestamp
		}
	default:
		return false, invalid("Unknown shard filter type %s", f.Type)
	}
	if sh.closed() && !sh.ended.After(at) {
		return false, nil
	}
	from := f.Type == types.ShardFilterTypeFromTrimHorizon || f.Type == types.ShardFilterTypeFromTimestamp
	return from || !sh.opened.After(at), nil
}
