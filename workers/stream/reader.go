package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// page is what one read of a shard gave.
type page struct {
	shard   string
	records []types.Record
	lag     int64     // milliseconds behind the tip
	readAt  time.Time // just before the read
	last    bool      // the shard has ended with this page
	taken   chan struct{}
}

// reader reads one shard from a place on.
type reader struct {
	c     *Consumer
	shard string
	from  shardPlace
	start types.ShardIteratorType // when from holds neither sequence nor time
	wait  time.Duration           // before the next try after a failure
}

const (
	firstWait = 250 * time.Millisecond
	lastWait  = 20 * time.Second
	// clockSlack is how far our clock may be ahead of Kinesis's.
	clockSlack = 5 * time.Second
)

// run reads until the shard or the context ends. Failures are tried again for
// as long as it takes: the stream keeps its records for a day at least, and
// whoever watches the counters sees them.
func (r *reader) run(ctx context.Context) error {
	iterator := ""
	for {
		if iterator == "" {
			var err error
			if iterator, err = r.iterator(ctx); err != nil {
				if err := r.failed(ctx, "get shard iterator", err); err != nil {
					return err
				}
				continue
			}
		}
		readAt := r.c.o.Now()
		out, err := r.c.o.Kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &iterator})
		var expired *types.ExpiredIteratorException
		switch {
		case errors.As(err, &expired):
			// Iterators live for five minutes, and processing can take longer.
			iterator = ""
			continue
		case err != nil:
			if err := r.failed(ctx, "get records", err); err != nil {
				return err
			}
			continue
		}
		r.wait = 0
		p := page{
			shard: r.shard, records: out.Records, lag: aws.ToInt64(out.MillisBehindLatest), readAt: readAt,
			// A page without records is not the end; one without a next iterator is.
			last: out.NextShardIterator == nil, taken: make(chan struct{}),
		}
		if err := r.hand(ctx, p); err != nil || p.last {
			return err
		}
		if n := len(p.records); n > 0 {
			r.from.Sequence = aws.ToString(p.records[n-1].SequenceNumber)
		} else if p.lag == 0 {
			r.from.ReadAt = readAt.Add(-clockSlack)
		}
		iterator = aws.ToString(out.NextShardIterator)
		pause := r.c.o.Poll
		if p.lag > 0 {
			pause = 200 * time.Millisecond
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// hand gives a page over and waits until it has been taken, so that no more
// than one page of a shard is in memory.
func (r *reader) hand(ctx context.Context, p page) error {
	select {
	case r.c.pages <- p:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-p.taken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// iterator asks for the place after what was read. An empty shard is read on
// from the time of the last look at it, since LATEST would skip what came after.
func (r *reader) iterator(ctx context.Context) (string, error) {
	in := &kinesis.GetShardIteratorInput{StreamName: &r.c.o.Stream, ShardId: &r.shard, ShardIteratorType: r.start}
	switch {
	case r.from.Sequence != "":
		in.ShardIteratorType, in.StartingSequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &r.from.Sequence
	case !r.from.ReadAt.IsZero():
		in.ShardIteratorType, in.Timestamp = types.ShardIteratorTypeAtTimestamp, &r.from.ReadAt
	}
	out, err := r.c.o.Kinesis.GetShardIterator(ctx, in)
	var invalid *types.InvalidArgumentException
	if errors.As(err, &invalid) && in.ShardIteratorType != r.start {
		// The place is of another stream of the same name, or too long ago.
		r.c.log.WarnContext(ctx, "the place of the checkpoint is not in the shard any more: reading from its oldest record",
			"shard", r.shard, "sequence", r.from.Sequence, "error", err)
		r.from, r.start = shardPlace{}, types.ShardIteratorTypeTrimHorizon
		return "", err
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ShardIterator), nil
}

// failed counts a failure and waits, longer each time. It returns an error only
// when the context has ended.
func (r *reader) failed(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var throughput *types.ProvisionedThroughputExceededException
	var limit *types.LimitExceededException
	throttled := errors.As(err, &throughput) || errors.As(err, &limit)
	r.c.count(func(n *Counters) {
		if throttled {
			n.Throttled++
			return
		}
		n.ReadErrors++
		n.LastError = fmt.Sprintf("%s of shard %s: %v", doing, r.shard, err)
	})
	if !throttled {
		r.c.log.WarnContext(ctx, "reading a shard failed, trying again", "doing", doing, "shard", r.shard, "error", err)
	}
	r.wait = min(max(2*r.wait, firstWait), lastWait)
	return sleep(ctx, r.wait)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
