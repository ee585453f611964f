package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
)

// Limits of one batch: so many anomalies, and so many bytes of JSON.
const (
	maxBatch      = 100
	maxBatchBytes = 48 << 10
)

// Batches cuts anomalies into batches that fit a signal, in order. An anomaly
// that is larger than a batch travels alone.
func Batches(shard string, fence int64, watermark time.Time, found []incident.Anomaly) []incident.Batch {
	var out []incident.Batch
	size := 0
	for _, a := range found {
		raw, err := json.Marshal(a)
		if err != nil {
			raw = make([]byte, maxBatchBytes) // cannot be: an anomaly is plain data
		}
		if n := len(out); n == 0 || len(out[n-1].Anomalies) == maxBatch || size+len(raw) > maxBatchBytes {
			out = append(out, incident.Batch{Shard: shard, Fence: fence, Watermark: watermark})
			size = 0
		}
		b := &out[len(out)-1]
		b.Anomalies = append(b.Anomalies, a)
		size += len(raw)
	}
	return out
}

// signaller is what is needed of a Temporal client.
type signaller interface {
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any,
		options client.StartWorkflowOptions, workflow any, workflowArgs ...any) (client.WorkflowRun, error)
}

// Correlator emits to the CorrelatorWorkflow of a scope, starting it when it
// does not run.
type Correlator struct {
	client signaller
	input  correlate.Input
}

// NewCorrelator returns an emitter over a Temporal client. The input's State is
// set here; the rest is what a correlator is started with.
func NewCorrelator(c client.Client, input correlate.Input) *Correlator {
	return newCorrelator(c, input)
}

func newCorrelator(c signaller, input correlate.Input) *Correlator {
	input.State = correlate.Begin(input.Scope)
	return &Correlator{client: c, input: input}
}

// emitTimeout bounds one try; the caller tries again.
const emitTimeout = 10 * time.Second

// Emit implements Emitter.
func (e *Correlator) Emit(ctx context.Context, b incident.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, emitTimeout)
	defer cancel()
	id := e.input.Scope.CorrelatorWorkflowID()
	_, err := e.client.SignalWithStartWorkflow(ctx, id, incident.SignalObserved, b, client.StartWorkflowOptions{
		ID: id, TaskQueue: incident.QueueWorkflows,
		StaticSummary: "Correlates anomalies of account " + e.input.Scope.Account + ", region " + e.input.Scope.Region,
	}, incident.WorkflowCorrelator, e.input)
	if err != nil {
		return fmt.Errorf("signal %s: %w", id, err)
	}
	return nil
}
