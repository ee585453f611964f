package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

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

// Colours, as a terminal's own palette has them, so that they suit a light and
// a dark one.
const (
	plain  = ""
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours text where the output is a terminal that has colours and the
// person has not set NO_COLOR (https://no-color.org).
func (s *screen) paint(colour, text string) string {
	if colour == plain || text == "" || !s.coloured() {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (s *screen) coloured() bool {
	file, ok := s.out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	return term.IsTerminal(int(file.Fd()))
}

// width is how many columns are left for text beside the indent: of the
// terminal, at most 100, or of 80 columns where the output is none.
func (s *screen) width() int { return max(s.columns()-len(indent), 40) }

func (s *screen) columns() int {
	columns := 80
	if file, ok := s.out.(*os.File); ok {
		if w, _, err := term.GetSize(int(file.Fd())); err == nil {
			columns = min(w, 100)
		}
	}
	return columns
}

// paragraph prints text of our own over the whole width.
func (s *screen) paragraph(text string) { s.printf("%s\n", wrap(text, s.columns(), "")) }

// safe keeps what others wrote (log samples, model output) from steering the
// terminal: nothing that is not printed, one line.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// oneLine is text that ends where the line does.
func oneLine(text string, width int) string {
	runes := []rune(strings.Join(strings.Fields(safe(text)), " "))
	if len(runes) <= width {
		return string(runes)
	}
	return string(runes[:max(width-1, 0)]) + "…"
}

// wrap breaks text into lines of at most width columns, further lines indented.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(safe(text)) {
		switch {
		case i == 0:
		case column+1+utf8.RuneCountInString(word) > width:
			b.WriteString("\n" + indent)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += utf8.RuneCountInString(word)
	}
	return b.String()
}
