package planning

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// TestBelowTheForecast checks that a check of a climbing series is not passed
// by the climb itself.
func TestBelowTheForecast(t *testing.T) {
	t.Parallel()
	memory := incident.MetricRef{Namespace: "Shop", Name: "MemoryUsed", Stat: "Maximum", Period: 1}
	other := incident.MetricRef{Namespace: "Shop", Name: "Disk", Stat: "Maximum", Period: 1}
	forecast := incident.Anomaly{Kind: incident.KindForecast, Metric: &memory, High: 60, Observed: 80}
	for _, tt := range []struct {
		name string
		a    incident.Anomaly
		spec incident.VerifySpec
		want float64
	}{
		{"tighter than the runbook's", forecast, incident.VerifySpec{Metric: memory, Comparison: "<=", Threshold: 90}, 70},
		{"never wider", forecast, incident.VerifySpec{Metric: memory, Comparison: "<=", Threshold: 65}, 65},
		{"of another series", forecast, incident.VerifySpec{Metric: other, Comparison: "<=", Threshold: 90}, 90},
		{"another kind", incident.Anomaly{Kind: incident.KindMetric, Metric: &memory, High: 60, Observed: 80}, incident.VerifySpec{Metric: memory, Comparison: "<=", Threshold: 90}, 90},
		{"another direction", forecast, incident.VerifySpec{Metric: memory, Comparison: ">=", Threshold: 10}, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, tt.want, below(tt.spec, []incident.Anomaly{tt.a}).Threshold, 1e-9)
		})
	}
}
