package logs

import (
	"math"

	"firebreak/internal/redact"
)

// judge takes the end of a minute.
func (g *Group) judge(m int64, b *Bars) {
	g.settle()
	regular := 0.0
	for _, t := range g.live {
		if w := t.State.Watch; w != nil && w.Rate.Regular() && t.State.Rank < failing {
			regular += float64(w.Counts[0])
		}
	}
	for _, t := range g.live {
		if w := t.State.Watch; w != nil {
			g.template(t, w, m, regular, b)
		}
	}
	errors := float64(g.Open[0].Errors)
	g.severity(&g.Errors, "error", failing, float64(g.Open[0].Errors), regular, m, b)
	g.severity(&g.Warns, "warn", warning, float64(g.Open[0].Warns), regular, m, b)
	if regular > 0 || g.Flow.Minutes > 0 {
		g.severity(&g.Flow, "lines", quiet, regular, 0, m, b)
		g.ratio(errors, regular, m, b)
	}
}

// asks is what has to come together for a rate of a rank. Errors are asked for less
// evidence: there are few kinds of them, and whoever waits for more waits longer.
func asks(r rank, b *Bars, factor float64) Ask {
	ask := Ask{Bar: b.Evidence * factor, Rises: r >= warning}
	effect := b.Effect * min(factor, 1)
	grow, events := 2.3, 8.0
	ask.Burst, ask.Lasts = 1.6, 2.5
	if r >= failing {
		grow, events, ask.Burst, ask.Lasts = 2.2, 4, 1.4, 1.6
	}
	ask.Grow, ask.Climb, ask.Least = 1+(grow-1)*effect, 1+0.65*effect, events*effect
	ask.Fall = 1 - min(0.9, 0.7*effect)
	return ask
}

// warnGrow is how many times as often all warnings together must come.
const warnGrow = 5

// linesClimb is how many times as many lines a whole group must come to slowly: a
// busier weekend is none.
const linesClimb = 1.65

// errorBar is the evidence that all error lines together need, against those of
// one template.
const errorBar = 0.62

// template judges the rate of one template.
func (g *Group) template(t *mined, w *watch, m int64, regular float64, b *Bars) {
	own, rest := float64(w.Counts[0]), regular
	if w.Rate.Regular() && t.State.Rank < failing {
		rest -= own
	}
	ask := asks(t.State.Rank, b, b.Template)
	if w.Rhythm.Silent || !w.Rate.Regular() && w.Rate.Episode == nil {
		ask.Rises = true // that it does not come is said already, or usual
	}
	move := w.Rate.Minute(m, own, rest, ask)
	if move.State == Opens && move.Down && g.released(move.Since*minute) {
		w.Rate = Rate{} // by design
		move.State = Nothing
	}
	if move.State != Nothing {
		f := g.moved(move, m, t.State.Rank, b.Template)
		f.Rule = RuleTemplate + "/" + t.State.key(t)
		f.Why = g.whyMoved(move, redact.Format("lines \"%s\"", g.words(t)))
		f.Samples = samples(t.State.Sample)
		if last := t.Last.UnixNano(); !move.Down && last > f.Opened {
			f.Last = min(f.Last, last)
		}
		g.found = append(g.found, f)
	}
	w.Values.minute(m, func(rule string) {
		g.found = append(g.found, Finding{Rule: RuleValue + "/" + t.State.key(t) + "/" + rule, State: Ends, Last: t.Last.UnixNano()})
	})
}

// severity judges how many lines of a rank come.
func (g *Group) severity(r *Rate, name string, of rank, own, rest float64, m int64, b *Bars) {
	if g.Minute*minute < g.Began {
		return // part of it only
	}
	ask := asks(of, b, b.Rate)
	switch of {
	case failing:
		ask.Bar *= errorBar
	case warning:
		// Kinds of warnings come and go with releases, and each has its own rate.
		ask.Grow, ask.Fast = warnGrow, true
	default:
		ask.Climb = max(ask.Climb, linesClimb)
	}
	if move := r.Minute(m, own, rest, ask); move.State != Nothing {
		f := g.moved(move, m, of, b.Rate)
		f.Rule = RuleRate + "/" + name
		what := map[string]redact.Text{
			"error": redact.Literal("error lines"), "warn": redact.Literal("warnings"), "lines": redact.Literal("lines that come regularly"),
		}[name]
		f.Why = g.whyMoved(move, what)
		g.found = append(g.found, f)
	}
}

