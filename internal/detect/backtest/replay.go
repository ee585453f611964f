// Package backtest asks of recorded series how good the engine's forecasts
// would have been: whether each crossing of a limit was foreseen, how long
// before, how well the time was told, and how many forecasts came to nothing.
package backtest

import (
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// Options say what is tested. Limit and Redactor are required.
type Options struct {
	Limit       float64 // that the series must not reach, above 0
	Sensitivity detect.Sensitivity
	Redactor    redact.Redactor
}

// margin is how much later than at its own latest a forecast may come true, as
// a share of that time.
const margin = 0.5

// Outcome is what became of a forecast or of a crossing.
type Outcome string

// Outcomes. What somebody prevented in time looks false, too: a recording does
// not tell.
const (
	True      Outcome = "true"      // a forecast that the limit was reached after
	False     Outcome = "false"     // one that it was not, neither within its latest time and a half of it more nor while open
	Undecided Outcome = "undecided" // one whose time was not over at the end of the recording
	Foreseen  Outcome = "foreseen"  // a crossing that was told before
	Missed    Outcome = "missed"    // one that was not
	Repeated  Outcome = "repeated"  // one more in a trouble that was told and had crossed before
)

// Forecast is one forecast as an on-call would have got it.
type Forecast struct {
	ID      string     `json:"id"`
	Told    time.Time  `json:"told"`   // event time of the point that it was told at
	Opened  time.Time  `json:"opened"` // where the climb began
	Value   float64    `json:"value"`  // on the line, when it was told
	Seconds float64    `json:"seconds"`
	Soonest float64    `json:"soonest_seconds"`
	Latest  float64    `json:"latest_seconds"`
	Outcome Outcome    `json:"outcome"`
	Reached *time.Time `json:"reached,omitempty"` // when the limit was
	Why     string     `json:"why"`               // redacted

	due    time.Time // when it is false at the latest
	closed bool
}

// Replay runs one series through an engine of its own, in event time.
type Replay struct {
	engine *detect.Detector
	signal telemetry.Signal
	watch  watch
	result Result
}

// The names under which an engine knows the series. They leave the process in
// nothing but the text of a forecast.
const (
	account = "000000000000"
	region  = "file"
)

// New begins a replay of a metric of a service.
func New(service, metric string, o Options) *Replay {
	ref := incident.MetricRef{Namespace: "file", Name: metric, Dimensions: map[string]string{"service": service}, Stat: "Average"}
	inventory := incident.NewInventory([]incident.Service{{
		Name: service, Severity: incident.Sev2, Metrics: []incident.WatchedMetric{{Role: incident.RoleSaturation, Limit: o.Limit, MetricRef: ref}},
	}})
	return &Replay{
		engine: detect.New(detect.Options{Inventory: inventory, Redactor: o.Redactor, Sensitivity: o.Sensitivity}),
		watch:  watch{limit: o.Limit},
		result: Result{Service: service, Metric: metric, Limit: o.Limit, Crossings: []Crossing{}, Forecasts: []Forecast{}},
		signal: telemetry.Signal{
			Kind: telemetry.KindMetric, Service: service, Series: telemetry.SeriesKey(account, region, telemetry.KindMetric, ref.SourceKey()), Account: account, Region: region,
			Metric: &telemetry.MetricPoint{Namespace: ref.Namespace, Name: ref.Name, Dimensions: ref.Dimensions, Count: 1},
		},
	}
}

// Observe takes the next value and tells whether it was newer than the last. One
// that is not is counted and has no effect, as in an engine.
func (r *Replay) Observe(at time.Time, value float64) (newer bool) {
	if !r.result.Last.IsZero() && !at.After(r.result.Last) {
		r.result.Late++
		return false
	}
	if r.result.Points == 0 {
		r.result.First = at
	}
	r.result.Points++
	r.result.Last = at
	if r.watch.reached(value) {
		r.crossed(at, value)
	}
	r.signal.Time = at
	r.signal.Metric.Sum, r.signal.Metric.Min, r.signal.Metric.Max = value, value, value
	for _, found := range [][]incident.Anomaly{r.engine.Advance(at), r.engine.Observe(r.signal)} {
		for _, a := range found {
			if a.Kind == incident.KindForecast {
				r.told(at, a)
			}
		}
	}
	return true
}

// told notes what an engine says of a forecast.
func (r *Replay) told(at time.Time, a incident.Anomaly) {
	if a.State == incident.EpisodeOpen {
		r.result.Forecasts = append(r.result.Forecasts, Forecast{
			ID: a.ID, Told: at, Opened: a.Opened, Value: a.Observed,
			Seconds: a.Forecast.Seconds, Soonest: a.Forecast.Soonest, Latest: a.Forecast.Latest, Outcome: Undecided, Why: a.Why.String(),
		})
	}
	if len(r.result.Forecasts) == 0 {
		return
	}
	// One series has one episode at a time.
	f := &r.result.Forecasts[len(r.result.Forecasts)-1]
	if a.State == incident.EpisodeClosed {
		f.closed = true
		return
	}
	if due := at.Add(time.Duration((1 + margin) * a.Forecast.Latest * float64(time.Second))); due.After(f.due) {
		f.due = due
	}
}

// crossed settles the forecasts that said so.
func (r *Replay) crossed(at time.Time, value float64) {
	c := Crossing{At: at, Value: value, Outcome: Missed}
	for i := range r.result.Forecasts {
		f := &r.result.Forecasts[i]
		switch {
		case f.Reached != nil:
			if !f.closed && c.Outcome == Missed {
				c.Outcome, c.Forecast = Repeated, f.ID
			}
		case !f.closed || !at.After(f.due):
			f.Outcome, f.Reached = True, &at
			if c.Outcome != Foreseen {
				c.Outcome, c.Forecast, c.Lead = Foreseen, f.ID, at.Sub(f.Told).Seconds()
			}
		}
	}
	r.result.Crossings = append(r.result.Crossings, c)
}

// Result ends the replay.
func (r *Replay) Result() Result {
	for i := range r.result.Forecasts {
		f := &r.result.Forecasts[i]
		if f.Outcome == Undecided && f.due.Before(r.result.Last) {
			f.Outcome = False
		}
	}
	return r.result
}
