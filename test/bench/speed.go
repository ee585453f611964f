package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

const (
	speedSeries = 1_000     // series in turn, so that no one of them stays in the cache
	speedPoints = 1_000_000 // a run, after the series have settled
	speedRuns   = 5         // of which the middle one counts
	// settled is how many points a series has before it is measured: with it
	// every window and queue is full. At five minutes it is more than a week.
	settled    = 2_200
	heapSeries = 2_000
)

// speedBlock measures the engine on one core: time, heap, snapshot, allocations.
func speedBlock(ctx context.Context, _ options) (string, error) {
	rows := [][]string{{"through the engine, one core", "points a second", "us a point", "allocations a point"}}
	for _, c := range []struct {
		what string
		kind stream
	}{
		{"points of a second", stream{step: time.Second, shape: daily}},
		{"points of a minute", stream{step: time.Minute, shape: daily}},
		{"points of five minutes", stream{step: 5 * time.Minute, shape: daily}},
		{"points of a second, with a limit, constant load", stream{step: time.Second, shape: daily, limited: true}},
		{"points of a second, with a limit, a sawtooth that ends below it", stream{step: time.Second, shape: sawtooth, limited: true}},
		{"points of a second, one series", stream{step: time.Second, shape: daily, series: 1}},
	} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		took, allocations := c.kind.measure()
		rows = append(rows, []string{
			c.what, fmt.Sprintf("%.0f", 1e9/took), fmt.Sprintf("%.2f", took/1e3), fmt.Sprintf("%.3f", allocations),
		})
	}
	sizes := [][]string{{"a series", "heap", "snapshot"}}
	for _, c := range []struct {
		what string
		kind stream
	}{
		{"without a limit", stream{step: 5 * time.Minute, shape: daily, series: heapSeries}},
		{"with a limit", stream{step: 5 * time.Minute, shape: sawtooth, series: heapSeries, limited: true}},
	} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		heap, snapshot, err := c.kind.size()
		if err != nil {
			return "", err
		}
		sizes = append(sizes, []string{c.what, fmt.Sprintf("%.0f bytes", heap), fmt.Sprintf("%.0f bytes", snapshot)})
	}
	return machine() + fmt.Sprintf(" Middle one of %d runs of %d points each, over %d series in turn, in processor time; heap and snapshot over %d series that have seen %d points.\n\n",
		speedRuns, speedPoints, speedSeries, heapSeries, settled) + table(rows) + "\n" + table(sizes), nil
}

// measure returns nanoseconds and allocations a point.
func (k stream) measure() (took, allocations float64) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p := k.start()
	for range settled {
		p.round()
	}
	return medians(func(watch func(work func())) int {
		rounds := speedPoints / len(p.signals)
		watch(func() {
			for range rounds {
				p.round()
			}
		})
		return rounds * len(p.signals)
	})
}

// medians measures work several times and returns nanoseconds and allocations of
// one point or line. run returns how many of them it watched.
func medians(run func(watch func(work func())) int) (took, allocations float64) {
	var times, counts []float64
	for range speedRuns {
		runtime.GC()
		var spent time.Duration
		var made uint64
		n := run(func(work func()) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := cpuTime()
			work()
			spent += cpuTime() - began
			runtime.ReadMemStats(&after)
			made += after.Mallocs - before.Mallocs
		})
		times, counts = append(times, float64(spent)/float64(n)), append(counts, float64(made)/float64(n))
	}
	return middle(times), middle(counts)
}

// size returns bytes of heap and of snapshot a series.
func (k stream) size() (heap, snapshot float64, err error) {
	p := k.start()
	before := inUse()
	for range settled {
		p.round()
	}
	heap = float64(inUse()-before) / float64(len(p.signals))
	b, err := p.engine.Snapshot()
	if err != nil {
		return 0, 0, err
	}
	return heap, float64(len(b)) / float64(len(p.signals)), nil
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC() // what the first one finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
