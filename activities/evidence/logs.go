package evidence

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry/logline"
)

// Limits of reading logs.
const (
	pageLines  = 10_000 // events of one page, CloudWatch Logs' own limit
	maxPages   = 4      // pages of one window
	maxLines   = 20_000 // events of one window
	maxPattern = 6      // pieces of one log group

	// errorTerms find lines that may be errors, when there are too many to read all.
	errorTerms = "?ERROR ?Error ?error ?FATAL ?Fatal ?fatal ?CRITICAL ?panic ?Exception"
)

// guard is how long before the onset lines count as since the onset.
const guard = 10 * time.Second

// pattern is what is known of the lines of one mask in both windows.
type pattern struct {
	text          string
	isError       bool
	before, after int
	samples       []string // raw, from after where there are any
}

// window is what was read of a log group between two times.
type window struct {
	lines   int           // lines read
	errors  int           // of them at level error or worse
	covered time.Duration // how much of the time the lines cover
	first   int64         // timestamp of the first line, in milliseconds; 0 without lines
}

// logSource compares the patterns of a log group before and since the onset.
type logSource struct {
	a              *Activities
	service, group string
}

// logSources are those of every service's log groups.
func (a *Activities) logSources(q *question) []source {
	var out []source
	for _, service := range q.services {
		for _, group := range service.LogGroups {
			out = append(out, logSource{a, service.Name, group})
		}
	}
	return out
}

func (l logSource) name() redact.Text {
	return redact.Format("logs of %s in %s", redact.Name(l.service), redact.Name(l.group))
}

func (logSource) needs() []string { return []string{"logs:FilterLogEvents"} }

// gather reads both windows.
func (l logSource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	a, s, group := l.a, q.span, l.group
	// Detectors need some windows to be sure: the first lines of the trouble came
	// before the onset, and must not make its patterns look as if they were old.
	s.onset = s.onset.Add(-guard)
	patterns := map[string]*pattern{}

	after, more, err := a.lines(ctx, group, "", s.onset, s.until, patterns, true)
	if err == nil && more {
		// Too many lines to read them all: those that may be errors are looked for
		// by themselves, counted from the beginning.
		share := after
		for _, p := range patterns {
			p.after = 0
		}
		var some window
		some, _, err = a.lines(ctx, group, errorTerms, s.onset, s.until, patterns, true)
		after = window{lines: share.lines, errors: share.errors, covered: some.covered}
		out.gap(incident.GapCut, l.name(), redact.Format("more than %d lines since the onset; the share of errors is of the first %.0f s", share.lines, share.covered.Seconds()))
	}
	var before window
	if err == nil {
		filter := ""
		if more {
			filter = errorTerms
		}
		before, _, err = a.lines(ctx, group, filter, s.from, s.onset, patterns, false)
		// A group that began to log within the window is compared with the time
		// since it did; what began a minute ago has no ten minutes of the past.
		if before.first > 0 {
			before.covered = min(before.covered, max(time.Second, s.onset.Sub(time.UnixMilli(before.first))))
		}
	}
	if err != nil {
		return out, err
	}
	if before.lines+after.lines == 0 {
		out.gap(incident.GapNone, l.name(), redact.Literal("no lines around the onset"))
		return out, nil
	}
	a.logPieces(l.service, group, patterns, before, after, s, q.region, &out)
	return out, nil
}

// lines reads one window and counts its patterns; more tells that it was cut off.
func (a *Activities) lines(ctx context.Context, group, filter string, from, to time.Time, patterns map[string]*pattern, since bool) (window, bool, error) {
	w := window{covered: to.Sub(from)}
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, Limit: aws.Int32(pageLines),
		StartTime: aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli() - 1), // the end is inclusive
	}
	if filter != "" {
		in.FilterPattern = &filter
	}
	if *in.EndTime < *in.StartTime {
		return w, false, nil
	}
	var last int64
	for range maxPages {
		page, err := a.opts.Logs.FilterLogEvents(ctx, in)
		if err != nil {
			return w, false, fmt.Errorf("read log group %s: %w", group, err)
		}
		for _, ev := range page.Events {
			at := aws.ToInt64(ev.Timestamp)
			last = max(last, at)
			if w.first == 0 || at < w.first {
				w.first = at
			}
			w.count(aws.ToString(ev.Message), patterns, since)
		}
		// An empty page with a token is not the end: it only was a part without hits.
		if aws.ToString(page.NextToken) == "" {
			return w, false, nil
		}
		in.NextToken = page.NextToken
		if w.lines >= maxLines {
			break
		}
	}
	if last > 0 {
		w.covered = max(time.Second, time.UnixMilli(last).Sub(from))
	}
	return w, true, nil
}

