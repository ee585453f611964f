package victim

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// viewedItems is how many items a session remembers as looked at. At 8 bytes an
// item it is what a session costs.
const viewedItems = 1700

// recentItems is how many of them, the latest, are compared with others'.
const recentItems = 300

// The shop's catalogue, which checkout holds in memory: prices are looked up
// there.
const (
	catalogueItems = 20_000
	itemBytes      = 2000 // name, description and price of an item
)

// catalogue is what the shop sells, an item after another.
type catalogue []byte

// loadCatalogue fills the catalogue, so that its memory is really taken.
func loadCatalogue() catalogue {
	c := make(catalogue, catalogueItems*itemBytes)
	for i := range c {
		c[i] = byte(i * 31)
	}
	return c
}

// price is what an item costs, in cents.
func (c catalogue) price(item int64) int {
	at := c[(uint64(item)%catalogueItems)*itemBytes:]
	return 100 + int(at[0])<<5 + int(at[1])
}

// session is what checkout keeps of a shopper: the items looked at, for what
// other shoppers are offered.
type session struct {
	viewed []int64
	keep   bool // the shopper asked to be remembered
}

// sessions are the open sessions, oldest first.
type sessions struct {
	mu   sync.Mutex
	open []session
}

// add opens a session and returns how many of the open ones looked at one of
// the items as well. It goes through all of them, so that an order takes the
// longer the more there are. A limit of 0 keeps every session.
//
// It has the defect that Leak makes use of: sessions are cleared from the old
// end of the list, and clearing stops at one that is to be kept. A single one
// of those keeps everything behind it for as long as the process lives.
func (s *sessions) add(items []int64, keep bool, limit int) int {
	viewed := make([]int64, viewedItems)
	copy(viewed, items)
	for i := len(items); i < len(viewed); i++ {
		viewed[i] = rand.Int64N(catalogueItems)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	alike := 0
	for _, other := range s.open {
		alike += other.saw(items)
	}
	s.open = append(s.open, session{viewed: viewed, keep: keep})
	old := 0
	for limit > 0 && len(s.open)-old > limit && !s.open[old].keep {
		old++
	}
	if old > 0 {
		kept := make([]session, len(s.open)-old)
		copy(kept, s.open[old:])
		s.open = kept
	}
	return alike
}

// saw tells with 1 or 0 whether the session looked at one of the items.
func (s session) saw(items []int64) int {
	for _, v := range s.viewed[:recentItems] {
		if slices.Contains(items, v) {
			return 1
		}
	}
	return 0
}
