package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// logBlock is how much of a log file becomes one string, of which its lines
	// are parts: an allocation for each would cost more than the line.
	logBlock = 256 << 10
	// maxLogLine bounds what is kept of one line. Such a line is no message; it
	// is a row all the same.
	maxLogLine = 16 << 20
	// logTellEvery is how many lines pass between two looks at the progress.
	logTellEvery = 20_000
)

// errUTF16 is what is wrong with log files of some Windows programs.
var errUTF16 = errors.New("the text is UTF-16; turn it into UTF-8 first, as with iconv -f UTF-16 -t UTF-8")

// eachMessage hands every line of a log to take, without its line end, which is
// LF or CRLF; a last line needs none. An empty line is one, too. Lines are valid
// UTF-8: bytes that are not come as U+FFFD. What is beyond maxLogLine of a line
// is left out, and lost says how many bytes that was. tell is called now and
// then. take ends the reading by an error.
func eachMessage(in io.Reader, tell func(), take func(line string, lost int) error) error {
	r := bufio.NewReaderSize(in, logBlock)
	if err := checkText(r); err != nil {
		return err
	}
	count := 0
	hand := func(line string, lost int) error {
		if count%logTellEvery == 0 {
			tell()
		}
		count++
		line = strings.TrimSuffix(line, "\r")
		if !utf8.ValidString(line) {
			line = strings.ToValidUTF8(line, "\uFFFD")
		}
		return take(line, lost)
	}
	var open []byte // the beginning of a line whose end has not been read
	lost := 0
	for {
		block, err := r.Peek(1) // reads as much as there is at once
		if len(block) > 0 {
			block, err = r.Peek(r.Buffered())
		}
		if len(block) == 0 {
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if len(open) > 0 {
				return hand(string(open), lost)
			}
			return nil
		}
		size := len(block)
		if end := bytes.IndexByte(block, '\n'); end >= 0 && len(open) > 0 {
			open, lost = grow(open, block[:end], lost)
			if err := hand(string(open), lost); err != nil {
				return err
			}
			open, lost = open[:0], 0
			block = block[end+1:]
		}
		last := bytes.LastIndexByte(block, '\n')
		if err := eachWhole(string(block[:last+1]), hand); err != nil {
			return err
		}
		open, lost = grow(open, block[last+1:], lost)
		_, _ = r.Discard(size) // that much is buffered
	}
}

// eachWhole hands out lines that all have their end.
func eachWhole(block string, hand func(line string, lost int) error) error {
	for block != "" {
		line, rest, _ := strings.Cut(block, "\n")
		if err := hand(line, 0); err != nil {
			return err
		}
		block = rest
	}
	return nil
}

// grow adds to an open line what there is room for, and counts the rest.
func grow(open, more []byte, lost int) (grown []byte, nowLost int) {
	room := max(maxLogLine-len(open), 0)
	return append(open, more[:min(len(more), room)]...), lost + max(len(more)-room, 0)
}

// checkText passes over a byte order mark, and refuses text in which every other
// byte is zero.
func checkText(r *bufio.Reader) error {
	head, err := r.Peek(len(byteOrderMark))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return errUTF16
	}
	if bytes.Equal(head, byteOrderMark) {
		if _, err := r.Discard(len(head)); err != nil {
			return fmt.Errorf("pass over the byte order mark: %w", err)
		}
	}
	return nil
}
