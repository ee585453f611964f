package logs

import (
	"fmt"
	"math"
	"time"

	"firebreak/internal/detect/fold"
	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
)

// news takes a line of something that was never said before.
func (g *Group) news(t *mined, r rank, text string) {
	sh, b, now := &t.State, g.line.bars, g.line.at
	if sh.New {
		sh.NewLast = max(sh.NewLast, now)
		g.found = append(g.found, Finding{Rule: RuleNew + "/" + sh.key(t), State: Goes, Last: now, Count: 1, Rank: severityOf(r)})
		return
	}
	f := sh.Fresh
	if now-f.First > f.window(g.Began) {
		// Too seldom to be trouble; from now on it is known.
		sh.Fresh = nil
		return
	}
	enough, needed := f.another(r, text, b.Lines, g.young(now), b.New)
	if needed == 0 {
		if f.Count == 1 {
			g.born(t, now)
		}
		return
	}
	words, sample := func() redact.Text { return g.words(t) }, func() redact.Text { return g.clean(g.line.raw) }
	if !g.alone(f, now, enough, needed, words, sample) {
		return
	}
	sh.Fresh, sh.New, sh.NewLast = nil, true, now
	g.settled = false
	g.found = append(g.found, Finding{
		Rule: RuleNew + "/" + sh.key(t), State: Opens, Rank: severityOf(max(f.Rank, gravityRank(f.Gravity))), Opened: f.First, Last: now, Count: f.Count,
		Got: float64(f.Count), Reached: max(1, float64(f.Count)/max(needed/b.New, 1e-9)), Excess: float64(f.Count),
		Unsure: now-g.Began < int64(10*time.Minute),
		Why: redact.Format("%s that say \"%s\", which was not said in the %s before", counted(f.Count, f.Rank),
			g.words(t), time.Duration(f.First-g.Began).Round(time.Second)),
		Samples: samples(g.clean(g.line.raw), sh.Sample),
	})
}

// gravityRank is the rank of a line that only its words make severe.
func gravityRank(g gravity) rank {
	if g == grave {
		return failing
	}
	return unranked
}

func counted(n int, r rank) redact.Text {
	if r >= failing {
		return redact.Format("%d error lines", n)
	}
	return redact.Format("%d lines", n)
}

// young is by how much more it takes because the group is new, or less because it
// is known well: what was not said in five days is no part of what is usual.
func (g *Group) young(now int64) float64 {
	age := float64(now-g.Began) / 1e9
	return 1 + learnTime/age - min(knownMost, knownHour*math.Log2(max(1, age/3600)))
}

// birth is a new template that is no trouble.
type birth struct {
	ID template.ID `json:"id"`
	At int64       `json:"at"` // ns
}

const (
	maxBirths = 16
	// releaseTime is how near to the end of a template another one must begin, and
	// releaseLines how often that must come.
	releaseTime  = 15 * minute
	releaseLines = 2
)

// born notes a new template that is no trouble.
func (g *Group) born(t *mined, now int64) {
	if len(g.Births) == maxBirths {
		g.Births = append(g.Births[:0], g.Births[1:]...)
	}
	g.Births = append(g.Births, birth{t.ID(), now})
}

// look looks for what has stopped. again is when the group could be heard after a
// gap of the stream.
func (g *Group) look(now, again int64, b *Bars) {
	g.settle()
	m := now / minute
	for f, t := range g.Traces {
		if t.New && now-t.Last >= newSilence {
			t.New = false
			g.found = append(g.found, Finding{Rule: traceRule(fold.Fingerprint(f)), State: Ends, Last: t.Last})
		}
	}
	g.strangeOver(now)
	g.turn(now)
	for _, t := range g.live {
		sh := &t.State
		if sh.New && now-sh.NewLast >= newSilence {
			sh.New = false
			g.found = append(g.found, Finding{Rule: RuleNew + "/" + sh.key(t), State: Ends, Last: sh.NewLast})
		}
		w := sh.Watch
		if w == nil {
			continue
		}
		r := &w.Rhythm
		if r.Silent {
			if now-r.Last > retired {
				g.quit(t, now)
			}
			continue
		}
		// It may have come while nothing could be heard.
		times, missed := r.overdue(now, again, g.Lines, b.Patience*b.Stopped)
		if !missed || sh.Rank >= warning || w.Rate.Hours != nil && w.Rate.Hours.none(m) {
			continue // that trouble does not come is none
		}
		if g.released(r.Last) {
			*r = Rhythm{} // by design
			continue
		}
		r.Silent = true
		due := float64(now-r.Last) / 1e9 / max(float64(r.Gap), 1e-3)
		g.found = append(g.found, Finding{
			Rule: RuleStopped + "/" + sh.key(t), State: Opens, Rank: Symptom, Opened: r.Last + int64(float64(r.Gap)*1e9), Last: now, Count: int(min(due, math.MaxInt32)),
			Got: 0, Low: 1, High: max(1, due), Before: due, Reached: times * b.Stopped, Rarity: 1 / float64(r.N), Excess: due,
			Unsure: r.N < 1000,
			Why: redact.Format("lines \"%s\" came every %.3g s, at most %.3g s apart, and have not come for %.0f s, in which the group had %d others",
				g.words(t), r.Gap, max(r.Pauses[1], r.Former[1]), float64(now-r.Last)/1e9, g.Lines-r.Line),
			Samples: samples(sh.Sample),
		})
	}
}

