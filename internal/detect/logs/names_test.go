package logs

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANameThatWasNeverSeenIsNews(t *testing.T) {
	t.Parallel()
	var n Names
	at := int64(1e18)
	for i := range 15000 {
		at += 2 * second
		require.False(t, n.take(hash([]string{"db-1", "db-2"}[i%2]), at))
		if i%1800 == 0 {
			n.hour()
		}
	}
	require.InDelta(t, math.Log(0.3*15000/0.5), n.proof(), 0.01, "one in so many lines, at most")
	for range 20 {
		at += 2 * second
		require.True(t, n.take(hash("db-9"), at))
	}
	n.tell(hash("db-9"), at)
	require.True(t, n.take(hash("db-9"), at), "it goes on")
	require.False(t, n.take(hash("db-1"), at))
	require.False(t, n.take(hash("db-7"), at), "while that lasts, nothing else is")
}

func TestWhatComesAndGoesIsNoNews(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]func(i int) int{
		"a new one now and then": func(i int) int { return i / 1500 },
		"too many":               func(i int) int { return i % 17 },
		"a rare one a day ago":   func(i int) int { return i / 14400 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n Names
			at := int64(1e18)
			for i := range 15000 {
				at += 2 * second
				n.take(hash(string(rune('a'+value(i)))), at)
				if i%1800 == 0 {
					n.hour()
				}
			}
			require.False(t, n.take(hash("new"), at))
		})
	}
}

func TestTooManyNamesAreNotJudged(t *testing.T) {
	t.Parallel()
	var n Names
	for i := range int64(maxNames + 1) {
		n.know(uint64(i), i, 1)
	}
	require.True(t, n.Many)
	n.N = 1e6 // as kin counts the lines of a template
	require.False(t, n.judges(100*dayMinutes))
}
