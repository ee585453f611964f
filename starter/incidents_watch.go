package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"firebreak/internal/incident"
)

// A watcher gives up when it has had no answer for so many intervals, and in
// that time at least so many errors: a worker that restarts cannot answer for
// some seconds.
const (
	patience  = 30
	minMisses = 3
)

// watcher follows one incident and prints what is new.
type watcher struct {
	out      io.Writer
	errs     io.Writer // told why there is nothing to see
	client   incidentClient
	ref      ref
	interval time.Duration
	quiet    bool

	last    incident.Entry // the latest entry that was printed
	printed int            // entries printed so far
	asked   string         // digest of the plan whose question was printed
	status  incident.Status
}

// follow returns the state with which the incident ended.
func (w *watcher) follow(ctx context.Context) (incident.State, error) {
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	misses, answered := 0, time.Now()
	for {
		state, err := w.client.State(ctx, w.ref)
		switch {
		case err == nil:
			misses, answered = 0, time.Now()
			w.show(state)
			if state.Status.Terminal() {
				return state, nil
			}
		case ctx.Err() != nil:
			return incident.State{}, ctx.Err()
		default:
			if misses++; misses >= minMisses && time.Since(answered) > patience*w.interval {
				return incident.State{}, err
			}
			if misses == 1 {
				fmt.Fprintf(w.errs, "no answer, trying on: %s\n", safeLines(err.Error()))
			}
		}
		select {
		case <-ctx.Done():
			return incident.State{}, ctx.Err()
		case <-tick.C:
		}
	}
}

// show prints what state has that was not printed yet.
func (w *watcher) show(state incident.State) {
	if w.quiet {
		return
	}
	if w.printed == 0 {
		fmt.Fprintf(w.out, "%s  %s  %s  opened %s\n", safe(state.ID), safe(state.Service), safe(string(state.Severity)), stamp(state.Opened))
	}
	for _, e := range w.fresh(state.Timeline) {
		for _, line := range newStory(w.out, true).entry(state.Opened, e) {
			fmt.Fprintln(w.out, line)
		}
	}
	if state.Status != w.status {
		w.status = state.Status
		fmt.Fprintf(w.out, "  status: %s\n", safe(string(state.Status)))
	}
	if state.Pending && state.Plan != nil && state.Plan.Digest != w.asked {
		w.asked = state.Plan.Digest
		newStory(w.out, false).question(state, time.Now())
	}
	if state.Status.Terminal() {
		newStory(w.out, false).end(state)
	}
}

// fresh returns the entries that come after the latest printed one. The
// timeline is bounded, so its beginning may be gone and counting is not enough.
func (w *watcher) fresh(timeline []incident.Entry) []incident.Entry {
	from := 0
	if w.printed > 0 {
		for i, t := range slices.Backward(timeline) {
			if t == w.last {
				from = i + 1
				break
			}
		}
	}
	news := timeline[from:]
	if len(news) > 0 {
		w.last = news[len(news)-1]
		w.printed += len(news)
	}
	return news
}
