package logs

import (
	"strings"
	"time"

	"firebreak/internal/detect/fold"
	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
)

// traced is what is known of a stack trace, by its fingerprint.
type traced struct {
	Last  int64  `json:"last"` // ns
	Fresh *fresh `json:"fresh,omitempty"`
	New   bool   `json:"new,omitempty"` // an episode is open
}

// maxTraces is how many are remembered; the one not seen for longest goes first.
const maxTraces = 500

// trace takes a stack trace that is complete. One that was never seen is news at
// level error, unless the line that it came with is news already.
func (g *Group) trace(t *fold.Trace, b *Bars) {
	now := t.Last.UnixNano()
	known, seen := g.Traces[uint64(t.Fingerprint)]
	if !seen {
		known = g.traceOf(t, now)
	}
	known.Last = max(known.Last, now)
	if known.New {
		g.found = append(g.found, Finding{Rule: traceRule(t.Fingerprint), State: Goes, Last: now, Count: 1, Rank: Harm})
		return
	}
	f := known.Fresh
	if f == nil {
		return
	}
	if now-f.First > f.window(g.Began) {
		known.Fresh = nil
		return
	}
	enough, needed := f.another(max(failing, rankOf(t.Level)), strings.Join(t.Exceptions, " "), b.Lines, g.young(now), b.New)
	if head, ok := g.miner.Find(template.ID(t.Note)); ok && head.State.New {
		if enough {
			known.Fresh = nil // its line is news already
		}
		return
	}
	text := func() redact.Text { return g.traceText(t) }
	if !g.alone(f, now, enough, needed, text, text) {
		return
	}
	known.Fresh = nil
	known.New = true
	g.found = append(g.found, Finding{
		Rule: traceRule(t.Fingerprint), State: Opens, Rank: Harm, Opened: f.First, Last: now, Count: f.Count, Got: float64(f.Count),
		Reached: max(1, float64(f.Count)/max(needed/b.New, 1e-9)), Excess: float64(f.Count), Unsure: now-g.Began < int64(10*time.Minute),
		Why: redact.Format("%d errors with a stack trace of %d lines that was not seen in the %s before: %s", f.Count, t.Lines,
			redact.Name(time.Duration(f.First-g.Began).Round(time.Second).String()), g.traceText(t)),
		Samples: samples(g.traceText(t)),
	})
}

// traceRule is the rule by which a stack trace is news.
func traceRule(f fold.Fingerprint) string { return RuleNew + "/" + f.String() }

// traceText is what was thrown, and where.
func (g *Group) traceText(t *fold.Trace) redact.Text {
	return g.clean(strings.Join(t.Exceptions, " caused by ") + " at " + strings.Join(t.Frames, " < ")).Cut(300)
}

// traceOf makes a trace known.
func (g *Group) traceOf(t *fold.Trace, now int64) *traced {
	known := &traced{Last: now}
	if g.warm(now) {
		known.Fresh = &fresh{First: t.At.UnixNano()}
	}
	if g.Traces == nil {
		g.Traces = map[uint64]*traced{}
	}
	if len(g.Traces) >= maxTraces {
		var oldest uint64
		for f, one := range g.Traces {
			if was, ok := g.Traces[oldest]; !ok || one.Last < was.Last || one.Last == was.Last && f < oldest {
				oldest = f
			}
		}
		if was := g.Traces[oldest]; was.New {
			g.found = append(g.found, Finding{Rule: traceRule(fold.Fingerprint(oldest)), State: Ends, Last: was.Last})
		}
		delete(g.Traces, oldest)
	}
	g.Traces[uint64(t.Fingerprint)] = known
	return known
}
