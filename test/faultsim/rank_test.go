package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/rootcause"
	"firebreak/test/faultsim/cases"
)

// floorSeed is of cases on which nothing was tried; the tables of the benchmarks
// have another.
const floorSeed = 9_000

// place is where the first right service stands among the suspects, services
// counted once, from 1; 0 when it is not listed.
func place(r rootcause.Ranking, right []string) int {
	var seen []string
	for _, s := range r.Suspects {
		if slices.Contains(seen, s.Service) {
			continue
		}
		seen = append(seen, s.Service)
		if slices.Contains(right, s.Service) {
			return len(seen)
		}
	}
	return 0
}

// TestTheCauseIsAmongTheFirst holds how often it is, by what is measured of the
// application: the share measured over many more seeds less what chance does to
// this few.
func TestTheCauseIsAmongTheFirst(t *testing.T) {
	t.Parallel()
	floors := map[cases.Set]struct{ first, three float64 }{
		cases.Requests: {0.60, 0.78},
		cases.Pods:     {0.25, 0.55},
		cases.Both:     {0.55, 0.80},
		cases.Nameless: {0.45, 0.72},
	}
	type tally struct{ all, first, three float64 }
	found := map[cases.Set]*tally{}
	for _, c := range cases.Several(floorSeed, 13*4*4, cases.Faults()) {
		if found[c.Set] == nil {
			found[c.Set] = &tally{}
		}
		f := found[c.Set]
		f.all++
		switch p := place(rootcause.Rank(c.Case), c.Services); {
		case p == 1:
			f.first++
			f.three++
		case p > 0 && p <= 3:
			f.three++
		}
	}
	for set, f := range found {
		t.Logf("%s: first %.2f, among three %.2f of %.0f", set, f.first/f.all, f.three/f.all, f.all)
		require.GreaterOrEqual(t, f.first/f.all, floors[set].first, "%s: first", set)
		require.GreaterOrEqual(t, f.three/f.all, floors[set].three, "%s: among three", set)
	}
}

// TestACauseElsewhereIsNotPinnedOnAService compares cases whose cause is outside
// with those whose cause is inside.
func TestACauseElsewhereIsNotPinnedOnAService(t *testing.T) {
	t.Parallel()
	figures := func(all []cases.Case) (outside, first []float64) {
		for _, c := range all {
			r := rootcause.Rank(c.Case)
			outside = append(outside, r.Outside)
			score := 0.0
			if len(r.Suspects) > 0 {
				score = r.Suspects[0].Score
			}
			first = append(first, score)
		}
		slices.Sort(outside)
		slices.Sort(first)
		return outside, first
	}
	middle := func(v []float64) float64 { return v[len(v)/2] }
	inside, insideFirst := figures(cases.Several(floorSeed, 13*4, cases.Faults()))
	outside, outsideFirst := figures(cases.Several(floorSeed, 4*4*4, cases.OutsideFaults()))
	t.Logf("outside %.2f and %.2f, first score %.2f and %.2f, of causes inside and outside", middle(inside), middle(outside), middle(insideFirst), middle(outsideFirst))
	require.Greater(t, middle(outside), middle(inside))
	require.Less(t, middle(outsideFirst), middle(insideFirst))
}

// TestRankingDoesNotDependOnOrder shuffles whatever has an order.
func TestRankingDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	for _, c := range cases.Several(floorSeed+1, 13, cases.Faults()) {
		want := rootcause.Rank(c.Case)
		slices.Reverse(c.Series)
		slices.Reverse(c.Calls)
		slices.Reverse(c.Nodes)
		slices.Reverse(c.Logs)
		slices.Reverse(c.Changes)
		got := rootcause.Rank(c.Case)
		require.Len(t, got.Suspects, len(want.Suspects))
		require.InDelta(t, want.Outside, got.Outside, 1e-9)
		for i, s := range want.Suspects {
			require.Equal(t, s.Service, got.Suspects[i].Service, "%s: place %d, score %v", c.Name, i, s.Score)
			require.InDelta(t, s.Score, got.Suspects[i].Score, 1e-9, c.Name)
		}
	}
}
