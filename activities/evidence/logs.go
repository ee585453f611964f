package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Limits of reading logs.
const (
	pageLines  = 10_000 // events of one page, CloudWatch Logs' own limit
	maxPages   = 4      // pages of one window
	maxLines   = 20_000 // events of one window
	readable   = 0.7    // of them that are asked for where the rate of lines is known
	maxPattern = 6      // pieces of one log group
	maxRanked  = 30     // patterns of one log group that suspects are ranked by
	maxWhole   = 300    // patterns of one log group that are stored

	// errorTerms find lines that may be errors, when there are too many to read all.
	errorTerms = "?ERROR ?Error ?error ?FATAL ?Fatal ?fatal ?CRITICAL ?panic ?Exception"
)

// guard is how long before the onset lines count as since the onset.
const guard = 10 * time.Second

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
	patterns := newPatterns(a.opts.Redactor.Redact)

	after, more, err := a.lines(ctx, group, "", s.onset, s.until, patterns, true)
	if err == nil && more {
		// Too many lines to read them all: those that may be errors are looked for
		// by themselves, counted from the beginning.
		share := after
		patterns.forget(true)
		var some window
		some, _, err = a.lines(ctx, group, errorTerms, s.onset, s.until, patterns, true)
		after = window{lines: share.lines, errors: share.errors, covered: some.covered}
		out.gap(incident.GapCut, l.name(), redact.Format("more than %d lines since the onset; the share of errors is of the first %.0f s", share.lines, share.covered.Seconds()))
	}
	var before window
	if err == nil {
		filter, from := errorTerms, s.from
		if !more {
			filter, from = "", after.comparable(s.from, s.onset)
		}
		before, more, err = a.lines(ctx, group, filter, from, s.onset, patterns, false)
		switch {
		case err != nil:
			// Half of the past would make what only its other half holds look new.
			before = window{}
			patterns.forget(false)
		case more:
			out.gap(incident.GapCut, l.name(), redact.Format("more than %d lines before the onset; what came since is compared with %.0f s of it", before.lines, before.covered.Seconds()))
		}
		// A group that began to log within the window is compared with the time
		// since it did; what began a minute ago has no ten minutes of the past.
		if before.first > 0 {
			before.covered = min(before.covered, max(time.Second, s.onset.Sub(time.UnixMilli(before.first))))
		}
	}
	if before.lines+after.lines > 0 {
		out.join(l.pieces(patterns.all(), before, after, q, err == nil))
	} else if err == nil {
		out.gap(incident.GapNone, l.name(), redact.Literal("no lines around the onset"))
	}
	return out, err
}

// comparable is from when on lines before the onset can all be read, if as many
// came as since: from itself, else something later. What came right before is
// what tells most.
func (w *window) comparable(from, onset time.Time) time.Time {
	rate := float64(w.lines) / max(1, w.covered.Seconds())
	if most := time.Duration(readable * maxLines / max(rate, 1) * float64(time.Second)); onset.Sub(from) > most {
		return onset.Add(-most)
	}
	return from
}

// lines reads one window and counts its patterns; more tells that it was cut off.
func (a *Activities) lines(ctx context.Context, group, filter string, from, to time.Time, patterns patterns, since bool) (window, bool, error) {
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
			w.until(last, from)
			return w, false, fmt.Errorf("read log group %s: %w", group, err)
		}
		for _, ev := range page.Events {
			at := aws.ToInt64(ev.Timestamp)
			last = max(last, at)
			if w.first == 0 || at < w.first {
				w.first = at
			}
			w.lines++
			if patterns.add(aws.ToString(ev.Message), time.UnixMilli(at), since) {
				w.errors++
			}
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
	w.until(last, from)
	return w, true, nil
}

// until notes that only the lines up to a time, in milliseconds, were read.
func (w *window) until(last int64, from time.Time) {
	if last > 0 {
		w.covered = max(time.Second, time.UnixMilli(last).Sub(from))
	}
}
