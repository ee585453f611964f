package evidence

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// Thresholds for what counts as changed between two graphs.
const (
	leastRequests = 5    // traced, below which a rate or a time says nothing
	leastFailed   = 3    // requests that failed
	shareGrown    = 0.05 // of the requests, that fail besides those of before
	shareSure     = 3    // standard deviations that it has to be apart
	slowerBy      = 1.5  // times the median of before
	slowestBy     = 2    // times the 99th percentile of before
	leastSlower   = 0.01 // seconds, so that 2 ms after 1 ms is nothing

	maxTracePieces = 5
)

// contrast is what became of an edge or a node.
type contrast struct {
	was, now traceCounts
	what     redact.Text // empty: nothing that counts
	strength float64     // to order those that changed
}

// contrastOf compares counts of two stretches of time.
func contrastOf(was, now traceCounts, before, since timeRange) contrast {
	c := contrast{was: was, now: now}
	expected := 0.0
	if before.seconds() > 0 {
		expected = float64(was.total) * since.seconds() / before.seconds()
	}
	find := func(strength float64, what redact.Text) {
		switch {
		case c.what.IsEmpty():
			c.what, c.strength = what, strength
		case strength > c.strength:
			c.what, c.strength = redact.Format("%s and %s", what, c.what), strength
		default:
			c.what = redact.Format("%s and %s", c.what, what)
		}
	}
	switch {
	case was.total == 0 && now.total >= leastRequests && now.bad() >= leastFailed:
		find(shareSure, redact.Literal("fail, and there were none before"))
	case now.total == 0 && expected >= leastRequests:
		find(shareSure, redact.Literal("came to an end"))
	}
	for _, kind := range []struct {
		was, now int64
		what     redact.Text
	}{
		{was.faults, now.faults, redact.Literal("fail with server errors")},
		{was.errors - was.throttled, now.errors - now.throttled, redact.Literal("are refused")},
		{was.throttled, now.throttled, redact.Literal("are throttled")},
	} {
		z := shareApart(kind.was, was.total, kind.now, now.total)
		if kind.now >= leastFailed && now.share(kind.now) > was.share(kind.was)+shareGrown && z >= shareSure {
			find(z, kind.what)
		}
	}
	if was.timed() >= leastRequests && now.timed() >= leastRequests {
		for _, q := range []struct {
			p, by float64
			what  redact.Text
		}{{0.5, slowerBy, redact.Literal("are slower")}, {0.99, slowestBy, redact.Literal("are slower at times")}} {
			old, new := was.quantile(q.p), now.quantile(q.p)
			if new >= q.by*old && new-old >= leastSlower {
				find(shareSure*new/max(q.by*old, 1e-6), q.what)
				break // of those that are slower all are, of those at times some
			}
		}
	}
	return c
}

// shareApart is by how many standard deviations two shares differ, one count
// added to each side so that a small sample is not sure of itself.
func shareApart(badBefore, before, badSince, since int64) float64 {
	if before == 0 || since == 0 {
		return 0
	}
	n1, n2 := float64(before), float64(since)
	p := float64(badBefore+badSince+1) / (n1 + n2 + 2)
	return (float64(badSince)/n2 - float64(badBefore)/n1) / math.Sqrt(p*(1-p)*(1/n1+1/n2))
}

// edgeRow is a line of the whole graph, which is kept beside the pieces.
type edgeRow struct {
	Caller redact.Text `json:"caller"`
	Callee redact.Text `json:"callee,omitzero"` // empty: the row is of the caller itself
	Became redact.Text `json:"became,omitzero"`
	Before countRow    `json:"before"`
	Since  countRow    `json:"since"`
}

type countRow struct {
	Total     int64   `json:"total"`
	Faults    int64   `json:"faults"`
	Errors    int64   `json:"errors"`
	Throttled int64   `json:"throttled"`
	Median    float64 `json:"median_seconds"`
	P99       float64 `json:"p99_seconds"`
}

func rowOf(c traceCounts) countRow {
	zero := func(v float64) float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
		return v
	}
	return countRow{c.total, c.faults, c.errors, c.throttled, zero(c.quantile(0.5)), zero(c.quantile(0.99))}
}

