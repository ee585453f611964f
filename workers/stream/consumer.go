// Package stream reads the Kinesis stream: every shard, record by record, from
// where the last run stopped. What it reads is decoded, assigned to services
// and shown to the detectors; the anomalies that they find go to the
// correlator. Delivery is at least once: anomalies are emitted before the place
// in the stream is written down, and their ids make a repetition harmless.
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"golang.org/x/sync/errgroup"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
	"firebreak/internal/window"
)

// API is what is needed of a Kinesis client.
type API interface {
	ListShards(context.Context, *kinesis.ListShardsInput, ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
	GetShardIterator(context.Context, *kinesis.GetShardIteratorInput, ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error)
	GetRecords(context.Context, *kinesis.GetRecordsInput, ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error)
}

// Emitter takes anomalies on. Emit returns nil only when the batch is safe; it
// is called again with the same batch until then, also after a restart.
type Emitter interface {
	Emit(ctx context.Context, b incident.Batch) error
}

// Where a shard without a checkpoint begins.
const (
	StartLatest      = "latest"
	StartTrimHorizon = "trim_horizon"
)

// Options make a Consumer. All fields without a default are required.
type Options struct {
	Stream      string // name of the Kinesis data stream
	Account     string // 12 digits; records of other accounts are quarantined
	Region      string // likewise
	Kinesis     API
	Engine      detect.Engine
	Emitter     Emitter
	Inventory   func() *incident.Inventory // the newest one; asked for before each page of records
	Redactor    redact.Redactor            // for what is logged of records
	Checkpoints string                     // folder, made when missing
	Quarantine  string                     // folder, made when missing

	Start      string                 // StartLatest when empty
	Poll       time.Duration          // between two reads of a shard that has no more; 1 s when 0, at least 200 ms
	Reconcile  time.Duration          // between two looks at the list of shards; 30 s when 0
	Checkpoint time.Duration          // at most between two checkpoints; 5 s when 0
	Bound      time.Duration          // how far behind the newest signal of its shard one may come; 2 s when 0
	Idle       time.Duration          // after which a silent shard no longer holds windows open; 10 s when 0
	OnChange   func(telemetry.Signal) // called for every change event; may be nil
	Now        func() time.Time       // time.Now when nil
	Logger     *slog.Logger           // slog.Default when nil
}

func (o *Options) fill() error {
	var missing []error
	require := func(ok bool, name string) {
		if !ok {
			missing = append(missing, fmt.Errorf("stream consumer: %s is missing", name))
		}
	}
	require(o.Stream != "", "Stream")
	require(o.Kinesis != nil, "Kinesis")
	require(o.Engine != nil, "Engine")
	require(o.Emitter != nil, "Emitter")
	require(o.Inventory != nil, "Inventory")
	require(o.Redactor != nil, "Redactor")
	require(o.Checkpoints != "", "Checkpoints")
	require(o.Quarantine != "", "Quarantine")
	if o.Start == "" {
		o.Start = StartLatest
	}
	if o.Start != StartLatest && o.Start != StartTrimHorizon {
		missing = append(missing, fmt.Errorf("stream consumer: Start is %q, neither %q nor %q", o.Start, StartLatest, StartTrimHorizon))
	}
	defaultTo(&o.Poll, time.Second)
	// GetRecords may be called five times a second and shard.
	o.Poll = max(o.Poll, 200*time.Millisecond)
	defaultTo(&o.Reconcile, 30*time.Second)
	defaultTo(&o.Checkpoint, 5*time.Second)
	defaultTo(&o.Bound, 2*time.Second)
	defaultTo(&o.Idle, 10*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return errors.Join(missing...)
}

func defaultTo(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

// Consumer reads one stream. It runs once: make a new one, with a new engine,
// to go on after Run has returned.
type Consumer struct {
	o          Options
	log        *slog.Logger
	store      *checkpointStore
	quarantine *quarantine

	pages  chan page     // from the readers to the one that processes
	opened chan []string // shards that get a reader, before they do
	ended  chan string   // shards that were read to their end

	// Owned by process.
	inventory *incident.Inventory
	place     checkpoint
	watermark *window.Watermark
	seen      *telemetry.Seen
	found     []incident.Anomaly
	readAt    map[string]time.Time // by shard that is read: when its latest page came
	dirty     bool                 // something was read since the last checkpoint
	written   time.Time            // when that was
	rest      time.Duration        // for which no other is written, because it cost so much

	mu       sync.Mutex
	counters Counters
	adjusted []detect.Adjustment
}

// New checks the options, makes the folders and reads the last checkpoint.
func New(o Options) (*Consumer, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	store, err := openCheckpoints(o.Checkpoints, o.Stream)
	if err != nil {
		return nil, err
	}
	q, err := openQuarantine(o.Quarantine, o.Stream)
	if err != nil {
		return nil, err
	}
	c := &Consumer{
		o: o, log: o.Logger.With("stream", o.Stream), store: store, quarantine: q,
		pages: make(chan page), opened: make(chan []string), ended: make(chan string),
		watermark: window.NewWatermark(o.Bound, o.Idle), seen: telemetry.NewSeen(maxSeen),
		readAt: map[string]time.Time{},
	}
	if err := c.restore(); err != nil {
		return nil, err
	}
	return c, nil
}

// maxSeen is how many signals are remembered to tell repeated deliveries.
const maxSeen = 50_000

// restore goes back to the last checkpoint, or begins.
func (c *Consumer) restore() error {
	last, found, err := c.store.read()
	if err != nil {
		return err
	}
	now := c.o.Now()
	if found {
		if err := c.o.Engine.Restore(last.Engine); err != nil {
			// The place is worth more than what the detectors knew: they learn
			// again within minutes, records that are skipped are gone.
			c.startAnew(last.Engine, err)
		}
		if err := c.seen.UnmarshalJSON(last.Seen); err != nil {
			return fmt.Errorf("restore from %s: %w", c.store.file, err)
		}
		c.watermark.Reached = last.Watermark
	}
	c.adjust()
	c.place = last
	if c.place.Shards == nil {
		c.place.Shards = map[string]*shardPlace{}
	}
	// Every owner's fence is higher than the one before, also when the folder
	// was lost in between.
	c.place.Fence = max(last.Fence+1, now.UnixMilli())
	// Claiming the folder right away stops an older owner at its next write.
	return c.checkpoint(now)
}

// startAnew says that the detectors have forgotten everything, and keeps what
// they could not read: the checkpoint is overwritten within seconds.
func (c *Consumer) startAnew(snapshot []byte, reason error) {
	log := c.log.With("checkpoint", c.store.file, "bytes", len(snapshot), "error", reason)
	c.count(func(n *Counters) {
		n.Forgotten = true
		n.LastError = fmt.Sprintf("the detectors start anew and learn for some minutes, their snapshot was refused: %v", reason)
	})
	if len(snapshot) == 0 {
		log.Error("the detectors start anew and learn for some minutes: the checkpoint holds no snapshot of theirs")
		return
	}
	kept, err := c.store.keepRefused(snapshot)
	if err != nil {
		log.Error("the detectors start anew and learn for some minutes: their snapshot was refused, and could not be kept", "keeping", err)
		return
	}
	log.Error("the detectors start anew and learn for some minutes: their snapshot was refused, and is kept", "file", kept)
}

// Run reads until the context ends, which is no error. On the way out it emits
// what was found and writes a last checkpoint.
func (c *Consumer) Run(ctx context.Context) error {
	c.log.InfoContext(ctx, "reading stream", "fence", c.place.Fence, "shards_known", len(c.place.Shards))
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() error { return c.supervise(inner, g) })
	g.Go(func() error { return c.process(inner) })
	err := g.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
