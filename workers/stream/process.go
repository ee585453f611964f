package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// process takes the pages of all shards one after the other: the engine is one,
// and a checkpoint has to fit what it has seen.
func (c *Consumer) process(ctx context.Context) error {
	tick := time.NewTicker(c.o.Poll)
	defer tick.Stop()
	report := time.NewTicker(time.Minute)
	defer report.Stop()
	for {
		select {
		case <-ctx.Done():
			return c.stop(ctx)
		case p := <-c.pages:
			c.take(ctx, p)
			if err := c.settle(ctx, false); err != nil {
				return err
			}
			close(p.taken)
			if p.last && c.tellEnded(ctx, p.shard) != nil {
				return c.stop(ctx)
			}
		case shards := <-c.opened:
			c.open(shards)
		case <-tick.C:
			// Time passes on silent shards, too.
			c.advance()
			if err := c.settle(ctx, false); err != nil {
				return err
			}
		case <-report.C:
			c.adjust() // feedback fades
			c.log.InfoContext(ctx, "stream counters", "counters", c.Counters())
		}
	}
}

// open makes the watermark wait for shards that will be read.
func (c *Consumer) open(shards []string) {
	for _, id := range shards {
		c.watermark.Open(id, c.o.Now())
		c.readAt[id] = c.o.Now()
	}
}

