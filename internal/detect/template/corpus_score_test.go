package template

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// grouping is how well lines were put together: the share of lines whose group
// holds exactly the lines of one true template, and the F1 of the groups.
type grouping struct{ accuracy, f1 float64 }

// corpusFloor is what each format must reach. Nothing was tuned to the corpus:
// the floors are what was measured, less a little, and the low ones are the
// places where templates are hard to tell from values.
var corpusFloor = map[string]grouping{
	"batch":    {0.12, 0.02},
	"client":   {0.19, 0.05},
	"django":   {0.02, 0.01},
	"dotnet":   {0, 0.03},
	"gosvc":    {0.11, 0.05},
	"kafka":    {0.09, 0.02},
	"kubelet":  {0.41, 0.04},
	"lambda":   {0.32, 0.26},
	"mysql":    {0.24, 0.14},
	"nginx":    {0, 0},
	"node":     {0.03, 0.05},
	"postgres": {0.25, 0.07},
	"proxy":    {0, 0},
	"rails":    {0.05, 0.05},
	"redis":    {0.88, 0.34},
	"spring":   {0.02, 0.06},
	"syslog":   {0.04, 0.01},
	"mean":     {0.16, 0.07},
}

func TestGroupingOfUnseenFormats(t *testing.T) {
	t.Parallel()
	var sum grouping
	formats := corpusFormats(t)
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			lines := f.lines(corpusLines)
			got, mistakes := scoreGroups(lines, mineCorpus(t, lines))
			sum.accuracy += got.accuracy
			sum.f1 += got.f1
			t.Logf("%-9s %2d templates  GA %.3f  FGA %.3f%s", f.name, len(f.parts), got.accuracy, got.f1, mistakes)
			floor, ok := corpusFloor[f.name]
			require.True(t, ok, "no floor")
			require.GreaterOrEqual(t, got.accuracy, floor.accuracy)
			require.GreaterOrEqual(t, got.f1, floor.f1)
		})
	}
	n := float64(len(formats))
	mean := grouping{sum.accuracy / n, sum.f1 / n}
	t.Logf("mean of %d formats: GA %.3f  FGA %.3f", len(formats), mean.accuracy, mean.f1)
	require.GreaterOrEqual(t, mean.accuracy, corpusFloor["mean"].accuracy)
	require.GreaterOrEqual(t, mean.f1, corpusFloor["mean"].f1)
}

// TestGroupingIsScored proves the score with groups whose value is known by
// counting: of five lines of three templates, one group is exact.
func TestGroupingIsScored(t *testing.T) {
	t.Parallel()
	lines := []corpusLine{{"a 1", 0}, {"a 2", 0}, {"b 1", 1}, {"c 1", 2}, {"c 2", 2}}
	got, mistakes := scoreGroups(lines, []*Template[struct{}]{{id: 1}, {id: 1}, {id: 2}, {id: 2}, {id: 3}})
	require.InDelta(t, 2.0/5, got.accuracy, 1e-12)
	require.InDelta(t, 2.0/6, got.f1, 1e-12)
	require.Contains(t, mistakes, "split in 2")
	require.Contains(t, mistakes, "joined with 1 other")
}

// mineCorpus gives the final template of every line.
func mineCorpus(t testing.TB, lines []corpusLine) []*Template[struct{}] {
	t.Helper()
	m := New(Options[struct{}]{})
	at := time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	ids := make([]ID, len(lines))
	for i, l := range lines {
		ids[i] = m.Add(l.text, at.Add(time.Duration(i)*time.Second)).Template.ID()
	}
	m.Settle()
	groups := make([]*Template[struct{}], len(lines))
	for i, id := range ids {
		group, ok := m.Find(id)
		require.True(t, ok, "line %d: %s", i, lines[i].text)
		groups[i] = group
	}
	return groups
}

// scoreGroups compares groups with the truth and describes the true templates
// that were missed, the ones with the most lines first.
func scoreGroups[S any](lines []corpusLine, groups []*Template[S]) (grouping, string) {
	type pair struct {
		truth int
		group ID
	}
	truths, found, pairs := map[int]int{}, map[ID]int{}, map[pair]int{}
	text, example := map[ID]string{}, map[int]string{}
	for i, l := range lines {
		id := groups[i].ID()
		truths[l.truth]++
		found[id]++
		pairs[pair{l.truth, id}]++
		text[id] = groups[i].Text()
		example[l.truth] = cmp.Or(example[l.truth], l.text)
	}
	exact, exactLines := 0, 0
	missed := maps.Clone(truths)
	for p, n := range pairs {
		if n == truths[p.truth] && n == found[p.group] {
			exact++
			exactLines += n
			delete(missed, p.truth)
		}
	}
	var b strings.Builder
	order := slices.SortedFunc(maps.Keys(missed), func(a, b int) int { return cmp.Or(missed[b]-missed[a], a-b) })
	for _, truth := range order {
		var parts []string
		joined := 0
		for p := range pairs {
			if p.truth == truth {
				parts = append(parts, text[p.group])
			}
			if p.truth != truth && pairs[pair{truth, p.group}] > 0 {
				joined++
			}
		}
		slices.Sort(parts)
		fmt.Fprintf(&b, "\n    %d lines like %q", missed[truth], cut(example[truth], 150))
		if len(parts) > 1 {
			fmt.Fprintf(&b, ", split in %d", len(parts))
		}
		if joined > 0 {
			fmt.Fprintf(&b, ", joined with %d other", joined)
		}
		for _, part := range parts[:min(3, len(parts))] {
			fmt.Fprintf(&b, "\n        %s", cut(part, 200))
		}
	}
	return grouping{
		accuracy: float64(exactLines) / float64(len(lines)),
		f1:       2 * float64(exact) / float64(len(found)+len(truths)),
	}, b.String()
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}
