package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkout is the module's folder, from this package's.
var checkout = filepath.Join("..", "..")

func TestAnEditNeedsItsTextExactlyOnce(t *testing.T) {
	t.Parallel()
	e := edit{file: "a.go", old: "one", new: "two"}
	after, err := e.apply("this one")
	require.NoError(t, err)
	require.Equal(t, "this two", after)
	for _, source := range []string{"nothing", "", "one and one"} {
		_, err := e.apply(source)
		require.ErrorContains(t, err, "a.go")
	}
	n := constant{name: "limit", file: "a.go", before: `\blimit\s+= `}.set(7)
	after, err = n.apply("const limit   = 1_000.5 // words")
	require.NoError(t, err)
	require.Equal(t, "const limit   = 7.0 // words", after)
	_, err = n.apply("unlimited = 3")
	require.ErrorContains(t, err, "0 times")
	_, err = n.apply("limit = 3; limit = 4")
	require.ErrorContains(t, err, "2 times")
}

// parses fails unless the edits apply to the shipped sources and leave Go.
func parses(t *testing.T, edits []edit) {
	t.Helper()
	sources, err := edited(checkout, edits)
	require.NoError(t, err)
	for file, source := range sources {
		_, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		require.NoError(t, err)
	}
}

// TestEveryPartCanStillBeLeftOut keeps the table and the sources together.
func TestEveryPartCanStillBeLeftOut(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range parts() {
		require.False(t, seen[p.name], p.name)
		seen[p.name] = true
		require.NotEmpty(t, p.edits, p.name)
		for _, e := range p.edits {
			require.NotEqual(t, e.old, e.new, p.name)
		}
		parses(t, append(factorEdits(), p.edits...))
	}
}

func TestThePresetsBecomeFactors(t *testing.T) {
	t.Parallel()
	sources, err := edited(checkout, factorEdits())
	require.NoError(t, err)
	source := sources[sensitivityFile]
	for _, line := range []string{"Evidence: 0.9, Horizon: day", "Evidence: 1, Horizon: day", "Evidence: 1.1, Horizon: day"} {
		require.Equal(t, 1, strings.Count(source, line), line)
	}
	require.Equal(t, len(factorPresets), strings.Count(source, "return thresholds{"))
}

func TestEveryChosenConstantCanStillBeSet(t *testing.T) {
	t.Parallel()
	folds, err := readFolds(chosenTable)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, f := range folds {
		names[f.name] = true
		parses(t, append(factorEdits(), f.edits()...))
		sources, err := edited(checkout, f.edits())
		require.NoError(t, err)
		for i, c := range constants() {
			at, err := c.set(0).find(sources[c.file])
			require.NoError(t, err)
			require.InDelta(t, f.values[i], number(t, sources[c.file][at[0]:at[1]]), 1e-12, c.name)
			shipped, err := c.shipped(checkout)
			require.NoError(t, err)
			require.Positive(t, shipped, c.name)
		}
	}
	for _, name := range []string{startColumn, allColumn, "realTweets", "realTraffic", "realAdExchange", "artificialWithAnomaly", "artificialNoAnomaly"} {
		require.True(t, names[name], name)
	}
}

func TestATableAboutOtherConstantsIsRefused(t *testing.T) {
	t.Parallel()
	table := string(chosenTable)
	for name, broken := range map[string]string{
		"another constant": strings.Replace(table, "lateLevel", "lastLevel", 1),
		"a row too few":    strings.Replace(table, "\nslowLevel", "\n#", 1)[:len(table)/2],
		"no number":        strings.Replace(table, "barLeast,1", "barLeast,x", 1),
		"nothing":          "",
	} {
		_, err := readFolds([]byte(broken))
		require.Error(t, err, name)
	}
}
