package main

import (
	"bytes"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

func TestCurveIsBoundedAndLosesNoSpike(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rows := range []int{0, 1, 2, 99, 200, 201, 5_003, 100_000} {
		c := newCurve(100)
		low, high, score := math.Inf(1), math.Inf(-1), 0.0
		for i := range rows {
			v, s := rng.NormFloat64(), rng.Float64()
			low, high, score = min(low, v), max(high, v), max(score, s)
			c.add(recorded.Add(time.Duration(i)*time.Second), v, detect.Reading{Low: -3, High: 3, Score: s}, i > rows/2)
		}
		for _, points := range [][]curvePoint{c.points, c.reduced(37)} {
			require.LessOrEqual(t, len(points), 200)
			gotLow, gotHigh, gotScore := math.Inf(1), math.Inf(-1), 0.0
			for i, p := range points {
				gotLow, gotHigh, gotScore = min(gotLow, p.min), max(gotHigh, p.max), max(gotScore, p.score)
				require.LessOrEqual(t, p.from, p.to)
				if i > 0 {
					require.Greater(t, p.from, points[i-1].to)
				}
				if p.banded > 0 {
					require.InDelta(t, -3, p.low, 1e-9)
					require.InDelta(t, 3, p.high, 1e-9)
				}
			}
			require.InDelta(t, low, gotLow, 0)
			require.InDelta(t, high, gotHigh, 0)
			require.LessOrEqual(t, gotScore, score)
		}
		require.LessOrEqual(t, len(c.reduced(37)), max(37, min(rows, 37)))
	}
}

func TestCurveBreaksWhereDataIsMissing(t *testing.T) {
	t.Parallel()
	var points []curvePoint
	for _, at := range []float64{0, 60, 120, 180, 4000, 9000, 9060, 9120} {
		points = append(points, curvePoint{from: at, to: at, banded: 1})
	}
	points[1].banded = 0
	lengths := func(pieces [][]curvePoint) []int {
		var out []int
		for _, p := range pieces {
			out = append(out, len(p))
		}
		return out
	}
	require.Equal(t, []int{4, 1, 3}, lengths(pieces(points)))
	require.Equal(t, []int{2, 3}, lengths(bands(points)), "a band has two ends")

	// A pause within a point counts, too, wherever it was joined.
	c := newCurve(100)
	for i := range 3_001 {
		at := recorded.Add(time.Duration(i) * time.Minute)
		if i >= 1_501 {
			at = at.Add(day)
		}
		c.add(at, 1, detect.Reading{}, true)
	}
	require.Greater(t, c.stride, 1)
	for _, points := range [][]curvePoint{c.points, c.reduced(50)} {
		parts := pieces(points)
		require.Len(t, parts, 2)
		left, right := parts[0][len(parts[0])-1], parts[1][0]
		require.InDelta(t, seconds(recorded.Add(1_500*time.Minute)), left.to, 1e-3)
		require.InDelta(t, seconds(recorded.Add(1_501*time.Minute).Add(day)), right.from, 1e-3)
	}
	require.Equal(t, []int{8}, lengths(pieces([]curvePoint{{}, {}, {}, {}, {}, {}, {}, {}})), "no time, no gap")
}

func TestValueRangeShowsTheValues(t *testing.T) {
	t.Parallel()
	point := func(low, high, bandLow, bandHigh float64) curvePoint {
		return curvePoint{min: low, max: high, low: bandLow, high: bandHigh, banded: 1}
	}
	for name, c := range map[string]struct {
		points    []curvePoint
		limit     float64
		low, high float64
	}{
		"nothing":               {nil, 0, 0, 1},
		"band within":           {[]curvePoint{point(0, 10, 4, 6)}, 0, -0.5, 10.5},
		"band near":             {[]curvePoint{point(0, 10, -2, 12)}, 0, -2.5, 12.5},
		"band far off":          {[]curvePoint{point(0, 10, -1e9, 1e9)}, 0, -4.5, 14.5},
		"constant":              {[]curvePoint{point(50, 50, 50, 50)}, 0, 49.375, 50.625},
		"constant zero":         {[]curvePoint{point(0, 0, 0, 0)}, 0, -0.125, 0.125},
		"up to the limit":       {[]curvePoint{point(0, 10, 0, 10)}, 90, -4.5, 94.5},
		"as large as can be":    {[]curvePoint{point(-1e108, 1e108, 0, 0)}, 0, -1.1e108, 1.1e108},
		"a limit and no values": {nil, 5, 4.9375, 5.0625},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			low, high := (&curve{points: c.points}).valueRange(c.limit)
			require.InEpsilon(t, 1+c.low/1e3, 1+low/1e3, 1e-9)
			require.InEpsilon(t, 1+c.high/1e3, 1+high/1e3, 1e-9)
			require.Less(t, low, high)
		})
	}
}

