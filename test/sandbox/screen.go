package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"
)

// screen is the terminal. While keys are read one by one the terminal does not
// turn a line feed into a new line, so screen does it.
type screen struct {
	mu  sync.Mutex
	out io.Writer
	raw bool
}

func (s *screen) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if s.raw {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	_, _ = io.WriteString(s.out, text)
}

func (s *screen) setRaw(raw bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = raw
}

// width is how many columns are left for text beside the indent: of the
// terminal, or of 100 columns where the output is none.
func (s *screen) width() int {
	columns := 100
	if file, ok := s.out.(*os.File); ok {
		if w, _, err := term.GetSize(int(file.Fd())); err == nil {
			columns = w
		}
	}
	return max(columns-len(indent), 40)
}

// safe keeps what others wrote (log samples, model output) from steering the
// terminal: no control characters, one line.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// wrap breaks text into lines of at most width columns, further lines indented.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(safe(text)) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + indent)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
