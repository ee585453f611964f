package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Sizes of the picture. It is 1400 pixels wide at the default 96 dots an inch;
// pages show it at about two thirds of that, where text is still to be read.
const (
	plotWidth   = vg.Length(1400.0 / vgimg.DefaultDPI * 72)
	plotHeight  = vg.Length(620.0 / vgimg.DefaultDPI * 72)
	headHeight  = vg.Length(50)
	scoreHeight = vg.Length(125)
	plotColumns = 1300 // about as many as the data area has pixels
	mostTimes   = 10   // labels on the time axis
)

// Colours: muted for what is expected, dark for what was, red for alerts.
var (
	inkColor   = color.RGBA{0x1b, 0x1f, 0x24, 0xff}
	greyColor  = color.RGBA{0x6b, 0x72, 0x80, 0xff}
	gridColor  = color.RGBA{0xec, 0xee, 0xf1, 0xff}
	bandColor  = color.RGBA{0xc3, 0xd8, 0xea, 0xff}
	alertColor = color.RGBA{0xc8, 0x10, 0x2e, 0xff}
	shadeColor = color.NRGBA{0xc8, 0x10, 0x2e, 0x2c}
	sentColor  = color.NRGBA{0xc8, 0x10, 0x2e, 0x80}
	scoreColor = color.RGBA{0x4a, 0x5f, 0x7a, 0xff}
	limitColor = color.RGBA{0xb4, 0x5f, 0x06, 0xff}
)

// writePlot draws a series as a PNG: values with the expected band above, the
// score below, episodes shaded and each alert marked where it is sent.
func writePlot(w io.Writer, r seriesReport, c *curve, o detectOptions) error {
	canvas := vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseBackgroundColor(color.White))
	whole := draw.Crop(draw.New(canvas), 10, -16, 6, -8)

	values, err := valuePanel(r, c, o.limit)
	if err != nil {
		return fmt.Errorf("draw values: %w", err)
	}
	scores, err := scorePanel(r, c, o)
	if err != nil {
		return fmt.Errorf("draw scores: %w", err)
	}
	head := drawPanels(whole, values, scores)
	drawSeriesHead(head, r, o)

	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// drawPanels draws one panel above the other, which begin and end at the same
// place, however wide their labels are. It returns where the head goes.
func drawPanels(whole draw.Canvas, above, below *plot.Plot) draw.Canvas {
	height := whole.Max.Y - whole.Min.Y
	upper := draw.Crop(whole, 0, 0, scoreHeight, -headHeight)
	lower := draw.Crop(whole, 0, 0, 0, scoreHeight-height)
	a, b := above.DataCanvas(upper), below.DataCanvas(lower)
	left, right := max(a.Min.X, b.Min.X), min(a.Max.X, b.Max.X)
	above.Draw(draw.Crop(upper, left-a.Min.X, right-a.Max.X, 0, 0))
	below.Draw(draw.Crop(lower, left-b.Min.X, right-b.Max.X, 0, 0))
	return draw.Crop(whole, 0, 0, height-headHeight, 0)
}

// plotFont is without serifs, for small numbers.
var plotFont = font.Font{Typeface: "Liberation", Variant: "Sans"}

// newPanel is an empty plot in the house's style over a stretch of time.
func newPanel(start, end, low, high float64) *plot.Plot {
	p := plot.New()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = start, end, low, high
	p.X.Padding, p.Y.Padding = 0, 0
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return plotTicks(timeTicks(low, high, mostTimes)) })
	p.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return plotTicks(valueTicks(low, high, 6)) })
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Tick.Label.Font, axis.Label.TextStyle.Font = plotFont, plotFont
		axis.LineStyle = draw.LineStyle{Color: greyColor, Width: 0.6}
		axis.Tick.LineStyle = axis.LineStyle
		axis.Tick.Length = 4
		axis.Tick.Label.Font.Size, axis.Tick.Label.Color = 12, inkColor
		axis.Label.TextStyle.Font.Size, axis.Label.TextStyle.Color = 12, greyColor
	}
	return p
}

// hideTimes leaves the labels of the time axis out.
func hideTimes(p *plot.Plot) {
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		ticks := plotTicks(timeTicks(low, high, mostTimes))
		for i := range ticks {
			ticks[i].Label = " "
		}
		return ticks
	})
}

func plotTicks(ticks []tick) []plot.Tick {
	out := make([]plot.Tick, len(ticks))
	for i, t := range ticks {
		out[i] = plot.Tick{Value: t.at, Label: t.label}
	}
	return out
}

func valuePanel(r seriesReport, c *curve, limit float64) (*plot.Plot, error) {
	low, high := c.valueRange(limit)
	start, end := c.span()
	p := newPanel(start, end, low, high)
	p.Y.Label.Text = "value"
	hideTimes(p) // the score's panel below has the same, with labels
	points := c.reduced(plotColumns)
	if err := addBand(p, points); err != nil {
		return nil, err
	}
	addGrid(p)
	if err := addEpisodes(p, r.shades(p.X.Min, p.X.Max), true); err != nil {
		return nil, err
	}
	if limit > 0 {
		if err := addLevel(p, limit, limitColor); err != nil {
			return nil, err
		}
	}
	return p, addStrokes(p, points)
}

