package rootcause

import "slices"

// graph holds the services by number, in the order of their names, and who
// calls whom. Cycles are fine.
type graph struct {
	names   []string
	number  map[string]int
	callees [][]int
	callers [][]int
	known   bool // there is at least one call
	symptom int  // the symptom's service; -1 when nobody knows
}

func graphOf(c *Case) *graph {
	g := &graph{number: map[string]int{}, symptom: -1}
	know := func(name string) {
		if name != "" {
			g.names = append(g.names, name)
		}
	}
	know(c.Symptom.Service)
	for _, n := range c.Nodes {
		know(n)
	}
	for _, e := range c.Calls {
		know(e.Caller)
		know(e.Callee)
	}
	for i := range c.Series {
		know(c.Series[i].Service)
	}
	for i := range c.Logs {
		know(c.Logs[i].Service)
	}
	for i := range c.Changes {
		know(c.Changes[i].Service)
	}
	slices.Sort(g.names)
	g.names = slices.Compact(g.names)
	for i, n := range g.names {
		g.number[n] = i
	}
	if c.Symptom.Service != "" {
		g.symptom = g.number[c.Symptom.Service]
	}
	g.callees, g.callers = make([][]int, len(g.names)), make([][]int, len(g.names))
	for _, e := range c.Calls {
		if e.Caller == "" || e.Callee == "" || e.Caller == e.Callee {
			continue
		}
		a, b := g.number[e.Caller], g.number[e.Callee]
		g.known = true
		g.callees[a], g.callers[b] = append(g.callees[a], b), append(g.callers[b], a)
	}
	for i := range g.names { // each once, in the order of names
		slices.Sort(g.callees[i])
		slices.Sort(g.callers[i])
		g.callees[i], g.callers[i] = slices.Compact(g.callees[i]), slices.Compact(g.callers[i])
	}
	return g
}

// placed tells whether anything is known of where a service stands.
func (g *graph) placed(i int) bool { return len(g.callees[i])+len(g.callers[i]) > 0 }

// upward lists a service and all that call it, directly or not, the near ones
// first, with the number of calls between.
func (g *graph) upward(from int, far []int) (order []int) {
	for i := range far {
		far[i] = -1
	}
	far[from] = 0
	order = append(order, from)
	for i := 0; i < len(order); i++ {
		for _, u := range g.callers[order[i]] {
			if far[u] < 0 {
				far[u] = far[order[i]] + 1
				order = append(order, u)
			}
		}
	}
	return order
}

// path is a shortest way from a service to the symptom's along callers, nil when
// none is known.
func (g *graph) path(from int) []string {
	if g.symptom < 0 {
		return nil
	}
	far := make([]int, len(g.names))
	g.upward(from, far)
	if far[g.symptom] < 0 {
		return nil
	}
	out := []string{g.names[g.symptom]}
	for at := g.symptom; at != from; {
		at = g.callees[at][slices.IndexFunc(g.callees[at], func(d int) bool { return far[d] == far[at]-1 })]
		out = append(out, g.names[at])
	}
	slices.Reverse(out)
	return out
}

// apart counts the services that no known call goes to or from.
func (g *graph) apart() (n int) {
	for i := range g.names {
		if !g.placed(i) {
			n++
		}
	}
	return n
}