// compare makes pieces of what changed between two graphs, and calls of the rest.
// Where one of them is not whole nothing is said to have changed: what is missing
// in it would look like it came to an end, or like there was none before.
func (g graphSource) compare(was, now *callGraph, whole bool, q *question, out *answer) {
	before, since := traceSpans(q.span)
	contrasted := func(was, now traceCounts) contrast {
		if !whole {
			return contrast{was: was, now: now}
		}
		return contrastOf(was, now, before, since)
	}
	type finding struct {
		contrast
		hop
		node bool
	}
	var found []finding
	var rows []edgeRow
	hops := near(was, now)
	for _, h := range hops {
		c := contrasted(countsOf(was.edges, h), countsOf(now.edges, h))
		found = append(found, finding{c, h, false})
		rows = append(rows, edgeRow{h.caller.text(), h.callee.text(), c.what, rowOf(c.was), rowOf(c.now)})
		// The ranking is about services of ours: what else is called has no file that
		// says what it is, and its name is from whoever may send segments.
		if h.caller.ours && h.callee.ours {
			out.calls = append(out.calls, rootcause.Call{Caller: h.caller.name, Callee: h.callee.name})
		}
	}
	for _, p := range ownNodes(was, now) {
		c := contrasted(countsOf(was.nodes, p), countsOf(now.nodes, p))
		found = append(found, finding{c, hop{p, p}, true})
		rows = append(rows, edgeRow{p.text(), redact.Text{}, c.what, rowOf(c.was), rowOf(c.now)})
	}
	changed := slices.DeleteFunc(slices.Clone(found), func(f finding) bool { return f.what.IsEmpty() })
	slices.SortStableFunc(changed, func(a, b finding) int { return cmp.Compare(b.strength, a.strength) })
	things := len(changed)
	if things > maxTracePieces {
		out.gap(incident.GapCut, g.name(), redact.Format("%d edges and services changed, of which %d are shown", things, maxTracePieces))
		changed = changed[:maxTracePieces]
	}
	for _, f := range changed {
		e := g.piece(f.contrast, q, before, since, slices.Concat(was.raw[f.caller], was.raw[f.callee], now.raw[f.caller], now.raw[f.callee]))
		if f.node {
			e.Service = f.caller.name
			e.Title = redact.Format("requests to %s %s", f.caller.text(), f.what)
			if !slices.ContainsFunc(found, func(x finding) bool { return !x.node && !x.what.IsEmpty() && x.caller == f.caller }) {
				e.Detail = redact.Format("%s None of the calls that it makes itself has changed.", e.Detail)
			}
		} else {
			e.Service = f.callee.name
			if !f.callee.ours {
				e.Service = f.caller.name
			}
			e.Title = redact.Format("calls of %s to %s %s", f.caller.text(), f.callee.text(), f.what)
		}
		out.add(e, weightSignal+min(200, 10*f.strength))
	}
	compared := redact.Literal("not compared")
	if whole {
		compared = redact.Format("%s changed", incident.Count(things, "thing", "things"))
	}
	out.addWhole(incident.Evidence{
		Kind: incident.EvidenceTrace, Service: q.service().Name, From: before.from, To: since.to,
		Title:  redact.Format("service graph of X-Ray around %s: %s, %s", redact.Name(q.service().Name), incident.Count(len(hops), "edge", "edges"), compared),
		Detail: redact.Format("%s %s", edgesInWords(hops), redact.Literal(sampled)),
		Query:  g.query(before, since, nil, q.region),
	}, weightCalm, rows)
}

func countsOf[K comparable](m map[K]*traceCounts, k K) traceCounts {
	if c := m[k]; c != nil {
		return *c
	}
	return traceCounts{}
}

// ownNodes are our services in the graphs, by name.
func ownNodes(graphs ...*callGraph) []place {
	var out []place
	for _, g := range graphs {
		for p := range g.nodes {
			if p.ours && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(a, b place) int { return cmp.Compare(a.name, b.name) })
	return out
}

// piece is the evidence of one contrast, without its title.
func (g graphSource) piece(c contrast, q *question, before, since timeRange, names []string) incident.Evidence {
	return incident.Evidence{
		Kind: incident.EvidenceTrace, From: before.from, To: since.to,
		Detail: redact.Format("Before the onset %s. Since then %s. %s", c.was.words(before), c.now.words(since), redact.Literal(sampled)),
		Query:  g.query(before, since, names, q.region),
		Facts: map[string]float64{
			incident.FactBefore: c.was.quantile(0.5), incident.FactAfter: c.now.quantile(0.5),
			incident.FactSlowBefore: c.was.quantile(0.99), incident.FactSlowAfter: c.now.quantile(0.99),
			incident.FactCountBefore: float64(c.was.total), incident.FactCountAfter: float64(c.now.total),
			incident.FactShareBefore: c.was.share(c.was.failed()), incident.FactShareAfter: c.now.share(c.now.failed()),
		},
	}
}

// words are the counts in a sentence.
func (c traceCounts) words(r timeRange) redact.Text {
	if c.total == 0 {
		return redact.Format("no request in %.0f s", r.seconds())
	}
	out := redact.Format("%d requests in %.0f s, %d server errors (%.0f%%), %d refused, %d throttled", c.total, r.seconds(), c.faults, 100*c.share(c.faults), c.errors-c.throttled, c.throttled)
	if c.timed() > 0 {
		out = redact.Format("%s, median %s, 99th percentile %s", out, millis(c.quantile(0.5)), millis(c.quantile(0.99)))
	}
	return out
}

// millis is a response time for people.
func millis(seconds float64) redact.Text {
	if math.IsNaN(seconds) {
		return redact.Literal("unknown")
	}
	return redact.Name(time.Duration(seconds * float64(time.Second)).Round(100 * time.Microsecond).String())
}

func edgesInWords(hops []hop) redact.Text {
	const most = 12
	var out []redact.Text
	for _, h := range hops[:min(len(hops), most)] {
		out = append(out, redact.Format("%s calls %s", h.caller.text(), h.callee.text()))
	}
	if len(hops) == 0 {
		return redact.Literal("No call between services was traced.")
	}
	if more := len(hops) - most; more > 0 {
		out = append(out, redact.Format("%d more", more))
	}
	return redact.Format("%s.", redact.Join(out, ", "))
}

// query shows both graphs again, those of the named nodes alone where names are
// given.
func (g graphSource) query(before, since timeRange, names []string, region string) string {
	slices.Sort(names)
	var terms []string
	for _, n := range slices.Compact(names) {
		// Whoever may write to X-Ray names the nodes. A name that redaction changes is
		// left out: it may hold a secret, or a mark that leaves its quotes.
		if n != "" && redact.Name(n).String() == n && g.a.clean(n).String() == n {
			terms = append(terms, "Name=='"+n+"'")
		}
	}
	one := func(r timeRange) string {
		args := []string{"xray", "get-service-graph", "--start-time", rfc(r.from), "--end-time", rfc(r.to)}
		if len(terms) > 0 {
			args = append(args, "--query", "Services[?"+strings.Join(terms, " || ")+"]")
		}
		return command(region, args...)
	}
	return one(before) + "; " + one(since)
}
