package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// settle emits what was found and then writes down the place, in this order: a
// crash in between emits again, the other order would lose. Emitting is tried
// until it succeeds or the context ends; no record is read meanwhile.
func (c *Consumer) settle(ctx context.Context, last bool) error {
	now := c.o.Now()
	due := last || c.dirty && now.Sub(c.written) >= c.o.Checkpoint
	if len(c.found) == 0 && !due {
		return nil
	}
	wait := time.Duration(0)
	for _, b := range Batches(c.o.Stream, c.place.Fence, c.watermark.Reached, c.found) {
		for {
			err := c.o.Emitter.Emit(ctx, b)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c.count(func(n *Counters) { n.EmitErrors++; n.LastError = fmt.Sprintf("emit anomalies: %v", err) })
			c.log.WarnContext(ctx, "emitting anomalies failed, trying again", "anomalies", len(b.Anomalies), "error", err)
			wait = min(max(2*wait, firstWait), lastWait)
			if err := sleep(ctx, wait); err != nil {
				return err
			}
		}
		c.count(func(n *Counters) { n.Batches++; n.Anomalies += int64(len(b.Anomalies)) })
	}
	c.found = nil
	if !last && now.Sub(c.written) < c.rest {
		// What was emitted is emitted again after a crash, with the same ids.
		c.dirty = true
		return nil
	}
	return c.checkpoint(now)
}

// checkpointShare is the part of the time that may go into checkpoints: one in
// so many. A state of tens of megabytes takes a second, and a storm would have
// one written for every page that is read.
const checkpointShare = 20

func (c *Consumer) checkpoint(now time.Time) error {
	began := c.o.Now()
	engine, err := c.o.Engine.Snapshot()
	if err != nil {
		return err
	}
	seen, err := json.Marshal(c.seen)
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	c.place.Engine, c.place.Seen, c.place.Watermark, c.place.Written = engine, seen, c.watermark.Reached, now.UTC()
	if err := c.store.write(c.place); err != nil {
		return err
	}
	c.dirty, c.written = false, now
	took := c.o.Now().Sub(began)
	c.rest = checkpointShare * took
	c.count(func(n *Counters) {
		n.Checkpoints++
		n.LastWritten, n.CheckpointBytes, n.CheckpointMillis = now, int64(len(engine)), took.Milliseconds()
	})
	return nil
}