// ratio judges the share of error lines.
func (g *Group) ratio(errors, regular float64, m int64, b *Bars) {
	ask := asks(failing, b, b.Ratio)
	ask.Share, ask.Rises, ask.Bar = true, true, errorBar*ask.Bar
	move := g.Ratio.Minute(m, errors, regular, ask)
	if move.State == Nothing {
		return
	}
	f := g.moved(move, m, failing, b.Ratio)
	f.Rule = RuleRatio
	lines := max(regular, 1)
	f.Got, f.Low, f.High, f.Before = f.Got/lines, f.Low/lines, f.High/lines, f.Before/lines
	if move.State != Ends {
		f.Why = redact.Format("%.0f error lines in %d min where %.3g are expected of as many other lines as came: the share of error lines is %.2g times the usual",
			move.Got, move.Minutes, move.Due, move.Got/max(move.Due, least))
	}
	g.found = append(g.found, f)
}

// moved is what findings of rates have in common.
func (g *Group) moved(move Move, m int64, r rank, factor float64) Finding {
	minutes := float64(max(move.Minutes, 1))
	f := Finding{
		State: move.State, Rank: severityOf(r), Opened: move.Since * minute, Last: (m+1)*minute - 1, Count: int(move.Got),
		Got: move.Got / minutes, Low: move.Low, High: move.High, Before: move.Due / minutes, Reached: move.Reached * factor,
		Rarity: math.Max(math.Exp(-move.Reached*20), 1e-12), Unsure: move.Unsure,
	}
	f.Excess = move.Got / max(move.Due, least)
	if move.Down {
		f.Excess = max(move.Due, least) / max(move.Got, 0.3)
	}
	return f
}

func (g *Group) whyMoved(move Move, what redact.Text) redact.Text {
	if move.State == Ends {
		return redact.Text{}
	}
	since := redact.Literal("of the last hour")
	if move.Slow {
		since = redact.Literal("of the last day")
	}
	return redact.Format("%.0f %s in %d min where %.3g are expected from those %s and the other lines",
		move.Got, what, move.Minutes, move.Due, since)
}

// words is the template's text, redacted and short.
func (g *Group) words(t *mined) redact.Text { return g.clean(t.Text()).Cut(100) }

// key is the id under which a template is told of, which stays the same while the
// template generalises.
func (s *Shape) key(t *mined) string {
	if s.Key == "" {
		s.Key = t.ID().String()
	}
	return s.Key
}

func samples(all ...redact.Text) []redact.Text {
	var out []redact.Text
	for _, s := range all {
		if !s.IsEmpty() && len(out) < 2 && (len(out) == 0 || out[0] != s) {
			out = append(out, s)
		}
	}
	return out
}

// minute takes the end of a minute for all parameters, and calls out for those
// that are back to normal.
func (v *Values) minute(m int64, back func(name string)) {
	for i := range v.Params {
		if v.Params[i].minute(m) {
			back(v.Params[i].Name)
		}
	}
	for i := range v.Fields {
		if v.Fields[i].minute(m) {
			back(v.Fields[i].Name)
		}
	}
}

const (
	valueCalm  = 5  // minutes without a far value that close an episode
	valueQuiet = 30 // minutes after it in which no other opens
)

// minute tells whether an episode of the parameter is over.
func (p *parameter) minute(m int64) bool {
	if n := p.Numbers; n != nil {
		n.minute(m)
		if !n.On {
			return false
		}
		if n.Heard {
			n.Calm, n.Heard = 0, false
			return false
		}
		if n.Calm++; n.Calm < valueCalm {
			return false
		}
		n.On, n.Calm, n.Sum, n.Far, n.Top, n.Quiet = false, 0, 0, 0, 0, m+valueQuiet
		return true
	}
	k := p.Names
	if k == nil || k.Many {
		return false
	}
	if m%60 == 0 {
		k.hour()
	}
	if k.On != 0 && (m+1)*minute-k.Seen > valueCalm*minute {
		k.On, k.Seen = 0, 0 // what it was told under ends by itself
	}
	return false
}
