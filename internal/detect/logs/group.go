// Package logs judges the lines of one log group: what is said that was never said
// before, what comes more or less often than it did, what does not come any more,
// and which parameters have unusual values.
//
// Everything is in event time, a line at a time, without a clock, a goroutine or
// an order of a map, so that a replay and a restart from what was saved say the
// same. What a group says are findings; whose trouble they are and when people
// hear of them is for package detect.
package logs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"firebreak/internal/detect/fold"
	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// Bars are what has to come together for an episode, as a sensitivity and people's
// feedback on the group have it.
type Bars struct {
	Evidence float64 // nats of evidence that a rate needs
	Effect   float64 // factor on the least change that people care about
	Lines    float64 // of something new at level error
	Patience float64 // factor on how long a template is waited for

	// Factors on the thresholds of single rules, by feedback; 1 as a rule.
	Rate, New, Template, Stopped, Ratio, Value float64
}

// Group is what is known of a log group. Its exported fields are what is saved,
// besides the templates.
type Group struct {
	Began  int64    `json:"began"`  // event time of the first line, ns
	Lines  uint64   `json:"lines"`  //
	Minute int64    `json:"minute"` // the oldest one that is open, since 1970
	Ahead  int      `json:"ahead"`  // lines in a row that came from far ahead
	Open   [2]tally `json:"open"`   // that minute and the next

	Flow   Rate `json:"flow"`   // all lines of regular templates
	Warns  Rate `json:"warns"`  //
	Errors Rate `json:"errors"` //
	Ratio  Rate `json:"ratio"`  // errors by lines

	Several Several `json:"several"`
	Changed int64   `json:"changed,omitempty"` // when somebody last said that the service was changed, ns
	Births  []birth `json:"births,omitempty"`  // the latest new templates that are no trouble, at most maxBirths

	Strange []strange `json:"strange,omitempty"` // words where others were known, at most maxStrange
	Looks   int       `json:"looks,omitempty"`   // for kin, in the minute that is open

	Traces map[uint64]*traced   `json:"traces,omitempty"` // by fingerprint
	Past   map[template.ID]bool `json:"past,omitempty"`   // templates that were evicted, and are no news when they come again

	folder fold.Folder

	miner   *template.Miner[Shape]
	live    []*mined
	settled bool // live holds what the miner holds
	clean   func(string) redact.Text
	found   []Finding
	orphans []string

	line struct { // that is looked at
		at     int64
		raw    string
		stream string
		bars   *Bars
		shape  *mined // nil for one that continues another
	}
}

// tally is what came in one minute.
type tally struct {
	Lines  uint32 `json:"lines"`
	Warns  uint32 `json:"warns"`
	Errors uint32 `json:"errors"`
}

const (
	lateMinutes  = 10 // behind the open minute, that a line may be and still count
	aheadMinutes = 10 // ahead of it
	aheadLines   = 8  // that many lines in a row from further ahead are believed
	longGap      = 90 // empty minutes, of which most are skipped
)

// maxSample bounds a sample of a line, in bytes.
const maxSample = 500

// New returns a group that has seen nothing. The redactor is for what is kept of
// lines, and limit is how many templates are kept.
func New(limit int, redactor redact.Redactor) *Group {
	g := &Group{}
	g.Use(limit, redactor)
	return g
}

// Use equips a group, also one that was read back.
func (g *Group) Use(limit int, redactor redact.Redactor) {
	g.clean = func(line string) redact.Text { return redact.Clean(redactor, strings.Clone(line)).Cut(maxSample) }
	g.miner = template.New(template.Options[Shape]{
		Limit: limit,
		Clean: redactor.Redact,
		Join: func(into, from *Shape) {
			if from.open() || into.open() {
				g.orphans = append(g.orphans, into.Key, from.Key)
				into.shut()
				from.shut()
			}
			join(into, from)
			g.settled = false
		},
		Gone: func(t *mined) {
			if t.State.open() {
				g.orphans = append(g.orphans, t.State.Key)
			}
			if len(g.Past) < maxPast {
				if g.Past == nil {
					g.Past = map[template.ID]bool{}
				}
				g.Past[t.ID()] = true
			}
			g.settled = false
		},
	})
}

