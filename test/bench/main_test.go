package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABlockIsReplacedBetweenItsMarks(t *testing.T) {
	t.Parallel()
	const document = "# A\n<!-- bench:a -->\nold\n<!-- /bench:a -->\ntext\n<!-- bench:b -->\n<!-- /bench:b -->\nend\n"
	once, err := replace(document, "b", "| new |\n")
	require.NoError(t, err)
	require.Equal(t, "# A\n<!-- bench:a -->\nold\n<!-- /bench:a -->\ntext\n<!-- bench:b -->\n\n| new |\n\n<!-- /bench:b -->\nend\n", once)
	twice, err := replace(once, "b", "| new |\n")
	require.NoError(t, err)
	require.Equal(t, once, twice)
	for _, broken := range []string{"no mark", "<!-- bench:a -->\nno end\n"} {
		_, err := replace(broken, "a", "x")
		require.Error(t, err)
	}
}

// TestTheDocumentHasEveryBlock keeps the page and the command together.
func TestTheDocumentHasEveryBlock(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "benchmarks.md"))
	require.NoError(t, err)
	for _, name := range blockNames() {
		_, err := replace(string(document), name, "x")
		require.NoError(t, err)
	}
}

func TestWithoutDataItSaysWhereToGetIt(t *testing.T) {
	t.Parallel()
	text, err := accuracyBlock(t.Context(), options{data: t.TempDir()})
	require.NoError(t, err)
	for _, s := range sources {
		require.Contains(t, text, s.from)
	}
	require.Contains(t, text, nabScorer)
	require.Contains(t, text, vusScorer)
}

func TestAlertsAreRowsWithAOne(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rows.csv")
	require.NoError(t, os.WriteFile(file, []byte("timestamp,value,anomaly_score,anomaly\n2026-03-01 00:00:00,1,0.1,0\n2026-03-08 00:00:00,9,0.9,1\n"), 0o600))
	rows, sent, weeks, err := alerts(file)
	require.NoError(t, err)
	require.Equal(t, 2, rows)
	require.Equal(t, 1, sent)
	require.InDelta(t, 1, weeks, 1e-9)
	require.NoError(t, os.WriteFile(file, []byte("timestamp,value,anomaly_score,anomaly\n2026-03-01 00:00:00,1,0.1,0\n"), 0o600))
	_, _, _, err = alerts(file)
	require.ErrorContains(t, err, "fewer than two rows")
}

func TestAllocationsAndSizesAreMeasured(t *testing.T) {
	t.Parallel()
	p := stream{step: 1e9, shape: sawtooth, series: 3, limited: true}.start()
	for range 50 {
		p.round()
	}
	require.EqualValues(t, 150, p.engine.Stats().Signals)
	require.Zero(t, p.engine.Stats().Unwatched)
	require.Zero(t, p.engine.Stats().Late)
}
