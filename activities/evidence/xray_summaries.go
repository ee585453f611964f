package evidence

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

const (
	// slowAnswer is the time in seconds above which a trace is looked at though it
	// failed nowhere, where nothing is known of what was usual.
	slowAnswer = 1.0
	shownCases = 4 // root causes that are told of
	shownIDs   = 5 // of a root cause: BatchGetTraces takes no more at a time
)

// traceID is the form of an id; what has another one cannot be looked up.
var traceID = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)

// summarySource looks at the traces since the onset that failed or were slow.
type summarySource struct{ a *Activities }

func (summarySource) name() redact.Text { return redact.Literal("trace summaries of X-Ray") }

func (summarySource) needs() []string { return []string{"xray:GetTraceSummaries"} }

// traceCause is what traces have in common: where X-Ray sees their root cause.
type traceCause struct {
	kind      string // "server errors", "refusals" or "slow answers"
	where     string // X-Ray's name of the service
	step      string // of the last entity in it, empty when it is the service itself
	exception string // its class
}

// caseSeen is how often a root cause was seen.
type caseSeen struct {
	traceCause

	n       int
	message string // of the latest
	ids     []string
	seconds []float64
}

// gather implements source.
func (s summarySource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	_, since := traceSpans(q.span)
	filter := traceFilter(q.service(), s.slowFrom(q))
	in := &xray.GetTraceSummariesInput{StartTime: aws.Time(since.from), EndTime: aws.Time(since.to), FilterExpression: aws.String(filter), Sampling: aws.Bool(false)}
	var seen []types.TraceSummary
	var processed int64
	var failure error
	for range maxTracePages {
		page, err := s.a.opts.Traces.GetTraceSummaries(ctx, in)
		if err != nil {
			failure = fmt.Errorf("read trace summaries from %s to %s: %w", rfc(since.from), rfc(since.to), err)
			break
		}
		seen = append(seen, page.TraceSummaries...)
		processed = max(processed, aws.ToInt64(page.TracesProcessedCount))
		in.NextToken = page.NextToken
		if aws.ToString(in.NextToken) == "" || len(seen) >= maxTraces {
			break
		}
	}
	if failure != nil && len(seen) == 0 {
		return out, failure
	}
	if failure == nil && aws.ToString(in.NextToken) != "" {
		out.gap(incident.GapCut, s.name(), redact.Format("there are more than the latest %d that failed or were slow", len(seen)))
	}
	s.pieces(seen, processed, filter, since, q, &out)
	return out, failure
}

// slowFrom is the response time in seconds from which on an answer counts as
// slow: three times what the latency of the anomalies was expected to be, where
// that is known in a unit of time.
func (s summarySource) slowFrom(q *question) float64 {
	slow := slowAnswer
	for _, an := range q.anomalies {
		if an.Service != q.service().Name || an.Metric == nil {
			continue
		}
		if unit, ok := map[string]float64{"Seconds": 1, "Milliseconds": 1e-3, "Microseconds": 1e-6}[an.Metric.Unit]; ok && an.High > 0 {
			slow = min(slow, 3*an.High*unit)
		}
	}
	return math.Round(slow*1e4) / 1e4
}

// traceFilter is a filter expression for the traces through a service that failed
// there or took long. Names of services and segments hold neither quotes nor
// backslashes; see the rules for service files.
func traceFilter(s incident.Service, slow float64) string {
	names := s.XRay
	if len(names) == 0 {
		names = []string{s.Name}
	}
	var terms []string
	for _, n := range names {
		if strings.ContainsAny(n, "\"\\\n") {
			continue
		}
		terms = append(terms, fmt.Sprintf(`service("%s") { fault = true OR error = true OR responsetime > %s }`, n, strconv.FormatFloat(slow, 'f', -1, 64)))
	}
	return strings.Join(terms, " OR ")
}

