package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// caseColumns are the columns of a CSV file of a case: those that it must have,
// in their usual order, then those that are read where they are there. The first
// is the time and the last that it must have a number.
type caseColumns struct {
	must, may []string
}

var (
	metricColumns = caseColumns{must: []string{"timestamp", "service", "metric", "value"}}
	logColumns    = caseColumns{must: []string{"timestamp", "service", "template_id", "count"}, may: []string{"template", "level"}}
)

// caseRow is one row of such a file. Its cells are good until the next row is
// read.
type caseRow struct {
	line    int      // counted from 1
	cells   [][]byte // in the order of the columns; nil for what is not there
	at      time.Time
	value   float64
	missing bool  // the value is empty
	err     error // why the row cannot be used
}

// caseScanner reads the rows of one file.
type caseScanner struct {
	columns caseColumns
	place   []int // of each column in the file, -1 for none; nil before the header
	row     caseRow
	split   [][]byte

	stamp []byte // the latest time as it was written: rows of one moment stand together
	at    time.Time
}

// eachCaseRow hands every row to take, in the order of the file; blank lines are
// none. complain hears of a header that does not name all columns.
func eachCaseRow(in io.Reader, columns caseColumns, tell func(), complain func(line int, reason string), take func(*caseRow)) error {
	s := caseScanner{columns: columns}
	return eachLine(in, tell, func(n int, line []byte, err error) {
		if s.place == nil {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		s.row = caseRow{line: n, cells: s.row.cells[:0], err: err}
		if err == nil {
			s.row.err = s.cut(line)
		}
		if s.place == nil && s.header(n, complain) {
			return
		}
		if s.row.err == nil {
			s.row.err = s.read()
		}
		take(&s.row)
	})
}

// cut takes a line apart.
func (s *caseScanner) cut(line []byte) error {
	s.split = s.split[:0]
	if bytes.IndexByte(line, '"') < 0 {
		for {
			cell, rest, more := bytes.Cut(line, []byte{','})
			s.split = append(s.split, bytes.TrimSpace(cell))
			if line = rest; !more {
				return nil
			}
		}
	}
	// A row never spans lines, so that a quote that is not closed spoils one row.
	cells, err := csv.NewReader(bytes.NewReader(line)).Read()
	if malformed, ok := errors.AsType[*csv.ParseError](err); ok {
		err = malformed.Err
	}
	for _, cell := range cells {
		s.split = append(s.split, bytes.TrimSpace([]byte(cell)))
	}
	return err
}

// header finds the columns by the first row and tells whether that is what the
// row is for.
func (s *caseScanner) header(line int, complain func(line int, reason string)) bool {
	all := slices.Concat(s.columns.must, s.columns.may)
	s.place = make([]int, len(all))
	named := true
	for k, name := range all {
		s.place[k] = slices.IndexFunc(s.split, func(cell []byte) bool { return strings.EqualFold(string(cell), name) })
		named = named && (s.place[k] >= 0 || k >= len(s.columns.must))
	}
	if named && s.row.err == nil {
		return true
	}
	for k := range s.place {
		s.place[k] = -1
		if k < len(s.columns.must) {
			s.place[k] = k
		}
	}
	reason := "the header is not " + strings.Join(s.columns.must, ",")
	data := s.row.err != nil
	if len(s.split) > 0 {
		_, err := parseTime(string(s.split[0]))
		data = data || err == nil
	}
	if data {
		complain(line, reason+"; the row is read as data")
		return false
	}
	complain(line, reason+"; the columns are read in that order")
	return true
}

// read puts the cells in order and reads time and number.
func (s *caseScanner) read() error {
	r := &s.row
	for k, place := range s.place {
		switch {
		case place >= 0 && place < len(s.split):
			r.cells = append(r.cells, s.split[place])
		case k < len(s.columns.must):
			return fmt.Errorf("%d columns; %s is missing", len(s.split), s.columns.must[k])
		default:
			r.cells = append(r.cells, nil)
		}
	}
	if s.stamp == nil || !bytes.Equal(s.stamp, r.cells[0]) {
		at, err := parseTime(string(r.cells[0]))
		if err != nil {
			return err
		}
		s.stamp, s.at = append(s.stamp[:0], r.cells[0]...), at
	}
	r.at = s.at
	last := len(s.columns.must) - 1
	for k := 1; k < last; k++ {
		if len(r.cells[k]) == 0 {
			return fmt.Errorf("%s is empty", s.columns.must[k])
		}
	}
	text := r.cells[last]
	if len(text) == 0 {
		r.missing = true
		return nil
	}
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(value) || math.Abs(value) > maxMetricValue {
		return fmt.Errorf("%s %q is no number that can be used", s.columns.must[last], cutBytes(text))
	}
	r.value = value
	return nil
}
