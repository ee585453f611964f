package rootcause_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

var onset = time.Date(2026, 5, 6, 7, 8, 0, 0, time.UTC)

// shape is what a series does: its value at a step before (negative) or after
// the onset, and whether there is one.
type shape func(step int, noise float64) (float64, bool)

// to steps from one level to another at a step, with a twentieth of noise.
func to(from, level float64, at int) shape {
	return func(step int, noise float64) (float64, bool) {
		if step >= at {
			return level * (1 + noise/20), true
		}
		return from * (1 + noise/20), true
	}
}

func calm(level float64) shape { return to(level, level, 0) }

func fixed(from, level float64) shape {
	return func(step int, _ float64) (float64, bool) {
		if step >= 0 {
			return level, true
		}
		return from, true
	}
}

func until(level float64, last int) shape {
	return func(step int, noise float64) (float64, bool) { return level * (1 + noise/20), step < last }
}

// series draws an hour before the onset and ten minutes after it.
func series(service, metric string, s shape) rootcause.Series {
	var seed uint64
	for _, r := range service + metric {
		seed = seed*31 + uint64(r)
	}
	draw := rand.New(rand.NewPCG(seed, 7))
	out := rootcause.Series{Service: service, Metric: metric}
	for step := -60; step <= 10; step++ {
		if v, ok := s(step, draw.NormFloat64()); ok {
			out.Points = append(out.Points, rootcause.Point{At: onset.Add(time.Duration(step) * time.Minute), Value: v})
		}
	}
	return out
}

func calls(pairs ...string) []rootcause.Call {
	var out []rootcause.Call
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, rootcause.Call{Caller: pairs[i], Callee: pairs[i+1]})
	}
	return out
}

func caseOf(edges []rootcause.Call, all ...rootcause.Series) rootcause.Case {
	return rootcause.Case{Symptom: rootcause.Symptom{Service: "web", Metric: "latency", Start: onset}, Calls: edges, Series: all}
}

var (
	chain   = calls("web", "shop", "shop", "stock", "stock", "db")
	slow    = to(0.2, 0.9, 0)
	noGraph []rootcause.Call
)

func TestRank(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   rootcause.Case
		best string
	}{
		"the deepest of a chain": {caseOf(chain, series("web", "latency", to(1, 2, 1)), series("shop", "latency", to(0.5, 1.5, 0)), series("stock", "latency", to(0.2, 1.2, 0)), series("db", "latency", calm(0.05))), "stock"},
		"the one that both branches share": {
			caseOf(calls("web", "a", "web", "b", "a", "d", "b", "d"), series("web", "latency", to(1, 3, 0)), series("a", "latency", to(0.3, 1.3, 0)), series("b", "latency", to(0.4, 1.4, 0)), series("d", "latency", to(0.1, 1.1, 0))), "d",
		},
		"a cycle": {caseOf(calls("web", "a", "a", "b", "b", "a", "b", "web"), series("web", "latency", to(1, 2, 0)), series("a", "latency", to(0.3, 1.3, 0)), series("b", "latency", calm(0.2))), "a"},
		"no graph, all slower by as much": {caseOf(noGraph, series("web", "latency", fixed(0.5, 1)), series("cart", "latency", fixed(0.25, 0.75)),
			series("basket", "latency", fixed(0.125, 0.625)), series("stock", "latency", fixed(0.0625, 0.5625))), "stock"},
		"no graph": {caseOf(noGraph, series("web", "latency", to(1, 1.5, 0)), series("stock", "latency", to(0.05, 0.6, 0)), series("shop", "latency", calm(0.4))), "stock"},
		"a resource of one that has no latency": {
			caseOf(chain, series("web", "latency", to(1, 2, 1)), series("shop", "cpu", calm(0.3)), series("stock", "cpu", calm(0.3)), series("db", "cpu", to(0.2, 0.95, 0))), "db",
		},
		"metrics of which the names say nothing": {
			caseOf(chain, series("web", "q1", to(1, 2, 1)), series("shop", "q1", to(0.5, 1.5, 0)), series("stock", "q1", to(0.2, 1.2, 0)), series("db", "q1", calm(0.05))), "stock",
		},
		"a constant series that moves": {
			caseOf(chain, series("web", "latency", to(1, 2, 0)), series("shop", "latency", to(1, 1.9, 0)), series("stock", "errors", fixed(0, 20)), series("db", "errors", fixed(0, 0))), "stock",
		},
		"a series that stops": {
			caseOf(chain, series("web", "latency", to(1, 2, 0)), series("shop", "requests", calm(90)), series("stock", "cpu", until(0.3, 0)), series("db", "cpu", calm(0.3))), "stock",
		},
		"successes that fail": {
			func() rootcause.Case {
				c := caseOf(chain, series("web", "availability", fixed(100, 97)), series("shop", "availability", fixed(100, 96)), series("stock", "availability", fixed(100, 90)), series("db", "availability", fixed(100, 100)))
				c.Symptom.Metric = "availability"
				return c
			}(), "stock",
		},
		"a symptom that nobody measures": {
			func() rootcause.Case {
				c := caseOf(chain, series("shop", "latency", slow), series("stock", "latency", slow), series("db", "latency", calm(0.1)))
				c.Symptom.Metric = ""
				return c
			}(), "stock",
		},
		"a change right before": {
			func() rootcause.Case {
				c := caseOf(chain, series("web", "latency", slow), series("shop", "latency", slow))
				c.Changes = []rootcause.Change{{At: onset.Add(-30 * time.Second), Service: "db", Kind: "deployment"}, {At: onset.Add(-5 * time.Hour), Service: "stock"}, {At: onset.Add(9 * time.Minute), Service: "stock"}}
				c.Nodes = []string{"stock", "db"}
				c.Series = append(c.Series, series("stock", "cpu", calm(1)), series("db", "cpu", to(0.2, 0.3, 0)))
				return c
			}(), "db",
		},
		"a new log pattern": {
			func() rootcause.Case {
				c := caseOf(calls("web", "a", "web", "b"), series("web", "latency", slow), series("a", "cpu", calm(1)), series("b", "cpu", calm(1)))
				c.Logs = []rootcause.LogPattern{
					{Service: "a", ID: "1", Severe: true, Text: redact.Literal("disk broken"), Points: []rootcause.Point{{At: onset.Add(time.Minute), Value: 80}}},
					{Service: "b", ID: "2", Severe: true, Points: []rootcause.Point{{At: onset.Add(-50 * time.Minute), Value: 400}, {At: onset.Add(time.Minute), Value: 8}}},
				}
				return c
			}(), "a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rootcause.Rank(c.in)
			require.Equal(t, c.best, r.Suspects[0].Service, "%+v", r.Suspects)
			sound(t, c.in, r)
		})
	}
}

