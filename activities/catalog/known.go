package catalog

import (
	"slices"
	"sync"
	"time"

	"firebreak/internal/runbook"
)

// maxKnown is how many commits are kept in memory. Open incidents pin few
// different ones; a forgotten one is fetched again.
const maxKnown = 64

// known is what has been read: commits never change, so neither does an entry.
type known struct {
	mu      sync.Mutex
	commits map[string]entry
	order   []string // oldest first
	latest  latest   // guarded by the store's gate
}

type entry struct {
	cat     *runbook.Catalog
	problem error
}

type latest struct {
	cat     *runbook.Catalog
	problem error
	checked time.Time
}

func newKnown() *known { return &known{commits: map[string]entry{}} }

func (k *known) get(commit string) (cat *runbook.Catalog, problem error, ok bool) { //nolint:revive // the problem is a value that is kept, not a failure of get
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.commits[commit]
	return e.cat, e.problem, ok
}

func (k *known) put(commit string, cat *runbook.Catalog, problem error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.commits[commit]; !ok {
		k.order = append(k.order, commit)
	}
	k.commits[commit] = entry{cat, problem}
	if len(k.order) > maxKnown {
		delete(k.commits, k.order[0])
		k.order = slices.Delete(k.order, 0, 1)
	}
}
