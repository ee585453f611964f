package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry/logline"
)

// lineTemplate is what is kept with a template.
type lineTemplate struct {
	slot        uint32 // place in logMiner.slots; 0 before it has one
	first, last int    // lines
	example     redact.Text
}

// slot stands for a template from its first line on: lines are kept as slots,
// four bytes each, until the end shows what has become of their templates.
type slot struct {
	joined uint32 // the slot of the template that it became a part of, or 0
	gone   goneRow
}

// logMiner finds the template of every line of one log.
type logMiner struct {
	miner    *template.Miner[lineTemplate]
	redactor redact.Redactor
	examples bool // keep one of every template
	lines    []uint32
	slots    []slot // the first stands for none
	gone     goneRows
	row      []byte
}

// newLogMiner makes a miner that knows so many templates at a time, the worker's
// number when 0. With examples it keeps one of every template.
func newLogMiner(examples bool, limit int) *logMiner {
	m := &logMiner{examples: examples, redactor: rules.Default(), slots: make([]slot, 1)}
	m.miner = template.New(template.Options[lineTemplate]{
		Limit: limit, Join: m.join, Clean: m.redactor.Redact, Gone: m.giveUp,
	})
	return m
}

// add takes the next line.
func (m *logMiner) add(line string) {
	n := len(m.lines) + 1
	// Nobody asks for times here. A line's number stands for its time, in so small
	// steps that age hardly counts when templates are given up.
	match := m.miner.Add(mined(line), time.UnixMilli(int64(n)))
	s := &match.Template.State
	if s.slot == 0 {
		m.slots = append(m.slots, slot{})
		s.slot, s.first = uint32(len(m.slots)-1), n
		if m.examples {
			s.example = redact.Clean(m.redactor, logline.Cut(line, maxExampleRead)).Cut(maxExample)
		}
	}
	s.last = n
	m.lines = append(m.lines, s.slot)
}

// mined is the part of a line that templates are made of: the message of a
// structured line, else the line as it stands. What merely ends in JSON, or has
// a header in front, stands as it is.
func mined(line string) string {
	if !beginsStructured(line) {
		return line
	}
	if parsed := logline.Parse(line); parsed.Structured {
		return parsed.Message
	}
	return line
}

// beginsStructured tells whether a line begins as JSON or as logfmt does, with
// key=.
func beginsStructured(line string) bool {
	line = strings.TrimLeft(line, " \t")
	if line == "" || line[0] == '{' {
		return line != ""
	}
	end := strings.IndexAny(line, "= \t")
	return end > 0 && line[end] == '='
}

// Bounds of an example, in bytes: what is looked through for secrets, and what
// is shown.
const (
	maxExampleRead = 16 << 10
	maxExample     = 500
)

func (m *logMiner) join(into, from *lineTemplate) {
	if from.slot == 0 {
		return
	}
	if into.slot == 0 {
		*into = *from
		return
	}
	m.slots[from.slot].joined = into.slot
	if from.first < into.first {
		into.first, into.example = from.first, from.example
	}
	into.last = max(into.last, from.last)
}

func (m *logMiner) giveUp(t *template.Template[lineTemplate]) {
	m.row = appendTemplate(m.row[:0], t.ID(), t.Text())
	m.slots[t.State.slot].gone = m.gone.keep(m.row)
}

// settle ends the reading; after it nothing is added.
func (m *logMiner) settle() { m.miner.Settle() }

// write writes a row for every line.
func (m *logMiner) write(ctx context.Context, out io.Writer) error {
	rows := map[uint32][]byte{} // of templates that are known; most slots can be of others
	for t := range m.miner.Templates() {
		rows[t.State.slot] = appendTemplate(nil, t.ID(), t.Text())
	}
	w := bufio.NewWriterSize(out, 64<<10)
	_, _ = w.WriteString("line,template_id,template\n") // a bufio.Writer keeps its error
	var number []byte
	for i, s := range m.lines {
		if i%logTellEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for m.slots[s].joined != 0 {
			s = m.slots[s].joined
		}
		row, known := rows[s]
		if !known {
			var err error
			if row, err = m.gone.read(m.slots[s].gone); err != nil {
				return err
			}
		}
		number = strconv.AppendInt(number[:0], int64(i+1), 10)
		_, _ = w.Write(number)
		if _, err := w.Write(row); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}

// appendTemplate writes what follows the number of a line in its row.
func appendTemplate(row []byte, id template.ID, text string) []byte {
	row = append(row, ',')
	row = append(row, id.String()...)
	row = append(row, ',')
	row = appendField(row, []byte(plain(text)))
	return append(row, '\n')
}

// plain replaces control characters other than tabs, which some readers of CSV
// refuse and terminals act on.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
