package main

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return v
}

func TestThePartsTableTellsDifferencesOfMeans(t *testing.T) {
	t.Parallel()
	at := func(v ...float64) []figures {
		var out []figures
		for _, x := range v {
			out = append(out, figures{standard: x, lowFP: x - 10, lowFN: x + 5, alarms: 100 - x})
		}
		return out
	}
	text := ablationTable([]part{{name: "as shipped"}, {name: "channel Step"}}, []trial{
		{nab: at(70, 72, 74), cloud: at(60, 59, 58)},
		{nab: at(66, 67, 68), cloud: at(61, 61, 61)},
	})
	require.Contains(t, text, "| as shipped | 72.0 | 62.0 | 77.0 | 28 | 59.0 | 49.0 |")
	require.Contains(t, text, "| channel Step | 67.0 (-5.0) | 57.0 (-5.0) | 72.0 (-5.0) | 33 | 61.0 (+2.0) | 51.0 (+2.0) |")
	require.Contains(t, text, "0.9: nab 70.0, cloud 60.0; 1: nab 72.0, cloud 59.0; 1.1: nab 74.0, cloud 58.0.")
}

// TestSlowBlocksAreMadeOnlyWhenAskedFor: what builds dozens of variants is not
// part of the plain command, and says what it lacks like the rest.
func TestSlowBlocksAreMadeOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	slow := 0
	for _, b := range blocks() {
		if !b.slow {
			continue
		}
		slow++
		require.False(t, options{}.wants(b), b.name)
		require.True(t, options{only: b.name}.wants(b), b.name)
		require.False(t, options{only: "speed"}.wants(b), b.name)
		text, err := b.make(t.Context(), options{data: t.TempDir()})
		require.NoError(t, err)
		require.Contains(t, text, nabScorer)
	}
	require.Equal(t, 2, slow)
	for _, b := range blocks() {
		require.Equal(t, !b.slow, options{}.wants(b), b.name)
	}
}