func TestTimeTicks(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 8, 17, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		span time.Duration
		want string // the first two labels
	}{
		"nothing":      {0, "00.000 s\n08:17, 2 Mar 2026"},
		"milliseconds": {40 * time.Millisecond, "00.000 s\n08:17, 2 Mar 2026|00.010 s"},
		"seconds":      {time.Minute, "08:17:00\n2 Mar 2026|08:17:10"},
		"an hour":      {time.Hour, "08:20\n2 Mar 2026|08:30"},
		"over night":   {24 * time.Hour, "12:00\n2 Mar 2026|18:00"},
		"a week":       {week, "Tue 3 Mar\n2026|Wed 4 Mar"},
		"two months":   {60 * day, "16 Mar\n2026|30 Mar"},
		"a year":       {365 * day, "May\n2026|Jul"},
		"ten years":    {3650 * day, "2028|2030"},
		"ages":         {100_000 * day, "2050|2100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ticks := timeTicks(seconds(start), seconds(start.Add(c.span)), 8)
			require.LessOrEqual(t, len(ticks), 8)
			var labels []string
			for i, tick := range ticks {
				labels = append(labels, tick.label)
				require.GreaterOrEqual(t, tick.at, seconds(start))
				require.LessOrEqual(t, tick.at, seconds(start.Add(c.span)))
				if i > 0 {
					require.Greater(t, tick.at, ticks[i-1].at)
				}
			}
			require.Equal(t, c.want, strings.Join(labels[:min(2, len(labels))], "|"))
		})
	}
}

func TestValueTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "0 0.2 0.4 0.6 0.8 1"},
		{-0.3, 0.3, "-0.2 0 0.2"},
		{0, 97, "0 20 40 60 80"},
		{950, 1050, "960 980 1000 1020 1040"},
		{0, 48_000, "0 10k 20k 30k 40k"},
		{-5_500_000, -4_500_000, "-5400k -5200k -5000k -4800k -4600k"},
		{1.2e9, 1.3e9, "1200M 1220M 1240M 1260M 1280M 1300M"},
		{0, 3e12, "0 1000G 2000G 3000G"},
		{123456789010, 123456789020, "123456789010 123456789012 123456789014 123456789016 123456789018 123456789020"},
		{0, 1e108, "0 2e+107 4e+107 6e+107 8e+107 1e+108"},
		{0, 1e-300, "0 2e-301 4e-301 6e-301 8e-301 1e-300"},
		{5, 5, ""},
		{math.Inf(-1), 5, ""},
	} {
		var labels []string
		for _, tick := range valueTicks(c.low, c.high, 5) {
			labels = append(labels, tick.label)
		}
		require.Equal(t, c.want, strings.Join(labels, " "))
	}
	require.Less(t, len(valueTicks(1e15, math.Nextafter(1e15, 2e15), 5)), 20, "ends where numbers cannot be told apart")
}

func TestPlotOfAnything(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]float64{
		"nothing": nil, "one": {5}, "two": {5, 6}, "constant": {5, 5, 5, 5, 5}, "zero": {0, 0, 0}, "huge": {1, 1e108, -1e108, 1}, "tiny": {1e-300, 3e-300, 2e-300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, r := newCurve(100), seriesReport{File: "x\x1b\u202e\n" + strings.Repeat("é", 300), Rows: len(values)}
			for i, v := range values {
				c.add(recorded.Add(time.Duration(i)*time.Minute), v, detect.Reading{Low: v - 1, High: math.Inf(1), Score: 1}, i > 0)
			}
			if len(values) > 0 {
				r.Alerts, r.Episodes = 1, []episodeReport{{Opened: recorded.Add(-time.Hour), Alerted: recorded, Severity: incident.Sev3}}
			}
			var b bytes.Buffer
			require.NoError(t, writePlot(&b, r, c, detectOptions{limit: 3, sensitivity: detect.Quiet}))
			picture, err := png.Decode(&b)
			require.NoError(t, err)
			require.Equal(t, 1400, picture.Bounds().Dx())
			require.Equal(t, 620, picture.Bounds().Dy())
			// Between head and axis there is nothing dark but the values.
			dark := 0
			for y := 75; y < 415; y++ {
				for x := 100; x < 1370; x++ {
					if r, _, _, _ := picture.At(x, y).RGBA(); r < 0x9000 {
						dark++
					}
				}
			}
			require.Equal(t, len(values) > 0, dark > 0, "values are seen")
			small := drawSmall(r, c, detectOptions{limit: 3})
			require.NotContains(t, small.Values+small.Band+small.Scores+small.Dots, "NaN")
			require.NotContains(t, small.Values+small.Band+small.Scores+small.Dots, "Inf")
		})
	}
}
