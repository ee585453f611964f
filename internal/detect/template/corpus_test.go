package template

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// corpusLines is how many lines of each format are mined, as many as in the
// published labelled samples.
const corpusLines = 2000

func TestCorpusIsWhatItSays(t *testing.T) {
	t.Parallel()
	formats := corpusFormats(t)
	require.GreaterOrEqual(t, len(formats), 12)
	for _, f := range formats {
		require.GreaterOrEqual(t, len(f.parts), 10, f.name)
		require.LessOrEqual(t, len(f.parts), 40, f.name)
		lines := f.lines(corpusLines)
		require.Equal(t, lines, f.lines(corpusLines), "%s: the same every time", f.name)
		made := map[int]string{}
		for _, l := range lines {
			require.NotRegexp(t, `[{]([$]|=|int:)`, l.text, f.name)
			made[l.truth] = l.text
		}
		require.Len(t, made, len(f.parts), "%s: every format is used", f.name)
	}
}

func TestCorpusRefusesMistakes(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"5 open {int:1-9", "5 close }", "5 {$unknown}", "5 {nonsense}", "5 {int:9-1}", "5 {float:1-2:x}", "5 {*1-2}", "5 {hex:x}", "x text", "$n = {nonsense}",
	} {
		require.Error(t, (&corpusParser{named: map[string]corpusPart{}}).line(&corpusFormat{}, line), line)
	}
}
