package evidence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// TestRecoveryFromALeak checks what recovery means for a series that climbs
// towards a limit: down, and not on the way there again.
func TestRecoveryFromALeak(t *testing.T) {
	t.Parallel()
	memory := metric("checkout", "MemoryUsed")
	for _, tt := range []struct {
		name  string
		value func(second int) float64
		ok    bool
		says  string
	}{
		{name: "down and flat", value: constant(40), ok: true, says: "not on the way"},
		{name: "down, filling up slowly", value: func(s int) float64 { return 40 + 0.02*float64(s) }, ok: true, says: "far enough"},
		{name: "down, but leaking as before", value: func(s int) float64 { return 40 + 0.55*float64(s) }, says: "2m0s are needed"},
		{name: "not down", value: constant(80), says: "0 of 5"},
		{name: "fills up and stays there", value: func(s int) float64 { return 40 + 0.6*float64(min(s, 20)) }, ok: true, says: "5 needed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			v := spec()
			v.Metric, v.Threshold, v.Limit, v.Headroom, v.Traffic = memory, 75, 100, incident.Seconds(2*time.Minute), nil
			c.fill(memory, 0, 90, tt.value)
			got, err := verify(t, c, v)
			require.NoError(t, err)
			require.Equal(t, tt.ok, got.OK, got.Detail)
			require.Contains(t, got.Detail.String(), tt.says)
		})
	}
}

// TestRecoveryOfWhatComesAndGoes checks that good datapoints between two bad
// stretches do not count as recovery once it is known how long those last.
func TestRecoveryOfWhatComesAndGoes(t *testing.T) {
	t.Parallel()
	errors := spec().Metric
	flaps := func(s int) float64 {
		if s%40 < 22 {
			return 0
		}
		return 20
	}
	for _, tt := range []struct {
		name  string
		value func(second int) float64
		quiet time.Duration
		ok    bool
		says  string
	}{
		{name: "not known to come and go", value: flaps, ok: true, says: "5 of 5"},
		{name: "comes and goes", value: flaps, quiet: 33 * time.Second, says: "it comes and goes, so that 33 s are needed"},
		{name: "gone for long enough", value: constant(0), quiet: 33 * time.Second, ok: true, says: "5 of 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			v := spec()
			v.Quiet, v.Traffic = incident.Seconds(tt.quiet), nil
			c.fill(errors, 0, 90, tt.value)
			got, err := verify(t, c, v)
			require.NoError(t, err)
			require.Equal(t, tt.ok, got.OK, got.Detail)
			require.Contains(t, got.Detail.String(), tt.says)
		})
	}
}

// TestAForecastIsEvidence checks that a diagnosis gets the numbers of a climb.
func TestAForecastIsEvidence(t *testing.T) {
	t.Parallel()
	memory := metric("checkout", "MemoryUsed")
	in := input()
	in.Service.Metrics = append(in.Service.Metrics, incident.WatchedMetric{MetricRef: memory, Role: incident.RoleSaturation, Limit: 110})
	in.Anomalies = []incident.Anomaly{{
		ID: "a-3", Region: "eu-central-1", Service: "checkout", Kind: incident.KindForecast, Metric: &memory, Opened: onset, LastSeen: onset.Add(60 * time.Second),
		Observed: 78, Low: 61, High: 62, Previous: 61.5, Forecast: &incident.Forecast{Limit: 110, Slope: 0.3, Seconds: 107},
	}}
	got, err := gather(t, broken(), in)
	require.NoError(t, err)
	e := got.Evidence[0]
	require.Equal(t, incident.EvidenceAnomaly, e.Kind)
	require.Equal(t, "Shop/MemoryUsed of checkout is about to reach its limit", e.Title.String())
	require.Equal(t, incident.RoleSaturation, e.Role)
	require.InDelta(t, 110, e.Facts[incident.FactLimit], 0)
	require.InDelta(t, 107, e.Facts[incident.FactSecondsToIt], 0)
	require.InDelta(t, 61.5, e.Facts[incident.FactBefore], 0)
	require.Greater(t, e.Facts[incident.FactDeviations], 5.0)
	require.Greater(t, e.Facts[incident.FactSlope], 5.0)
}
