package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatBreaksIsWithheld has a rule that panics.
func TestWhatBreaksIsWithheld(t *testing.T) {
	t.Parallel()
	s := &set{counts: &counts{}}
	s.hashes.New = func() any { panic("broken") }
	require.Equal(t, "nothing here", s.redact("nothing here"))
	require.Equal(t, markWithheld, s.redact("mail ana@example.com"))
	require.Equal(t, int64(1), s.counts.by[kindWithheld])
}

// TestTooMuchToDecodeIsWithheld has a run in which there is always more to decode.
func TestTooMuchToDecodeIsWithheld(t *testing.T) {
	t.Parallel()
	c := scan{set: &set{counts: &counts{}}, text: strings.Repeat("aGVsbG8gd29ybGQg", 8), budget: 20}
	c.encoded(1)
	require.Equal(t, []span{{from: 0, to: len(c.text), kind: kindWithheld, weight: weightShape}}, c.spans)
}

// TestTheLibraryIsAsExpected: rules that are left out or changed by their names are
// there, and the end of values is written as it is replaced.
func TestTheLibraryIsAsExpected(t *testing.T) {
	t.Parallel()
	cfg, err := library()
	require.NoError(t, err)
	known, ends, assign := map[string]bool{}, 0, 0
	for _, r := range cfg.Rules {
		known[r.ID] = true
		ends += strings.Count(r.Regex, valueEnd)
		assign += strings.Count(r.Regex, assigned)
	}
	require.GreaterOrEqual(t, len(known), 200)
	for id := range leftOut {
		require.Contains(t, known, id)
	}
	require.GreaterOrEqual(t, ends, 150)
	require.GreaterOrEqual(t, assign, 80)
	require.Contains(t, known, "sourcegraph-access-token")
}

func TestEveryRuleOfTheLibraryCompiles(t *testing.T) {
	t.Parallel()
	cfg, err := library()
	require.NoError(t, err)
	for _, r := range cfg.Rules {
		if r.Regex == "" {
			continue
		}
		rule := libraryRule{id: r.ID, raw: r.Regex}
		rule.prepare()
		require.NotPanics(t, func() { rule.find() }, r.ID)
		require.LessOrEqual(t, len(r.ID), maxKind)
	}
}

func TestUnitedSpansDoNotOverlap(t *testing.T) {
	t.Parallel()
	got := united([]span{
		{from: 8, to: 12, kind: "b"},
		{from: 0, to: 4, kind: "a"},
		{from: 3, to: 6, kind: "c"},
		{from: 8, to: 12, kind: "d", weight: 1},
		{from: 9, to: 10, kind: "e", weight: 2},
		{from: 12, to: 13, kind: "f"},
	})
	require.Equal(t, []span{{from: 0, to: 6, kind: "a"}, {from: 8, to: 12, kind: "d", weight: 1}, {from: 12, to: 13, kind: "f"}}, got)
}
