package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
)

// shape is what a series looks like: its values, one a point, over and over.
type shape func(r *rand.Rand) []float64

// shapePoints is a week of five minutes.
const shapePoints = 7 * 24 * 12

// full is the limit of series that have one.
const full = 200.0

// daily swings between 60 and 140 over 288 points, with noise.
func daily(r *rand.Rand) []float64 {
	values := make([]float64, shapePoints)
	for i := range values {
		values[i] = 100 + 40*math.Sin(2*math.Pi*float64(i)/288) + 4*r.NormFloat64()
	}
	return values
}

// sawtooth climbs over 96 points to just below the limit and falls back, as
// memory under a collector does: whoever forecasts has to look at every climb.
func sawtooth(r *rand.Rand) []float64 {
	values := make([]float64, shapePoints)
	for i := range values {
		values[i] = 0.6*full + 0.37*full*float64(i%96)/96 + 0.5*r.NormFloat64()
	}
	return values
}

// stream is a load for the engine: series of one shape, in turn.
type stream struct {
	step    time.Duration
	shape   shape
	limited bool // foreseen
	series  int  // speedSeries when 0
}

// player plays a stream, one point of every series a round.
type player struct {
	engine  *detect.Detector
	signals []telemetry.Signal
	phases  []int // where in the shape a series begins
	values  []float64
	step    time.Duration
	now     time.Time
	n       int
	behind  int // points since the last watermark
}

// batch is how many points a watermark follows, as on the stream.
const batch = 1_000

func (k stream) start() *player {
	if k.series == 0 {
		k.series = speedSeries
	}
	r := rand.New(rand.NewPCG(1, 2))
	p := &player{values: k.shape(r), step: k.step, now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	services := make([]incident.Service, k.series)
	for i := range services {
		name := fmt.Sprintf("service-%05d", i)
		watched := incident.WatchedMetric{Role: incident.RoleLatency, MetricRef: incident.MetricRef{
			Namespace: "Bench", Name: "Load", Dimensions: map[string]string{"service": name}, Stat: "Average", Period: int(k.step.Seconds()),
		}}
		if k.limited {
			watched.Role, watched.Limit = incident.RoleSaturation, full
		}
		services[i] = incident.Service{Name: name, Severity: incident.Sev3, Metrics: []incident.WatchedMetric{watched}}
		p.signals = append(p.signals, telemetry.Signal{
			Kind: telemetry.KindMetric, Service: name, Series: "123456789012/eu-central-1/metric/" + watched.SourceKey(),
			Account: "123456789012", Region: "eu-central-1",
			Metric: &telemetry.MetricPoint{Namespace: "Bench", Name: "Load", Dimensions: watched.Dimensions, Count: 1},
		})
		p.phases = append(p.phases, r.IntN(shapePoints))
	}
	p.engine = detect.New(detect.Options{Inventory: incident.NewInventory(services), Redactor: rules.Default()})
	return p
}

// round observes the next point of every series, and now and then a watermark.
func (p *player) round() {
	for i := range p.signals {
		s := &p.signals[i]
		v := p.values[(p.n+p.phases[i])%shapePoints]
		s.Time, s.Metric.Sum, s.Metric.Min, s.Metric.Max = p.now, v, v, v
		p.engine.Observe(*s)
	}
	if p.behind += len(p.signals); p.behind >= batch {
		p.engine.Advance(p.now.Add(-2 * p.step))
		p.behind = 0
	}
	p.now = p.now.Add(p.step)
	p.n++
}