// tellEnded tells the supervisor that a shard has ended, so that its children
// are read. The supervisor may have something to tell at the same moment.
func (c *Consumer) tellEnded(ctx context.Context, shard string) error {
	c.log.InfoContext(ctx, "shard has ended", "shard", shard)
	for {
		select {
		case c.ended <- shard:
			return nil
		case shards := <-c.opened:
			c.open(shards)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stop flushes within a few seconds after the context has ended. What cannot be
// emitted by then is found again by the next owner: the checkpoint stays where
// it was.
func (c *Consumer) stop(ctx context.Context) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := c.settle(last, true); err != nil {
		c.log.Warn("last checkpoint was not written; its records will be read again", "error", err)
	}
	return ctx.Err()
}

// take reads a page.
func (c *Consumer) take(ctx context.Context, p page) {
	if inv := c.o.Inventory(); inv != c.inventory {
		c.inventory = inv
		if e, ok := c.o.Engine.(interface{ UseInventory(*incident.Inventory) }); ok {
			e.UseInventory(inv)
		}
	}
	place, ok := c.place.Shards[p.shard]
	if !ok {
		place = &shardPlace{}
		c.place.Shards[p.shard] = place
		c.dirty = true
	}
	// An empty page at the tip is no sign of life: a shard on which nothing comes
	// would hold the others back for ever.
	if len(p.records) > 0 || p.lag > 0 {
		c.watermark.Open(p.shard, c.o.Now())
	}
	c.readAt[p.shard] = c.o.Now()
	for _, r := range p.records {
		c.record(ctx, p.shard, r)
		place.Sequence = aws.ToString(r.SequenceNumber)
		c.dirty = true
	}
	c.heard(ctx)
	if len(p.records) == 0 && p.lag == 0 && place.Sequence == "" {
		place.ReadAt = p.readAt.Add(-clockSlack)
	}
	if p.last {
		place.Ended = true
		c.watermark.Close(p.shard)
		delete(c.readAt, p.shard)
		c.dirty = true
	}
	c.advance()
	c.count(func(n *Counters) {
		if n.LagMillis == nil {
			n.LagMillis = map[string]int64{}
		}
		n.LagMillis[p.shard] = p.lag
		n.LastRead = p.readAt
		if p.last {
			delete(n.LagMillis, p.shard)
		}
	})
}

// Event times beyond these bounds are not believed: CloudWatch Logs itself
// takes events up to two hours ahead. One that is merely ahead of its arrival
// must not drag the watermark along, or everything else would be late.
const (
	maxAhead       = 2 * time.Hour
	maxAheadOfMark = time.Minute
)

// record reads one record.
func (c *Consumer) record(ctx context.Context, shard string, r types.Record) {
	arrival := aws.ToTime(r.ApproximateArrivalTimestamp)
	if arrival.IsZero() {
		arrival = c.o.Now()
	}
	c.count(func(n *Counters) { n.Records++; n.Bytes += int64(len(r.Data)) })
	signals, problem := telemetry.Decode(r.Data, telemetry.Source{
		Partition: aws.ToString(r.PartitionKey), Arrival: arrival, Account: c.o.Account, Region: c.o.Region,
	})
	for _, s := range signals {
		if reason := c.refuse(s); reason != nil {
			if problem == nil {
				problem = reason
			}
			continue
		}
		c.signal(shard, s)
	}
	if problem != nil {
		c.putAway(ctx, shard, r, arrival, problem)
	}
}

// refuse tells why a signal is not this consumer's.
func (c *Consumer) refuse(s telemetry.Signal) error {
	switch {
	case c.o.Account != "" && s.Account != c.o.Account:
		return fmt.Errorf("signal %q is of account %q, this worker answers for %q", s.Series, s.Account, c.o.Account)
	case c.o.Region != "" && s.Region != c.o.Region:
		return fmt.Errorf("signal %q is of region %q, this worker answers for %q", s.Series, s.Region, c.o.Region)
	case s.Time.After(s.Arrival.Add(maxAhead)):
		return fmt.Errorf("signal %q is of %s, more than %s after it arrived", s.Series, s.Time.Format(time.RFC3339), maxAhead)
	}
	return nil
}

func (c *Consumer) signal(shard string, s telemetry.Signal) {
	if c.seen.Again(s.Key) {
		c.count(func(n *Counters) { n.Repeated++ })
		return
	}
	late := s.Time.Before(c.watermark.Reached)
	c.count(func(n *Counters) {
		n.Signals++
		if late {
			n.Late++
		}
	})
	telemetry.Assign(c.inventory, &s)
	mark := s.Time
	if limit := s.Arrival.Add(maxAheadOfMark); mark.After(limit) {
		mark = limit
	}
	if s.Kind != telemetry.KindFeedback {
		// What a person says now tells nothing of how far a shard is complete.
		c.watermark.Observe(shard, mark, c.o.Now())
	}
	if s.Kind == telemetry.KindEvent && s.Event.Class == telemetry.ClassChange && c.o.OnChange != nil {
		c.o.OnChange(s)
	}
	c.found = append(c.found, c.o.Engine.Observe(s)...)
}

// advance tells the engine how far the stream is complete.
func (c *Consumer) advance() {
	mark := c.watermark.At(c.o.Now())
	if c.deaf() {
		c.o.Engine.Unheard()
	}
	c.found = append(c.found, c.o.Engine.Advance(mark)...)
	stats := c.o.Engine.Stats()
	c.count(func(n *Counters) { n.Watermark, n.Detectors = mark, stats })
}

// deaf tells whether a shard gives no pages, not even empty ones: reading it fails
// or is put off. The watermark goes on without it after a while, and everything
// on it would look as if it had stopped.
func (c *Consumer) deaf() bool {
	for _, at := range c.readAt {
		if c.o.Now().Sub(at) >= max(c.o.Idle, 3*c.o.Poll) {
			return true
		}
	}
	return false
}

// putAway quarantines a record. The reason may quote the record, so what is
// logged of it is redacted.
func (c *Consumer) putAway(ctx context.Context, shard string, r types.Record, arrival time.Time, problem error) {
	err := c.quarantine.put(Quarantined{
		At: c.o.Now().UTC(), Reason: problem.Error(), Shard: shard, Sequence: aws.ToString(r.SequenceNumber),
		PartitionKey: aws.ToString(r.PartitionKey), Arrival: arrival.UTC(), Data: r.Data,
	})
	c.count(func(n *Counters) {
		n.Quarantined++
		if err != nil {
			n.Overflowed++
			n.LastError = err.Error()
		}
	})
	log := c.log.With("shard", shard, "sequence", aws.ToString(r.SequenceNumber),
		"reason", redact.Clean(c.o.Redactor, problem.Error()).Cut(500).String())
	if err != nil {
		log.ErrorContext(ctx, "a record that could not be read was not kept", "error", err)
		return
	}
	log.WarnContext(ctx, "a record could not be read and is in quarantine")
}
