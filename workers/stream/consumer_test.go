package stream_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
	"firebreak/test/stack/fault"
	"firebreak/workers/stream"
)

func TestConsumerFindsAnErrorSpikeOnTwoShards(t *testing.T) {
	t.Parallel()
	s, out := newShop(t, 2), &inbox{}
	o := s.options(out)
	changes := make(chan telemetry.Signal, 10)
	o.OnChange = func(sig telemetry.Signal) { changes <- sig }
	c, stop := start(t, o)

	s.live(50, 0)
	s.put("shop.config", change("checkout", "prices from the new table", s.now()))
	caughtUp(t, c, s, 0)
	require.Empty(t, out.anomalies())
	s.live(8, 12)
	require.Eventually(t, func() bool {
		_, metric := out.opened("checkout", incident.KindMetric)
		_, log := out.opened("checkout", incident.KindLog)
		return metric && log
	}, deadline, look)
	caughtUp(t, c, s, 0)
	require.NoError(t, stop())

	a, _ := out.opened("checkout", incident.KindMetric)
	require.Equal(t, "Errors", a.Metric.Name)
	require.WithinRange(t, a.Opened, s.begin.Add(50*time.Second), s.begin.Add(55*time.Second))
	require.Len(t, a.Changes, 1)
	require.Contains(t, a.Changes[0].Text.String(), "prices from the new table")
	require.Equal(t, "checkout", (<-changes).Service)
	l, _ := out.opened("checkout", incident.KindLog)
	require.Contains(t, l.Samples[0].String(), "configuration is broken")
	for _, b := range out.batches {
		require.Equal(t, name, b.Shard)
		require.Positive(t, b.Fence)
	}
	_, wrong := out.opened("payments", incident.KindMetric)
	require.False(t, wrong)
	n := c.Counters()
	require.Zero(t, n.Quarantined)
	require.Equal(t, int64(len(s.data.Records(name))), n.Records)
	require.Len(t, n.LagMillis, 2)
}

func TestRestartGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	// A shard that a busy machine reads late must not count as quiet: its log lines
	// would be behind the watermark in one run and not in the other.
	options := func(s *shop, out *inbox) stream.Options {
		o := s.options(out)
		o.Idle = 3 * time.Second
		return o
	}
	// What a run without a stop finds in the same records.
	whole, wholeOut := newShop(t, 2), &inbox{}
	whole.live(50, 0)
	whole.live(15, 12)
	c, stop := start(t, options(whole, wholeOut))
	caughtUp(t, c, whole, 0)
	require.Eventually(t, func() bool { return len(wholeOut.anomalies()) >= 2 }, deadline, look)
	require.NoError(t, stop())

	s, out := newShop(t, 2), &inbox{}
	s.begin = whole.begin
	s.live(30, 0)
	c, stop = start(t, options(s, out))
	caughtUp(t, c, s, 0)
	require.NoError(t, stop())
	before := int64(len(s.data.Records(name)))

	s.live(20, 0)
	s.live(15, 12)
	// The next owner finds the spike, but nobody takes it, and it dies.
	gone := errors.New("correlator is gone")
	dead := &inbox{refuse: func(int) error { return gone }}
	c, stop = start(t, options(s, dead))
	require.Eventually(t, func() bool { return c.Counters().EmitErrors > 0 }, deadline, look)
	require.Contains(t, c.Counters().LastError, gone.Error())
	require.NoError(t, stop())

	c, stop = start(t, options(s, out))
	caughtUp(t, c, s, before)
	require.Eventually(t, func() bool { return len(out.anomalies()) >= 2 }, deadline, look)
	require.NoError(t, stop())
	require.Less(t, c.Counters().Records, int64(len(s.data.Records(name))), "what was read before the first stop is not read again")
	require.GreaterOrEqual(t, c.Counters().Records, int64(len(s.data.Records(name)))-before)
	for _, kind := range []incident.AnomalyKind{incident.KindMetric, incident.KindLog} {
		want, _ := wholeOut.opened("checkout", kind)
		got, ok := out.opened("checkout", kind)
		require.True(t, ok, kind)
		require.Equal(t, want.ID, got.ID)
	}
	fences := map[int64]bool{}
	for _, b := range out.batches {
		fences[b.Fence] = true
	}
	require.Len(t, fences, 1, "only the last owner had something to say")
}

func TestWhatCannotBeReadIsQuarantinedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	s, out := newShop(t, 1), &inbox{}
	s.live(3, 0)
	foreign := []byte(`{"metric_stream_name":"m","account_id":"999999999999","region":"eu-central-1","namespace":"Shop","metric_name":"Errors","dimensions":{},"timestamp":1700000000000,"value":{"count":1,"sum":0,"max":0,"min":0},"unit":"Count"}`)
	ahead := metric("checkout", "Errors", time.Now().Add(3*time.Hour), 1)
	half := append(metric("checkout", "Errors", s.now(), 0), []byte("{\"metric_name\":\n")...)
	for _, bad := range [][]byte{[]byte("garbage"), {0x1f, 0x8b, 1, 2, 3}, []byte(`{"hello":"world"}`), foreign, ahead, half} {
		s.put("x", bad)
	}
	s.second++
	s.live(3, 0)
	c, stop := start(t, s.options(out))
	caughtUp(t, c, s, 0)
	require.NoError(t, stop())
	n := c.Counters()
	require.Equal(t, int64(6), n.Quarantined)
	require.Zero(t, n.Overflowed)

	files, err := filepath.Glob(filepath.Join(s.folder, "quarantine", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 6)
	reasons := map[string]int{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		var q stream.Quarantined
		require.NoError(t, json.Unmarshal(raw, &q))
		require.Equal(t, "shardId-000000000000", q.Shard)
		require.NotEmpty(t, q.Sequence)
		require.NotEmpty(t, q.Data)
		reasons[q.Reason]++
	}
	require.Len(t, reasons, 6, "each says its own reason: %v", reasons)

	// Reading the same records again writes the same files.
	require.NoError(t, os.RemoveAll(filepath.Join(s.folder, "checkpoints")))
	c, stop = start(t, s.options(out))
	caughtUp(t, c, s, 0)
	require.NoError(t, stop())
	files, err = filepath.Glob(filepath.Join(s.folder, "quarantine", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 6)
}

func TestThrottlesErrorsAndExpiredIteratorsAreSurvived(t *testing.T) {
	t.Parallel()
	s, out := newShop(t, 2), &inbox{}
	s.faults.Set(fault.Rule{Service: "kinesis", Operation: "GetRecords", Kind: fault.Throttle, Code: "ProvisionedThroughputExceededException", Times: 2})
	s.faults.Set(fault.Rule{Service: "kinesis", Operation: "GetRecords", Kind: fault.Error, Code: "ExpiredIteratorException", Status: 400, Times: 2, Skip: 3})
	s.faults.Set(fault.Rule{Service: "kinesis", Operation: "GetShardIterator", Kind: fault.Error, Code: "InternalFailure", Status: 500, Times: 1})
	s.faults.Set(fault.Rule{Service: "kinesis", Operation: "ListShards", Kind: fault.LoseResponse, Times: 1})
	s.live(20, 0)
	c, stop := start(t, s.options(out))
	s.live(20, 0)
	caughtUp(t, c, s, 0)
	require.NoError(t, stop())
	n := c.Counters()
	require.Equal(t, int64(len(s.data.Records(name))), n.Records, "every record once")
	require.Equal(t, int64(2), n.Throttled)
	require.GreaterOrEqual(t, n.ReadErrors, int64(2))
}

func TestRepeatedDeliveriesCountOnce(t *testing.T) {
	t.Parallel()
	s, out := newShop(t, 1), &inbox{}
	record := logs(t, "/shop/checkout", s.now(), `{"level":"info","msg":"one"}`, `{"level":"info","msg":"two"}`)
	s.put("a", record)
	c, stop := start(t, s.options(out))
	caughtUp(t, c, s, 0)
	require.NoError(t, stop())
	s.put("a", record)
	again, stop := start(t, s.options(out))
	require.Eventually(t, func() bool { return again.Counters().Records == 1 }, deadline, look)
	require.NoError(t, stop())
	require.Equal(t, int64(2), c.Counters().Signals)
	require.Zero(t, again.Counters().Signals, "also across a restart")
	require.Equal(t, int64(2), again.Counters().Repeated)
}

func TestANewOwnerStopsTheOldOne(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	old, _, oldEnds := startToEnd(t, s.options(&inbox{}))
	require.Eventually(t, func() bool { return !old.Counters().LastRead.IsZero() }, deadline, look)
	o := s.options(&inbox{})
	o.Now = func() time.Time { return time.Now().Add(time.Second) }
	owner, stopNew := start(t, o)
	require.Eventually(t, func() bool { return !owner.Counters().LastRead.IsZero() }, deadline, look)
	s.live(30, 0)
	s.live(6, 20) // anomalies make the old owner write, and find that it is none
	require.ErrorContains(t, oldEnds(), "taken over")
	require.NoError(t, stopNew())
}

func TestLatestLeavesThePastAlone(t *testing.T) {
	t.Parallel()
	s, out := newShop(t, 2), &inbox{}
	s.live(10, 0)
	o := s.options(out)
	o.Start = stream.StartLatest
	c, stop := start(t, o)
	require.Eventually(t, func() bool { return len(c.Counters().LagMillis) == 2 }, deadline, look)
	require.Zero(t, c.Counters().Records)
	s.put("checkout", metric("checkout", "Errors", s.now(), 0))
	require.Eventually(t, func() bool { return c.Counters().Records == 1 }, deadline, look)
	require.NoError(t, stop())
	// What comes while nobody reads is read by the next owner, on either shard.
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		s.put(key, metric("payments", "Errors", s.now(), 0))
	}
	c, stop = start(t, fromTip(s, out))
	require.Eventually(t, func() bool { return c.Counters().Records >= 6 }, deadline, look)
	require.NoError(t, stop())
}

// A shard on which nothing comes is read all the time, too.
func TestAQuietShardHoldsTheOthersBackForAWhileOnly(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	c, stop := start(t, s.options(&inbox{}))
	require.Eventually(t, func() bool { return len(c.Counters().LagMillis) == 2 }, deadline, look)
	require.Eventually(t, func() bool {
		s.put("checkout", metric("checkout", "Errors", s.now(), 0)) // all of one shard
		return !c.Counters().Watermark.IsZero()
	}, deadline, look)
	require.NoError(t, stop())
}

func fromTip(s *shop, out *inbox) stream.Options {
	o := s.options(out)
	o.Start = stream.StartLatest
	return o
}

func TestMissingOptionsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := stream.New(stream.Options{Start: "yesterday"})
	for _, want := range []string{"Stream", "Kinesis", "Engine", "Emitter", "Inventory", "Redactor", "Checkpoints", "Quarantine", "yesterday"} {
		require.ErrorContains(t, err, want)
	}
}

func TestABrokenCheckpointIsNotOverwritten(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	folder := filepath.Join(s.folder, "checkpoints")
	require.NoError(t, os.MkdirAll(folder, 0o700))
	file := filepath.Join(folder, name+".json")
	require.NoError(t, os.WriteFile(file, []byte("{half"), 0o600))
	_, err := stream.New(s.options(&inbox{}))
	require.ErrorContains(t, err, "move the file away")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "{half", string(raw))
}
