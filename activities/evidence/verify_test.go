package evidence_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
)

func spec() incident.VerifySpec {
	requests := metric("checkout", "Requests")
	return incident.VerifySpec{
		Metric: metric("checkout", "Errors"), Comparison: "<=", Threshold: 0, Samples: 5,
		Timeout: incident.Seconds(60 * time.Second), Before: 40, Traffic: &requests,
	}
}

// verify lets time pass by two seconds with every look.
func verify(t *testing.T, c *cloud, v incident.VerifySpec) (incident.Verification, error) {
	t.Helper()
	c.now = onset
	c.onRead = func() { c.mu.Lock(); c.now = c.now.Add(2 * time.Second); c.mu.Unlock() }
	_, env := activities(t, c)
	got, err := env.ExecuteActivity(incident.ActivityVerifyRecovery, incident.VerifyRecoveryInput{IncidentID: "inc-1", Verify: v, Since: onset})
	var out incident.Verification
	if err == nil {
		require.NoError(t, got.Get(&out))
	}
	return out, err
}

// alsoLatency demands that answers are fast as well.
func alsoLatency(v *incident.VerifySpec) {
	latency := spec()
	latency.Metric, latency.Threshold = metric("checkout", "Latency"), 250
	v.Also = []incident.VerifySpec{latency}
}

func constant(v float64) func(int) float64 { return func(int) float64 { return v } }

// counted are the points of a series, which is what a series is judged by that
// had stopped.
var counted = func() incident.MetricRef {
	m := metric("checkout", "Errors")
	m.Stat = "SampleCount"
	return m
}()

func comesAgain(v *incident.VerifySpec) {
	v.Metric, v.Comparison, v.Threshold, v.Traffic = counted, ">=", 1, nil
}

func TestVerifyRecovery(t *testing.T) {
	t.Parallel()
	errors, requests := metric("checkout", "Errors"), metric("checkout", "Requests")
	for _, c := range []struct {
		name  string
		setUp func(c *cloud)
		spec  func(v *incident.VerifySpec)
		ok    bool
		says  string

		metric string // that the verdict is about; the first when empty
	}{
		{name: "good at once", ok: true, says: "5 of 5", setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(0))
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "good datapoints from before the fix do not count", says: "No datapoint has come since", setUp: func(c *cloud) {
			c.fill(errors, -60, 0, constant(0))
			c.fill(requests, -60, 90, constant(50))
		}},
		{name: "missing data is not good", says: "No datapoint", setUp: func(c *cloud) { c.fill(requests, 0, 90, constant(50)) }},
		{name: "no traffic, no proof", says: "no traffic", setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(0))
			c.fill(requests, 0, 90, constant(0))
		}},
		{name: "missing traffic, no proof", says: "no traffic", setUp: func(c *cloud) { c.fill(errors, 0, 90, constant(0)) }},
		{name: "still failing", says: "Time is up", setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(40))
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "now and then good is not consecutive", says: "Time is up", setUp: func(c *cloud) {
			c.fill(errors, 0, 90, func(i int) float64 { return float64(i % 4) })
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "silence ends a run", says: "Time is up", setUp: func(c *cloud) {
			for i := 0; i < 90; i += 4 {
				c.fill(errors, i, i+1, constant(0))
			}
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "good after a while", ok: true, says: "5 of 5", setUp: func(c *cloud) {
			c.fill(errors, 0, 20, constant(9))
			c.fill(errors, 20, 90, constant(0))
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "without a traffic series", ok: true, says: "5 of 5", spec: func(v *incident.VerifySpec) { v.Traffic = nil }, setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(0))
		}},
		{name: "good besides it, too", ok: true, says: "Shop/Latency is good, too", spec: alsoLatency, setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(0))
			c.fill(metric("checkout", "Latency"), 0, 90, constant(9))
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "errors are gone by chance while answers are slow", metric: "Shop/Latency", says: "Time is up", spec: alsoLatency, setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(0))
			c.fill(metric("checkout", "Latency"), 0, 90, constant(900))
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "at least", ok: true, says: "at least", spec: func(v *incident.VerifySpec) { v.Comparison, v.Threshold = ">=", 3 }, setUp: func(c *cloud) {
			c.fill(errors, 0, 90, constant(3))
			c.fill(requests, 0, 90, constant(50))
		}},
		{name: "what had stopped comes again", ok: true, says: "at least", spec: comesAgain, setUp: func(c *cloud) {
			c.fill(counted, 20, 90, constant(1))
		}},
		{name: "what had stopped comes now and then", says: "at least", spec: comesAgain, setUp: func(c *cloud) {
			for at := 0; at < 90; at += 4 {
				c.fill(counted, at, at+1, constant(1))
			}
		}},
		{name: "what had stopped stays away", says: "No datapoint has come", spec: comesAgain, setUp: func(*cloud) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			world, v := newCloud(), spec()
			c.setUp(world)
			if c.spec != nil {
				c.spec(&v)
			}
			got, err := verify(t, world, v)
			require.NoError(t, err)
			require.Equal(t, c.ok, got.OK, got.Detail)
			require.Contains(t, got.Detail.String(), c.says)
			require.Equal(t, cmp.Or(c.metric, "Shop/Errors"), got.Metric)
			require.InDelta(t, 40, got.Before, 0)
			if c.ok {
				require.GreaterOrEqual(t, got.Samples, 5)
				require.False(t, got.At.IsZero())
			}
		})
	}
}

