package xray

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// Types of nodes that have no segments of their own.
const (
	clientType = "client" // whoever calls a root service
	remoteType = "remote" // what is called and sends no segments
)

// node is a place in the graph: a service's name and type.
type node struct{ name, kind string }

// tally sums up segments or calls.
type tally struct {
	ok, errors, throttled, faults, total int64
	seconds                              float64
	histogram                            map[float64]int32 // by response time in seconds
	first, last                          time.Time
}

func (t *tally) add(s segment) {
	t.total++
	switch {
	case s.Fault:
		t.faults++
	case s.Error:
		t.errors++
		if s.Throttle {
			t.throttled++
		}
	default:
		t.ok++
	}
	t.seconds += s.seconds()
	if t.histogram == nil {
		t.histogram = map[float64]int32{}
	}
	t.histogram[twoDigits(s.seconds())]++
	if began := at(s.StartTime); t.first.IsZero() || began.Before(t.first) {
		t.first = began
	}
	if s.end().After(t.last) {
		t.last = s.end()
	}
}

// twoDigits is how finely response times are told apart in a histogram.
func twoDigits(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Round(v/unit) * unit
}

func (t *tally) entries() []types.HistogramEntry {
	var out []types.HistogramEntry
	for _, v := range slices.Sorted(maps.Keys(t.histogram)) {
		out = append(out, types.HistogramEntry{Value: v, Count: t.histogram[v]})
	}
	return out
}

func (t *tally) errorStatistics() *types.ErrorStatistics {
	return &types.ErrorStatistics{ThrottleCount: aws.Int64(t.throttled), OtherCount: aws.Int64(t.errors - t.throttled), TotalCount: aws.Int64(t.errors)}
}

func (t *tally) faultStatistics() *types.FaultStatistics {
	return &types.FaultStatistics{OtherCount: aws.Int64(t.faults), TotalCount: aws.Int64(t.faults)}
}

// graph is what the traces of a time range add up to.
type graph struct {
	nodes map[node]*tally
	edges map[[2]node]*tally
	roots map[node]bool
}

func (s *Service) graphOf(from, to time.Time) *graph {
	g := &graph{nodes: map[node]*tally{}, edges: map[[2]node]*tally{}, roots: map[node]bool{}}
	for _, t := range s.within(from, to) {
		for _, seg := range t.segments {
			if seg.endedIn(from, to) {
				g.add(t, seg)
			}
		}
	}
	return g
}

func (g *graph) add(t *trace, seg segment) {
	own := node{seg.Name, seg.Origin}
	g.at(own).add(seg)
	if seg.ParentID == "" {
		g.roots[own] = true
		client := node{seg.Name, clientType}
		g.at(client)
		g.edge(client, own).add(seg)
	}
	for _, call := range seg.calls() {
		callee := node{call.Name, remoteType}
		if answered, ok := t.under(call); ok {
			callee = node{answered.Name, answered.Origin}
		} else {
			g.at(callee).add(call)
		}
		g.at(callee)
		g.edge(own, callee).add(call)
	}
}

func (g *graph) at(n node) *tally {
	if g.nodes[n] == nil {
		g.nodes[n] = &tally{}
	}
	return g.nodes[n]
}

func (g *graph) edge(from, to node) *tally {
	key := [2]node{from, to}
	if g.edges[key] == nil {
		g.edges[key] = &tally{}
	}
	return g.edges[key]
}

func (s *Service) getServiceGraph(_ context.Context, in *sdk.GetServiceGraphInput) (*sdk.GetServiceGraphOutput, error) {
	from, to, err := during(in.StartTime, in.EndTime)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	services, next, err := page(s.graphOf(from, to).services(s.opts.Account), in.NextToken, graphPage)
	if err != nil {
		return nil, err
	}
	return &sdk.GetServiceGraphOutput{StartTime: &from, EndTime: &to, Services: services, NextToken: next}, nil
}

func (g *graph) services(account string) []types.Service {
	nodes := slices.SortedFunc(maps.Keys(g.nodes), func(a, b node) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.kind, b.kind))
	})
	ids := map[node]int32{}
	for i, n := range nodes {
		ids[n] = int32(i)
	}
	out := []types.Service{}
	for _, n := range nodes {
		t := g.nodes[n]
		found := types.Service{
			ReferenceId: aws.Int32(ids[n]), Name: aws.String(n.name), Names: []string{n.name}, AccountId: aws.String(account),
			State: aws.String("active"), Edges: []types.Edge{},
			SummaryStatistics: &types.ServiceStatistics{
				OkCount: aws.Int64(t.ok), ErrorStatistics: t.errorStatistics(), FaultStatistics: t.faultStatistics(),
				TotalCount: aws.Int64(t.total), TotalResponseTime: aws.Float64(t.seconds),
			},
			DurationHistogram: t.entries(), ResponseTimeHistogram: t.entries(),
		}
		if n.kind != "" {
			found.Type = aws.String(n.kind)
		}
		if g.roots[n] {
			found.Root = aws.Bool(true)
		}
		if n.kind == clientType { // it has no statistics of its own
			found.SummaryStatistics, found.Names = nil, nil
		}
		if !t.first.IsZero() {
			found.StartTime, found.EndTime = aws.Time(t.first), aws.Time(t.last)
		}
		for _, m := range nodes {
			e, ok := g.edges[[2]node{n, m}]
			if !ok {
				continue
			}
			found.Edges = append(found.Edges, types.Edge{
				ReferenceId: aws.Int32(ids[m]), StartTime: aws.Time(e.first), EndTime: aws.Time(e.last), Aliases: []types.Alias{},
				SummaryStatistics: &types.EdgeStatistics{
					OkCount: aws.Int64(e.ok), ErrorStatistics: e.errorStatistics(), FaultStatistics: e.faultStatistics(),
					TotalCount: aws.Int64(e.total), TotalResponseTime: aws.Float64(e.seconds),
				},
				ResponseTimeHistogram: e.entries(),
			})
		}
		out = append(out, found)
	}
	return out
}
