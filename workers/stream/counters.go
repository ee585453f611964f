package stream

import (
	"maps"
	"time"

	"firebreak/internal/detect"
)

// Counters are what a consumer has done since New, and where it stands.
type Counters struct {
	Records     int64            `json:"records"`
	Bytes       int64            `json:"bytes"`
	Signals     int64            `json:"signals"`     // decoded and not seen before
	Repeated    int64            `json:"repeated"`    // signals delivered again
	Late        int64            `json:"late"`        // signals behind the watermark, or not newer than what their series has seen
	Quarantined int64            `json:"quarantined"` // records with something that could not be read
	Overflowed  int64            `json:"overflowed"`  // of them, those for which the folder had no room
	Anomalies   int64            `json:"anomalies"`   // emitted: opened, grown, closed
	Batches     int64            `json:"batches"`
	EmitErrors  int64            `json:"emit_errors"`
	Throttled   int64            `json:"throttled"`    // reads that Kinesis put off
	ReadErrors  int64            `json:"read_errors"`  // reads that failed otherwise
	Checkpoints int64            `json:"checkpoints"`  //
	LagMillis   map[string]int64 `json:"lag_millis"`   // by shard: how far behind the tip it was at its latest read
	Watermark   time.Time        `json:"watermark"`    // event time up to which the stream is complete
	LastRead    time.Time        `json:"last_read"`    // latest successful read of any shard
	LastWritten time.Time        `json:"last_written"` // latest checkpoint
	LastError   string           `json:"last_error"`   // latest failure, of the infrastructure and never of a record's content
	Forgotten   bool             `json:"forgotten"`    // the detectors began with nothing, because their snapshot was refused

	CheckpointBytes  int64        `json:"checkpoint_bytes"`  // of the detectors, in the latest checkpoint
	CheckpointMillis int64        `json:"checkpoint_millis"` // that writing it took
	Detectors        detect.Stats `json:"detectors"`         //
}

// Counters returns a copy.
func (c *Consumer) Counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.counters
	out.LagMillis = make(map[string]int64, len(c.counters.LagMillis))
	maps.Copy(out.LagMillis, c.counters.LagMillis)
	return out
}

func (c *Consumer) count(f func(*Counters)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.counters)
}
