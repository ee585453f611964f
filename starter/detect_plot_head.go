package main

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"firebreak/internal/incident"
)

// legendEntry is one colour of a picture and what it means.
type legendEntry struct {
	text  string
	color color.Color
	thick vg.Length // 0 for an arrow
}

// What the shades and arrows of episodes mean.
var (
	sentEntry    = legendEntry{"alert sent", alertColor, 0}
	anomalyEntry = legendEntry{"anomaly, from beginning to end", shadeColor, 9}
)

// drawSeriesHead writes the name of the series, what was found and what colours
// mean.
func drawSeriesHead(c draw.Canvas, r seriesReport, o detectOptions) {
	line := fmt.Sprintf("%s, %s, sensitivity %s; times in UTC", incident.Count(r.Rows, "row", "rows"), incident.Count(r.Alerts, "alert", "alerts"), o.sensitivity)
	legend := []legendEntry{sentEntry, anomalyEntry, {"expected", bandColor, 9}, {"value", inkColor, 1.2}}
	if o.limit > 0 {
		legend = append(legend, legendEntry{"limit", limitColor, 1.2})
	}
	drawHead(c, inputName(r.File), line, legend)
}

// drawHead writes a title, a line below it and, from the right, a legend.
func drawHead(c draw.Canvas, title, line string, legend []legendEntry) {
	style := draw.TextStyle{Color: inkColor, Font: font.From(plotFont, 15), Handler: plot.DefaultTextHandler, YAlign: draw.YTop}
	c.FillText(style, vg.Point{X: c.Min.X + 4, Y: c.Max.Y}, keepEnd(safe(title), 90))
	style.Font.Size, style.Color = 12, greyColor
	c.FillText(style, vg.Point{X: c.Min.X + 4, Y: c.Max.Y - 23}, line)

	style.XAlign = draw.XRight
	at := vg.Point{X: c.Max.X, Y: c.Max.Y - 23}
	for _, l := range legend {
		c.FillText(style, at, l.text)
		at.X -= style.Width(l.text) + 4
		middle := at.Y - 7
		if l.thick == 0 {
			arrowGlyph{}.DrawGlyph(&c, draw.GlyphStyle{Color: l.color, Radius: 5}, vg.Point{X: at.X - 5, Y: middle - 3})
		} else {
			c.FillPolygon(l.color, []vg.Point{
				{X: at.X - 14, Y: middle - l.thick/2}, {X: at.X, Y: middle - l.thick/2}, {X: at.X, Y: middle + l.thick/2}, {X: at.X - 14, Y: middle + l.thick/2},
			})
		}
		at.X -= 28
	}
}
