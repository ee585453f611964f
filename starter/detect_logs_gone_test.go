package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// differentLines are lines that have hardly a word in common and hold nothing
// that is a value by its looks.
func differentLines(n int) []string {
	r := rand.New(rand.NewPCG(3, 5))
	word := func() string {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteByte("bdfgklmnprstvz"[r.IntN(14)])
			b.WriteByte("aeiou"[r.IntN(5)])
		}
		return b.String()
	}
	lines := make([]string, n)
	for i := range lines {
		words := make([]string, 5+r.IntN(6))
		for j := range words {
			words[j] = word()
		}
		lines[i] = strings.Join(words, " ")
	}
	return lines
}

func TestTemplatesThatWereGivenUpKeepTheirRows(t *testing.T) {
	t.Parallel()
	m := newLogMiner(false, 50)
	lines := differentLines(2_000)
	lines = append(lines, lines[:10]...) // they come back
	for _, line := range lines {
		m.add(line)
	}
	m.settle()
	var out strings.Builder
	require.NoError(t, m.write(t.Context(), &out))
	mined, templates := m.report()
	require.Greater(t, mined.GivenUp, int64(1_000))
	require.Less(t, len(templates), 200)
	rows := logRows(t, out.String())
	for i, line := range lines {
		require.Equal(t, line, rows[i].template)
	}
	for i := range 10 {
		require.Equal(t, rows[i], rows[2_000+i])
	}
	require.NoError(t, m.gone.close())
	require.Error(t, m.write(t.Context(), &out), "it is told when they cannot be read")
}

func TestATemplateKnowsItsLinesAfterAJoin(t *testing.T) {
	t.Parallel()
	m := newLogMiner(true, 0)
	for i := range 200 {
		m.add(fmt.Sprintf("user %s logged in", strings.Repeat(string(rune('a'+i%26)), 3+i%4)))
	}
	m.settle()
	_, templates := m.report()
	require.Len(t, templates, 1)
	require.EqualValues(t, 200, templates[0].Count)
	require.Equal(t, 1, templates[0].First)
	require.Equal(t, 200, templates[0].Last)
	require.Equal(t, "user aaa logged in", templates[0].Example.String())
}