const maxPast = 5000 // evicted templates that are remembered

// Templates is how many templates the group holds.
func (g *Group) Templates() int { return g.miner.Stats().Templates }

// Shrink has the group forget its least interesting templates until at most so
// many are left.
func (g *Group) Shrink(limit int) { g.miner.Shrink(limit) }

// Latest is the template of the latest line. ok tells that it has one: a line that
// continues another, or is blank, has none.
func (g *Group) Latest() (id template.ID, ok bool) {
	if g.line.shape == nil {
		return 0, false
	}
	return g.line.shape.ID(), true
}

// Evicted is how many it has forgotten for lack of room, its own or all groups'.
func (g *Group) Evicted() int64 { return g.miner.Stats().Evicted }

// Take takes the next line and returns what is to be said. The result is valid
// until the next call. late tells that the line came too late to count for a rate.
func (g *Group) Take(at time.Time, l *telemetry.LogLine, bars *Bars) (found []Finding, late bool) {
	g.found = g.found[:0]
	now := at.UnixNano()
	if g.Lines == 0 {
		g.Began, g.Minute = now, now/minute
	}
	event := g.folder.Add(fold.Line{Stream: l.Stream, Text: l.Text, Trace: l.Trace, Level: l.Level, At: at})
	for i := range event.Done {
		g.trace(&event.Done[i], bars)
	}
	if !event.Head {
		g.line.shape = nil
		g.flush()
		return g.found, false
	}
	g.Lines++
	slot, late := g.slot(now, bars)
	r := rankOf(l.Level)
	if !late {
		t := &g.Open[slot]
		t.Lines++
		switch {
		case r >= failing:
			t.Errors++
			g.Several.Errors[0]++
		case r == warning:
			t.Warns++
		}
	}
	g.line.at, g.line.raw, g.line.stream, g.line.bars = now, l.Message, l.Stream, bars
	match := g.miner.Add(event.Text, at)
	g.folder.Note(uint64(match.Template.ID()))
	g.line.shape = match.Template
	sh := &match.Template.State
	if match.Fresh {
		g.fresh(match.Template, now)
	}
	sh.Rank = r
	if match.Fresh && r < failing && g.warm(now) {
		g.kin(match.Template)
	}
	if sh.Odd != nil {
		g.oddLine(match.Template)
	}
	if sh.Fresh != nil || sh.New {
		g.news(match.Template, r, event.Text)
	}
	w := sh.Watch
	if w == nil {
		if g.begin(match.Template); sh.Watch == nil {
			g.flush()
			return g.found, late
		}
		w = sh.Watch
	}
	if !late {
		w.Counts[slot]++
	}
	if w.Rhythm.Silent {
		g.returned(match.Template)
	}
	w.Rhythm.beat(now, g.Lines)
	if w.Values.Text != match.Template.Text() {
		w.Values.reread(match.Template)
	}
	w.Values.takeParams(match.Params, now, bars, g.value)
	if len(l.Fields) > 0 {
		w.Values.takeFields(l.Fields, now, bars, g.fieldValue)
	}
	g.flush()
	return g.found, late
}

// fresh takes a template that was not there before.
func (g *Group) fresh(t *mined, now int64) {
	g.settled = false
	if g.Past[t.ID()] {
		delete(g.Past, t.ID())
		return
	}
	if g.warm(now) {
		t.State.Fresh = &fresh{First: now}
	}
}

// warm tells whether the group has been listened to for long enough.
func (g *Group) warm(now int64) bool { return now-g.Began >= warmTime && g.Lines >= warmLines }