// sound checks what holds of every ranking.
func sound(t *testing.T, c rootcause.Case, r rootcause.Ranking) {
	t.Helper()
	total := r.Outside
	for i, s := range r.Suspects {
		require.True(t, s.Score >= 0 && s.Score <= 1, "%v", s.Score)
		require.False(t, math.IsNaN(s.Deviation))
		require.True(t, i == 0 || s.Score <= r.Suspects[i-1].Score)
		for _, k := range s.Series {
			require.Equal(t, s.Service, c.Series[k].Service)
		}
		if len(s.Path) > 0 {
			require.Equal(t, []string{s.Service, c.Symptom.Service}, []string{s.Path[0], s.Path[len(s.Path)-1]})
		}
		total += s.Score
	}
	require.InDelta(t, 1, total, 0.001)
}

func TestReasonsAreNumbers(t *testing.T) {
	t.Parallel()
	c := caseOf(chain, series("web", "latency", to(1, 2, 1)), series("shop", "latency", to(0.5, 1.5, 0)), series("stock", "latency", to(0.2, 1.2, 0)), series("db", "latency", calm(0.05)))
	c.Changes = []rootcause.Change{{At: onset.Add(-40 * time.Second), Service: "stock", Kind: "deployment", Text: redact.Literal("release 42")}}
	r := rootcause.Rank(c)
	s := r.Suspects[0]
	require.Equal(t, []string{"stock", "shop", "web"}, s.Path)
	require.WithinDuration(t, onset, s.Onset, time.Minute)
	require.Greater(t, s.Deviation, 10.0)
	require.Regexp(t, `latency went from 0\.[12]\d* to 1\.\d+ at 07:0[789]:00, [\d.]+ times`, s.Why[0].String())
	require.Contains(t, fmt.Sprint(s.Why), "deployment 40 s before the symptom: release 42")
	require.Contains(t, fmt.Sprint(s.Why), "called by")
	for _, s := range r.Suspects {
		if s.Service == "db" {
			require.Contains(t, fmt.Sprint(s.Against), "as usual")
		}
		if s.Service == "shop" {
			require.Contains(t, fmt.Sprint(s.Against), "it calls stock")
		}
	}
}

