package planning

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// What has stopped has to come again, whatever else a runbook checks.
func TestWhatHasStoppedHasToComeAgain(t *testing.T) {
	t.Parallel()
	silent := func(service, name string, period int) incident.Anomaly {
		return incident.Anomaly{Service: service, Series: service + name, Rule: incident.RuleSilent, Low: 1, High: 4, Metric: &incident.MetricRef{
			Namespace: "Shop", Name: name, Stat: "SampleCount", Period: period,
		}}
	}
	first := incident.VerifySpec{Samples: 3, Timeout: incident.Seconds(4 * time.Minute)}
	many := []incident.Anomaly{}
	for _, n := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		many = append(many, silent("checkout", n, 1))
	}
	level := silent("checkout", "Errors", 1)
	level.Rule = "level"
	witnessed := level
	witnessed.Witnesses = silent("checkout", "Requests", 1).Sightings()
	for _, tt := range []struct {
		name string
		seen []incident.Anomaly
		want []int // samples of each check
	}{
		{"nothing has stopped", []incident.Anomaly{level}, nil},
		{"a series of a second", []incident.Anomaly{silent("checkout", "Requests", 1)}, []int{3}},
		{"twice the same", []incident.Anomaly{silent("checkout", "Requests", 1), silent("checkout", "Requests", 1)}, []int{3}},
		{"as a witness", []incident.Anomaly{witnessed}, []int{3}},
		{"of what is acted on", []incident.Anomaly{silent("payments", "Requests", 1)}, []int{3}},
		{"of another service", []incident.Anomaly{silent("search", "Requests", 1)}, nil},
		{"fewer points than usual fit", []incident.Anomaly{silent("checkout", "Requests", 60)}, []int{2}},
		{"none fits", []incident.Anomaly{silent("checkout", "Requests", 3600)}, nil},
		{"no more than a person reads", many, []int{3, 3, 3, 3, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []int
			for _, v := range coming(first, incident.CompilePlanInput{Service: "checkout", Anomalies: tt.seen}, "payments") {
				got = append(got, v.Samples)
				require.Equal(t, "SampleCount", v.Metric.Stat)
				require.Equal(t, ">=", v.Comparison)
				require.InDelta(t, 1, v.Threshold, 0)
				require.Nil(t, v.Traffic)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// How many points came says nothing about the value that a person is shown.
func TestWhatHasStoppedIsNoReadingOfAValue(t *testing.T) {
	t.Parallel()
	sums := incident.MetricRef{Namespace: "Shop", Name: "Errors", Stat: "Sum", Period: 1}
	points := sums
	points.Stat = "SampleCount"
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	level := incident.Anomaly{Service: "checkout", Rule: "level", Metric: &sums, Observed: 17, LastSeen: at}
	stopped := incident.Anomaly{Service: "checkout", Rule: incident.RuleSilent, Metric: &points, Low: 1, High: 4, LastSeen: at.Add(time.Minute)}
	witnessed := level
	witnessed.Witnesses = []incident.Witness{stopped.Own()}
	counted := level
	counted.Metric, counted.Observed = &points, 3
	for _, tt := range []struct {
		name string
		of   incident.MetricRef
		seen []incident.Anomaly
		want float64
	}{
		{"it stopped later", sums, []incident.Anomaly{level, stopped}, 17},
		{"it stopped earlier", sums, []incident.Anomaly{stopped, level}, 17},
		{"as a witness", sums, []incident.Anomaly{witnessed}, 17},
		{"of its points", points, []incident.Anomaly{counted, stopped}, 0},
		{"by whatever statistic a value was seen", points, []incident.Anomaly{level}, 17},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, tt.want, (&Activities{}).before(t.Context(), incident.CompilePlanInput{Anomalies: tt.seen}, tt.of), 0)
		})
	}
}
