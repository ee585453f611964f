package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
)

// played is a scenario with what came of it.
type played struct {
	result scenario.Result
	err    error // what could not be played, or did not end as it should
}

// playEach plays scenarios one after the other on one stack. One that fails
// does not keep the next from being played.
func playEach(ctx context.Context, f flags, screen *screen, st *stack.Stack, chosen []scenario.Scenario, o scenario.Options) ([]played, error) {
	var all []played
	for i, sc := range chosen {
		p := played{result: scenario.Result{Scenario: sc}}
		if i > 0 {
			screen.printf("\nEverything is put back in order for the next scenario.\n\n")
			o.Warm, o.Calm = true, all[i-1].result.Verified
			if err := scenario.Reset(ctx, st, o.Client); err != nil {
				p.err = fmt.Errorf("put everything back in order for %s: %w", sc.Name, err)
			}
		}
		if p.err == nil {
			p = playOne(ctx, f, screen, st, sc, o)
		}
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
		if all = append(all, p); p.err != nil && len(chosen) > 1 {
			screen.printf("\nScenario %s failed: %s\n", sc.Name, safeLines(p.err))
		}
	}
	return all, nil
}

// verdict is nil when every scenario ended as it should.
func verdict(all []played) error {
	if len(all) == 1 {
		return all[0].err
	}
	var failed []string
	for _, p := range all {
		if p.err != nil {
			failed = append(failed, p.result.Scenario.Name)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d scenarios did not end as they should: %s", len(failed), len(all), strings.Join(failed, ", "))
}

// tableFormat fits 80 columns; scenario's test of the table bounds the names
// and the ends.
const tableFormat = "%-14s %-22s %-22s %6s %6s %s\n"

// table tells how every scenario ended: in seconds after the fault, when the
// incident was found, and when its fix was verified or, without one, when it
// ended.
func table(all []played, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, tableFormat, "scenario", "end", "expected", "found", "done", "ok")
	good, alarms := 0, 0
	for _, p := range all {
		r := p.result
		alarms += r.False
		ok := "no"
		if p.err == nil {
			ok = "yes"
			good++
		}
		end, done := "not played to the end", r.Ended
		switch {
		case !r.Ended.IsZero():
			end = scenario.End(r.State.Status, r.State.Outcome)
		case r.Fault.IsZero():
			end = "not played"
		}
		if !r.Verified.IsZero() {
			done = r.Verified
		}
		fmt.Fprintf(&b, tableFormat, r.Scenario.Name, end, r.Scenario.End(), since(r.Fault, r.Found), since(r.Fault, done), ok)
	}
	fmt.Fprintf(&b, "\n%d of %d scenarios ended as they should, in %s. Times are in seconds after the\nfault: until the incident was found, and until its fix was verified or, without\none, until it ended.\n",
		good, len(all), took.Round(time.Second))
	if alarms > 0 {
		fmt.Fprintf(&b, "%s opened in a healthy shop, before a fault, and were put away.\n", incident.Count(alarms, "incident", "incidents"))
	}
	return b.String()
}

func since(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%.1f", to.Sub(from).Seconds())
}

// safeLines is an error for the terminal, its parts one below the other.
func safeLines(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, wrap(line, 76, "    "))
	}
	return strings.Join(lines, "\n  ")
}