func TestVerifyRecoverySurvivesFailingReads(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.fill(metric("checkout", "Errors"), 0, 90, constant(0))
	c.fill(metric("checkout", "Requests"), 0, 90, constant(50))
	c.now = onset
	reads := 0
	_, env := activities(t, c)
	c.onRead = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.now = c.now.Add(time.Second)
		c.metricErr = nil
		if reads++; reads < 6 {
			c.metricErr = throttle()
		}
	}
	got, err := env.ExecuteActivity(incident.ActivityVerifyRecovery, incident.VerifyRecoveryInput{IncidentID: "inc-1", Verify: spec(), Since: onset})
	require.NoError(t, err)
	var out incident.Verification
	require.NoError(t, got.Get(&out))
	require.True(t, out.OK)

	for _, failure := range []struct {
		err   error
		final bool
	}{{throttle(), false}, {denied(), true}} {
		c := newCloud()
		c.metricErr = failure.err
		_, err := verify(t, c, spec())
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app, "a metric that cannot be read is no verdict")
		require.Equal(t, failure.final, app.NonRetryable())
	}
}

func TestVerifyRecoveryTakesOneLookHoweverLate(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.fill(metric("checkout", "Errors"), 0, 20, constant(0))
	c.fill(metric("checkout", "Requests"), 0, 20, constant(50))
	c.now = onset.Add(time.Hour)
	_, env := activities(t, c)
	got, err := env.ExecuteActivity(incident.ActivityVerifyRecovery, incident.VerifyRecoveryInput{Verify: spec(), Since: onset})
	require.NoError(t, err)
	var out incident.Verification
	require.NoError(t, got.Get(&out))
	require.True(t, out.OK, "a worker that takes over late still judges what was measured")
}

func TestReadSymptom(t *testing.T) {
	t.Parallel()
	errors, requests := metric("checkout", "Errors"), metric("checkout", "Requests")
	for name, c := range map[string]struct {
		setUp          func(c *cloud)
		present, known bool
		since          time.Duration // how long ago the latest anomalous signal was seen
	}{
		"failing": {func(c *cloud) { c.fill(errors, 0, 30, constant(40)); c.fill(requests, 0, 30, constant(50)) }, true, true, time.Minute},
		"gone":    {func(c *cloud) { c.fill(errors, 0, 30, constant(0)); c.fill(requests, 0, 30, constant(50)) }, false, true, time.Minute},
		"too soon to tell": {func(c *cloud) {
			c.fill(errors, 0, 26, constant(40))
			c.fill(errors, 26, 30, constant(0))
			c.fill(requests, 0, 30, constant(50))
		}, true, true, time.Minute},
		"no data":                        {func(*cloud) {}, true, false, time.Minute},
		"no traffic":                     {func(c *cloud) { c.fill(errors, 0, 30, constant(0)) }, true, true, time.Minute},
		"seen a moment ago, good before": {func(c *cloud) { c.fill(errors, 0, 30, constant(0)); c.fill(requests, 0, 30, constant(50)) }, true, true, 5 * time.Second},
		"nothing since it was seen":      {func(c *cloud) { c.fill(errors, 0, 30, constant(0)); c.fill(requests, 0, 30, constant(50)) }, true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newCloud()
			c.setUp(world)
			_, env := activities(t, world)
			got, err := env.ExecuteActivity(incident.ActivityReadSymptom, incident.ReadSymptomInput{Verify: spec(), Since: world.now.Add(-c.since)})
			require.NoError(t, err)
			var out incident.SymptomReading
			require.NoError(t, got.Get(&out))
			require.Equal(t, c.present, out.Present)
			require.Equal(t, c.known, out.Known)
		})
	}
	world := newCloud()
	_, env := activities(t, world)
	bad := spec()
	bad.Comparison = "<"
	_, err := env.ExecuteActivity(incident.ActivityReadSymptom, incident.ReadSymptomInput{Verify: bad})
	require.ErrorContains(t, err, "neither <= nor >=")
}
