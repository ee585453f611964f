package scenario

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	t.Parallel()
	all := All()
	require.Equal(t, "error-spike", all[0].Name, "the default comes first")
	seen := map[string]bool{}
	for _, sc := range all {
		require.False(t, seen[sc.Name], "%s is there twice", sc.Name)
		seen[sc.Name] = true
		require.Contains(t, order, sc.Name, "a scenario needs its place in order")
		require.NotEmpty(t, sc.Summary, sc.Name)
		require.LessOrEqual(t, len(sc.Summary), MaxSummary, "%s: --list has to fit 80 columns", sc.Name)
		require.LessOrEqual(t, len(sc.Name), 14, sc.Name)
		require.LessOrEqual(t, len(sc.End()), 22, sc.Name)
		require.NotEmpty(t, sc.What, sc.Name)
		require.NotEmpty(t, sc.Answer, sc.Name)
		require.True(t, sc.Fault != nil || len(sc.Steps) > 0, "%s breaks nothing", sc.Name)
		require.NotEmpty(t, sc.Status, sc.Name)
		require.True(t, sc.Status.Terminal(), sc.Name)
		require.False(t, sc.Heals != "" && len(sc.Runbooks) == 0, "%s heals without a runbook", sc.Name)
		found, err := Find(sc.Name)
		require.NoError(t, err)
		require.Equal(t, sc.Summary, found.Summary)
	}
	require.True(t, slices.IsSortedFunc(all, func(a, b Scenario) int { return slices.Index(order, a.Name) - slices.Index(order, b.Name) }))
	_, err := Find("no-such-thing")
	require.ErrorContains(t, err, "known are error-spike")
}

func TestEveryScenarioIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/scenarios.md")
	require.NoError(t, err)
	for _, sc := range All() {
		row := fmt.Sprintf("(?m)^\\| `%s` \\|.*\\| %s \\|", regexp.QuoteMeta(sc.Name), regexp.QuoteMeta(sc.End()))
		require.Regexp(t, row, string(page), "docs/scenarios.md has no row for %s that ends with %s", sc.Name, sc.End())
	}
}
