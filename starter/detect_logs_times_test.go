package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
)

func TestWhenLinesWereWritten(t *testing.T) {
	t.Parallel()
	const h = 60
	type line struct{ at, want int } // minutes; 0 for none
	for name, c := range map[string]struct {
		lines            []line
		passed, misdated int
	}{
		"nothing":                    {nil, 0, 0},
		"no times":                   {[]line{{0, 0}, {0, 0}}, 2, 0},
		"in order":                   {[]line{{1, 1}, {2, 2}, {2, 2}, {30, 30}}, 0, 0},
		"the line before":            {[]line{{0, 0}, {5, 5}, {0, 5}, {0, 5}, {6, 6}, {0, 6}}, 1, 0},
		"out of order":               {[]line{{5, 5}, {3, 3}, {0, 3}, {6, 6}}, 0, 0},
		"a night without lines":      {[]line{{1, 1}, {9 * h, 9 * h}, {0, 9 * h}, {9*h + 1, 9*h + 1}}, 0, 0},
		"seldom lines":               {[]line{{1, 1}, {2 * h, 2 * h}, {4 * h, 4 * h}, {0, 4 * h}, {9 * h, 9 * h}}, 0, 0},
		"a line far ahead":           {[]line{{1, 1}, {900 * h, 1}, {0, 1}, {2, 2}, {3, 3}}, 0, 1},
		"two lines far ahead":        {[]line{{1, 1}, {900 * h, 1}, {2, 2}, {500 * h, 2}, {3, 3}}, 0, 2},
		"first far ahead":            {[]line{{900 * h, 0}, {0, 0}, {2, 2}, {3, 3}}, 2, 1},
		"first long ago":             {[]line{{1, 1}, {0, 1}, {900 * h, 900 * h}, {900*h + 1, 900*h + 1}}, 0, 0},
		"the last one after a pause": {[]line{{1, 1}, {2, 2}, {9 * h, 9 * h}, {0, 9 * h}}, 0, 0},
		"a single one":               {[]line{{7, 7}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock logClock
			got := map[int]time.Time{}
			last := 0
			take := func(m logMoment) {
				require.Greater(t, m.number, last, "in the order of the file")
				last = m.number
				got[m.number] = m.at
			}
			want := map[int]time.Time{}
			for i, l := range c.lines {
				m := logMoment{number: i + 1}
				if l.at > 0 {
					m.at = recorded.Add(time.Duration(l.at) * time.Minute)
				}
				if l.want > 0 {
					want[i+1] = recorded.Add(time.Duration(l.want) * time.Minute)
				}
				clock.place(m, take)
			}
			clock.believe(take)
			require.Equal(t, want, got)
			require.Equal(t, c.passed, clock.passed)
			require.Equal(t, c.misdated, clock.misdated)
		})
	}
}

func TestLinesAfterAJumpAreBounded(t *testing.T) {
	t.Parallel()
	var clock logClock
	taken := 0
	for i := range 3 * mostHeld {
		m := logMoment{number: i + 1}
		if i < 2 {
			m.at = recorded.Add(time.Duration(i) * 24 * time.Hour)
		}
		clock.place(m, func(logMoment) { taken++ })
		require.LessOrEqual(t, len(clock.held), mostHeld+1)
	}
	require.Equal(t, 3*mostHeld, taken)
}

func TestAWrongTimeDoesNotHideWhatFollows(t *testing.T) {
	t.Parallel()
	calm, sick := newLogWatcher("x.log", detect.Sensitive, recorded), newLogWatcher("x.log", detect.Sensitive, recorded)
	number := 0
	for i := range 1_000 {
		line := plainLogLine(recorded.Add(time.Duration(i)*time.Second), "INFO", "all is well")
		number++
		calm.take(line, number)
		sick.take(line, number)
		if i == 500 {
			number++
			calm.take("\n", number)
			sick.take(plainLogLine(recorded.AddDate(60, 0, 0), "INFO", "all is well"), number)
		}
	}
	want, err := calm.finish()
	require.NoError(t, err)
	got, err := sick.finish()
	require.NoError(t, err)
	require.Equal(t, 1, got.Misdated)
	require.Equal(t, want.Last, got.Last)
	require.Zero(t, got.Late)
	require.Equal(t, want.Alerts, got.Alerts)
}
