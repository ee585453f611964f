package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Widths of lines in columns. What is not a terminal gets maxWidth.
const (
	minWidth = 60
	maxWidth = 120
)

// widthOf is how wide lines to w should be: as wide as the terminal, within
// what can be read.
func widthOf(w io.Writer) int {
	if c, ok := w.(*countingWriter); ok {
		w = c.w
	}
	f, ok := w.(*os.File)
	if !ok {
		return maxWidth
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return maxWidth
	}
	return min(max(columns, minWidth), maxWidth)
}

// wrap breaks text at spaces into lines of at most width runes. A word that is
// longer than that, such as a digest to copy, stays whole.
func wrap(text string, width int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	for word := range strings.FieldsSeq(text) {
		size := len([]rune(word))
		if used > 0 && used+1+size > width {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(word)
		used += size
	}
	if used > 0 {
		lines = append(lines, line.String())
	}
	return lines
}
