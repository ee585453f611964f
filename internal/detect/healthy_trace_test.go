package detect_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/internal/telemetry"
	"firebreak/runbooks"
	"firebreak/test/bench/trace"
)

// TestARecordedHealthyShopGivesNoAnomaly replays ten minutes of the sandbox's
// shop, healthy, under a load that swings between 11 and 29 requests a second:
// eight metrics a second, two log groups, alarms that are OK. It was recorded by
// `go run ./test/bench/record --out internal/detect/testdata/healthy.jsonl.gz`.
func TestARecordedHealthyShopGivesNoAnomaly(t *testing.T) {
	t.Parallel()
	inv, signals := recordedShop(t)
	for _, sensitivity := range []detect.Sensitivity{detect.Balanced, detect.Quiet} {
		t.Run(string(sensitivity), func(t *testing.T) {
			t.Parallel()
			e := detect.New(detect.Options{Inventory: inv, Redactor: mask{}, Sensitivity: sensitivity})
			for _, a := range trace.Replay(e, inv, signals) {
				t.Errorf("%s %s of %s: %s", a.State, a.Rule, a.Series, a.Why)
			}
			require.Zero(t, e.Stats().Unwatched)
			require.EqualValues(t, len(signals), e.Stats().Signals)
		})
	}
}

// TestARecordedShopIsWatched proves that the replay above can find something:
// the same ten minutes with a latency ten times as high in the last two of
// them, and the same for errors.
func TestARecordedShopIsWatched(t *testing.T) {
	t.Parallel()
	inv, signals := recordedShop(t)
	last := signals[len(signals)-1].Time
	for metric, harm := range map[string]func(p *telemetry.MetricPoint){
		"Latency": func(p *telemetry.MetricPoint) { p.Sum, p.Min, p.Max = 10*p.Sum, 10*p.Min, 10*p.Max },
		"Errors":  func(p *telemetry.MetricPoint) { p.Sum, p.Max = 8, 1 },
	} {
		t.Run(metric, func(t *testing.T) {
			t.Parallel()
			onset := last.Add(-2 * time.Minute)
			e := detect.New(detect.Options{Inventory: inv, Redactor: mask{}, Sensitivity: detect.Quiet})
			harmed := make([]telemetry.Signal, len(signals))
			for i, s := range signals {
				if s.Metric != nil && s.Metric.Name == metric && s.Time.After(onset) {
					p := *s.Metric
					harm(&p)
					s.Metric = &p
				}
				harmed[i] = s
			}
			found := trace.Replay(e, inv, harmed)
			require.NotEmpty(t, found)
			require.Equal(t, incident.EpisodeOpen, found[0].State)
			require.Equal(t, metric, found[0].Metric.Name)
			require.WithinRange(t, found[0].LastSeen, onset, onset.Add(15*time.Second))
		})
	}
}

// recordedShop is the recording with the inventory of the shipped catalogue.
func recordedShop(t *testing.T) (*incident.Inventory, []telemetry.Signal) {
	t.Helper()
	catalogue, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	records, err := trace.Read(filepath.Join("testdata", "healthy.jsonl.gz"))
	require.NoError(t, err)
	signals, err := trace.Signals(records, telemetry.Source{Account: account, Region: region})
	require.NoError(t, err)
	span := signals[len(signals)-1].Time.Sub(signals[0].Time)
	require.Greater(t, span, 9*time.Minute+50*time.Second)
	return catalogue.Inventory(), signals
}