// pieces groups the traces by their root cause.
func (s summarySource) pieces(seen []types.TraceSummary, processed int64, filter string, since timeRange, q *question, out *answer) {
	query := command(q.region, "xray", "get-trace-summaries", "--start-time", rfc(since.from), "--end-time", rfc(since.to), "--filter-expression", filter)
	own := redact.Name(q.service().Name)
	if len(seen) == 0 {
		out.add(incident.Evidence{
			Kind: incident.EvidenceTrace, Service: q.service().Name, From: since.from, To: since.to, Query: query,
			Title:  redact.Format("no trace through %s failed or was slow", own),
			Detail: redact.Format("Of %d traces since the onset. %s", processed, redact.Literal(sampled)),
			Facts:  map[string]float64{incident.FactCountAfter: 0},
		}, weightCalm-1)
		return
	}
	cases := map[traceCause]*caseSeen{}
	for _, t := range seen {
		cause, message := causeOf(t)
		c := cases[cause]
		if c == nil {
			c = &caseSeen{traceCause: cause, message: message}
			cases[cause] = c
		}
		c.n++
		if id := aws.ToString(t.Id); len(c.ids) < shownIDs && traceID.MatchString(id) {
			c.ids = append(c.ids, id)
		}
		c.seconds = append(c.seconds, aws.ToFloat64(t.ResponseTime))
	}
	sorted := slices.SortedFunc(maps.Values(cases), func(a, b *caseSeen) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.kind, b.kind), cmp.Compare(a.where, b.where), cmp.Compare(a.step, b.step), cmp.Compare(a.exception, b.exception))
	})
	if more := len(sorted) - shownCases; more > 0 {
		out.gap(incident.GapCut, s.name(), redact.Format("they have %d root causes, of which %d are shown", len(sorted), shownCases))
		sorted = sorted[:shownCases]
	}
	names := traceNames(q.services)
	for _, c := range sorted {
		where := place{name: c.where}
		if service, ok := names[c.where]; ok {
			where = place{service, true}
		}
		e := incident.Evidence{
			Kind: incident.EvidenceTrace, Service: where.name, From: since.from, To: since.to, Query: query,
			Title: redact.Format("%d of %d traces with trouble through %s: %s that began in %s", c.n, len(seen), own, redact.Name(c.kind), where.text()),
			Facts: map[string]float64{
				incident.FactCountAfter: float64(c.n), incident.FactShareAfter: float64(c.n) / float64(len(seen)), incident.FactAfter: median(c.seconds),
			},
		}
		if !where.ours {
			e.Service = q.service().Name
		}
		e.Detail = redact.Format("X-Ray sees the root cause in %s%s%s; median response time %s. %d traces were looked through. %s", where.text(), s.step(c), s.exception(c),
			millis(median(c.seconds)), processed, redact.Literal(sampled))
		if len(c.ids) > 0 {
			e.Detail = redact.Format("%s To open some: %s", e.Detail, redact.Name(command(q.region, append([]string{"xray", "batch-get-traces", "--trace-ids"}, c.ids...)...)))
		}
		weight := weightSignal + min(200, 10*math.Sqrt(float64(c.n)))
		out.add(e, weight)
	}
}

func (s summarySource) step(c *caseSeen) redact.Text {
	if c.step == "" {
		return redact.Text{}
	}
	return redact.Format(", when it calls %s", redact.Name(c.step).Cut(80))
}

// exception says what was thrown. Class and message are of whoever wrote the
// code, and the message can hold anything.
func (s summarySource) exception(c *caseSeen) redact.Text {
	switch {
	case c.exception == "" && c.message == "":
		return redact.Text{}
	case c.message == "":
		return redact.Format(": %s", s.a.clean(c.exception).Cut(80))
	default:
		return redact.Format(": %s %s", s.a.clean(c.exception).Cut(80), s.a.clean(c.message).FirstLine().Cut(160))
	}
}

// causeOf is the end of the way that X-Ray goes from the symptom down, with the
// last exception on it: of faults before errors before slowness.
func causeOf(t types.TraceSummary) (traceCause, string) {
	c := traceCause{where: aws.ToString(orZero(t.EntryPoint).Name)}
	message := ""
	raised := func(all []types.RootCauseException) {
		if len(all) > 0 {
			c.exception, message = aws.ToString(all[0].Name), aws.ToString(all[0].Message)
		}
	}
	switch {
	case aws.ToBool(t.HasFault) || len(t.FaultRootCauses) > 0:
		c.kind = "server errors"
		for _, s := range servicesOf(t.FaultRootCauses, func(r types.FaultRootCause) []types.FaultRootCauseService { return r.Services }) {
			c.where, c.step = aws.ToString(s.Name), ""
			for _, e := range s.EntityPath {
				c.step = stepOf(e.Name, e.Remote, s.Name)
				raised(e.Exceptions)
			}
		}
	case aws.ToBool(t.HasError) || len(t.ErrorRootCauses) > 0:
		c.kind = "refusals"
		for _, s := range servicesOf(t.ErrorRootCauses, func(r types.ErrorRootCause) []types.ErrorRootCauseService { return r.Services }) {
			c.where, c.step = aws.ToString(s.Name), ""
			for _, e := range s.EntityPath {
				c.step = stepOf(e.Name, e.Remote, s.Name)
				raised(e.Exceptions)
			}
		}
	default:
		c.kind = "slow answers"
		for _, s := range servicesOf(t.ResponseTimeRootCauses, func(r types.ResponseTimeRootCause) []types.ResponseTimeRootCauseService { return r.Services }) {
			c.where, c.step = aws.ToString(s.Name), ""
			for _, e := range s.EntityPath {
				c.step = stepOf(e.Name, e.Remote, s.Name)
			}
		}
	}
	return c, message
}

func stepOf(name *string, remote *bool, service *string) string {
	if !aws.ToBool(remote) || aws.ToString(name) == aws.ToString(service) {
		return ""
	}
	return aws.ToString(name)
}

// servicesOf are the services on the way of the first root cause.
func servicesOf[C, S any](causes []C, services func(C) []S) []S {
	if len(causes) == 0 {
		return nil
	}
	return services(causes[0])
}
