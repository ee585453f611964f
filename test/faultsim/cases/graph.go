package cases

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// kind is what a node of the graph is.
type kind int

const (
	service kind = iota
	database
	cache
	queue
	external
	balancer
)

// node is a service or what a service uses.
type node struct {
	name  string
	kind  kind
	calls []call

	work   float64 // seconds of its own for a request, at rest
	cpu    float64 // seconds of processor for a request
	cores  float64 // that it may use
	pool   float64 // requests that it can hold at once
	memory float64 // MiB at rest
	in     float64 // KiB of a request
	out    float64 // KiB of an answer
	disk   float64 // KiB written for a request
	jitter float64 // deviation of its latency's logarithm from minute to minute
	usual  float64 // share of requests that always fail
	tail   float64 // deviation of the logarithm of single latencies

	consumer int  // of a queue: who works it off
	polled   bool // of a queue: the graph has the consumer as its caller
	hidden   bool // it has no metrics
	unknown  bool // not even the graph has it
}

// call is what a node does for a request.
type call struct {
	to       int
	times    float64 // a request
	vital    bool    // when it fails, the request fails
	parallel bool    // waited for beside the others
	async    bool    // not waited for: to a queue
	timeout  float64 // seconds
	retries  float64
	back     bool // it closes a cycle
}

// app is an application.
type app struct {
	nodes   []node
	entries []int
	order   []int // callers before callees, but for calls that close a cycle
	shape   string
}

var shapes = []string{"chain", "tree", "layers", "fan-out", "cycles"}

// newApp draws an application.
func newApp(r *rand.Rand) *app {
	a := &app{shape: shapes[r.IntN(len(shapes))]}
	size := 6 + int(34*r.Float64()*r.Float64()) // more small ones than large ones
	own := max(3, size*6/10)
	names := newNames(r)
	for range own {
		a.add(r, names.next(), service)
	}
	a.connect(r, own)
	if r.Float64() < 0.35 {
		size += a.balance(r, names)
	}
	a.entries = []int{0}
	if own > 6 && r.Float64() < 0.25 {
		// A second entry calls into the middle.
		a.entries = append(a.entries, 1)
	}
	for len(a.nodes) < size {
		owner := r.IntN(own)
		switch x := r.Float64(); {
		case x < 0.5:
			a.use(r, owner, a.add(r, names.part(a.nodes[owner].name, r, "db", "store", "table"), database))
		case x < 0.72:
			a.use(r, owner, a.add(r, names.part(a.nodes[owner].name, r, "cache", "kv"), cache))
		case x < 0.9:
			a.enqueue(r, owner, names.part(a.nodes[owner].name, r, "jobs", "queue"), own)
		default:
			a.use(r, owner, a.add(r, names.next()+"-api", external))
		}
	}
	// Databases and caches are shared at times.
	for i := own; i < len(a.nodes); i++ {
		if k := a.nodes[i].kind; (k == database || k == cache) && r.Float64() < 0.3 {
			a.use(r, r.IntN(own), i)
		}
	}
	a.sort()
	return a
}

// connect draws the calls among the first own nodes.
func (a *app) connect(r *rand.Rand, own int) {
	switch a.shape {
	case "chain":
		for i := 1; i < own; i++ {
			from := i - 1
			if i > 5 {
				from = r.IntN(i) // a chain of forty is no application
			}
			a.link(r, from, i)
		}
	case "tree":
		for i := 1; i < own; i++ {
			a.link(r, (i-1)/2, i)
		}
	case "fan-out":
		for i := 1; i < own; i++ {
			from := 0
			if i > 4 && r.Float64() < 0.4 {
				from = 1 + r.IntN(i-1)
			}
			a.link(r, from, i)
		}
	default:
		a.layer(r, own)
	}
	if a.shape == "cycles" {
		for range 1 + r.IntN(2) {
			from := own/2 + r.IntN(own-own/2)
			a.nodes[from].calls = append(a.nodes[from].calls, call{to: r.IntN(own/2 + 1), times: 0.05 + 0.1*r.Float64(), timeout: 1, back: true})
		}
	}
}

// balance puts load balancers in front of some services and returns how many.
func (a *app) balance(r *rand.Rand, names *names) int {
	front := map[int]int{} // balancer of a service
	for i := range a.nodes {
		for k := range a.nodes[i].calls {
			c := &a.nodes[i].calls[k]
			at, there := front[c.to]
			if c.back || !there && r.Float64() < 0.5 {
				continue
			}
			to := c.to
			if !there {
				at = a.add(r, names.part(a.nodes[to].name, r, "lb", "front", "elb"), balancer)
				a.nodes[at].calls = []call{{to: to, times: 1, vital: true}}
				front[to] = at
			}
			a.nodes[i].calls[k].to = at
		}
	}
	return len(front)
}

// layer gives every node one to three callers in the layer above: diamonds.
func (a *app) layer(r *rand.Rand, own int) {
	above, begin := []int{0}, 1
	for begin < own {
		end := min(own, begin+1+r.IntN(5))
		var layer []int
		for i := begin; i < end; i++ {
			for _, k := range r.Perm(len(above))[:min(len(above), 1+r.IntN(3))] {
				a.link(r, above[k], i)
			}
			layer = append(layer, i)
		}
		above, begin = layer, end
	}
}

