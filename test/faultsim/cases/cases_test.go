package cases

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheSameSeedGivesTheSameCase also draws one case of everything there is.
func TestTheSameSeedGivesTheSameCase(t *testing.T) {
	t.Parallel()
	for _, set := range Sets() {
		for _, fault := range append(Faults(), OutsideFaults()...) {
			one, two := Make(7, set, fault), Make(7, set, fault)
			require.Equal(t, one, two)
			require.NotEqual(t, one.Symptom, Make(8, set, fault).Symptom)
		}
	}
}

// TestCasesAreWhatTheyClaim checks what holds for all cases.
func TestCasesAreWhatTheyClaim(t *testing.T) {
	t.Parallel()
	for _, c := range append(Several(3, 104, Faults()), Several(3, 16, OutsideFaults())...) {
		require.Equal(t, c.Outside, len(c.Services) == 0, c.Name)
		require.Contains(t, c.Nodes, c.Symptom.Service, c.Name)
		for _, s := range c.Services {
			require.Contains(t, c.Nodes, s, c.Name)
		}
		at := c.Symptom.Start.Sub(c.Onset)
		require.GreaterOrEqual(t, at, -5*time.Minute, c.Name)
		require.LessOrEqual(t, at, 30*time.Minute, c.Name)
		var first, last time.Time
		for _, s := range c.Series {
			if c.Set == Pods {
				require.NotContains(t, []string{"latency", "ResponseTime", "duration.avg"}, s.Metric, c.Name)
			}
			for _, p := range s.Points {
				require.False(t, math.IsNaN(p.Value) || math.IsInf(p.Value, 0), c.Name)
				if first.IsZero() || p.At.Before(first) {
					first = p.At
				}
				if p.At.After(last) {
					last = p.At
				}
			}
		}
		require.GreaterOrEqual(t, c.Onset.Sub(first), 40*time.Minute, "history of %s", c.Name)
		require.False(t, last.Before(c.Symptom.Start.Add(-2*time.Minute)), c.Name)
		require.LessOrEqual(t, last.Sub(c.Symptom.Start), 20*time.Minute, c.Name)
	}
}

// line is an application of three services in a row, without any chance in it.
func line() *app {
	n := func(name string, calls ...call) node {
		return node{name: name, work: 0.02, cpu: 0.005, memory: 100, in: 1, out: 1, tail: 0.4, calls: calls, consumer: -1}
	}
	a := &app{nodes: []node{
		n("front", call{to: 1, times: 1, vital: true}), n("middle", call{to: 2, times: 1, vital: true}), n("back"),
	}, entries: []int{0}}
	a.sort()
	return a
}

// run is the application of three after some minutes with a fault.
func run(effects map[int]effect, load float64) (calm, now []state) {
	f := newFlow(line())
	f.size(100, func() float64 { return 0.5 })
	for range 20 {
		f.step(100, nil)
	}
	calm = slices.Clone(f.now)
	for range 20 {
		f.step(load, effects)
	}
	return calm, f.now
}

// TestFaultsTravelAlongTheCalls checks where a fault shows, and where not.
func TestFaultsTravelAlongTheCalls(t *testing.T) {
	t.Parallel()
	t.Run("latency adds up towards the entry", func(t *testing.T) {
		t.Parallel()
		calm, now := run(map[int]effect{1: {slow: 3}}, 100)
		require.Greater(t, now[1].latency, calm[1].latency+0.03)
		require.Greater(t, now[0].latency, calm[0].latency+0.03)
		require.InDelta(t, calm[2].latency, now[2].latency, 0.002)
	})
	t.Run("errors travel up and keep requests from those below", func(t *testing.T) {
		t.Parallel()
		calm, now := run(map[int]effect{1: {failing: 0.5, early: true}}, 100)
		require.InDelta(t, 0.5, now[1].failed, 0.05)
		require.InDelta(t, 0.5, now[0].failed, 0.05)
		require.Less(t, now[2].arriving, 0.6*calm[2].arriving)
		require.Less(t, now[2].failed, 0.02)
	})
	t.Run("what is out of reach fails its caller", func(t *testing.T) {
		t.Parallel()
		_, now := run(map[int]effect{1: {blocked: 3}}, 100)
		require.Greater(t, now[1].failed, 0.9)
		require.Less(t, now[2].arriving, 1.0)
	})
	t.Run("pools fill from the cause to the entry", func(t *testing.T) {
		t.Parallel()
		calm, now := run(map[int]effect{2: {slow: 60}}, 100)
		require.Greater(t, now[0].inside, 2*calm[0].inside)
		require.Greater(t, now[0].failed, 0.1)
	})
	t.Run("retries multiply", func(t *testing.T) {
		t.Parallel()
		f := newFlow(line())
		f.app.nodes[1].calls[0].retries = 2
		f.size(100, func() float64 { return 0.5 })
		for range 20 {
			f.step(100, map[int]effect{2: {failing: 0.6}})
		}
		require.Greater(t, f.now[2].arriving, 150.0)
	})
	t.Run("a surge reaches everybody", func(t *testing.T) {
		t.Parallel()
		calm, now := run(nil, 250)
		for i := range now {
			require.Greater(t, now[i].use, calm[i].use)
		}
		require.Greater(t, now[0].failed, 0.05)
	})
}

// TestQueuesGrowWhenNobodyWorksThemOff checks the part that is not waited for.
func TestQueuesGrowWhenNobodyWorksThemOff(t *testing.T) {
	t.Parallel()
	a := line()
	a.nodes[0].calls = []call{{to: 3, times: 1, vital: true, async: true}}
	a.nodes = append(a.nodes, node{name: "jobs", kind: queue, work: 0.002, consumer: 1})
	a.order = nil
	a.sort()
	f := newFlow(a)
	f.size(50, func() float64 { return 0.5 })
	for range 20 {
		f.step(50, nil)
	}
	require.Less(t, f.now[3].depth, 10.0)
	for range 20 {
		f.step(50, map[int]effect{1: {down: 0.9}})
	}
	require.Greater(t, f.now[3].depth, 1000.0)
	require.Less(t, f.now[0].latency, 0.1, "nobody waits for a queue")
}

// TestEveryShapeHasCallersBeforeCallees checks the order that the flow needs.
func TestEveryShapeHasCallersBeforeCallees(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	shapes := map[string]bool{}
	for range 300 {
		a := newApp(r)
		shapes[a.shape] = true
		require.Len(t, a.order, len(a.nodes))
		place := make([]int, len(a.nodes))
		for k, i := range a.order {
			place[i] = k
		}
		for i, n := range a.nodes {
			for _, c := range n.calls {
				require.True(t, c.back || place[i] < place[c.to], "%s: %s calls %s", a.shape, n.name, a.nodes[c.to].name)
			}
		}
	}
	require.Len(t, shapes, 5)
}
