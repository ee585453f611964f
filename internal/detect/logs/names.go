package logs

// Names is what is usual for a parameter that is a name: a host, a table, a
// region. One that has had few values for long and gets a new one is news; one
// whose values come and go is not. How likely a new value is, past ones tell
// (Good and Turing): those that were seen a few times only, those that came late,
// those that do not come any more.
type Names struct {
	N      uint32  `json:"n"`               // lines
	Known  []name  `json:"known,omitempty"` // at most maxNames
	Many   bool    `json:"many,omitempty"`  // there are too many values to be judged
	Churn  float32 `json:"churn"`           // values that came late or went, lately
	Since  int64   `json:"since"`           // first minute
	Born   uint32  `json:"born"`            // N when the newest value came
	BornAt int64   `json:"born_at"`         // minute of it

	Cand  uint64 `json:"cand,omitempty"`  // a value that may be news
	Got   uint32 `json:"got,omitempty"`   // lines that had it
	First int64  `json:"first,omitempty"` // ns

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
	namesLines = 300    // lines of known values before a new one is news
	namesAge   = 6 * 60 // minutes
	candTime   = 5 * minute
	mostChurn  = 1.6
	churnDay   = 0.5 // what is left of it after a day
	rareName   = 5   // lines; a value with fewer tells that there are more of its kind
	goneLines  = 40  // usual gaps without a value, after which it is gone
)

// take takes a value and tells whether it is news.
func (m *Names) take(hash uint64, at int64, lines float64) bool {
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
			}
			return false
		}
	}
	return m.other(hash, at, lines)
}

// other takes a value that is not known.
func (m *Names) other(hash uint64, at int64, lines float64) bool {
	now := at / minute
	if m.Since == 0 {
		m.Since = now
	}
	if !m.judges(now) {
		m.know(hash, now, 1)
		return false
	}
	if m.Cand != hash || at-m.First > candTime {
		if m.Cand != 0 && m.Cand != hash {
			// Two new ones at once: values change here.
			m.know(m.Cand, now, 0.5)
		} else if m.Cand == hash {
			m.know(hash, now, 1) // too seldom to be news
			m.Cand = 0
			return false
		}
		m.Cand, m.Got, m.First = hash, 0, at
	}
	if m.Got++; float64(m.Got) < lines {
		return false
	}
	m.Cand = 0
	m.know(hash, now, 0.4)
	m.On, m.Seen = hash, at
	return true
}

// judges tells whether a new value would be news now.
func (m *Names) judges(now int64) bool {
	return m.N-m.Born >= namesLines && now-m.Since >= namesAge && now-m.BornAt >= min((now-m.Since)/2, dayMinutes) &&
		len(m.Known) <= fewNames && m.Churn < mostChurn && m.On == 0 && m.rare() == 0
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

// day lets churn fade, and hour looks for values that are gone.
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