func (a *app) add(r *rand.Rand, name string, k kind) int {
	n := node{
		name: name, kind: k, consumer: -1,
		work: between(r, 0.004, 0.06), cpu: between(r, 0.001, 0.02), memory: between(r, 80, 1500),
		in: between(r, 0.3, 4), out: between(r, 0.5, 30), disk: between(r, 0.05, 1.5),
		jitter: between(r, 0.02, 0.12), usual: 0.003 * r.Float64() * r.Float64(), tail: between(r, 0.3, 0.8),
	}
	switch k {
	case database:
		n.work, n.disk = between(r, 0.002, 0.02), between(r, 2, 20)
	case cache:
		n.work, n.disk, n.cpu = between(r, 0.0003, 0.002), 0, n.cpu/5
	case queue:
		n.work, n.cpu, n.usual = between(r, 0.002, 0.008), n.cpu/10, 0
	case balancer:
		n.work, n.cpu, n.jitter = between(r, 0.0003, 0.001), n.cpu/20, n.jitter/2
	case external:
		n.work, n.hidden = between(r, 0.05, 0.3), true
		n.unknown = r.Float64() < 0.4
	}
	a.nodes = append(a.nodes, n)
	return len(a.nodes) - 1
}

func (a *app) link(r *rand.Rand, from, to int) {
	times := between(r, 0.3, 1.3)
	if r.Float64() < 0.12 {
		times = between(r, 0.001, 0.03) // seldom used
	}
	a.nodes[from].calls = append(a.nodes[from].calls, call{
		to: to, times: times, vital: r.Float64() < 0.8, parallel: r.Float64() < 0.25,
		retries: float64(r.IntN(3)) * float64(r.IntN(2)),
	})
}

// use has a service call a database, a cache or another company.
func (a *app) use(r *rand.Rand, from, to int) {
	for _, c := range a.nodes[from].calls {
		if c.to == to {
			return
		}
	}
	times := between(r, 0.5, 3)
	if a.nodes[to].kind == external {
		times = between(r, 0.2, 1)
	}
	a.nodes[from].calls = append(a.nodes[from].calls, call{to: to, times: times, vital: a.nodes[to].kind != cache, retries: float64(r.IntN(2))})
}

// enqueue puts a queue between a service and one that works it off.
func (a *app) enqueue(r *rand.Rand, from int, name string, own int) {
	q := a.add(r, name, queue)
	a.nodes[q].polled = r.Float64() < 0.3
	a.nodes[q].consumer = own - 1 - r.IntN(max(1, own/3))
	if a.nodes[q].consumer == from {
		a.nodes[q].consumer = own - 1
		if from == own-1 {
			a.nodes[q].consumer = own - 2
		}
	}
	a.nodes[from].calls = append(a.nodes[from].calls, call{to: q, times: between(r, 0.2, 1), vital: true, async: true})
}

// sort finds an order with callers first and marks calls that close a cycle.
func (a *app) sort() {
	state := make([]int, len(a.nodes)) // 1: above, 2: done
	var visit func(i int)
	visit = func(i int) {
		state[i] = 1
		n := &a.nodes[i]
		for k := range n.calls {
			c := &n.calls[k]
			switch state[c.to] {
			case 0:
				visit(c.to)
			case 1:
				c.back, c.vital, c.times = true, false, min(c.times, 0.15)
			}
		}
		if n.kind == queue && state[n.consumer] == 0 {
			visit(n.consumer)
		}
		state[i] = 2
		a.order = append(a.order, i)
	}
	for _, e := range a.entries {
		if state[e] == 0 {
			visit(e)
		}
	}
	for i := range a.nodes {
		if state[i] == 0 {
			visit(i)
		}
	}
	slices.Reverse(a.order)
}

// callers lists who calls a node, directly or over others, nearest first.
func (a *app) callers(of int) []int {
	seen := map[int]bool{of: true}
	found := []int{of}
	for k := 0; k < len(found); k++ {
		for i, n := range a.nodes {
			if seen[i] {
				continue
			}
			calls := slices.ContainsFunc(n.calls, func(c call) bool { return c.to == found[k] })
			if calls || n.kind == queue && n.consumer == found[k] {
				seen[i] = true
				found = append(found, i)
			}
		}
	}
	return found[1:]
}

// names are made of syllables, so that nothing can know them.
type names struct {
	r    *rand.Rand
	used map[string]bool
	dash string
}

func newNames(r *rand.Rand) *names {
	return &names{r: r, used: map[string]bool{}, dash: []string{"-", "_", "."}[r.IntN(3)]}
}

func (n *names) next() string {
	first := []string{"ka", "mi", "tor", "vel", "su", "ran", "do", "pe", "lin", "gra", "bo", "zen", "fal", "hu", "wi"}
	second := []string{"ro", "na", "lek", "sta", "mir", "ven", "ta", "gor", "li", "quen"}
	third := []string{"", "", "x", "n", "is", "ad", "um"}
	for {
		name := first[n.r.IntN(len(first))] + second[n.r.IntN(len(second))] + third[n.r.IntN(len(third))]
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}

// part names what belongs to a service, with or without saying so.
func (n *names) part(owner string, r *rand.Rand, words ...string) string {
	if r.Float64() < 0.4 {
		return n.next()
	}
	name := strings.Join([]string{owner, words[r.IntN(len(words))]}, n.dash)
	for n.used[name] {
		name += "2"
	}
	n.used[name] = true
	return name
}

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }
