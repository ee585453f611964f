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

// A truth is the true template of a line.
type truth func(corpusLine) string

// Whether a state makes a template of its own is told both ways.
func asOne(l corpusLine) string { return fmt.Sprintf("%02d", l.truth) }
func apart(l corpusLine) string { return fmt.Sprintf("%02d %s", l.truth, l.states) }

// grouping is how well lines were put together: the share of lines whose group
// holds exactly the lines of one true template, and the F1 of the groups.
type grouping struct{ accuracy, f1 float64 }

// corpusFloor is what each format must reach with states that are one template,
// and with states apart. Nothing was tuned to the corpus: the floors are what was
// measured, less a little, and the low ones are the places where templates are
// hard to tell from values.
var corpusFloor = map[string][2]grouping{
	"batch":    {{0.6, 0.25}, {0.87, 0.41}},
	"client":   {{0.32, 0.23}, {0.39, 0.48}},
	"django":   {{0.28, 0.15}, {0.63, 0.25}},
	"dotnet":   {{0.43, 0.2}, {0.63, 0.35}},
	"gosvc":    {{0.74, 0.43}, {0.74, 0.43}},
	"kafka":    {{0.65, 0.4}, {0.65, 0.4}},
	"kubelet":  {{0.94, 0.78}, {0.71, 0.65}},
	"lambda":   {{0.6, 0.41}, {0.62, 0.47}},
	"mysql":    {{0.29, 0.55}, {0.75, 0.69}},
	"nginx":    {{0.87, 0.21}, {0, 0.16}},
	"node":     {{0.19, 0.26}, {0.72, 0.48}},
	"postgres": {{0.48, 0.4}, {0.51, 0.57}},
	"proxy":    {{0.07, 0.05}, {0.08, 0.11}},
	"rails":    {{0.06, 0.09}, {0.26, 0.16}},
	"redis":    {{0.97, 0.88}, {0.97, 0.93}},
	"spring":   {{0.55, 0.32}, {0.34, 0.31}},
	"syslog":   {{0.07, 0.09}, {0.19, 0.16}},
	"mean":     {{0.48, 0.33}, {0.53, 0.41}},
}

func TestGroupingOfUnseenFormats(t *testing.T) {
	t.Parallel()
	var sum [2]grouping
	formats := corpusFormats(t)
	check := func(t *testing.T, name string, got [2]grouping) {
		t.Helper()
		t.Logf("%-9s states as one: GA %.3f FGA %.3f, apart: GA %.3f FGA %.3f", name, got[0].accuracy, got[0].f1, got[1].accuracy, got[1].f1)
		floors, ok := corpusFloor[name]
		require.True(t, ok, "no floor")
		for i, floor := range floors {
			require.GreaterOrEqual(t, got[i].accuracy, floor.accuracy)
			require.GreaterOrEqual(t, got[i].f1, floor.f1)
		}
	}
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			lines := f.lines(corpusLines)
			groups := mineCorpus(t, lines)
			var got [2]grouping
			var mistakes string
			for i, truth := range []truth{asOne, apart} {
				got[i], mistakes = scoreGroups(lines, groups, truth)
				sum[i].accuracy += got[i].accuracy / float64(len(formats))
				sum[i].f1 += got[i].f1 / float64(len(formats))
			}
			t.Log(mistakes)
			check(t, f.name, got)
		})
	}
	check(t, "mean", sum)
}

// TestGroupingIsScored proves the score with groups whose value is known by
// counting: of five lines of three templates, one group is exact.
func TestGroupingIsScored(t *testing.T) {
	t.Parallel()
	lines := []corpusLine{{"a 1", 0, ""}, {"a 2", 0, ""}, {"b 1", 1, ""}, {"c 1", 2, "x "}, {"c 2", 2, "y "}}
	groups := []*Template[struct{}]{{id: 1}, {id: 1}, {id: 2}, {id: 2}, {id: 3}}
	got, mistakes := scoreGroups(lines, groups, asOne)
	require.InDelta(t, 2.0/5, got.accuracy, 1e-12)
	require.InDelta(t, 2.0/6, got.f1, 1e-12)
	require.Contains(t, mistakes, "split in 2")
	require.Contains(t, mistakes, "joined with 1 other")
	got, _ = scoreGroups(lines, groups, apart)
	require.InDelta(t, 3.0/5, got.accuracy, 1e-12)
	require.InDelta(t, 4.0/7, got.f1, 1e-12)
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
func scoreGroups[S any](lines []corpusLine, groups []*Template[S], truthOf truth) (grouping, string) {
	type pair struct {
		truth string
		group ID
	}
	truths, found, pairs := map[string]int{}, map[ID]int{}, map[pair]int{}
	text, example := map[ID]string{}, map[string]string{}
	for i, l := range lines {
		id := groups[i].ID()
		truth := truthOf(l)
		truths[truth]++
		found[id]++
		pairs[pair{truth, id}]++
		text[id] = groups[i].Text()
		example[truth] = cmp.Or(example[truth], l.text)
	}
	exact, exactLines := 0, 0
	missed := maps.Clone(truths)
	for p, n := range pairs {
		if whole := truths[p.truth]; n == whole && found[p.group] == whole {
			exact++
			exactLines += n
			delete(missed, p.truth)
		}
	}
	var b strings.Builder
	order := slices.SortedFunc(maps.Keys(missed), func(a, b string) int { return cmp.Or(missed[b]-missed[a], cmp.Compare(a, b)) })
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
