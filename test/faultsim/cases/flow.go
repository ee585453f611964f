package cases

import (
	"math"
	"slices"
)

// effect is what a fault does to one node in one minute. The zero value of a
// factor means 1.
type effect struct {
	hog      float64 // processors taken by somebody else
	slow     float64 // factor on its own work
	delay    float64 // seconds added to whatever it sends
	loss     float64 // share of packets lost
	failing  float64 // share of requests that fail by themselves
	early    bool    // they fail before anything is called
	down     float64 // share of the time, or of the replicas, that it is not there
	pool     float64 // factor on the requests that it can hold
	cores    float64 // factor on its processors
	leak     float64 // MiB
	writes   float64 // factor on what its disk takes
	restarts float64 // so far
	blocked  int     // 1 + the node that it cannot reach
}

// state is a node in one minute.
type state struct {
	arriving float64 // requests a second
	served   float64 // of which it answers
	latency  float64 // mean seconds, as the node itself sees it
	failed   float64 // share of requests
	use      float64 // of its processors
	wanted   float64 // the same, had it refused nothing
	inside   float64 // requests at once
	tail     float64 // deviation of the logarithm of single latencies
	depth    float64 // of a queue: requests waiting
	age      float64 // of a queue: seconds that the oldest waits
	sent     float64 // calls a second to others, with their answers in KiB
	effect   effect
}

// flow is the application in motion.
type flow struct {
	app   *app
	now   []state
	extra []float64 // requests a second that come back over cycles
	drain []float64 // of a queue: what its consumer can take, requests a second
	calm  []float64 // seconds of a request when nothing is wrong
}

func newFlow(a *app) *flow {
	return &flow{app: a, now: make([]state, len(a.nodes)), extra: make([]float64, len(a.nodes)), drain: make([]float64, len(a.nodes)), calm: make([]float64, len(a.nodes))}
}

// size gives every node as much as it needs for a load, and some more.
func (f *flow) size(load float64, room func() float64) {
	for i := range f.app.nodes {
		n := &f.app.nodes[i]
		n.cores, n.pool = 1e9, 1e9
		for k := range n.calls {
			n.calls[k].timeout = 1e9
		}
		f.drain[i] = 1e9
	}
	for range 5 {
		f.step(load, nil)
	}
	for i := range f.app.nodes {
		n, s := &f.app.nodes[i], &f.now[i]
		f.calm[i] = s.latency
		n.cores = max(0.2, s.arriving*n.cpu/(0.25+0.35*room()))
		n.pool = max(8, s.arriving*s.latency*(4+10*room()))
		for k := range n.calls {
			callee := f.now[n.calls[k].to]
			n.calls[k].timeout = max(0.3, (5+25*room())*callee.latency)
		}
		if n.kind == queue {
			f.drain[i] = s.arriving * (1.3 + room())
		}
	}
}

// step moves on by a minute: load requests a second arrive.
func (f *flow) step(load float64, effects map[int]effect) {
	before := append([]state(nil), f.now...)
	arriving := append([]float64(nil), f.extra...)
	clear(f.extra)
	for k, e := range f.app.entries {
		arriving[e] += load * []float64{1, 0.4}[k]
	}
	for i := range f.now {
		f.now[i].effect, f.now[i].sent = effects[i], 0
	}
	for _, i := range f.app.order {
		f.now[i].arriving = arriving[i]
		f.send(i, before, arriving)
	}
	for _, i := range slices.Backward(f.app.order) {
		f.answer(i, before)
	}
}

// send passes a node's requests on to what it calls.
func (f *flow) send(i int, before []state, arriving []float64) {
	n, s := &f.app.nodes[i], &f.now[i]
	if n.kind == queue {
		f.workOff(i, before, arriving)
		return
	}
	taken := s.arriving * (1 - s.effect.down) * (1 - f.refused(i, before))
	if s.effect.early {
		taken *= 1 - s.effect.failing
	}
	for _, c := range n.calls {
		if s.effect.blocked == c.to+1 {
			continue
		}
		fail := f.failing(i, c, before)
		calls := taken * c.times * (1 + c.retries*fail)
		if c.back {
			f.extra[c.to] += calls
			continue
		}
		arriving[c.to] += calls
		s.sent += calls
	}
}