// TestOutside: nothing inside moved, or requests surge everywhere.
func TestOutside(t *testing.T) {
	t.Parallel()
	quiet := caseOf(chain, series("web", "latency", to(1, 2, 0)))
	surge := caseOf(chain, series("web", "latency", to(1, 2, 0)))
	for _, s := range []string{"shop", "stock", "db"} {
		quiet.Series = append(quiet.Series, series(s, "latency", calm(0.2)), series(s, "errors", fixed(0, 0)), series(s, "cpu", calm(0.3)))
		surge.Series = append(surge.Series, series(s, "latency", calm(0.2)), series(s, "requests", to(100, 300, 0)), series(s, "cpu", to(0.2, 0.5, 0)))
	}
	surge.Series = append(surge.Series, series("web", "requests", to(100, 300, 0)))
	for _, c := range []rootcause.Case{surge} {
		r := rootcause.Rank(c)
		require.Greater(t, r.Outside, r.Suspects[0].Score, "%+v", r.Suspects[:2])
	}
	r := rootcause.Rank(quiet)
	for _, s := range r.Suspects {
		require.True(t, s.Service == "web" || s.Score < 0.1, "%+v", s)
	}
}

// One of very many services that nothing connects with the symptom moves at any
// time.
func TestServicesApartAreOneSuspectTogether(t *testing.T) {
	t.Parallel()
	alone := caseOf(chain, series("web", "latency", to(1, 1.5, 0)), series("shop", "latency", calm(0.3)), series("stock", "latency", to(0.2, 0.5, 0)), series("apart", "latency", to(0.2, 20, 0)))
	crowd := alone
	for i := range 40 {
		crowd.Series = append(slices.Clone(crowd.Series), series(fmt.Sprintf("apart-%d", i), "latency", calm(0.2)))
	}
	require.Equal(t, "apart", rootcause.Rank(alone).Suspects[0].Service)
	require.Equal(t, "stock", rootcause.Rank(crowd).Suspects[0].Service)
}

// TestNoisyNeighbours: services that nobody calls and that are noisy all the
// time do not push the cause out.
func TestNoisyNeighbours(t *testing.T) {
	t.Parallel()
	c := caseOf(chain, series("web", "latency", to(1, 2, 1)), series("shop", "latency", to(0.5, 1.5, 0)), series("stock", "latency", to(0.2, 1.2, 0)), series("db", "latency", calm(0.05)))
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		c.Series = append(c.Series, series(fmt.Sprint("noise", i/4), fmt.Sprint("latency", i), func(int, float64) (float64, bool) { return draw.ExpFloat64(), true }))
	}
	require.Equal(t, "stock", rootcause.Rank(c).Suspects[0].Service)
}

// TestOrderAndNamesDoNotMatter shuffles all parts and renames all services.
func TestOrderAndNamesDoNotMatter(t *testing.T) {
	t.Parallel()
	c := caseOf(chain, series("web", "latency", to(1, 2, 1)), series("web", "errors", fixed(0, 1)), series("shop", "latency", to(0.5, 1.5, 0)), series("stock", "latency", to(0.2, 1.2, 0)),
		series("stock", "cpu", slow), series("stock", "memory", slow), series("db", "latency", calm(0.05)), series("db", "x", slow))
	c.Nodes = []string{"idle"}
	want := rootcause.Rank(c)
	draw := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		d := c
		d.Series, d.Calls = slices.Clone(c.Series), slices.Clone(c.Calls)
		draw.Shuffle(len(d.Series), func(i, j int) { d.Series[i], d.Series[j] = d.Series[j], d.Series[i] })
		draw.Shuffle(len(d.Calls), func(i, j int) { d.Calls[i], d.Calls[j] = d.Calls[j], d.Calls[i] })
		for i := range d.Series {
			d.Series[i].Points = slices.Clone(d.Series[i].Points)
			p := d.Series[i].Points
			draw.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
		}
		got := rootcause.Rank(d)
		require.InDelta(t, want.Outside, got.Outside, 0)
		for i := range want.Suspects {
			a, b := want.Suspects[i], got.Suspects[i]
			a.Series, b.Series = nil, nil // indices of another order
			require.Equal(t, a, b)
		}
	}
	rename := func(s string) string {
		return map[string]string{"web": "z", "shop": "b", "stock": "y", "db": "a", "idle": "m"}[s]
	}
	d := c
	d.Series, d.Calls, d.Nodes = slices.Clone(c.Series), slices.Clone(c.Calls), []string{rename("idle")}
	d.Symptom.Service = rename("web")
	for i := range d.Series {
		d.Series[i].Service = rename(d.Series[i].Service)
	}
	for i := range d.Calls {
		d.Calls[i] = rootcause.Call{Caller: rename(d.Calls[i].Caller), Callee: rename(d.Calls[i].Callee)}
	}
	scores := map[string]float64{}
	for _, s := range rootcause.Rank(d).Suspects {
		scores[s.Service] = s.Score
	}
	for _, s := range want.Suspects {
		require.InDelta(t, s.Score, scores[rename(s.Service)], 1e-5)
	}
}

