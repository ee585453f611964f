package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Traces is the part of X-Ray that is read.
type Traces interface {
	GetServiceGraph(ctx context.Context, in *xray.GetServiceGraphInput, opts ...func(*xray.Options)) (*xray.GetServiceGraphOutput, error)
	GetTraceSummaries(ctx context.Context, in *xray.GetTraceSummariesInput, opts ...func(*xray.Options)) (*xray.GetTraceSummariesOutput, error)
}

// Limits of reading X-Ray.
const (
	traceRange    = 6 * time.Hour // X-Ray answers for no longer range at a time
	maxGraphPages = 20            // of one graph
	maxTracePages = 10            // of summaries
	maxTraces     = 1000          // summaries that are looked at

	// Requests that ended shortly before the onset may belong to either side: a
	// detector needs some moments to be sure. They are left out of the graph of
	// before, and the latest of them are taken for the trouble.
	unsure  = 10 * time.Second
	already = 2 * time.Second
)

// sampled is the caveat that goes with every count of X-Ray.
const sampled = "Counts are of the requests that X-Ray sampled."

// xraySources asks X-Ray where it is switched on.
func (a *Activities) xraySources(*question) []source {
	if a.opts.Traces == nil {
		return nil
	}
	return []source{graphSource{a}, summarySource{a}}
}

// graphSource compares the service graph before and since the onset.
type graphSource struct{ a *Activities }

func (graphSource) name() redact.Text { return redact.Literal("service graph of X-Ray") }

func (graphSource) needs() []string { return []string{"xray:GetServiceGraph"} }

// traceSpans are the two stretches of time that are compared.
func traceSpans(s span) (before, since timeRange) {
	before = timeRange{s.from, s.onset.Add(-unsure)}
	since = timeRange{s.onset.Add(-already), s.until}
	// Of a trouble that goes on for hours, its beginning tells how it came.
	since.to = minTime(since.to, since.from.Add(traceRange))
	before.from = maxTime(before.from, before.to.Add(-traceRange))
	return before, since
}

type timeRange struct{ from, to time.Time }

func (r timeRange) seconds() float64 { return r.to.Sub(r.from).Seconds() }

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// gather implements source. The graph since the onset is read first: it is the
// one that tells something by itself.
func (g graphSource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	names := traceNames(q.services)
	before, since := traceSpans(q.span)
	now, cut, err := g.read(ctx, since, names)
	if err != nil {
		return out, err
	}
	was, cutBefore, err := g.read(ctx, before, names)
	if err != nil {
		was = &callGraph{}
	}
	if cut || cutBefore {
		out.gap(incident.GapCut, g.name(), redact.Format("it has more than %d pages, so that nothing is told of what changed", maxGraphPages))
	}
	whole := err == nil && !cut && !cutBefore
	if len(now.nodes)+len(was.nodes) == 0 {
		if whole {
			out.gap(incident.GapNone, g.name(), redact.Literal("no service has sent a trace around the onset"))
		}
		return out, err
	}
	g.compare(was, now, whole, q, &out)
	return out, err
}

// read fetches a graph with all its pages, or tells that it has more than that.
func (g graphSource) read(ctx context.Context, r timeRange, names map[string]string) (*callGraph, bool, error) {
	if !r.from.Before(r.to) {
		return &callGraph{}, false, nil
	}
	in := &xray.GetServiceGraphInput{StartTime: aws.Time(r.from), EndTime: aws.Time(r.to)}
	var all []types.Service
	for range maxGraphPages {
		page, err := g.a.opts.Traces.GetServiceGraph(ctx, in)
		if err != nil {
			return nil, false, fmt.Errorf("read the service graph from %s to %s: %w", rfc(r.from), rfc(r.to), err)
		}
		all = append(all, page.Services...)
		if aws.ToString(page.NextToken) == "" {
			return newCallGraph(all, names), false, nil
		}
		in.NextToken = page.NextToken
	}
	return newCallGraph(all, names), true, nil
}

// traceNames are the services by the names under which they send segments.
func traceNames(services []incident.Service) map[string]string {
	names := map[string]string{}
	for _, s := range services {
		if len(s.XRay) == 0 {
			if _, taken := names[s.Name]; !taken {
				names[s.Name] = s.Name
			}
		}
		for _, n := range s.XRay {
			names[n] = s.Name
		}
	}
	return names
}
