package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// healthyFleet is some healthy series of one period, and where it has come to.
type healthyFleet struct {
	engine  *detect.Detector
	signals []telemetry.Signal
	values  []float64
	step    time.Duration
	round   int
}

func newHealthyFleet(step time.Duration, limited bool) *healthyFleet {
	const fleet = 20
	f := &healthyFleet{step: step, values: make([]float64, 2016)}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range f.values {
		f.values[i] = 100 + 40*math.Sin(2*math.Pi*float64(i)/288) + 4*rng.NormFloat64()
		if limited { // memory under a collector: its climbs have to be looked at
			f.values[i] = 120 + 74*float64(i%96)/96 + 0.5*rng.NormFloat64()
		}
	}
	services := make([]incident.Service, fleet)
	for i := range services {
		name := fmt.Sprintf("service-%02d", i)
		watched := incident.WatchedMetric{Role: incident.RoleLatency, MetricRef: incident.MetricRef{
			Namespace: "Shop", Name: "Load", Dimensions: map[string]string{"service": name}, Stat: "Average",
		}}
		if limited {
			watched.Role, watched.Limit = incident.RoleSaturation, 200
		}
		services[i] = incident.Service{Name: name, Severity: incident.Sev3, Metrics: []incident.WatchedMetric{watched}}
		f.signals = append(f.signals, telemetry.Signal{
			Kind: telemetry.KindMetric, Service: name, Account: account, Region: region,
			Series: telemetry.SeriesKey(account, region, telemetry.KindMetric, watched.SourceKey()),
			Metric: &telemetry.MetricPoint{Namespace: "Shop", Name: "Load", Dimensions: watched.Dimensions, Count: 1},
		})
	}
	f.engine = detect.New(detect.Options{Inventory: incident.NewInventory(services), Redactor: mask{}, Sensitivity: detect.Quiet})
	return f
}

// play observes the next points of every series, with a watermark after each round.
func (f *healthyFleet) play(rounds int) {
	for range rounds {
		at := start.Add(time.Duration(f.round) * f.step)
		for i := range f.signals {
			s := &f.signals[i]
			v := f.values[(f.round+97*i)%len(f.values)]
			s.Time, s.Metric.Sum, s.Metric.Min, s.Metric.Max = at, v, v, v
			f.engine.Observe(*s)
		}
		f.engine.Advance(at.Add(-2 * f.step))
		f.round++
	}
}

// Allocations in the steady state would be the collector's work for as long as the
// worker lives. The test is not parallel: all allocations of the process count.
func TestASteadyStateAllocatesNothing(t *testing.T) {
	for _, step := range []time.Duration{time.Second, time.Minute, 5 * time.Minute, time.Hour} {
		for _, limited := range []bool{false, true} {
			t.Run(fmt.Sprint(step, " limited ", limited), func(t *testing.T) {
				f := newHealthyFleet(step, limited)
				f.play(4000) // every window is full
				opened := f.engine.Stats().Opened
				const rounds = 1000
				require.Zero(t, testing.AllocsPerRun(1, func() { f.play(rounds) }), "in %d points", rounds*len(f.signals))
				require.Equal(t, opened, f.engine.Stats().Opened, "the fleet is healthy")
				reading, ok := f.engine.Reading(f.signals[0].Series)
				require.True(t, ok)
				require.Equal(t, start.Add(time.Duration(f.round-1)*step), reading.At, "every point counts")
			})
		}
	}
}
