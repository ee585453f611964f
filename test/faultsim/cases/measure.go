package cases

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// quantity is something that can be measured of a node every minute.
type quantity int

const (
	qLatency quantity = iota // seconds, mean
	qP50
	qP99
	qRequests // in a minute
	qErrors   // share
	qCPU      // processors
	qMemory   // MiB
	qNetIn    // KiB/s
	qNetOut   // KiB/s
	qDisk     // KiB/s written
	qRestarts // so far
	qDepth    // of a queue
	qAge      // of a queue, seconds
	quantities
)

// readings are a node's quantities, a value a minute.
type readings [quantities][]float64

// meter turns states into what is measured of them.
type meter struct {
	app   *app
	r     *rand.Rand
	drift []float64 // of each node's latency
	wave  []float64 // where its memory's sawtooth is
	out   []readings
}

func newMeter(a *app, r *rand.Rand) *meter {
	m := &meter{app: a, r: r, drift: make([]float64, len(a.nodes)), wave: make([]float64, len(a.nodes)), out: make([]readings, len(a.nodes))}
	for i := range m.wave {
		m.wave[i] = r.Float64()
	}
	return m
}

// read takes the readings of a minute.
func (m *meter) read(now []state) {
	for i, s := range now {
		n := &m.app.nodes[i]
		m.drift[i] = 0.8*m.drift[i] + 0.6*n.jitter*m.r.NormFloat64()
		m.wave[i] += 0.02 + 0.05*s.use
		sway := math.Exp(m.drift[i] + n.jitter*m.r.NormFloat64())
		count := m.count(60 * s.arriving)
		half := s.latency * math.Exp(-s.tail*s.tail/2) // of a lognormal distribution
		few := 1 / math.Sqrt(max(count, 4))
		m.put(i, qLatency, s.latency*sway*(1+s.tail*few*m.r.NormFloat64()*0.5))
		m.put(i, qP50, half*sway*(1+0.7*s.tail*few*m.r.NormFloat64()))
		m.put(i, qP99, half*math.Exp(2.33*s.tail)*math.Exp(1.5*m.drift[i])*(1+3*s.tail*few*m.r.NormFloat64()))
		m.put(i, qRequests, count)
		m.put(i, qErrors, min(count, m.count(count*s.failed))/count)
		if count == 0 {
			// What nobody asked for took no time.
			for _, q := range []quantity{qLatency, qP50, qP99} {
				m.out[i][q][len(m.out[i][q])-1] = math.NaN()
			}
		}
		served := s.served * (1 - s.failed/2)
		m.put(i, qCPU, (0.03+min(s.use, 1))*n.cores*(1+0.05*m.r.NormFloat64()))
		saw := 0.12 * n.memory * (m.wave[i] - math.Floor(m.wave[i]))
		m.put(i, qMemory, (n.memory+saw+s.effect.leak+0.15*s.inside)*(1+0.004*m.r.NormFloat64()))
		m.put(i, qNetIn, (served*n.in+s.sent*8)*(1-0.5*s.effect.loss)*(1+0.04*m.r.NormFloat64()))
		m.put(i, qNetOut, (served*n.out+s.sent*1.5)*(1-0.5*s.effect.loss)*(1+0.04*m.r.NormFloat64()))
		writes := (served*n.disk + 2) * factor(s.effect.writes)
		m.put(i, qDisk, writes*(1+0.15*m.r.NormFloat64()))
		m.put(i, qRestarts, s.effect.restarts)
		m.put(i, qDepth, math.Floor(s.depth+m.r.Float64()*3))
		m.put(i, qAge, s.age+m.r.Float64())
	}
}

func (m *meter) put(node int, q quantity, v float64) {
	m.out[node][q] = append(m.out[node][q], max(0, v))
}

// count is a Poisson number, near enough.
func (m *meter) count(mean float64) float64 {
	if math.IsNaN(mean) || mean <= 0 {
		return 0
	}
	if mean < 30 {
		limit, product, k := math.Exp(-mean), m.r.Float64(), 0.0
		for product > limit {
			product *= m.r.Float64()
			k++
		}
		return k
	}
	return math.Max(0, math.Round(mean+math.Sqrt(mean)*m.r.NormFloat64()))
}

// known are the values that were measured.
func known(v []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(v), math.IsNaN)
}

// wording is how one application's monitoring calls its metrics.
type wording struct {
	set   Set
	style int
	good  bool // availability in percent for the share of errors
	alias [quantities]string
}

var styles = [3][quantities]string{
	{"latency", "latency_p50", "latency_p99", "requests", "errors", "cpu", "memory", "network_in", "network_out", "disk_write", "restarts", "depth", "oldest"},
	{"ResponseTime", "ResponseTimeP50", "ResponseTimeP99", "RequestCount", "FaultRate", "CPUUtilized", "MemoryUtilized", "NetworkRxBytes", "NetworkTxBytes", "StorageWriteBytes", "RestartCount", "MessagesVisible", "AgeOfOldestMessage"},
	{"duration.avg", "duration.median", "duration.slowest", "calls", "failed", "container.cpu", "container.rss", "net.receive", "net.transmit", "fs.writes", "container.starts", "backlog", "lag"},
}

func newWording(r *rand.Rand, set Set) wording {
	w := wording{set: set, style: r.IntN(len(styles)), good: r.Float64() < 0.4}
	for q, k := range r.Perm(int(quantities)) {
		w.alias[q] = fmt.Sprintf("m%d", k+1)
	}
	return w
}

// name is the metric's name in the case.
func (w wording) name(q quantity) string {
	if w.set == Nameless {
		return w.alias[q]
	}
	if q == qErrors && w.good {
		return [3]string{"availability", "SuccessRate", "succeeded"}[w.style]
	}
	return styles[w.style][q]
}

// value is the reading as the metric has it.
func (w wording) value(q quantity, v float64) float64 {
	switch {
	case q == qErrors && w.good:
		return 100 * (1 - v)
	case (q == qLatency || q == qP50 || q == qP99) && w.style == 1:
		return 1000 * v // milliseconds
	case (q == qMemory || q == qNetIn || q == qNetOut || q == qDisk) && w.style != 0:
		return math.Round(v * 1024)
	}
	return v
}

// of lists what a set has of a kind of node.
func (s Set) of(k kind) []quantity {
	requests := []quantity{qLatency, qP50, qP99, qRequests, qErrors}
	pods := []quantity{qCPU, qMemory, qNetIn, qNetOut, qDisk, qRestarts}
	switch {
	case k == external:
		return nil
	case k == balancer && s == Pods:
		return nil
	case k == balancer:
		return requests
	case k == queue && s == Pods:
		return []quantity{qNetIn, qNetOut}
	case k == queue:
		return []quantity{qDepth, qAge, qRequests}
	case s == Requests:
		return requests
	case s == Pods:
		return pods
	default:
		return append(requests, pods...)
	}
}
