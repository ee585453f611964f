package main

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// levelColors are the colours of the groups of levels: what is usual is pale.
var levelColors = [levelBands]color.RGBA{
	bandErrors: {0xc8, 0x10, 0x2e, 0xff}, bandWarnings: {0xe2, 0x9a, 0x2d, 0xff}, bandInfo: {0x8f, 0xaf, 0xcc, 0xff},
	bandDebug: {0xc9, 0xd6, 0xe2, 0xff}, bandOther: {0xb4, 0xba, 0xc2, 0xff},
}

var levelNames = [levelBands]string{"errors", "warnings", "info", "debug", "no level"}

// writeLogPlot draws a log as a PNG: lines by level above, warnings and errors
// alone below, episodes shaded and each alert marked where it is sent.
func writeLogPlot(w io.Writer, file string, a anomaliesReport, c *levelCurve, sensitivity detect.Sensitivity) error {
	canvas := vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseBackgroundColor(color.White))
	whole := draw.Crop(draw.New(canvas), 10, -16, 6, -8)
	all, err := levelPanel(c, levelBands-1)
	if err != nil {
		return fmt.Errorf("draw lines: %w", err)
	}
	all.Y.Label.Text = "lines in " + c.stretch()
	hideTimes(all) // the panel below has the same, with labels
	bad, err := levelPanel(c, bandWarnings)
	if err != nil {
		return fmt.Errorf("draw errors: %w", err)
	}
	bad.Y.Label.Text = "warnings, errors"
	bad.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return plotTicks(countTicks(low, high, 2)) })
	if err := addEpisodes(all, a.shades(c), true); err != nil {
		return fmt.Errorf("draw episodes: %w", err)
	}
	if err := addEpisodes(bad, a.shades(c), false); err != nil {
		return fmt.Errorf("draw episodes: %w", err)
	}
	head := drawPanels(whole, all, bad)
	line := fmt.Sprintf("%s, %s, sensitivity %s; times in UTC", incident.Count(a.Timed+a.Untimed, "line", "lines"), incident.Count(a.Alerts, "alert", "alerts"), sensitivity)
	legend := []legendEntry{sentEntry, anomalyEntry}
	for band, n := range c.sums() {
		if n > 0 {
			legend = append(legend, legendEntry{levelNames[band], levelColors[band], 9})
		}
	}
	drawHead(head, inputName(file), line, legend)
	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// levelPanel draws the groups of levels up to one, one upon the other.
func levelPanel(c *levelCurve, upTo int) (*plot.Plot, error) {
	start, end := c.span()
	p := newPanel(start, end, 0, 1.04*c.top(upTo))
	p.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return plotTicks(countTicks(low, high, 6)) })
	addGrid(p)
	sums := c.sums()
	// The upper ones first: each is drawn down to zero and covered by the next.
	for band := upTo; band >= 0; band-- {
		if sums[band] == 0 {
			continue
		}
		ring := plotter.XYs{{X: start, Y: 0}}
		x, y := c.outline(band)
		for i := range x {
			ring = append(ring, plotter.XY{X: x[i], Y: y[i]})
		}
		polygon, err := plotter.NewPolygon(append(ring, plotter.XY{X: end, Y: 0}))
		if err != nil {
			return nil, err
		}
		polygon.Color, polygon.Width = levelColors[band], 0
		p.Add(polygon)
	}
	return p, nil
}

// countTicks are the marks of valueTicks at whole numbers.
func countTicks(low, high float64, about int) []tick {
	var whole []tick
	for _, t := range valueTicks(low, high, about) {
		if t.at == float64(int64(t.at)) {
			whole = append(whole, t)
		}
	}
	return whole
}

// shades are the episodes within the time of a curve.
func (a anomaliesReport) shades(c *levelCurve) []shade {
	start, end := c.span()
	var out []shade
	for _, e := range a.Episodes {
		out = append(out, e.shade(start, end))
	}
	return out
}
