package logs

import "math"

// Names is what is usual for a parameter that is a name: a host, a table, a
// region. One that has had few values for long and gets a new one is news; one
// whose values come and go is not. How likely a new value is, past ones tell
// (Good and Turing): those that were seen a few times only, those that came late,
// those that do not come any more. What several templates say of one value adds up,
// see Group.
type Names struct {
	N      uint32  `json:"n"`               // lines
	Known  []name  `json:"known,omitempty"` // at most maxNames, in the order in which they came
	Many   bool    `json:"many,omitempty"`  // there are too many values to be judged
	Churn  float32 `json:"churn"`           // values that came late or went, lately
	Since  int64   `json:"since"`           // first minute
	Born   uint32  `json:"born"`            // N when the newest value came
	BornAt int64   `json:"born_at"`         // minute of it

	Cand  uint64 `json:"cand,omitempty"`  // a value that may be news
	First int64  `json:"first,omitempty"` // ns, of it

	On   uint64 `json:"on,omitempty"`   // the value that an episode is open for
	Seen int64  `json:"seen,omitempty"` // ns, when it was seen last
}

// name is a value by its hash.
type name struct {
	Hash  uint64 `json:"h"`
	Count uint32 `json:"c"`
	Last  uint32 `json:"l"` // N at the latest line
	Gone  bool   `json:"g,omitempty"`
}

const (
	maxNames   = 16
	fewNames   = 12
	namesLines = 300         // lines of known values before a new one is news
	namesAge   = 6 * 60      // minutes
	candTime   = 5 * minute  // in which a new value must come again, at least,
	candMost   = 30 * minute // at most,
	candLines  = 60          // and as long as so many lines usually take
	newShare   = 0.3         // of the lines have a new value, when there is one
	mostChurn  = 1.6
	rareName   = 5  // lines; a value with fewer tells that there are more of its kind
	goneLines  = 40 // usual gaps without a value, after which it is gone
)

// take takes a value and tells whether the parameter never had it, or an episode is
// open for it.
func (m *Names) take(hash uint64, at int64) bool {
	if m.Many {
		return false
	}
	m.N++
	for i := range m.Known {
		if k := &m.Known[i]; k.Hash == hash {
			k.Count++
			k.Last, k.Gone = m.N, false
			if hash == m.On {
				m.Seen = max(m.Seen, at)
				return true
			}
			return false
		}
	}
	return m.other(hash, at)
}

// other takes a value that is not known.
func (m *Names) other(hash uint64, at int64) bool {
	now := at / minute
	if m.Since == 0 {
		m.Since = now
	}
	if !m.judges(now) {
		m.know(hash, now, 1)
		return false
	}
	switch {
	case m.Cand != hash:
		if m.Cand != 0 {
			// Two new ones at once: values change here.
			m.know(m.Cand, now, 0.5)
		}
		m.Cand, m.First = hash, at
	case at-m.First > m.window(now):
		m.know(hash, now, 1) // too seldom to be news
		m.Cand = 0
		return false
	}
	return true
}

// window is the time in which a new value must come again: where few lines come, at
// night, it takes longer.
func (m *Names) window(now int64) int64 {
	usual := (now - m.Since) * minute / int64(m.N)
	return min(max(candLines*usual, candTime), candMost)
}

// proof is how much evidence it is, in nats, that a line has a value that was never
// there.
func (m *Names) proof() float64 {
	return math.Log(newShare * float64(m.N) / (0.5 + float64(m.Churn) + float64(m.rare())))
}

// tell makes the value known that an episode was opened for.
func (m *Names) tell(hash uint64, at int64) {
	m.Cand = 0
	m.know(hash, at/minute, 0.4)
	m.On, m.Seen = hash, at
}

// judges tells whether a new value would be news now.
func (m *Names) judges(now int64) bool {
	return !m.Many && m.N-m.Born >= namesLines && now-m.Since >= namesAge && now-m.BornAt >= min((now-m.Since)/2, dayMinutes) &&
		len(m.Known) <= fewNames && m.Churn < mostChurn && m.On == 0
}

// rare counts the values that came a few times only.
func (m *Names) rare() int {
	n := 0
	for _, k := range m.Known {
		if k.Count < rareName {
			n++
		}
	}
	return n
}

// know adds a value.
func (m *Names) know(hash uint64, now int64, churn float32) {
	if now-m.Since >= namesAge {
		m.Churn += churn
	}
	if len(m.Known) >= maxNames {
		*m = Names{Many: true}
		return
	}
	m.Known = append(m.Known, name{Hash: hash, Count: 1, Last: m.N})
	m.Born, m.BornAt = m.N, now
}

// hour lets churn fade and looks for values that are gone.
func (m *Names) hour() {
	m.Churn *= 0.971 // by half in a day
	for i := range m.Known {
		k := &m.Known[i]
		if k.Gone || k.Count < 20 {
			continue
		}
		if float64(m.N-k.Last) > goneLines*float64(m.N)/float64(k.Count) {
			k.Gone = true
			m.Churn++
		}
	}
}

// hash is FNV-1a over words, so that it is the same everywhere.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h ^= uint64(s[i])
		h *= 1099511628211
	}
	return h | 1
}
