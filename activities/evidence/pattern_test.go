package evidence

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPatternsOfLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"order 17 failed after 20ms":                           "order <*> failed after <*>",
		"order -3 failed":                                      "order <*> failed",
		"2026-03-01T12:00:00.123Z GET /a/9/b from 10.0.0.1:80": "GET <*> from <*>",
		"id 3f2a9c1e-77aa-4c3e-9e7e-1a2b3c4d5e6f gone":         "id <*> gone",
		"  many \t spaces\n ":                                  "many spaces",
		`unclosed " quote`:                                     `unclosed " quote`,
		"größe 5":                                              "größe <*>",
		"":                                                     "",
	} {
		p := newPatterns(nil)
		p.add(line, time.Unix(0, 0), true)
		require.Equal(t, want, p.all()[0].text, line)
	}
}

// What differs without a digit in it is found out by seeing enough of it; what
// was counted of the single lines goes along.
func TestPatternsThatTurnOutToBeOne(t *testing.T) {
	t.Parallel()
	p := newPatterns(nil)
	names := []string{"ana", "bob", "cleo", "dora", "emil", "fynn", "gita", "hugo", "ines", "jana", "kurt", "lena"}
	for i, name := range names {
		p.add(`{"level":"error","msg":"login of user `+name+` was refused by the gateway"}`, time.Unix(int64(i), 0), i%2 == 0)
	}
	all := p.all()
	require.Len(t, all, 1)
	require.Equal(t, "login of user <*> was refused by the gateway", all[0].text)
	require.True(t, all[0].isError)
	require.Equal(t, [2]int{6, 6}, [2]int{all[0].before, all[0].after})
	require.Equal(t, map[int64]int{0: 10, 10: 2}, all[0].times)
	require.Len(t, all[0].samples, maxSamples)
}

func TestSearchWordsAreHarmless(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"password", "timeout", "failed", "order"}, searchWords("order <*> failed: timeout of <*>: password=[redacted:secret]"))
	require.Empty(t, searchWords("<*> $(x) `y` '; z"))
	require.Equal(t, `'a'\''b $(c)'`, shellQuote("a'b $(c)"))
	require.Equal(t, "'a b'", shellQuote("a\nb"))
}

func TestRobustStatistics(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2.5, median([]float64{4, 1, 2, 3}), 0)
	require.InDelta(t, 1, deviation([]float64{0, 0, 0}), 0, "one error where there were none is one deviation")
	require.InDelta(t, 5, deviation([]float64{100, 100, 100}), 1e-9, "a series that never moved may move by a twentieth")
	require.InDelta(t, madScale, deviation([]float64{1, 2, 3, 4, 100}), 1e-9, "one outlier changes nothing")
	require.Greater(t, deviation([]float64{0, 0, 0, 0, 4}), 0.5)

	var rising []point
	for i := range 300 {
		v := float64(i)
		if i%7 == 0 {
			v = 0
		}
		rising = append(rising, point{time.Unix(int64(i), 0), v})
	}
	require.InDelta(t, 60, slope(rising), 1)
	require.InDelta(t, 0, slope(rising[:1]), 0)

	before, after := split(rising, time.Unix(100, 500_000_000), time.Second)
	require.Len(t, before, 100)
	require.Equal(t, time.Unix(100, 0), after[0].at, "the period that contains the onset counts as after")
}

func TestPeriodsFollowRetention(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		wanted int
		age    time.Duration
		want   int
	}{
		{1, time.Hour, 1},
		{10, time.Hour, 10},
		{1, 3 * time.Hour, 60},
		{90, 4 * time.Hour, 120},
		{60, 16 * 24 * time.Hour, 300},
		{1, 100 * 24 * time.Hour, 3600},
	} {
		require.Equal(t, c.want, periodAt(c.wanted, now.Add(-c.age), now), c)
	}
}