// TestHostileInput must neither panic nor give what is no probability.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	p := func(values ...float64) (out []rootcause.Point) {
		for i, v := range values {
			out = append(out, rootcause.Point{At: onset.Add(time.Duration(i-len(values)+3) * time.Minute), Value: v})
		}
		return out
	}
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]rootcause.Case{
		"nothing":       {},
		"no points":     caseOf(chain, rootcause.Series{Service: "db", Metric: "latency"}),
		"no names":      caseOf(calls("", "db", "db", "", "db", "db"), rootcause.Series{Points: p(1, 2, 3)}),
		"no numbers":    caseOf(chain, rootcause.Series{Service: "db", Metric: "x", Points: p(nan, inf, -inf, nan, inf, nan, inf)}),
		"huge":          caseOf(chain, rootcause.Series{Service: "db", Metric: "x", Points: p(1e308, -1e308, 1e308, 1e299, -1e299, 1e299, -1e299, 1e299)}),
		"one time":      caseOf(chain, rootcause.Series{Service: "db", Metric: "x", Points: slices.Repeat(p(5), 1000)}),
		"far times":     caseOf(chain, rootcause.Series{Service: "db", Metric: "x", Points: []rootcause.Point{{At: time.Time{}, Value: 1}, {At: onset, Value: 1}, {At: time.Unix(1<<40, 0), Value: 3}}}),
		"two":           caseOf(chain, rootcause.Series{Service: "db", Metric: "x", Points: p(1, 2)}),
		"end before":    {Symptom: rootcause.Symptom{Service: "a", Start: onset, End: onset.Add(-time.Hour)}, Series: []rootcause.Series{series("a", "latency", slow)}},
		"unknown role":  caseOf(chain, rootcause.Series{Service: "db", Metric: "x", Role: incident.MetricRole("?"), Points: p(1, 1, 1, 1, 1, 1, 9, 9)}),
		"negative logs": {Symptom: rootcause.Symptom{Start: onset}, Logs: []rootcause.LogPattern{{Service: "a", Points: p(-5, nan, 1e300, inf)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sound(t, c, rootcause.Rank(c))
		})
	}
}

func BenchmarkRank(b *testing.B) {
	for _, n := range []int{10, 100} {
		b.Run(fmt.Sprint(n, " services"), func(b *testing.B) {
			c := rootcause.Case{Symptom: rootcause.Symptom{Service: "s0", Metric: "latency", Start: onset}}
			for i := range n {
				for _, m := range []string{"latency", "latency_p99", "errors", "requests", "cpu", "memory"} {
					c.Series = append(c.Series, series(fmt.Sprint("s", i), m, slow))
				}
				if i > 0 {
					c.Calls = append(c.Calls, rootcause.Call{Caller: fmt.Sprint("s", (i-1)/2), Callee: fmt.Sprint("s", i)})
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				rootcause.Rank(c)
			}
		})
	}
}

// TestWhatWasOverIsNotTheCause has a callee that broke and was mended minutes
// before its caller, which has failed often, breaks by itself.
func TestWhatWasOverIsNotTheCause(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(3, 4))
	errors := func(service string, bursts ...[2]int) rootcause.Series {
		s := rootcause.Series{Service: service, Metric: "Errors", Role: incident.RoleErrors}
		for at := -1800; at <= 12; at++ {
			v := math.Floor(3 * draw.Float64())
			for _, b := range bursts {
				if at >= b[0] && at < b[1] {
					v += 20
				}
			}
			s.Points = append(s.Points, rootcause.Point{At: onset.Add(time.Duration(at) * time.Second), Value: v})
		}
		return s
	}
	shop := errors("shop", [2]int{-1700, -1650}, [2]int{-1400, -1350}, [2]int{-1100, -1050}, [2]int{-800, -750}, [2]int{0, 13})
	rank := func(bank rootcause.Series) []rootcause.Suspect {
		return rootcause.Rank(rootcause.Case{
			Symptom: rootcause.Symptom{Service: "shop", Metric: "Errors", Start: onset}, Calls: calls("shop", "bank"),
			Series: []rootcause.Series{shop, bank},
		}).Suspects
	}
	over := rank(errors("bank", [2]int{-240, -200}))
	require.Equal(t, "shop", over[0].Service, over)
	require.Greater(t, over[0].Score, 3*over[1].Score)
	require.Equal(t, "bank", rank(errors("bank", [2]int{-240, 13}))[0].Service, "while it lasts it counts")
	require.Equal(t, "bank", rank(errors("bank", [2]int{-8, 13}))[0].Service)
}
