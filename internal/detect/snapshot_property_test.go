package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// chaos is a stream of everything: a shop whose moods change at random, with
// leaks, silences, late and hostile points, alarms, events and feedback.
type chaos struct {
	*world

	rng    *rand.Rand
	silent map[string]bool
	last   []incident.Anomaly
}

func newChaos(seed uint64) *chaos {
	return &chaos{world: newWorld(seed, 6), rng: rand.New(rand.NewPCG(seed, 99)), silent: map[string]bool{}}
}

// step returns the signals of the next second.
func (c *chaos) step() []telemetry.Signal {
	mood := c.rng.IntN(100)
	switch {
	case mood < 2:
		c.errorShare, c.slow = 0.7, 6
	case mood < 6:
		c.errorShare, c.slow, c.drop = 0.001, 1, 1
	case mood == 6:
		c.drop = 0.1
	case mood == 7:
		c.silent[[]string{"Success", "MemoryUsed", "Errors"}[c.rng.IntN(3)]] = c.rng.IntN(3) == 0
	case mood == 8:
		c.drop = 3
	}
	if c.seconds%400 == 0 {
		clear(c.silent)
	}
	used := 100 + c.rng.NormFloat64() + max(0, float64(c.seconds%500)-200)*0.8 // a leak that ends with a restart
	at := float64(c.seconds)
	var out []telemetry.Signal
	for _, s := range c.second() {
		if s.Kind == telemetry.KindMetric {
			if c.silent[s.Metric.Name] {
				continue
			}
			if s.Metric.Name == "MemoryUsed" {
				s.Metric.Sum, s.Metric.Min, s.Metric.Max = used, used, used
			}
		}
		out = append(out, s)
	}
	switch c.rng.IntN(12) {
	case 0:
		out = append(out, alarmAt(at, []telemetry.AlarmState{telemetry.AlarmOK, telemetry.AlarmALARM, telemetry.AlarmInsufficientData}[c.rng.IntN(3)]))
	case 1:
		class := []telemetry.Class{telemetry.ClassChange, telemetry.ClassTrouble, telemetry.ClassNotice}[c.rng.IntN(3)]
		out = append(out, eventAt(at, class, "checkout", fmt.Sprint(at), "bytes that are no UTF-8: \xff\xfe, and <html> & more"))
	case 2:
		late := out[c.rng.IntN(len(out))]
		late.Time = late.Time.Add(-9e9)
		out = append(out, late, out[0])
	case 3:
		hostile := out[0]
		point := *hostile.Metric
		point.Sum = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e308, -1e308, math.Copysign(0, -1), 5e-324}[c.rng.IntN(7)]
		hostile.Metric, hostile.Time = &point, hostile.Time.Add(1e8)
		out = append(out, hostile)
	case 4:
		for i := range 5 {
			s := logLine(secondsIn(at), telemetry.LevelError, fmt.Sprintf("new trouble %s \xc3\x28", string(rune('a'+c.rng.IntN(26)))))
			s.Series = fmt.Sprintf("%s/%s/log/group-%d", account, region, c.rng.IntN(30)+i)
			out = append(out, s)
		}
	case 5:
		if len(c.last) > 0 {
			a := c.last[c.rng.IntN(len(c.last))]
			out = append(out, telemetry.Signal{Kind: telemetry.KindFeedback, Time: secondsIn(at), Feedback: &telemetry.Feedback{
				ID: fmt.Sprint(at), Series: a.Series, Rule: a.Rule, Verdict: []telemetry.Verdict{telemetry.FalseAlarm, telemetry.Missed}[c.rng.IntN(2)],
				By: "kim", At: a.Opened, Reached: a.Reached,
			}})
		}
	}
	return out
}

// Wherever an engine is written and read back, whatever it has seen: everything
// that it says afterwards, and every later snapshot, is what the engine says
// that was never interrupted, byte for byte.
func TestARestoredEngineGoesOnExactly(t *testing.T) {
	t.Parallel()
	kinds, rules, states := map[incident.AnomalyKind]bool{}, map[string]bool{}, map[incident.EpisodeState]bool{}
	for seed := range uint64(6) {
		o := detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: detect.Sensitive, MaxSeries: 20}
		c := newChaos(seed)
		whole, other := detect.New(o), detect.New(o)
		restores, open := 0, 0
		for second := range 1500 {
			signals := c.step()
			for i, s := range signals {
				if c.rng.IntN(1500) == 0 { // also in the middle of a second
					raw := snapshotOf(t, other)
					require.Equal(t, snapshotOf(t, whole), raw, "seed %d, second %d", seed, second)
					other = detect.New(o)
					require.NoError(t, other.Restore(raw))
					require.Equal(t, raw, snapshotOf(t, other))
					restores++
					if r, ok := whole.Reading(series("Errors")); ok && r.Anomalous {
						open++
					}
				}
				want := whole.Observe(s)
				require.Equal(t, want, other.Observe(s), "seed %d, second %d, signal %d", seed, second, i)
				c.last = append(c.last, want...)
			}
			want := whole.Advance(secondsIn(float64(second - 2)))
			require.Equal(t, want, other.Advance(secondsIn(float64(second-2))), "seed %d, second %d", seed, second)
			c.last = append(c.last, want...)
			for _, name := range []string{"Errors", "Latency", "MemoryUsed"} {
				a, _ := whole.Reading(series(name))
				b, _ := other.Reading(series(name))
				require.Equal(t, a, b)
				sound(t, a)
			}
		}
		require.Positive(t, restores)
		for _, a := range c.last {
			kinds[a.Kind], rules[a.Rule], states[a.State] = true, true, true
			finite(t, a)
		}
	}
	require.Len(t, kinds, 5, "metric, forecast, log, alarm and event: %v", kinds)
	require.Len(t, states, 3)
	for _, rule := range []string{detect.RuleLevel, detect.RuleTrend, detect.RuleSilent, detect.RuleLogRate} {
		require.True(t, rules[rule], rule)
	}
}

// sound fails for a reading that a person or JSON cannot take.
func sound(t testing.TB, r detect.Reading) {
	t.Helper()
	for name, v := range map[string]float64{"value": r.Value, "low": r.Low, "high": r.High, "score": r.Score} {
		require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "%s is %g", name, v)
	}
	require.GreaterOrEqual(t, r.Score, 0.0)
	require.LessOrEqual(t, r.Score, 1.0)
}

// finite fails for an anomaly with a number that is none.
func finite(t testing.TB, a incident.Anomaly) {
	t.Helper()
	numbers := map[string]float64{
		"observed": a.Observed, "low": a.Low, "high": a.High, "rarity": a.Rarity, "previous": a.Previous, "reached": a.Reached,
	}
	if f := a.Forecast; f != nil {
		numbers["slope"], numbers["seconds"], numbers["soonest"], numbers["latest"] = f.Slope, f.Seconds, f.Soonest, f.Latest
	}
	for _, w := range a.Witnesses {
		numbers["witness "+w.Series] = w.Observed + w.Low + w.High
	}
	for name, v := range numbers {
		require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "%s of %s is %g", name, a.Series, v)
	}
	require.NotEmpty(t, a.ID)
}
