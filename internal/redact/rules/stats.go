package rules

import (
	"maps"
	"sync"
)

// counts is how often each kind was replaced.
type counts struct {
	mu sync.Mutex
	by map[string]int64
}

func (c *counts) add(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]int64{}
	}
	c.by[kind]++
}

// Counts is how often each kind was replaced since the process began. Those of
// texts that were withheld, cut or never settled are among them: withheld, cut and
// unstable.
func (r *Redactor) Counts() map[string]int64 {
	r.counts.mu.Lock()
	defer r.counts.mu.Unlock()
	return maps.Clone(r.counts.by)
}
