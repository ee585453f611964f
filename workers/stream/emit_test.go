package stream

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

type signalled struct {
	id, signal string
	arg        any
	options    client.StartWorkflowOptions
	workflow   any
	input      []any
	err        error
}

func (s *signalled) SignalWithStartWorkflow(_ context.Context, id, signal string, arg any, o client.StartWorkflowOptions, workflow any, input ...any) (client.WorkflowRun, error) {
	s.id, s.signal, s.arg, s.options, s.workflow, s.input = id, signal, arg, o, workflow, input
	return nil, s.err
}

func TestCorrelatorIsSignalledOrStarted(t *testing.T) {
	t.Parallel()
	scope := incident.BackfillScope("monday", "123456789012", "eu-central-1")
	fake := &signalled{}
	e := newCorrelator(fake, correlate.Input{Scope: scope, Mode: correlate.Each})
	batch := incident.Batch{Shard: "s", Fence: 7, Anomalies: []incident.Anomaly{{ID: "a-1"}}}
	require.NoError(t, e.Emit(t.Context(), batch))
	require.Equal(t, "backfill/monday/correlator/123456789012/eu-central-1", fake.id)
	require.Equal(t, fake.id, fake.options.ID)
	require.Equal(t, incident.QueueWorkflows, fake.options.TaskQueue)
	require.Equal(t, incident.SignalObserved, fake.signal)
	require.Equal(t, incident.WorkflowCorrelator, fake.workflow)
	require.Equal(t, batch, fake.arg)
	require.Equal(t, correlate.Begin(scope), fake.input[0].(correlate.Input).State)

	fake.err = errors.New("nobody answers")
	require.ErrorContains(t, e.Emit(t.Context(), batch), "signal backfill/monday/correlator/123456789012/eu-central-1: nobody answers")
}

func TestBatchesStayWithinTheirLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	require.Empty(t, Batches("s", 1, now, nil))
	var many []incident.Anomaly
	for range 250 {
		many = append(many, incident.Anomaly{ID: "a"})
	}
	var sizes []int
	for _, b := range Batches("s", 3, now, many) {
		require.Equal(t, int64(3), b.Fence)
		require.Equal(t, now, b.Watermark)
		sizes = append(sizes, len(b.Anomalies))
	}
	require.Equal(t, []int{100, 100, 50}, sizes)

	large := incident.Anomaly{Samples: []redact.Text{redact.Name(string(make([]byte, 500)))}, Series: string(make([]byte, 20<<10))}
	split := Batches("s", 1, now, []incident.Anomaly{large, large, large, large})
	for _, b := range split {
		raw, err := json.Marshal(b)
		require.NoError(t, err)
		require.True(t, len(raw) < 64<<10 || len(b.Anomalies) == 1)
	}
	require.Greater(t, len(split), 1)
}

func TestFileNamesComeOutHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"firebreak": "firebreak", "../../etc/passwd": "_._.._etc_passwd", "a b\x00": "a_b_", "shardId-000000000001": "shardId-000000000001",
	} {
		require.Equal(t, want, safeName(in))
	}
}

func TestAFullQuarantineRefusesAndSaysSo(t *testing.T) {
	t.Parallel()
	q, err := openQuarantine(t.TempDir(), "s")
	require.NoError(t, err)
	require.NoError(t, q.put(Quarantined{Shard: "a", Sequence: "1", Data: []byte("x")}))
	q.files = maxQuarantineFiles
	require.NoError(t, q.put(Quarantined{Shard: "a", Sequence: "1", Data: []byte("x")}), "it is there already")
	require.ErrorIs(t, q.put(Quarantined{Shard: "a", Sequence: "2"}), errQuarantineFull)
	again, err := openQuarantine(q.folder, "s")
	require.NoError(t, err)
	require.Equal(t, 1, again.files)
}