// begin has a template watched once it has come often enough, and keeps a sample
// of it.
func (g *Group) begin(t *mined) {
	sh := &t.State
	if sh.Sample.IsEmpty() && (t.Count >= watchFrom || sh.Rank >= warning && t.Count == 2) {
		sh.Sample = g.clean(g.line.raw)
	}
	if t.Count >= watchFrom {
		sh.Watch = &watch{Values: Values{Text: t.Text(), Since: t.First.UnixNano() / minute}}
		g.settled = false
	}
}

// slot finds the minute of a line among those that are open, and closes minutes
// that it has passed: when many lines are read at once the watermark comes after
// them.
func (g *Group) slot(at int64, bars *Bars) (slot int, late bool) {
	switch apart := at/minute - g.Minute; {
	case apart == 0, apart == 1:
		g.Ahead = 0
		return int(apart), false
	case apart < 0:
		g.Ahead = 0
		return 0, apart < -lateMinutes
	case apart > aheadMinutes:
		// A clock that is wrong must not take the others' minutes with it.
		if g.Ahead++; g.Ahead < aheadLines {
			return 0, true
		}
	}
	g.Ahead = 0
	g.close(at/minute-1, bars, 0, 0)
	return 1, false
}

// Advance says that all lines before a time have come, and returns what is to be
// said. Nothing could be heard of the group between two times.
func (g *Group) Advance(to, deaf, again time.Time, bars *Bars) []Finding {
	g.found = g.found[:0]
	if g.Lines == 0 {
		return nil
	}
	now := to.UnixNano()
	d, a := int64(0), int64(0)
	if !again.IsZero() {
		d, a = deaf.UnixNano(), again.UnixNano()
	}
	g.close(now/minute, bars, d, a)
	g.look(now, a, bars)
	g.flush()
	slices.SortStableFunc(g.found, func(a, b Finding) int { return cmp.Compare(a.Rule, b.Rule) })
	return g.found
}

// Due tells whether there is a stack trace that is complete at a watermark.
func (g *Group) Due(watermark time.Time) bool { return g.folder.Due(watermark) }

// Complete takes the stack traces that are complete at a watermark, and returns what
// is to be said of them. A stream that has gone quiet does not have to wait for the
// end of a minute.
func (g *Group) Complete(watermark time.Time, bars *Bars) []Finding {
	g.found = g.found[:0]
	for _, t := range g.folder.Advance(watermark) {
		g.trace(&t, bars)
	}
	return g.found
}

// close judges all minutes before one.
func (g *Group) close(before int64, bars *Bars, deaf, again int64) {
	for g.Minute < before {
		begin := g.Minute * minute
		empty := g.Open[0].Lines == 0
		switch {
		case empty && g.Open[1].Lines == 0 && before-g.Minute > longGap:
			g.Minute = before - longGap
			continue
		case empty && begin < again && begin+minute > deaf:
			// Nothing was heard at all.
		default:
			g.judge(g.Minute, bars)
		}
		g.Open[0], g.Open[1] = g.Open[1], tally{}
		g.settle()
		for _, t := range g.live {
			if w := t.State.Watch; w != nil {
				w.Counts[0], w.Counts[1] = w.Counts[1], 0
			}
		}
		g.Minute++
		g.Looks = 0
	}
}

// settle brings the list of watched templates up to date.
func (g *Group) settle() {
	if g.settled {
		return
	}
	g.live = g.live[:0]
	for t := range g.miner.Templates() {
		if t.State.Watch != nil || t.State.New {
			g.live = append(g.live, t)
		}
	}
	g.settled = true
}

// flush ends the episodes of templates that are no more.
func (g *Group) flush() {
	for _, key := range g.orphans {
		if key != "" {
			g.found = append(g.found, Finding{Rule: "/" + key, State: Ends})
		}
	}
	g.orphans = g.orphans[:0]
}
