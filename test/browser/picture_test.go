//go:build browser

package browser

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// maxPicture is the most that a picture for docs/ may take, in bytes.
const maxPicture = 200 << 10

// picture saves what the tab shows for docs/, where pictures are asked for.
func (p *tab) picture(name string) {
	p.t.Helper()
	folder := os.Getenv("FIREBREAK_PICTURES")
	if folder == "" {
		return
	}
	p.toFront()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(p.t, err, "take a picture of %s", p.name)
	shown, err := png.Decode(bytes.NewReader(shot))
	require.NoError(p.t, err)
	var small bytes.Buffer // Chromium compresses for speed
	require.NoError(p.t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, paletted(shown)))
	require.Less(p.t, small.Len(), maxPicture, "the picture of %s takes too many bytes", p.name)
	require.NoError(p.t, os.WriteFile(filepath.Join(folder, name+".png"), small.Bytes(), 0o644))
}

// paletted is a picture in at most 256 colours, the most frequent ones that do
// not look alike, which is all that a page of text needs; it takes a third of
// the bytes.
func paletted(shown image.Image) *image.Paletted {
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(shown.At(x, y)).(color.RGBA) }
	area := shown.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] })
	out := image.NewPaletted(area, nil)
	for _, c := range colours {
		if len(out.Palette) < 256 && !slices.ContainsFunc(out.Palette, func(p color.Color) bool { return alike(p.(color.RGBA), c) }) {
			out.Palette = append(out.Palette, c)
		}
	}
	index := map[color.RGBA]uint8{} // of the nearest colour
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := at(x, y)
			if _, known := index[c]; !known {
				index[c] = uint8(out.Palette.Index(c))
			}
			out.SetColorIndex(x, y, index[c])
		}
	}
	return out
}

// alike tells whether nobody would see the difference.
func alike(a, b color.RGBA) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) < 6 }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}
