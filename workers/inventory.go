package workers

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"firebreak/activities/catalog"
	"firebreak/internal/incident"
)

// inventory keeps the catalogue's newest inventory at hand, so that reading the
// stream never waits for git.
type inventory struct {
	store   catalog.Source
	refresh time.Duration
	log     *slog.Logger
	current atomic.Pointer[incident.Inventory]
}

// newest returns the latest inventory that could be had.
func (i *inventory) newest() *incident.Inventory { return i.current.Load() }

// load gets the first inventory; without one nothing on the stream would have an
// owner, so failing is an error.
func (i *inventory) load(ctx context.Context) error {
	cat, problem, err := i.store.Latest(ctx)
	if err != nil {
		return fmt.Errorf("load the catalogue (catalog.url): %w", err)
	}
	if problem != nil {
		i.log.Warn("an older catalogue is used", "commit", cat.Commit, "problem", problem)
	}
	i.current.Store(cat.Inventory())
	return nil
}

// follow looks for a newer catalogue until ctx ends. A failure keeps the one
// that is there.
func (i *inventory) follow(ctx context.Context) error {
	tick := time.NewTicker(i.refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := i.load(ctx); err != nil && ctx.Err() == nil {
				i.log.Warn("the catalogue could not be refreshed", "error", err)
			}
		}
	}
}
