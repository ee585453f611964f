package rootcause

import "math"

// The model: one service is the cause, or something outside. Its trouble shows
// in its own metrics and goes from what is called to who calls, hop by hop, and
// not the other way. Every service is asked how likely all that was seen would
// be if it were the cause.
//
// The shares below were chosen by hand, looking at PetShop and at made-up
// faults; what matters is their order of magnitude, and the ranking changes
// little when they do.
var (
	// atCause is how often a cause shows in a kind of its own metrics.
	atCause = [kinds]float64{.7, .7, .7, .5, .4, .5}
	// atCaller is how often trouble is passed on by a call (the first three), and
	// how often another kind moves where it has come.
	atCaller = [kinds]float64{.8, .8, .8, .1, .15, .3}
	// atCallee is for what is called by those in trouble: it is called less.
	atCallee = [kinds]float64{flow: .15}
	// elsewhere is how often something moves that has nothing to do with it.
	elsewhere = [kinds]float64{.03, .03, .03, .03, .1, .05}
	// troubles are what a fault may bring: slow answers, failures or both. The
	// unnamed may be either.
	troubles = [3][2]float64{slowness: {1, 0}, failures: {0, 1}, 2: {1, 1}}
	// fromOutside is how often something moves in any service if the cause is
	// none of them: only the symptom is seen, more or fewer come than usual, or
	// what all of them stand on is in trouble.
	fromOutside = [3][kinds]float64{elsewhere, {.3, .3, .3, .3, .7, .3}, {.5, .5, .5, .3, .3, .5}}
)

const (
	// symptomWeight is how sure it is that the symptom's service has the symptom.
	symptomWeight = 5
	// hidden is how much is against a service of which no metric tells whether it
	// is in trouble, as a logarithm: nearly everything has one.
	hidden = 3
	// unplaced is how often trouble reaches the symptom from a service that no
	// known call goes to or from, and anyWay where no call is known at all.
	unplaced, anyWay = 0.05, 0.5
)

// model weighs causes.
type model struct {
	g       *graph
	s       *signs
	symptom kind // what the symptom's metric measures
	share   [][kinds]float64
	far     []int
}

func newModel(c *Case, g *graph, s *signs) *model {
	return &model{g: g, s: s, symptom: s.symptomKind(c), share: make([][kinds]float64, len(g.names)), far: make([]int, len(g.names))}
}

// outside stands for a cause that is none of the services.
const outside = -1

// likelihood is the logarithm of how likely what was seen is if the service is
// the cause: the mean over the troubles that a fault may bring, and the ways in
// which something outside brings them.
func (m *model) likelihood(cause int) float64 {
	var each []float64
	for _, trouble := range troubles {
		if cause != outside {
			m.spread(cause, trouble)
			each = append(each, m.fit())
			continue
		}
		for _, shares := range fromOutside {
			m.everywhere(shares, trouble)
			each = append(each, m.fit())
		}
	}
	return average(each)
}

// everywhere gives all services the same shares, and the symptom's those of a
// caller: something outside brings it the symptom.
func (m *model) everywhere(shares [kinds]float64, trouble [2]float64) {
	for i := range m.share {
		m.set(i, shares, trouble)
	}
	if m.g.symptom >= 0 {
		m.set(m.g.symptom, atCaller, trouble)
	}
}

// fit is the logarithm of how likely what was seen is by the shares.
func (m *model) fit() float64 {
	sum := 0.0
	for i := range m.share {
		for k := range kinds {
			share, sign := m.share[i][k], &m.s.of[i][k]
			weight, seen := sign.weight, sign.seen
			if i == m.g.symptom && k == m.symptom && k != unnamed {
				weight, seen = symptomWeight, true
			}
			if seen {
				sum += math.Log(share*math.Exp(weight) + 1 - share)
			}
		}
	}
	if m.g.symptom >= 0 && m.symptom == unnamed { // it has some trouble, nobody says which
		none := 1.0
		for k := slowness; k <= unnamed; k++ {
			none *= 1 - m.share[m.g.symptom][k]
		}
		sum += math.Log((1-none)*math.Exp(symptomWeight) + none)
	}
	return sum
}

// set gives a service its shares, of slowness and failures as the trouble is.
func (m *model) set(i int, shares [kinds]float64, trouble [2]float64) {
	for k := range kinds {
		m.share[i][k] = shares[k]
		if k <= failures {
			m.share[i][k] = elsewhere[k] + (shares[k]-elsewhere[k])*trouble[k]
		}
	}
}

// spread gives every service its shares if the trouble starts at the cause:
// callers catch it from each of their callees that has it, and what was seen
// at a callee says whether it does. So a chain that is broken by a service that
// is well explains less than one that is whole.
func (m *model) spread(cause int, trouble [2]float64) {
	for i := range m.share {
		m.share[i] = elsewhere
	}
	m.set(cause, atCause, trouble)
	order := m.g.upward(cause, m.far)
	for _, i := range order[1:] {
		for k := slowness; k <= unnamed; k++ {
			none := 1 - elsewhere[k]
			for _, d := range m.g.callees[i] {
				if m.far[d] >= 0 && m.far[d] < m.far[i] {
					none *= 1 - atCaller[k]*m.believed(d, k)
				}
			}
			m.share[i][k] = 1 - none
		}
		for k := unnamed + 1; k < kinds; k++ {
			m.share[i][k] = atCaller[k]
		}
	}
	if s := m.g.symptom; s >= 0 && m.far[s] < 0 && (!m.g.known || !m.g.placed(cause)) {
		reach := unplaced
		if !m.g.known {
			reach = anyWay
		}
		for k := slowness; k <= unnamed; k++ {
			m.share[s][k] = max(m.share[s][k], reach)
		}
	}
	for i := 0; i < len(order); i++ {
		for _, d := range m.g.callees[order[i]] {
			if m.far[d] < 0 {
				m.far[d] = len(m.far)
				order = append(order, d)
				m.share[d][flow] = atCallee[flow]
			}
		}
	}
}

// believed is the share after what was seen.
func (m *model) believed(i int, k kind) float64 {
	share, sign := m.share[i][k], &m.s.of[i][k]
	if !sign.seen {
		return share
	}
	e := share * math.Exp(sign.weight)
	return e / (e + 1 - share)
}
