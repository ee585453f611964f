package cases

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"firebreak/internal/rootcause"
)

// tries bounds how many applications are drawn until one has the symptom of its
// fault.
const tries = 400

// Make draws the case of a seed. The same arguments give the same case.
func Make(seed uint64, set Set, fault Fault) Case {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%s", set, fault)
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	for range tries {
		if c, ok := draw(r, set, fault); ok {
			c.Name = fmt.Sprintf("%s-%s-%04d", set, strings.ReplaceAll(string(fault), " ", "-"), seed)
			return c
		}
	}
	panic(fmt.Sprintf("no application shows the fault %q in %d tries", fault, tries))
}

// Several draws n cases: sets and faults in turn.
func Several(seed uint64, n int, faults []Fault) []Case {
	out := make([]Case, n)
	for i := range out {
		sets := Sets()
		out[i] = Make(seed*1_000_003+uint64(i), sets[i%len(sets)], faults[i/len(sets)%len(faults)])
	}
	return out
}

// stage is an application, its fault and what was read of it.
type stage struct {
	app     *app
	trouble trouble
	out     []readings
	begin   time.Time
	onset   int // minute of the fault
	minutes int // that were simulated
}

func draw(r *rand.Rand, set Set, fault Fault) (Case, bool) {
	a := newApp(r)
	t, ok := strike(r, a, fault)
	if !ok {
		return Case{}, false
	}
	for range 3 {
		s := play(r, a, t, set)
		seen, ok := noticed(r, a, t, s.out, s.onset)
		if fault == ClientEnd {
			seen, ok = sign{a.entries[0], qErrors, s.onset + 1}, true
		}
		if ok && seen.minute <= s.onset+25 {
			return s.write(r, set, seen), true
		}
		t.force *= 1.7
	}
	return Case{}, false
}

// play runs an application with a fault and reads its meters.
func play(r *rand.Rand, a *app, t trouble, set Set) stage {
	step := 1
	history := 45 + r.IntN(140)
	if set == Requests {
		step = 5
		history = 60 + r.IntN(8*60)
		if r.Float64() < 0.2 {
			history = 24 * 60
		}
	}
	s := stage{app: a, trouble: t, onset: history, minutes: history + 45}
	s.begin = time.Date(2026, 2, 1+r.IntN(28), r.IntN(24), step*r.IntN(60/step), 0, 0, time.UTC)
	load := math.Exp(between(r, math.Log(3), math.Log(250)))
	swing, phase := between(r, 0.05, 0.5), r.Float64()
	f := newFlow(a)
	f.size(load*(1+swing), r.Float64)
	d := distract(r, a, t, s.minutes, s.onset)
	m := newMeter(a, r)
	wobble := 0.0
	for minute := -20; minute < s.minutes; minute++ {
		since := float64(minute - s.onset)
		wobble = 0.9*wobble + 0.02*r.NormFloat64()
		now := load * (1 + swing*math.Sin(2*math.Pi*(float64(minute)/1440+phase))) * math.Exp(wobble) * t.load(since)
		f.step(now, d.join(t.effects(a, since, r), minute))
		if minute >= 0 {
			m.read(f.now)
		}
	}
	s.out = m.out
	return s
}

// write makes the case of what was read.
func (s stage) write(r *rand.Rand, set Set, seen sign) Case {
	step := time.Minute
	if set == Requests {
		step = 5 * time.Minute
	}
	each := int(step / time.Minute)
	words := newWording(r, set)
	alarm := seen.minute + r.IntN(5) // an alarm takes its time
	if each > 1 {
		alarm = seen.minute
	}
	alarm -= alarm % each
	cut := min(s.minutes, alarm+each+r.IntN(12))
	cut -= cut % each
	sample := sampler{r: r, begin: s.begin, step: step, until: max(cut, alarm+each), lost: 0.1 * r.Float64() * float64(r.IntN(2))}

	c := Case{Truth: s.truth(set, words)}
	c.Symptom = rootcause.Symptom{Service: s.app.nodes[seen.node].name, Metric: words.name(seen.quantity), Start: s.begin.Add(time.Duration(alarm) * time.Minute)}
	if r.Float64() < 0.1 {
		c.Symptom.Metric = ""
	}
	if r.Float64() < 0.5 {
		c.Symptom.End = s.begin.Add(time.Duration(sample.until) * time.Minute)
	}
	c.Series = s.series(r, set, words, sample)
	s.graph(r, &c)
	if r.Float64() < 0.6 {
		c.Changes = changes(r, s.app, s.trouble, s.begin, sample.until, s.onset)
	}
	if r.Float64() < 0.5 {
		c.Logs = logs(r, s.app, s.trouble, s.out, sample, s.onset)
	}
	return c
}

func (s stage) truth(set Set, words wording) Truth {
	t := Truth{Set: set, Fault: s.trouble.fault, Outside: s.trouble.outside(), Onset: s.begin.Add(time.Duration(s.onset) * time.Minute)}
	if t.Outside {
		return t
	}
	n := s.app.nodes[s.trouble.at]
	t.Services = []string{n.name}
	if s.trouble.fault == ThirdParty && !s.app.nodes[s.trouble.other].unknown {
		// The caller is as far as anybody can see into it.
		t.Services = append(t.Services, s.app.nodes[s.trouble.other].name)
	}
	for _, q := range s.trouble.metric() {
		for _, has := range set.of(n.kind) {
			if has == q {
				t.Metrics = append(t.Metrics, words.name(q))
			}
		}
	}
	return t
}

// series are the metrics of all nodes, with what is wrong with them.
func (s stage) series(r *rand.Rand, set Set, words wording, sample sampler) []rootcause.Series {
	var out []rootcause.Series
	for i := range s.app.nodes {
		n := &s.app.nodes[i]
		late := time.Duration(0)
		if set != Requests && r.Float64() < 0.3 {
			late = time.Duration(r.IntN(121)-60) * time.Second // its clock is wrong
		}
		if hide := r.Float64(); i != s.trouble.at && hide < 0.1 || hide < 0.02 {
			n.hidden = true
		}
		if n.hidden {
			continue
		}
		for _, q := range set.of(n.kind) {
			values := make([]float64, len(s.out[i][q]))
			for k, v := range s.out[i][q] {
				values[k] = words.value(q, v)
			}
			sum := q == qRequests
			out = append(out, rootcause.Series{Service: n.name, Metric: words.name(q), Points: sample.points(values, sum, late)})
		}
		if r.Float64() < 0.35 {
			out = append(out, rootcause.Series{Service: n.name, Metric: "x" + fmt.Sprint(r.IntN(90)+10), Points: sample.odd(r.IntN(4))})
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// graph writes down what is known of who calls whom.
func (s stage) graph(r *rand.Rand, c *Case) {
	none, gaps := r.Float64() < 0.1, r.Float64() < 0.15
	for _, n := range s.app.nodes {
		if n.unknown {
			continue
		}
		c.Nodes = append(c.Nodes, n.name)
		for _, k := range n.calls {
			if to := s.app.nodes[k.to]; !to.unknown && !none && !(gaps && r.Float64() < 0.2) {
				c.Calls = append(c.Calls, rootcause.Call{Caller: n.name, Callee: to.name})
			}
		}
		if n.kind == queue && !none {
			edge := rootcause.Call{Caller: n.name, Callee: s.app.nodes[n.consumer].name}
			if n.polled {
				edge.Caller, edge.Callee = edge.Callee, edge.Caller
			}
			c.Calls = append(c.Calls, edge)
		}
	}
}
