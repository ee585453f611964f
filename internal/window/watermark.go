// Package window keeps event time: how far the stream is complete, and what
// fell into each window of it. Nothing here reads a clock; whoever calls says
// what time it is.
package window

import "time"

// Watermark tells up to which event time a stream of several shards is
// complete, on the assumption that no signal is later than Bound behind the
// newest of its shard. A shard that has been silent for Idle no longer holds
// the others back; without that, one empty shard would stop every window.
type Watermark struct {
	Bound   time.Duration          `json:"bound"`
	Idle    time.Duration          `json:"idle"`
	Shards  map[string]*ShardClock `json:"shards"`
	Reached time.Time              `json:"reached"` // the furthest watermark so far: it never goes back
}

// ShardClock is what is known of one shard's time.
type ShardClock struct {
	Newest time.Time `json:"newest,omitzero"` // newest event time
	Active time.Time `json:"active"`          // when it last gave a signal, or was opened, by the caller's clock
}

// NewWatermark returns a watermark without shards. Both durations are positive
// in a live consumer; with Idle zero a silent shard holds the others for ever.
func NewWatermark(bound, idle time.Duration) *Watermark {
	return &Watermark{Bound: bound, Idle: idle, Shards: map[string]*ShardClock{}}
}

// Open says that a shard will give signals. Until it gives its first one, or
// has been silent for Idle, the watermark stays where it is.
func (w *Watermark) Open(shard string, now time.Time) {
	if c, ok := w.Shards[shard]; ok {
		c.Active = now
		return
	}
	w.Shards[shard] = &ShardClock{Active: now}
}

// Close says that a shard has ended.
func (w *Watermark) Close(shard string) { delete(w.Shards, shard) }

// Observe says that a shard gave a signal of the given event time.
func (w *Watermark) Observe(shard string, event, now time.Time) {
	c, ok := w.Shards[shard]
	if !ok {
		c = &ShardClock{}
		w.Shards[shard] = c
	}
	c.Active = now
	if event.After(c.Newest) {
		c.Newest = event
	}
}

// At returns the watermark at the caller's time now: the least over the shards
// that are not idle of (newest - Bound). When all shards are idle it is the
// greatest over all: nothing more is to be expected from what was sent before.
// It is the zero time until a first signal was seen.
func (w *Watermark) At(now time.Time) time.Time {
	var least, greatest time.Time
	held, waiting := false, false
	for _, c := range w.Shards {
		if c.Newest.After(greatest) {
			greatest = c.Newest
		}
		if w.Idle > 0 && now.Sub(c.Active) >= w.Idle {
			continue
		}
		if c.Newest.IsZero() {
			waiting = true
			continue
		}
		if !held || c.Newest.Before(least) {
			least, held = c.Newest, true
		}
	}
	switch {
	case waiting:
		return w.Reached
	case !held:
		least = greatest
	}
	if !least.IsZero() && least.Add(-w.Bound).After(w.Reached) {
		w.Reached = least.Add(-w.Bound)
	}
	return w.Reached
}
