package main

import (
	"bytes"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

func TestLevelsAreCountedInFewStretches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines   int
		step    time.Duration
		stretch string
	}{
		"one line":  {1, 0, "1 s"},
		"a minute":  {120, time.Second / 2, "1 s"},
		"two hours": {7_200, time.Second, "30 s"},
		"a day":     {1_440, time.Minute, "5 min"},
		"a month":   {3_000, 15 * time.Minute, "6 h"},
		"centuries": {200, 365 * 24 * time.Hour, "112 days"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			curve := &levelCurve{}
			levels := []telemetry.Level{telemetry.LevelError, telemetry.LevelWarn, telemetry.LevelInfo, telemetry.LevelDebug, "", telemetry.LevelFatal}
			want := levelCount{}
			for i := range c.lines {
				i = c.lines - 1 - i // backwards, as a log that is not in order
				curve.add(recorded.Add(time.Duration(i)*c.step), levels[i%6])
				want[bandOf(levels[i%6])]++
			}
			require.Equal(t, want, curve.sums())
			require.Equal(t, c.stretch, curve.stretch())
			require.Less(t, curve.last-curve.first, int64(maxStretches))
			start, end := curve.span()
			require.LessOrEqual(t, start, seconds(recorded))
			require.Greater(t, end, seconds(recorded.Add(time.Duration(c.lines-1)*c.step)))
			_, errorsOnly := curve.outline(bandErrors)
			_, all := curve.outline(levelBands - 1)
			sum := 0.0
			for i := range all {
				require.LessOrEqual(t, errorsOnly[i], all[i])
				sum += all[i] / 2 // each stretch has two corners
			}
			require.InDelta(t, c.lines, sum, 1e-6)
		})
	}
}

func TestALogIsDrawnWithItsAnomalies(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "shop.log", sickLog(plainLogLine))
	plot := filepath.Join(folder, "deep", "shop.png")
	code, stdout, stderr := logsRun(t, "", "--in", filepath.Join(folder, "shop.log"), "--plot", plot)
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "alert")
	picture, err := png.Decode(strings.NewReader(file(t, plot)))
	require.NoError(t, err)
	require.Equal(t, 1400, picture.Bounds().Dx())
	painted := map[color.RGBA]int{}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			painted[color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0xff}]++
		}
	}
	require.Greater(t, painted[levelColors[bandInfo]], 10_000)
	require.Greater(t, painted[levelColors[bandErrors]], 200)
	require.Zero(t, painted[levelColors[bandWarnings]], "none came")
}

func TestAnEmptyPictureIsDrawn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, writeLogPlot(&out, "x\x1b.log", anomaliesReport{}, &levelCurve{}, detect.Quiet))
	_, err := png.Decode(&out)
	require.NoError(t, err)
}