func (w *window) count(message string, patterns map[string]*pattern, since bool) {
	line := logline.Parse(message)
	level, words := line.Level, line.Message
	masked := mask(words)
	w.lines++
	if level.IsError() {
		w.errors++
	}
	key := "  " + masked
	if level.IsError() {
		key = "E " + masked
	}
	p := patterns[key]
	if p == nil {
		p = &pattern{text: masked, isError: level.IsError()}
		patterns[key] = p
	}
	if since {
		p.after++
	} else {
		p.before++
	}
	if len(p.samples) < maxSamples && !slices.Contains(p.samples, words) {
		p.samples = append(p.samples, words)
	}
}

// Thresholds for what became of a pattern.
const (
	grownBy = 3 // times the rate from before
	fewest  = 5 // lines below which a rate says nothing
)

// became compares rates, since the windows differ in length. Strength orders
// patterns of the same kind.
func (p *pattern) became(before, after window) (what string, strength float64) {
	expected := 0.0
	if before.covered > 0 {
		expected = float64(p.before) * after.covered.Seconds() / before.covered.Seconds()
	}
	switch {
	case before.lines == 0 && p.isError:
		return "unmatched", float64(p.after) // nothing to compare with: new cannot be told
	case before.lines == 0:
		return "", 0
	case p.before == 0 && p.after > 0 && (p.isError || p.after >= fewest || after.lines < 100):
		return "new", float64(p.after)
	case p.after >= fewest && float64(p.after) >= grownBy*expected:
		return "grown", float64(p.after) - expected
	case p.after == 0 && expected >= fewest:
		return "gone", expected
	case p.isError && p.after > 0:
		return "steady", float64(p.after) - expected
	default:
		return "", 0
	}
}

func (a *Activities) logPieces(service, group string, patterns map[string]*pattern, before, after window, s span, region string, c *answer) {
	share := 0.0
	if after.lines > 0 {
		share = float64(after.errors) / float64(after.lines)
	}
	type change struct {
		*pattern
		what     string
		strength float64
	}
	var told []change
	for _, key := range slices.Sorted(maps.Keys(patterns)) {
		p := patterns[key]
		if what, strength := p.became(before, after); what != "" {
			told = append(told, change{p, what, strength})
		}
	}
	rank := func(ch change) float64 {
		w := ch.strength
		if ch.isError {
			w += 1e6
		}
		if ch.what == "steady" {
			w -= 2e6
		}
		return w
	}
	slices.SortStableFunc(told, func(x, y change) int {
		if rank(x) == rank(y) {
			return strings.Compare(x.text, y.text)
		}
		return cmpDesc(rank(x), rank(y))
	})
	if len(told) > maxPattern {
		told = told[:maxPattern]
	}
	for _, ch := range told {
		clean := a.clean(ch.text)
		e := incident.Evidence{
			Kind: incident.EvidenceLogs, Service: service, From: s.from, To: s.until,
			Title: redact.Format("%s log pattern of %s: %s", redact.Name(ch.what), redact.Name(service), clean.Cut(90)),
			Detail: redact.Format("In %s: %d lines in %.0f s before the onset, %d in %.0f s since; %.0f%% of all lines since are errors. Pattern: %s",
				redact.Name(group), ch.before, before.covered.Seconds(), ch.after, after.covered.Seconds(), 100*share, clean.Cut(300)),
			Query: logQuery(group, searchWords(clean.String()), s.from, s.until, region),
			Facts: map[string]float64{
				incident.FactCountBefore: float64(ch.before), incident.FactCountAfter: float64(ch.after), incident.FactShareAfter: share,
			},
		}
		for _, raw := range ch.samples {
			e.Samples = append(e.Samples, a.clean(raw).Cut(maxSample))
		}
		if ch.what == "new" {
			e.Facts[incident.FactNew] = 1
		}
		weight := float64(weightCalm)
		if ch.what != "steady" {
			weight = weightSignal + min(100, ch.strength)
			if ch.isError {
				weight += 100
			}
		}
		c.add(e, weight)
	}
	if len(told) == 0 {
		c.add(incident.Evidence{
			Kind: incident.EvidenceLogs, Service: service, From: s.from, To: s.until,
			Title:  redact.Format("no new, grown or gone log pattern of %s", redact.Name(service)),
			Detail: redact.Format("In %s: %d lines before the onset, %d since, of which %.0f%% are errors.", redact.Name(group), before.lines, after.lines, 100*share),
			Query:  logQuery(group, nil, s.from, s.until, region),
			Facts: map[string]float64{
				incident.FactCountBefore: float64(before.errors), incident.FactCountAfter: float64(after.errors), incident.FactShareAfter: share,
			},
		}, weightCalm-1)
	}
}