func scorePanel(r seriesReport, c *curve, o detectOptions) (*plot.Plot, error) {
	top := c.scoreTop(o)
	start, end := c.span()
	p := newPanel(start, end, 0, top)
	p.Y.Label.Text = "score"
	p.Y.Tick.Marker = plot.ConstantTicks(plotTicks(valueTicks(0, top, 2)))
	addGrid(p)
	if err := addEpisodes(p, r.shades(p.X.Min, p.X.Max), false); err != nil {
		return nil, err
	}
	if o.dueByScore() {
		if err := addLevel(p, alertScore, alertColor); err != nil {
			return nil, err
		}
	}
	for _, piece := range pieces(c.reduced(plotColumns)) {
		var xy plotter.XYs
		for _, s := range piece {
			xy = append(xy, plotter.XY{X: s.from, Y: s.score})
		}
		if err := addLine(p, xy, draw.LineStyle{Color: scoreColor, Width: 1.1}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// alertScore is the score of a value at the edge of the band of its role.
const alertScore = 0.5

// dueByScore tells whether alerts depend on the score: with a role, a series that
// stays out of its band alerts. Evidence of many kinds at one moment alerts at any
// score; without a role nothing else does, and the score says how unusual the
// latest stretch is.
func (o detectOptions) dueByScore() bool { return o.role != "" }

func addGrid(p *plot.Plot) {
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridColor, Width: 0.5}
	grid.Horizontal = grid.Vertical
	p.Add(grid)
}

// addBand fills what is expected, as far as it is within the panel.
func addBand(p *plot.Plot, points []curvePoint) error {
	for _, piece := range bands(points) {
		var ring plotter.XYs
		for _, s := range piece {
			ring = append(ring, plotter.XY{X: s.from, Y: within(p, s.low)})
		}
		for _, s := range slices.Backward(piece) {
			ring = append(ring, plotter.XY{X: s.from, Y: within(p, s.high)})
		}
		polygon, err := plotter.NewPolygon(ring)
		if err != nil {
			return err
		}
		polygon.Color, polygon.Width = bandColor, 0
		p.Add(polygon)
	}
	return nil
}

func within(p *plot.Plot, y float64) float64 { return math.Max(p.Y.Min, math.Min(p.Y.Max, y)) }

// addStrokes draws the values. What stands alone gets a dot.
func addStrokes(p *plot.Plot, points []curvePoint) error {
	var alone plotter.XYs
	for _, piece := range pieces(points) {
		var xy plotter.XYs
		strokes(piece, func(x, y float64) { xy = append(xy, plotter.XY{X: x, Y: y}) })
		if len(xy) == 1 {
			alone = append(alone, xy[0])
			continue
		}
		if err := addLine(p, xy, draw.LineStyle{Color: inkColor, Width: 1.1}); err != nil {
			return err
		}
	}
	if len(alone) == 0 {
		return nil
	}
	dots, err := plotter.NewScatter(alone)
	if err != nil {
		return err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: inkColor, Radius: 1.6, Shape: draw.CircleGlyph{}}
	p.Add(dots)
	return nil
}

func addLine(p *plot.Plot, xy plotter.XYs, style draw.LineStyle) error {
	if len(xy) == 0 {
		return nil
	}
	line, err := plotter.NewLine(xy)
	if err != nil {
		return err
	}
	line.LineStyle = style
	p.Add(line)
	return nil
}

func addLevel(p *plot.Plot, y float64, c color.Color) error {
	return addLine(p, plotter.XYs{{X: p.X.Min, Y: y}, {X: p.X.Max, Y: y}}, draw.LineStyle{Color: c, Width: 0.8, Dashes: []vg.Length{4, 3}})
}

// addEpisodes shades the episodes and marks their alerts; marked adds the arrow.
func addEpisodes(p *plot.Plot, shades []shade, marked bool) error {
	var arrows plotter.XYs
	for _, e := range shades {
		shade, err := plotter.NewPolygon(plotter.XYs{{X: e.from, Y: p.Y.Min}, {X: e.to, Y: p.Y.Min}, {X: e.to, Y: p.Y.Max}, {X: e.from, Y: p.Y.Max}})
		if err != nil {
			return err
		}
		shade.Color, shade.Width = shadeColor, 0
		p.Add(shade)
		if err := addLine(p, plotter.XYs{{X: e.alert, Y: p.Y.Min}, {X: e.alert, Y: p.Y.Max}}, draw.LineStyle{Color: sentColor, Width: 0.8}); err != nil {
			return err
		}
		arrows = append(arrows, plotter.XY{X: e.alert, Y: p.Y.Max})
	}
	if !marked || len(arrows) == 0 {
		return nil
	}
	marks, err := plotter.NewScatter(arrows)
	if err != nil {
		return err
	}
	marks.GlyphStyle = draw.GlyphStyle{Color: alertColor, Radius: 5.5, Shape: arrowGlyph{}}
	p.Add(marks)
	return nil
}

// arrowGlyph points down at its place.
type arrowGlyph struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (arrowGlyph) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.FillPolygon(s.Color, []vg.Point{
		{X: at.X - s.Radius, Y: at.Y + 1.6*s.Radius}, {X: at.X + s.Radius, Y: at.Y + 1.6*s.Radius}, {X: at.X, Y: at.Y},
	})
}
