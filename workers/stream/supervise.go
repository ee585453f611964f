package stream

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"
)

// supervise keeps a reader on every shard that is due: it looks at the list of
// shards from time to time and whenever one has ended.
func (c *Consumer) supervise(ctx context.Context, g *errgroup.Group) error {
	s := supervisor{c: c, running: map[string]bool{}, places: map[string]shardPlace{}, first: len(c.place.Shards) == 0}
	for id, p := range c.place.Shards {
		s.places[id] = *p
	}
	wait := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-c.ended:
			s.places[id] = shardPlace{Ended: true}
			delete(s.running, id)
		case <-time.After(wait):
		}
		shards, err := c.listShards(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c.count(func(n *Counters) { n.ReadErrors++; n.LastError = err.Error() })
			c.log.WarnContext(ctx, "listing shards failed, trying again", "error", err)
			wait = min(max(2*wait, firstWait), lastWait)
			continue
		}
		readers := s.due(shards)
		if err := c.announce(ctx, readers); err != nil {
			return err
		}
		for _, r := range readers {
			g.Go(func() error { return r.run(ctx) })
		}
		wait = c.o.Reconcile
	}
}

// announce says which shards will be read before any of them is: the watermark
// has to wait for all of them, or the first to speak would make the others late.
func (c *Consumer) announce(ctx context.Context, readers []*reader) error {
	if len(readers) == 0 {
		return nil
	}
	var shards []string
	for _, r := range readers {
		shards = append(shards, r.shard)
	}
	select {
	case c.opened <- shards:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Consumer) listShards(ctx context.Context) ([]types.Shard, error) {
	in := &kinesis.ListShardsInput{StreamName: &c.o.Stream}
	var shards []types.Shard
	for {
		out, err := c.o.Kinesis.ListShards(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list shards of %s: %w", c.o.Stream, err)
		}
		shards = append(shards, out.Shards...)
		if out.NextToken == nil {
			return shards, nil
		}
		// The next page takes the token alone.
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

// supervisor decides which shards are read, and from where.
type supervisor struct {
	c       *Consumer
	running map[string]bool
	places  map[string]shardPlace
	first   bool // no shard of this stream was ever read
}

// due returns readers for shards that may be read now and are not. A child
// begins at its oldest record once all of its parents were read to their end; a
// parent that is no longer listed counts as ended. When a stream is read for
// the first time from its tip, shards that are closed by then are left out.
func (s *supervisor) due(shards []types.Shard) []*reader {
	listed := map[string]bool{}
	for _, sh := range shards {
		listed[aws.ToString(sh.ShardId)] = true
	}
	start := types.ShardIteratorTypeTrimHorizon
	if s.first && s.c.o.Start == StartLatest {
		start = types.ShardIteratorTypeLatest
		for _, sh := range shards {
			if sh.SequenceNumberRange != nil && sh.SequenceNumberRange.EndingSequenceNumber != nil {
				s.places[aws.ToString(sh.ShardId)] = shardPlace{Ended: true}
			}
		}
	}
	maps.DeleteFunc(s.places, func(id string, p shardPlace) bool { return p.Ended && !listed[id] })
	var readers []*reader
	for _, sh := range shards {
		id := aws.ToString(sh.ShardId)
		if s.running[id] || s.places[id].Ended {
			continue
		}
		if !s.over(sh.ParentShardId, listed) || !s.over(sh.AdjacentParentShardId, listed) {
			continue
		}
		s.running[id] = true
		readers = append(readers, &reader{c: s.c, shard: id, from: s.places[id], start: start})
	}
	if len(shards) > 0 {
		s.first = false
	}
	return readers
}

func (s *supervisor) over(parent *string, listed map[string]bool) bool {
	return parent == nil || !listed[*parent] || s.places[*parent].Ended
}
