package evidence

import (
	"cmp"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"firebreak/internal/redact"
)

// traceClient is X-Ray's type of the nodes that stand for whoever calls from
// outside.
const traceClient = "client"

// traceCounts sums up what X-Ray says of a node or an edge.
type traceCounts struct {
	total, errors, throttled, faults int64
	seconds                          float64 // of all together
	times                            []types.HistogramEntry
}

// bad counts the requests that failed, by whoever's fault.
func (c traceCounts) bad() int64 { return c.errors + c.faults }

// failed counts the requests that failed by the fault of who answers: what is
// refused is the caller's.
func (c traceCounts) failed() int64 { return c.faults + c.throttled }

func (c traceCounts) share(n int64) float64 {
	if c.total == 0 {
		return 0
	}
	return float64(n) / float64(c.total)
}

func (c *traceCounts) add(total, errors, throttled, faults *int64, seconds *float64, times []types.HistogramEntry) {
	c.total += max(0, aws.ToInt64(total))
	c.errors += max(0, aws.ToInt64(errors))
	c.throttled += max(0, aws.ToInt64(throttled))
	c.faults += max(0, aws.ToInt64(faults))
	c.seconds += aws.ToFloat64(seconds)
	c.times = append(c.times, times...)
}

// quantile is the response time in seconds below which a share of the requests
// was answered; NaN without a histogram.
func (c traceCounts) quantile(p float64) float64 {
	sorted := slices.SortedFunc(slices.Values(c.times), func(a, b types.HistogramEntry) int { return cmp.Compare(a.Value, b.Value) })
	all := 0.0
	for _, e := range sorted {
		all += float64(max(0, e.Count))
	}
	seen := 0.0
	for _, e := range sorted {
		if seen += float64(max(0, e.Count)); all > 0 && seen >= p*all {
			return e.Value
		}
	}
	return math.NaN()
}

// timed is how many requests the histogram counts.
func (c traceCounts) timed() (n int64) {
	for _, e := range c.times {
		n += int64(max(0, e.Count))
	}
	return n
}

// place is a node of the graph: a service of ours, or something else by X-Ray's
// name of it.
type place struct {
	name string
	ours bool
}

func (p place) text() redact.Text {
	if p.ours {
		return redact.Name(p.name)
	}
	return redact.Format("%s (in no service file)", redact.Name(p.name).Cut(80))
}

// hop is a call from one place to another.
type hop struct{ caller, callee place }

// callGraph is X-Ray's service graph with its nodes joined by what they are to us.
type callGraph struct {
	nodes map[place]*traceCounts
	edges map[hop]*traceCounts
	raw   map[place][]string // X-Ray's names
}

// newCallGraph joins X-Ray's nodes: one service can have several, of different
// types or names. A node of a type of its own without segments counts for what it
// is called.
func newCallGraph(services []types.Service, names map[string]string) *callGraph {
	g := &callGraph{nodes: map[place]*traceCounts{}, edges: map[hop]*traceCounts{}, raw: map[place][]string{}}
	byID := map[int32]place{}
	for _, s := range services {
		if aws.ToString(s.Type) == traceClient {
			continue
		}
		p := placeOf(s, names)
		byID[aws.ToInt32(s.ReferenceId)] = p
		if n := aws.ToString(s.Name); !slices.Contains(g.raw[p], n) {
			g.raw[p] = append(g.raw[p], n)
		}
		c := g.nodes[p]
		if c == nil {
			c = &traceCounts{}
			g.nodes[p] = c
		}
		if st := s.SummaryStatistics; st != nil {
			e, f := orZero(st.ErrorStatistics), orZero(st.FaultStatistics)
			c.add(st.TotalCount, e.TotalCount, e.ThrottleCount, f.TotalCount, st.TotalResponseTime, s.ResponseTimeHistogram)
		}
	}
	for _, s := range services {
		caller, ok := byID[aws.ToInt32(s.ReferenceId)]
		if !ok || aws.ToString(s.Type) == traceClient {
			continue // from outside: the node itself tells how it answers
		}
		for _, e := range s.Edges {
			callee, ok := byID[aws.ToInt32(e.ReferenceId)]
			if !ok || callee == caller {
				continue
			}
			h := hop{caller, callee}
			if g.edges[h] == nil {
				g.edges[h] = &traceCounts{}
			}
			if st := e.SummaryStatistics; st != nil {
				es, fs := orZero(st.ErrorStatistics), orZero(st.FaultStatistics)
				g.edges[h].add(st.TotalCount, es.TotalCount, es.ThrottleCount, fs.TotalCount, st.TotalResponseTime, e.ResponseTimeHistogram)
			}
		}
	}
	return g
}

func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// placeOf matches a node to a service by any of its names.
func placeOf(s types.Service, names map[string]string) place {
	for _, n := range append([]string{aws.ToString(s.Name)}, s.Names...) {
		if service, ok := names[n]; ok {
			return place{service, true}
		}
	}
	return place{name: aws.ToString(s.Name)}
}

// near are the edges that one of our services has a part in, in order of names.
func near(graphs ...*callGraph) []hop {
	seen := map[hop]bool{}
	var out []hop
	for _, g := range graphs {
		for h := range g.edges {
			if (h.caller.ours || h.callee.ours) && !seen[h] {
				seen[h] = true
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b hop) int {
		return cmp.Or(cmp.Compare(a.caller.name, b.caller.name), cmp.Compare(a.callee.name, b.callee.name))
	})
	return out
}
