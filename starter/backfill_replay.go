package main

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/correlate"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
	"firebreak/workers/stream"
)

// replayed is what a recording gave.
type replayed struct {
	scope     incident.Scope
	batches   []incident.Batch // as the correlator is sent them; the last one flushes
	incidents []foundIncident
	anomalies int // episodes
	stats     detect.Stats
	counters  correlate.Counters
	first     time.Time
	last      time.Time
}

// What becomes of a found incident.
const (
	stateWould   = "would start"
	stateStarted = "started"
	stateThere   = "already there"
	stateMissing = "not started"
)

// foundIncident is one incident that a backfill finds.
type foundIncident struct {
	ID         string            `json:"id"`
	WorkflowID string            `json:"workflow_id"`
	Service    string            `json:"service"`
	Severity   incident.Severity `json:"severity"`
	Opened     time.Time         `json:"opened"`
	Ended      time.Time         `json:"ended,omitzero"` // when its last episode closed; absent while one is open
	Anomalies  int               `json:"anomalies"`
	Why        string            `json:"why"` // of its first anomaly, redacted
	Previous   string            `json:"previous,omitempty"`
	State      string            `json:"state"`
	Status     incident.Status   `json:"status,omitempty"` // of its workflow
}

const (
	// replayBound is what a live consumer allows signals to be out of order.
	replayBound = 2 * time.Second
	// batchSpan is how much event time a batch covers at most.
	batchSpan = time.Minute
	// sampleEvery is how many signals pass between two looks at the progress.
	sampleEvery = 2_000
)

// replay runs a recording through the engine and the reducer in event time. It
// is the same code that live operation runs, so the result depends on the
// recording and the options alone.
func replay(o backfillOptions, rec recording, bar *progress) replayed {
	inv := incident.NewInventory(rec.services)
	engine := detect.New(detect.Options{Inventory: inv, Redactor: rules.Default(), Sensitivity: o.sensitivity})
	out := replayed{
		scope: incident.BackfillScope(o.name, o.account, o.region),
		first: rec.signals[0].Time, last: rec.signals[len(rec.signals)-1].Time,
	}
	b := batcher{shard: "file", from: o.from}
	var now time.Time
	for i, s := range rec.signals {
		if s.Time.After(now) {
			now = s.Time
			b.add(now, engine.Advance(now.Add(-replayBound)))
		}
		telemetry.Assign(inv, &s)
		b.add(now, engine.Observe(s))
		if i%sampleEvery == 0 {
			bar.replaying(i, len(rec.signals), now)
		}
	}
	b.add(now, engine.Advance(now.Add(replayBound)))
	out.batches, out.anomalies, out.stats = b.finish(now), b.opened, engine.Stats()
	out.correlate(o.mode)
	return out
}

// batcher cuts anomalies into batches by event time.
type batcher struct {
	shard   string
	from    time.Time
	began   time.Time // event time at which the pending ones began
	pending []incident.Anomaly
	out     []incident.Batch
	opened  int
}

func (b *batcher) add(now time.Time, found []incident.Anomaly) {
	for _, a := range found {
		// What opened before the range only taught the detectors.
		if a.Opened.Before(b.from) {
			continue
		}
		if a.State == incident.EpisodeOpen {
			b.opened++
		}
		if len(b.pending) > 0 && now.Sub(b.began) >= batchSpan {
			b.flush(b.began)
		}
		if len(b.pending) == 0 {
			b.began = now
		}
		b.pending = append(b.pending, a)
	}
}

func (b *batcher) flush(watermark time.Time) {
	b.out = append(b.out, stream.Batches(b.shard, 1, watermark, b.pending)...)
	b.pending = nil
}

func (b *batcher) finish(now time.Time) []incident.Batch {
	b.flush(now)
	return append(b.out, incident.Batch{Shard: b.shard, Fence: 1, Watermark: now, Flush: true})
}

// correlate runs the batches through the reducer, as the backfill's correlator
// will, and notes the incidents that it would start.
func (r *replayed) correlate(mode correlate.Mode) {
	state := correlate.Begin(r.scope)
	for i := range r.batches {
		var effects []correlate.Effect
		state, effects = correlate.Reduce(state, mode, correlate.Event{At: r.batches[i].Watermark, Batch: &r.batches[i]})
		for _, e := range effects {
			if e.Start != nil {
				r.incidents = append(r.incidents, r.found(*e.Start))
			}
		}
	}
	r.counters = state.Counters
	slices.SortStableFunc(r.incidents, func(a, b foundIncident) int {
		if c := a.Opened.Compare(b.Opened); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

func (r *replayed) found(s correlate.Start) foundIncident {
	f := foundIncident{
		ID: s.IncidentID, WorkflowID: r.scope.IncidentWorkflowID(s.Service, s.IncidentID), Service: s.Service,
		Opened: s.Anomalies[0].Opened, Anomalies: len(s.Anomalies), Why: s.Anomalies[0].Why.String(), State: stateWould,
	}
	open := false
	for _, a := range s.Anomalies {
		if a.Severity.Worse(f.Severity) {
			f.Severity = a.Severity
		}
		open = open || a.State != incident.EpisodeClosed
		if a.Closed.After(f.Ended) {
			f.Ended = a.Closed
		}
	}
	if open {
		f.Ended = time.Time{}
	}
	if s.Previous != nil {
		f.Previous = s.Previous.IncidentID
	}
	return f
}
