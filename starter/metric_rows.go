package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// metricRow is one row of a metric file: timestamp,value and perhaps more
// columns, which are not read. Its texts are good until the next row is read.
type metricRow struct {
	line    int       // counted from 1
	stamp   []byte    // the first column as it was written
	number  []byte    // the second, likewise
	at      time.Time // UTC
	value   float64   // finite
	missing bool      // the value is empty
	err     error     // why the row cannot be used; at and value mean nothing then
}

// byteOrderMark is what spreadsheets begin a file with.
var byteOrderMark = []byte("\uFEFF")

// badHeader is what is wrong with a file that begins otherwise.
const badHeader = "the header is not timestamp,value"

// eachMetricRow hands every row of a metric file to take, in the order of the
// file; blank lines are none. A first row in which neither column can be read is
// the header. complain hears when it is not timestamp,value or when there is
// none. tell is called now and then.
func eachMetricRow(in io.Reader, tell func(), complain func(line int, reason string), take func(metricRow)) error {
	header := true
	return eachLine(in, tell, func(n int, line []byte, err error) {
		row := metricRow{line: n, err: err}
		if header {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		if err == nil {
			row.read(line)
		}
		if header {
			header = false
			named := strings.EqualFold(string(bytes.TrimSpace(row.stamp)), "timestamp") && strings.EqualFold(string(bytes.TrimSpace(row.number)), "value")
			switch {
			case named:
				return
			case row.isHeader():
				complain(n, badHeader+"; the first column is read as the time, the second as the value")
				return
			}
			complain(n, badHeader+"; the row is read as data")
		}
		take(row)
	})
}

// isHeader tells whether a row reads like names of columns: neither of the two
// is anything that a row of data has there.
func (r *metricRow) isHeader() bool {
	if r.err == nil || len(bytes.TrimSpace(r.number)) == 0 {
		return false
	}
	if _, err := parseTime(string(bytes.TrimSpace(r.stamp))); err == nil {
		return false
	}
	_, err := strconv.ParseFloat(string(bytes.TrimSpace(r.number)), 64)
	return err != nil
}

// read takes a line apart and reads its columns.
func (r *metricRow) read(line []byte) {
	if r.err = r.split(line); r.err != nil {
		return
	}
	if r.number == nil {
		r.err = errors.New("fewer than two columns")
		return
	}
	if r.at, r.err = parseTime(string(bytes.TrimSpace(r.stamp))); r.err != nil {
		return
	}
	text := bytes.TrimSpace(r.number)
	if len(text) == 0 {
		r.missing = true
		return
	}
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(value) || math.Abs(value) > maxMetricValue {
		r.err = fmt.Errorf("value %q is no number that can be used", cutBytes(text))
		return
	}
	r.value = value
}

// maxMetricValue keeps sums and squares finite; CloudWatch's own limit is
// 2^360, about 2.3e108.
const maxMetricValue = 1e108

// split finds the first two columns. A row never spans lines, so that a quote
// that is not closed spoils one row and not the rest of the file.
func (r *metricRow) split(line []byte) error {
	if bytes.IndexByte(line, '"') < 0 {
		stamp, rest, ok := bytes.Cut(line, []byte{','})
		r.stamp = stamp
		if ok {
			r.number, _, _ = bytes.Cut(rest, []byte{','})
		}
		return nil
	}
	row, err := csv.NewReader(bytes.NewReader(line)).Read()
	if malformed, ok := errors.AsType[*csv.ParseError](err); ok {
		err = malformed.Err
	}
	if err != nil {
		r.stamp, r.number, _ = bytes.Cut(line, []byte{','}) // as it is, for whoever shows the row
		return err
	}
	r.stamp = []byte(row[0])
	if len(row) > 1 {
		r.number = []byte(row[1])
	}
	return nil
}

// Layouts of times beside seconds since 1970. RFC 3339 allows a space for its T.
var (
	layoutsSpace = []string{time.DateTime, "2006-01-02 15:04:05Z07:00"}
	layoutsT     = []string{time.RFC3339}
)

// parseTime reads YYYY-MM-DD HH:MM:SS in UTC, RFC 3339 or seconds since 1970.
func parseTime(s string) (time.Time, error) {
	var layouts []string
	if len(s) > len(time.DateOnly) {
		// A layout that does not fit costs an error; a long file has many rows.
		switch s[len(time.DateOnly)] {
		case ' ':
			layouts = layoutsSpace
		case 'T':
			layouts = layoutsT
		}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if sec, err := strconv.ParseFloat(s, 64); err == nil && sec >= 0 && sec < 253e9 {
		whole, part := math.Modf(sec)
		return time.Unix(int64(whole), int64(math.Round(part*1e3))*1e6).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("timestamp %q is neither YYYY-MM-DD HH:MM:SS, RFC 3339 nor seconds since 1970", cutBytes([]byte(s)))
}

// cutBytes shortens what is quoted in a message.
func cutBytes(s []byte) []byte {
	const most = 60
	if len(s) <= most {
		return s
	}
	return append(s[:most:most], "..."...)
}
