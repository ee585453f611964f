package rules_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/test/redaction"
)

// What redaction has to reach; see redaction.Score
// for what is counted.
const (
	leastRecall    = 0.98
	leastPrecision = 0.95

	heldOutRecall    = 0.9
	heldOutPrecision = 0.9
)

// TestCorpus scores the stored lines, and prints recall per kind of value and
// precision per kind of mark.
func TestCorpus(t *testing.T) {
	t.Parallel()
	lines := corpus(t, ".")
	harmless := 0
	for _, l := range lines {
		if len(l.Stored().Labels) == 0 {
			harmless++
		}
	}
	require.GreaterOrEqual(t, len(lines), 400)
	require.GreaterOrEqual(t, float64(harmless), 0.4*float64(len(lines)), "lines with nothing to redact")
	score := redaction.NewScore()
	for _, l := range lines {
		judge(t, score, l.Stored())
	}
	requireScore(t, score, leastRecall, leastPrecision)
}

// TestCorpusWithFreshValues scores the same lines with other values, so that no
// rule lives on those that are stored.
func TestCorpusWithFreshValues(t *testing.T) {
	t.Parallel()
	lines := corpus(t, ".")
	for seed := range uint64(8) {
		score := redaction.NewScore()
		for _, l := range lines {
			judge(t, score, l.Drawn(seed))
		}
		requireScore(t, score, leastRecall, leastPrecision)
	}
}

// TestCorpusHeldOut scores lines that were written after the rules. It prints no
// line, so that nobody is led to fit rules to them, and asks for less. At first
// look recall was 0.934 and precision 0.949; the lines have been looked at since.
func TestCorpusHeldOut(t *testing.T) {
	t.Parallel()
	score := redaction.NewScore()
	for _, l := range corpus(t, "heldout") {
		judge(t, score, l.Stored())
	}
	score.Missed, score.Wrong = nil, nil
	requireScore(t, score, heldOutRecall, heldOutPrecision)
}

// TestNothingPassesTheCorpusWithoutRules shows that the score can fail.
func TestNothingPassesTheCorpusWithoutRules(t *testing.T) {
	t.Parallel()
	nothing, everything := redaction.NewScore(), redaction.NewScore()
	for _, l := range corpus(t, ".") {
		s := l.Stored()
		nothing.Add(s, s.Text)
		everything.Add(s, "[redacted:line]")
	}
	require.Zero(t, redaction.Total(nothing.Recall).Right)
	require.InDelta(t, 1, redaction.Total(everything.Recall).Rate(), 1e-9)
	require.Less(t, redaction.Total(everything.Precision).Rate(), 0.1)
}

func judge(t *testing.T, score *redaction.Score, s redaction.Sample) {
	t.Helper()
	once := redact.Clean(rules.Default(), s.Text).String()
	score.Add(s, once)
	require.Equal(t, once, redact.Clean(rules.Default(), once).String(), "%s: redacting twice changes the line", s.Where)
}

func requireScore(t *testing.T, score *redaction.Score, leastRecall, leastPrecision float64) {
	t.Helper()
	recall, precision := redaction.Total(score.Recall), redaction.Total(score.Precision)
	t.Logf("recall %.4f (%d of %d)\n%s", recall.Rate(), recall.Right, recall.All, redaction.Table(score.Recall))
	t.Logf("precision %.4f (%d of %d)\n%s", precision.Rate(), precision.Right, precision.All, redaction.Table(score.Precision))
	t.Logf("missed:\n%s\nwrongly redacted:\n%s", strings.Join(score.Missed, "\n"), strings.Join(score.Wrong, "\n"))
	require.GreaterOrEqual(t, recall.Rate(), leastRecall)
	require.GreaterOrEqual(t, precision.Rate(), leastPrecision)
}

func corpus(t *testing.T, part string) []redaction.Line {
	t.Helper()
	folder, err := fs.Sub(os.DirFS("testdata/corpus"), part)
	require.NoError(t, err)
	lines, err := redaction.ReadCorpus(folder)
	require.NoError(t, err)
	require.NotEmpty(t, lines)
	return lines
}