// released tells whether new templates that are no trouble began to come at about
// a time: then a release has changed what is said, and what does not come any more
// has gone by design.
func (g *Group) released(at int64) bool {
	if g.Changed >= at-releaseTime && g.Changed <= at+releaseTime {
		return true
	}
	for _, b := range g.Births {
		if b.At < at-releaseTime || b.At > at+releaseTime {
			continue
		}
		if t, ok := g.miner.Find(b.ID); ok && t.Count >= releaseLines {
			return true
		}
	}
	return false
}

// returned ends the silence of a template that comes again.
func (g *Group) returned(t *mined) {
	t.State.Watch.Rhythm.Silent = false
	g.found = append(g.found, Finding{Rule: RuleStopped + "/" + t.State.key(t), State: Ends, Last: g.line.at})
}

// quit gives up a template that does not come back.
func (g *Group) quit(t *mined, now int64) {
	t.State.Watch.Rhythm = Rhythm{}
	g.found = append(g.found, Finding{
		Rule: RuleStopped + "/" + t.State.key(t), State: Ends, Last: now,
		Why: redact.Format("lines \"%s\" have not come for a day and are taken as retired", g.words(t)),
	})
}

// value takes a parameter that makes trouble.
func (g *Group) value(p *parameter, name string) {
	if p.Numbers != nil {
		g.number(p)
		return
	}
	g.name(p, false, name)
}

// fieldValue does the same for a field.
func (g *Group) fieldValue(p *parameter, name string) {
	if p.Numbers != nil {
		g.number(p)
		return
	}
	g.name(p, true, name)
}

// number speaks of a number that is far out.
func (g *Group) number(p *parameter) {
	t, n, now := g.line.shape, p.Numbers, g.line.at
	n.On, n.Calm, n.Heard = true, 0, true
	high, usual := n.value(n.Limit), n.value(n.Mid)
	g.found = append(g.found, Finding{
		Rule: RuleValue + "/" + t.State.key(t) + "/" + p.Name, State: Opens, Rank: Symptom, Last: now, Opened: n.First, Count: int(n.Far),
		Got: n.Top, High: high, Before: usual, Reached: float64(n.Sum) / (valueBar * g.line.bars.Evidence), Rarity: 1 / float64(n.N),
		Excess: float64(n.Far), Unsure: n.N < 2000,
		Why: redact.Format("parameter %s of lines \"%s\" was %.3g and more in %d lines, up to %.3g, where about %.3g is usual",
			redact.Name(p.Name), g.words(t), high, n.Far, n.Top, 1.4*usual),
		Samples: samples(g.clean(g.line.raw), t.State.Sample),
	})
}

// newName speaks of a name that a parameter never had, and returns the rule.
func (g *Group) newName(p *parameter, s *strange) string {
	t, m, now := g.line.shape, p.Names, g.line.at
	rule := RuleValue + "/" + t.State.key(t) + "/" + p.Name
	g.found = append(g.found, Finding{
		Rule: rule, State: Opens, Rank: Oddity, Last: now, Opened: s.First, Count: s.Count,
		Got: float64(s.Count), Before: 0, Reached: s.Proof / (valueBar * g.line.bars.Evidence), Rarity: 1 / float64(m.N),
		Excess: float64(s.Count), Unsure: now/minute-m.Since < sureMinutes,
		Why: redact.Format("parameter %s of lines \"%s\" has a value that it never had, in %d lines so far: it had %d others in %d lines before",
			redact.Name(p.Name), g.words(t), s.Count, len(m.Known)-1, m.N),
		Samples: samples(g.clean(g.line.raw), t.State.Sample),
	})
	return rule
}

// oddName speaks of a name in a place where others were known, and returns the rule.
func (g *Group) oddName(kin, t *mined, s *strange, at int) string {
	rule := fmt.Sprintf("%s/%s/word-%d", RuleValue, kin.State.key(kin), at)
	g.found = append(g.found, Finding{
		Rule: rule, State: Opens, Rank: Oddity, Opened: s.First, Last: s.Last, Count: s.Count, Got: float64(s.Count), Excess: float64(s.Count),
		Reached: s.Proof / (valueBar * g.line.bars.Evidence), Rarity: 1 / float64(max(kin.Count, 1)), Unsure: s.First/minute-kin.First.UnixNano()/minute < sureMinutes,
		Why:     redact.Format("%d lines say \"%s\", where word %d of \"%s\" was never like that in %d lines", s.Count, g.words(t), at, g.words(kin), kin.Count),
		Samples: samples(g.clean(g.line.raw), kin.State.Sample),
	})
	return rule
}

// shut forgets the episodes that are open.
func (s *Shape) shut() {
	s.New = false
	w := s.Watch
	if w == nil {
		return
	}
	w.Rate.Episode, w.Rhythm.Silent = nil, false
	for _, list := range [][]parameter{w.Values.Params, w.Values.Fields} {
		for i := range list {
			if n := list[i].Numbers; n != nil {
				n.On = false
			}
		}
	}
}
