package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// world is a small shop that talks: what its services would put on the stream,
// second by second, from a seed.
type world struct {
	rng     *rand.Rand
	rps     float64
	memory  float64
	seconds int
	swing   time.Duration // period of the traffic's swing

	errorShare float64 // of requests
	slow       float64 // factor on latency
	drop       float64 // factor on traffic
}

const (
	account = "123456789012"
	region  = "eu-central-1"
	group   = "/shop/checkout"
)

var start = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

func newWorld(seed uint64, rps float64) *world {
	return &world{rng: rand.New(rand.NewPCG(seed, 7)), rps: rps, memory: 300, swing: 24 * time.Hour, errorShare: 0.001, slow: 1, drop: 1}
}

func inventory() *incident.Inventory {
	metric := func(name string, role incident.MetricRole, stat string) incident.WatchedMetric {
		return incident.WatchedMetric{Role: role, MetricRef: incident.MetricRef{
			Namespace: "Shop", Name: name, Dimensions: map[string]string{"service": "checkout"}, Stat: stat, Period: 1,
		}}
	}
	memory := metric("MemoryUsed", incident.RoleSaturation, "Average")
	memory.Limit = 345 // its sawtooth ends close below
	return incident.NewInventory([]incident.Service{
		{
			Name: "checkout", Severity: incident.Sev2, DependsOn: []string{"payments"}, LogGroups: []string{group},
			Alarms: []string{"checkout-*"}, Resources: []string{"i-0c0ffee0000000001"},
			Metrics: []incident.WatchedMetric{
				metric("Requests", incident.RoleRequests, "Sum"), metric("Errors", incident.RoleErrors, "Sum"),
				metric("Latency", incident.RoleLatency, "p99"), memory,
				metric("Success", incident.RoleHealth, ""),
			},
		},
		{Name: "payments", Severity: incident.Sev3},
	})
}

func series(name string) string {
	return account + "/" + region + "/metric/Shop/" + name + "{service=checkout}"
}

// shopPoint is a point of one value of a series that the inventory of the shop
// names.
func shopPoint(name string, at time.Time, v float64) telemetry.Signal {
	return telemetry.Signal{
		Kind: telemetry.KindMetric, Series: series(name), Service: "checkout", Time: at, Account: account, Region: region,
		Metric: &telemetry.MetricPoint{
			Namespace: "Shop", Name: name, Dimensions: map[string]string{"service": "checkout"}, Count: 1, Sum: v, Min: v, Max: v,
		},
	}
}

// oneMetric is an inventory of one metric, whose points anyPoint makes.
func oneMetric(role incident.MetricRole) *incident.Inventory {
	return incident.NewInventory([]incident.Service{{Name: "checkout", Severity: incident.Sev2, Metrics: []incident.WatchedMetric{{
		Role: role, Limit: 1000, MetricRef: incident.MetricRef{Namespace: "Shop", Name: "Any", Stat: "Average"},
	}}}})
}

// anyPoint is a point of one value of the series "any", which oneMetric watches.
func anyPoint(at time.Time, v float64) telemetry.Signal {
	return telemetry.Signal{
		Kind: telemetry.KindMetric, Series: "any", Service: "checkout", Time: at,
		Metric: &telemetry.MetricPoint{Namespace: "Shop", Name: "Any", Count: 1, Sum: v, Min: v, Max: v},
	}
}

func poisson(r *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, p, limit := 0, r.Float64(), math.Exp(-mean)
	for p > limit {
		p *= r.Float64()
		n++
	}
	return n
}

// second returns the signals of the next second: five metrics and the log.
func (w *world) second() []telemetry.Signal {
	at := start.Add(time.Duration(w.seconds) * time.Second)
	w.seconds++
	phase := 2 * math.Pi * float64(at.Sub(start)) / float64(w.swing)
	requests := poisson(w.rng, w.rps*w.drop*(1+0.4*math.Sin(phase)))
	failed, total, worst := 0, 0.0, 0.0
	for range requests {
		if w.rng.Float64() < w.errorShare {
			failed++
		}
		took := 20 * math.Exp(0.6*w.rng.NormFloat64()) * w.slow
		if w.rng.Float64() < 0.001 {
			took += 400 // a pause now and then
		}
		total += took
		worst = max(worst, took)
	}
	w.memory += 0.2 + 0.1*w.rng.NormFloat64()
	if w.memory > 330 {
		w.memory = 290 // collected
	}
	out := []telemetry.Signal{
		shopPoint("Requests", at, float64(requests)),
		shopPoint("Errors", at, float64(failed)),
		shopPoint("MemoryUsed", at, w.memory),
	}
	if requests > 0 {
		latency := shopPoint("Latency", at, total)
		latency.Metric.Count, latency.Metric.Min, latency.Metric.Max = float64(requests), 0, worst
		success := shopPoint("Success", at, 1-float64(failed)/float64(requests))
		success.Metric.Max = 1
		out = append(out, latency, success)
	}
	for i := range requests {
		line := fmt.Sprintf("served order %d in %.1f ms", w.rng.IntN(1e6), total/float64(requests))
		level := telemetry.LevelInfo
		if i < failed {
			line, level = fmt.Sprintf("order %d failed: upstream answered 500 after %d ms", w.rng.IntN(1e6), w.rng.IntN(90)), telemetry.LevelError
		}
		out = append(out, logLine(at.Add(time.Duration(i)*time.Millisecond), level, line))
	}
	return out
}

func logLine(at time.Time, level telemetry.Level, text string) telemetry.Signal {
	return telemetry.Signal{
		Kind: telemetry.KindLog, Series: account + "/" + region + "/log/" + group, Service: "checkout", Time: at, Account: account, Region: region,
		Log: &telemetry.LogLine{Group: group, Message: text, Text: text, Level: level},
	}
}

// run plays seconds of the world through an engine and returns what it said.
func (w *world) run(e detect.Engine, seconds int) []incident.Anomaly {
	var found []incident.Anomaly
	for range seconds {
		for _, s := range w.second() {
			found = append(found, e.Observe(s)...)
		}
		found = append(found, e.Advance(start.Add(time.Duration(w.seconds-3)*time.Second))...)
	}
	return found
}

type mask struct{}

func (mask) Redact(raw string) string { return raw }

func engine(s detect.Sensitivity) *detect.Detector {
	return detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: s})
}

// now is the event time that the world has reached.
func (w *world) now() time.Time { return start.Add(time.Duration(w.seconds) * time.Second) }