// workOff lets a queue's consumer take what it can.
func (f *flow) workOff(i int, before []state, arriving []float64) {
	n, s := &f.app.nodes[i], &f.now[i]
	worker := before[n.consumer]
	can := f.drain[i] * (1 - worker.failed) * (1 - f.refused(n.consumer, before))
	if usual := f.calm[n.consumer]; worker.latency > 0 && usual > 0 {
		// Workers take the next when they are done with one.
		can *= min(1, 4*usual/worker.latency)
	}
	can *= 1 - f.now[n.consumer].effect.down
	s.depth = before[i].depth
	out := min(can, s.arriving+s.depth/60)
	s.depth = max(0, s.depth+60*(s.arriving-out))
	s.age = s.depth / max(out, 1e-3)
	arriving[n.consumer] += out
}

// refused is the share of requests that a node was too full to take.
func (f *flow) refused(i int, before []state) float64 {
	n, s, e := &f.app.nodes[i], &before[i], &f.now[i].effect
	refused := 0.0
	if pool := n.pool * factor(e.pool); s.inside > pool {
		refused = 1 - pool/s.inside
	}
	if s.wanted > 1 {
		refused = max(refused, 1-1/s.wanted)
	}
	return refused
}

// failing is the share of single calls that fail or take too long.
func (f *flow) failing(i int, c call, before []state) float64 {
	e := f.now[i].effect
	if e.blocked == c.to+1 {
		return 1
	}
	if c.async {
		return f.now[c.to].effect.down
	}
	callee := &before[c.to]
	fail := 1 - (1-callee.failed)*(1-f.now[c.to].effect.down)
	wait := callee.latency + f.network(i, c.to)
	if wait > 0 {
		late := 1 - normal((math.Log(c.timeout/wait)+callee.tail*callee.tail/2)/max(callee.tail, 0.1))
		fail = 1 - (1-fail)*(1-late)
	}
	lost := 1 - (1-e.loss)*(1-f.now[c.to].effect.loss)
	return 1 - (1-fail)*(1-0.5*lost*lost) // what is lost once is sent again
}

// network is what the way to a node and back takes, in seconds.
func (f *flow) network(from, to int) float64 {
	a, b := f.now[from].effect, f.now[to].effect
	lost := 1 - (1-a.loss)*(1-b.loss)
	return 0.0005 + a.delay + b.delay + 0.25*lost/(1-min(lost, 0.9)) // a lost packet waits for its timer
}

// answer adds up what a node's answers take and how many are errors.
func (f *flow) answer(i int, before []state) {
	n, s, old := &f.app.nodes[i], &f.now[i], &before[i]
	e := s.effect
	refused := f.refused(i, before)
	taken := s.arriving * (1 - e.down) * (1 - refused)
	cores := n.cores * factor(e.cores)
	s.use = (taken*n.cpu*(1+0.3*s.sent/max(taken*3, 1e-9)) + e.hog) / cores
	if e.early {
		s.use -= 0.7 * e.failing * taken * n.cpu / cores
	}
	s.wanted = (s.arriving*(1-e.down)*n.cpu + e.hog) / cores
	use := min(s.use, 0.92)
	own := n.work * factor(e.slow) * (1 + 0.6*use*use/(1-use))
	wait, beside, reached := 0.0, 0.0, 1.0
	for _, c := range n.calls {
		fail := f.failing(i, c, before)
		if c.vital && !c.back {
			reached *= 1 - math.Pow(min(1, fail*min(1, c.times)), 1+c.retries/2)
		}
		if c.async || c.back {
			continue
		}
		took := min(f.now[c.to].latency+f.network(i, c.to), c.timeout)
		if e.blocked == c.to+1 {
			took = 0.02 // an unknown name fails at once
		}
		took *= c.times * (1 + c.retries*fail)
		if c.parallel {
			beside = max(beside, took)
		} else {
			wait += took
		}
	}
	total := own + wait + beside + e.delay/2 + 0.1*e.loss
	if e.early {
		total = total*(1-e.failing) + 0.3*own*e.failing
	}
	s.inside = (old.inside + s.arriving*(1-e.down)*total) / 2
	if pool := n.pool * factor(e.pool); s.inside > pool {
		total *= min(3, s.inside/pool) // those that are let in have waited
	}
	s.latency = total
	if old.latency > 0 {
		s.latency = 0.25*old.latency + 0.75*total
	}
	s.failed = 1 - (1-n.usual)*(1-e.failing)*(1-refused)*reached
	s.served = taken
	s.tail = n.tail + 1.2*math.Sqrt(e.loss) + 0.3*math.Sqrt(max(0, use-0.6))
	if n.kind == queue {
		s.failed, s.latency = n.usual, n.work*factor(e.slow)+e.delay/2
	}
}

func factor(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

// normal is the normal distribution.
func normal(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
