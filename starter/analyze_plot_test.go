package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/rootcause"
)

// climbing is a case with one suspect whose series climbs with its minutes.
func climbing(minutes int, step time.Duration, start int) analysis {
	var points []rootcause.Point
	for m := range minutes {
		points = append(points, rootcause.Point{At: recorded.Add(time.Duration(m) * step), Value: float64(m)})
	}
	return analysis{
		Symptom: analysedSign{Start: recorded.Add(time.Duration(start) * step)},
		ranking: rootcause.Ranking{Suspects: []rootcause.Suspect{{Service: "a", Metric: "m", Series: []int{0}}}},
		given:   rootcause.Case{Series: []rootcause.Series{{Service: "a", Metric: "m", Points: points}}},
	}
}

func TestPlotsShowTwiceAsMuchBeforeTheSymptom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		minutes, start int
		column         time.Duration
		before, after  int
	}{
		"a point a column":      {40, 36, time.Minute, 12, 4},
		"several points":        {200, 160, 5 * time.Minute, 16, 8},
		"hardly any after":      {30, 29, time.Minute, 12, 1},
		"symptom after the end": {30, 45, time.Minute, 12, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := climbing(c.minutes, time.Minute, c.start).span(sparkColumns)
			require.Equal(t, c.column, s.column)
			require.Equal(t, c.before, s.start)
			require.Equal(t, c.before+c.after, s.columns)
			require.Equal(t, recorded.Add(time.Duration(c.start)*time.Minute), s.begin.Add(time.Duration(s.start)*s.column))
		})
	}
}

// A time that somebody mistyped may be centuries away, further than a Duration reaches.
func TestAnalyzePlotsCasesOfCenturies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ last, middle time.Time }{
		"just in reach":  {last: recorded.AddDate(284, 0, 0), middle: recorded.Add(time.Minute)},
		"out of reach":   {last: recorded.AddDate(7000, 0, 0), middle: recorded.Add(time.Minute)},
		"in large steps": {last: recorded.AddDate(600, 0, 0), middle: recorded.AddDate(290, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := climbing(3, time.Minute, 0)
			points := a.given.Series[0].Points
			points[1].At, points[2].At = c.middle, c.last
			for columns := 1; columns <= chartColumns; columns++ {
				s := a.span(columns)
				require.Positive(t, s.column)
				require.GreaterOrEqual(t, s.start, 0)
				require.Greater(t, s.columns, s.start, "the symptom is shown")
				require.LessOrEqual(t, s.columns, columns+1)
				require.False(t, s.begin.After(recorded))
				require.Positive(t, time.Duration(s.columns)*s.column, "the whole span is in reach of a Duration")
				s.chart(&bytes.Buffer{}, a.main(0))
			}
		})
	}
}

func TestSparkHasItsMarkWhereTheSymptomBegins(t *testing.T) {
	t.Parallel()
	a := climbing(40, time.Minute, 36)
	line := []rune(a.span(sparkColumns).spark(a.main(0)))
	require.Len(t, line, 17)
	require.Equal(t, '|', line[12])
	require.Equal(t, '▁', line[0])
	require.Equal(t, '█', line[16])
	require.Empty(t, a.span(sparkColumns).spark(rootcause.Series{}))
}

func TestBarsOfWhatIsMissingOrConstant(t *testing.T) {
	t.Parallel()
	require.Equal(t, ' ', bar(math.NaN(), 0, 1, 1, 0))
	require.Equal(t, '▁', bar(5, 5, 5, 1, 0), "a constant series is seen")
	require.Equal(t, '█', bar(1, 0, 1, 5, 4))
	require.Equal(t, ' ', bar(0, 0, 1, 5, 1))
}

func TestChartNamesItsEndsAndTheStart(t *testing.T) {
	t.Parallel()
	a := climbing(40, time.Minute, 36)
	var b bytes.Buffer
	a.span(chartColumns).chart(&b, a.main(0))
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	require.Len(t, lines, 2+chartRows)
	require.Contains(t, lines[1], "39 ")
	require.Contains(t, lines[chartRows], "24 ▁")
	require.Contains(t, lines[1+chartRows], recorded.Add(36*time.Minute).Format("15:04:05"))
	at := strings.IndexRune(lines[2], '|')
	for _, l := range lines[1 : 1+chartRows] {
		require.Equal(t, runes(lines[2][:at]), runes(l[:strings.IndexRune(l, '|')]), "the mark is a straight line")
	}
}
