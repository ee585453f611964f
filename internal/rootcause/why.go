package rootcause

import (
	"cmp"
	"math"
	"slices"

	"firebreak/internal/redact"
)

// witness tells what speaks for and against a service.
type witness struct {
	c       *Case
	g       *graph
	s       *signs
	n       int
	short   float64
	change  int
	changed float64
}

const (
	telling  = 3 // series in the reasons at most
	explains = 3 // services named at most
	minutes  = 60
)

// tell fills in the reasons, the weightiest first.
func (w *witness) tell(x *Suspect) {
	w.tellSeries(x)
	w.tellLogs(x)
	if w.change >= 0 && w.changed > 0.1 {
		x.Changes = []int{w.change}
		ch := w.c.Changes[w.change]
		x.Why = append(x.Why, redact.Format("%s %.0f s before the symptom: %s", redact.Name(ch.Kind), w.c.Symptom.Start.Sub(ch.At).Seconds(), ch.Text.Cut(160)))
	}
	w.tellGraph(x)
	if w.short > math.Log(3) {
		x.Against = append(x.Against, redact.Format("the symptom grew at least %.0f times as much as its own metrics", math.Exp(w.short)))
	}
	if !w.s.known(w.n) {
		x.Against = append(x.Against, redact.Literal("no metric tells how it is"))
	}
}

// tellSeries names the weightiest series of the service and what they did.
func (w *witness) tellSeries(x *Suspect) {
	type found struct {
		i      int
		weight float64
		sign   bool
	}
	var all []found
	for k := range logged {
		if sign := w.s.of[w.n][k]; sign.seen {
			m := w.s.moves[sign.best]
			own := weight(w.s.readings[sign.best].trouble(m.deviations))
			if k == flow {
				own-- // may be an effect
			}
			all = append(all, found{sign.best, own, m.seen})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(cmp.Compare(b.weight, a.weight), w.order(a.i, b.i)) })
	for n, f := range all {
		m := w.s.moves[f.i]
		switch {
		case n == 0 && m.seen:
			x.Metric, x.Deviation = w.c.Series[f.i].Metric, m.deviations
			if m.deviations != 0 && f.weight > 0 {
				x.Onset = at(m.onset)
			}
		case n == 0:
			x.Metric = w.c.Series[f.i].Metric
		}
		if n < telling && (f.weight > 0 || !m.seen) {
			x.Series = append(x.Series, f.i)
			x.Why = append(x.Why, w.sayMove(f.i))
		}
	}
	switch {
	case len(all) > 0 && len(x.Series) == 0:
		x.Against = append(x.Against, redact.Format("its metrics are as usual: at most %.1f deviations, in %s", math.Abs(x.Deviation), redact.Name(x.Metric)))
	case !x.Onset.IsZero() && x.Onset.Sub(w.c.Symptom.Start).Seconds() > minutes:
		x.Against = append(x.Against, redact.Format("it began %.0f s after the symptom", x.Onset.Sub(w.c.Symptom.Start).Seconds()))
	}
}

// order of two series that say as much, which does not depend on that of the input.
func (w *witness) order(a, b int) int {
	return cmp.Or(cmp.Compare(w.c.Series[a].Metric, w.c.Series[b].Metric), cmp.Compare(a, b))
}

func (w *witness) sayMove(i int) redact.Text {
	m, name := w.s.moves[i], redact.Name(w.c.Series[i].Metric)
	switch {
	case m.gone:
		return redact.Format("%s came regularly and stopped", name)
	case !m.seen:
		return redact.Format("%s was never seen before", name)
	}
	before, after := m.before, m.after
	if w.s.readings[i].health {
		top := w.top(i)
		before, after = before+top, after+top
	}
	return redact.Format("%s went from %.4g to %.4g at %s, %.1f times as far as it usually moves", name, before, after, redact.Name(at(m.onset).Format("15:04:05")), math.Abs(m.deviations))
}

// top is what was taken from a share of successes.
func (w *witness) top(i int) float64 {
	top := 0.0
	for _, p := range w.c.Series[i].Points {
		if math.Abs(p.Value) <= largest {
			top = max(top, p.Value)
		}
	}
	switch {
	case top <= 1:
		return 1
	case top <= 100:
		return 100
	default:
		return top
	}
}

func (w *witness) tellLogs(x *Suspect) {
	sign := w.s.of[w.n][logged]
	if !sign.seen || sign.weight <= 0 {
		return
	}
	l := &w.c.Logs[sign.best]
	before, after, _ := counts(l, window{start: w.c.Symptom.Start.Unix()})
	x.Logs = []int{sign.best}
	x.Why = append(x.Why, redact.Format("a log pattern came %.0f times since, %.0f times before: %s", after, before, l.Text.Cut(160)))
}

// tellGraph says whose trouble it would explain, and who below has some.
func (w *witness) tellGraph(x *Suspect) {
	far := make([]int, len(w.g.names))
	up := w.g.upward(w.n, far)[1:]
	if suffering := w.inTrouble(up); len(suffering) > 0 {
		x.Why = append(x.Why, redact.Format("it is called by %s, which are in trouble", redact.Join(suffering, ", ")))
	}
	if below := w.inTrouble(w.g.callees[w.n]); len(below) > 0 {
		x.Against = append(x.Against, redact.Format("it calls %s, which are in trouble themselves", redact.Join(below, ", ")))
	}
	if w.g.known && w.g.symptom >= 0 && far[w.g.symptom] < 0 {
		x.Against = append(x.Against, redact.Format("%s is not known to call it, directly or not", redact.Name(w.c.Symptom.Service)))
	}
}

// inTrouble names those of the services that answer slowly or fail.
func (w *witness) inTrouble(services []int) []redact.Text {
	var out []redact.Text
	for _, i := range services {
		for k := slowness; k <= resource; k++ {
			if s := w.s.of[i][k]; len(out) < explains && s.seen && s.weight > 0 {
				out = append(out, redact.Format("%s (%.1f deviations in %s)", redact.Name(w.g.names[i]), math.Abs(w.s.moves[s.best].deviations), redact.Name(w.c.Series[s.best].Metric)))
				break
			}
		}
	}
	return out
}

// notes say what the ranking lacked.
func notes(c *Case, g *graph, s *signs) []redact.Text {
	var out []redact.Text
	if !g.known {
		out = append(out, redact.Literal("no call between services is known: causes and those who suffer from them are told apart by their metrics alone"))
	}
	if c.Symptom.Service == "" {
		out = append(out, redact.Literal("nobody says which service has the symptom"))
	}
	seen, little := 0, 0
	for _, m := range s.moves {
		if m.seen {
			seen++
			if m.past < 10 {
				little++
			}
		}
	}
	switch {
	case seen == 0:
		out = append(out, redact.Literal("no series has samples both before and after the onset"))
	case 2*little > seen:
		out = append(out, redact.Format("%d of %d series have fewer than 10 samples from before the onset", little, seen))
	}
	return out
}
