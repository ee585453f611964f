package trace

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

const point = `{"metric_stream_name":"firebreak","account_id":"123456789012","region":"eu-central-1","namespace":"Shop","metric_name":"Errors",` +
	`"dimensions":{"service":"checkout"},"timestamp":1767225600000,"unit":"Count","value":{"count":1,"sum":2,"max":2,"min":2}}`

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	_, err := zw.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, zw.Close())
	return b.Bytes()
}

func TestWhatIsWrittenIsReadAndDecodedAgain(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 2, 0, time.UTC)
	plain, err := NewRecord("b", at, []byte(point+"\n"+point))
	require.NoError(t, err)
	require.Len(t, plain.Documents, 2)
	zipped, err := NewRecord("a", at.Add(-time.Second), packed(t, point))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "trace.jsonl.gz")
	require.NoError(t, Write(file, []Record{plain, zipped}))
	records, err := Read(file)
	require.NoError(t, err)
	require.Equal(t, []Record{zipped, plain}, records, "in the order of arrival")
	signals, err := Signals(records, telemetry.Source{Account: "1", Region: "r"})
	require.NoError(t, err)
	require.Len(t, signals, 3)
	require.Equal(t, "a", signals[0].Partition)
	require.InDelta(t, 2, signals[0].Metric.Sum, 0)
}

// TestARecordThatUnpacksToTooMuchIsRefused: what is beyond the bound must not be
// left out of a recording silently.
func TestARecordThatUnpacksToTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	_, err := NewRecord("a", time.Time{}, packed(t, point+strings.Repeat(" ", telemetry.MaxDecompressed)+point))
	require.ErrorIs(t, err, telemetry.ErrTooLarge)
}

func TestABrokenRecordingIsRefused(t *testing.T) {
	t.Parallel()
	_, err := NewRecord("a", time.Time{}, []byte(`{"cut`))
	require.Error(t, err)
	_, err = NewRecord("a", time.Time{}, []byte{0x1f, 0x8b, 0})
	require.Error(t, err)
	dir := t.TempDir()
	for name, content := range map[string][]byte{"plain": []byte("{}"), "cut": packed(t, "{}")[:12], "text": packed(t, `{"partition_key": 3}`)} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, content, 0o600))
		_, err := Read(file)
		require.Error(t, err, name)
	}
	_, err = Signals([]Record{{PartitionKey: "a", Documents: nil}}, telemetry.Source{})
	require.Error(t, err)
}

// tape notes what an engine was told.
type tape struct {
	seen  int
	marks []time.Time
}

func (e *tape) Observe(telemetry.Signal) []incident.Anomaly { e.seen++; return nil }

func (e *tape) Advance(mark time.Time) []incident.Anomaly {
	e.marks = append(e.marks, mark)
	return []incident.Anomaly{{ID: "a"}}
}

func TestTheWatermarkFollowsTheNewestEvent(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var signals []telemetry.Signal
	for _, second := range []int{1, 2, 1, 4} {
		signals = append(signals, telemetry.Signal{Kind: telemetry.KindMetric, Time: at.Add(time.Duration(second) * time.Second), Metric: &telemetry.MetricPoint{}})
	}
	e := &tape{}
	found := Replay(e, incident.NewInventory(nil), signals)
	require.Equal(t, 4, e.seen)
	require.Equal(t, []time.Time{at.Add(-time.Second), at, at.Add(2 * time.Second), at.Add(6 * time.Second)}, e.marks)
	require.Len(t, found, 4)
}
