package kinesis

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"firebreak/test/stack/fault"
)

// Limits of a Feed.
const (
	maxWaiting    = 10_000 // Records; the oldest goes when it is full.
	retryInterval = 100 * time.Millisecond
)

// RecordPutter takes records; *Service does.
type RecordPutter interface {
	PutRecord(stream, partitionKey string, data []byte) error
}

// Feed delivers records to streams as AWS services do: in order, at least
// once, and again when the stream does not take them. A fault rule on operation
// "Deliver" of the feed's name refuses, delays or repeats a delivery.
type Feed struct {
	name   string
	sink   RecordPutter
	faults *fault.Faults
	log    *slog.Logger

	mu      sync.Mutex
	waiting []delivery
	dropped int
}

type delivery struct {
	stream, key string
	data        []byte
}

// NewFeed makes a feed; faults and log may be nil. Without Run, what a stream
// refused waits for the next Put.
func NewFeed(name string, sink RecordPutter, faults *fault.Faults, log *slog.Logger) *Feed {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Feed{name: name, sink: sink, faults: faults, log: log}
}

// Put delivers a record after those that wait already, at once if the stream
// takes them.
func (f *Feed) Put(stream, key string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) >= maxWaiting {
		f.waiting = f.waiting[1:]
		f.dropped++
		f.log.Error("a full feed dropped its oldest record", "feed", f.name, "stream", stream, "dropped", f.dropped)
	}
	f.waiting = append(f.waiting, delivery{stream, key, data})
	f.flush()
}

// Run tries again what streams refused, until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	tick := time.NewTicker(retryInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.mu.Lock()
			f.flush()
			f.mu.Unlock()
		}
	}
}

// Waiting is how many records have not been delivered.
func (f *Feed) Waiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting)
}

// flush delivers until a record is refused; the caller holds the lock, which
// keeps the order. A stream that refuses holds up only its own records.
func (f *Feed) flush() {
	stuck := map[string]bool{}
	kept := f.waiting[:0]
	for _, d := range f.waiting {
		if stuck[d.stream] || !f.deliver(d) {
			stuck[d.stream] = true
			kept = append(kept, d)
		}
	}
	clear(f.waiting[len(kept):])
	f.waiting = kept
}

func (f *Feed) deliver(d delivery) bool {
	v := f.faults.Decide(f.name, "Deliver")
	if v.Refuse != nil {
		return false
	}
	time.Sleep(v.Delay) // A slow service holds up all that follows.
	times := 1
	if v.Duplicate {
		times = 2
	}
	for range times {
		if err := f.sink.PutRecord(d.stream, d.key, d.data); err != nil {
			f.log.Warn("a stream refused a record, which is tried again", "feed", f.name, "stream", d.stream, "error", err)
			return false
		}
	}
	return !v.Lose // A lost acknowledgement delivers once more.
}
