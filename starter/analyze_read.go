package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/rootcause"
	"firebreak/internal/telemetry/logline"
)

// Files of a case folder.
const (
	metricsFile = "metrics.csv"
	symptomFile = "symptom.json"
	graphFile   = "graph.json"
	logsFile    = "logs.csv"
	changesFile = "changes.json"
)

// maxCaseDocument bounds a JSON file of a case, in bytes.
const maxCaseDocument = 64 << 20

// readFolder is a case as it was read.
type readFolder struct {
	dir    string
	given  rootcause.Case
	rows   seriesReport // counts and problems of all of its rows; File is the metrics'
	points int
	notes  []redact.Text
}

// readCase reads a case folder. What was found out about rows is in the result
// also when it fails.
func readCase(ctx context.Context, dir string, track *tracker) (readFolder, error) {
	defer track.fileDone()
	c := readFolder{dir: dir, rows: seriesReport{File: filepath.Join(dir, metricsFile), Problems: []badRow{}}}
	if err := c.readSymptom(); err != nil {
		return c, err
	}
	if err := c.readGraph(); err != nil {
		return c, err
	}
	if err := c.readChanges(); err != nil {
		return c, err
	}
	if err := c.readMetrics(ctx, track); err != nil {
		return c, err
	}
	if err := c.readLogs(ctx, track); err != nil {
		return c, err
	}
	if len(c.given.Series) == 0 && len(c.given.Logs) == 0 && len(c.given.Changes) == 0 {
		return c, errors.New("there is nothing to analyse: no metrics, no logs, no changes")
	}
	c.look()
	return c, nil
}

// checkStrict fails a case with rows that cannot be used, if that was asked for.
func (c *readFolder) checkStrict(strict bool) error {
	if !strict || c.rows.Bad == 0 {
		return nil
	}
	return fmt.Errorf("%s cannot be used", incident.Count(c.rows.Bad, "row", "rows"))
}

func (c *readFolder) note(t redact.Text) { c.notes = append(c.notes, t) }

// readMetrics reads metrics.csv. Values of a series at one and the same time
// become their mean: they are of several sources that are named alike.
func (c *readFolder) readMetrics(ctx context.Context, track *tracker) error {
	index := map[string]int{}
	var key []byte
	err := c.eachRow(ctx, metricsFile, metricColumns, track, func(row *caseRow) {
		key = append(append(append(key[:0], row.cells[1]...), 0), row.cells[2]...)
		at, known := index[string(key)]
		if !known {
			at = len(c.given.Series)
			index[string(key)] = at
			c.given.Series = append(c.given.Series, rootcause.Series{Service: string(row.cells[1]), Metric: string(row.cells[2])})
		}
		if !row.missing {
			c.given.Series[at].Points = append(c.given.Series[at].Points, rootcause.Point{At: row.at, Value: row.value})
		}
	})
	if err == nil && len(c.given.Series) == 0 && c.rows.Bad > 0 {
		err = fmt.Errorf("read %s: %w", metricsFile, errNothingUsable)
	}
	joined, series := 0, 0
	for i := range c.given.Series {
		s := &c.given.Series[i]
		before := len(s.Points)
		s.Points = sorted(s.Points, func(sum float64, n int) float64 { return sum / float64(n) })
		c.points += len(s.Points)
		if before > len(s.Points) {
			joined, series = joined+before-len(s.Points), series+1
		}
	}
	if joined > 0 {
		c.note(redact.Format("%d values of %s came at a time that the series already had; the mean was taken", joined, incident.Count(series, "series", "series")))
	}
	return err
}

// readLogs reads logs.csv. Counts of a pattern at one and the same time add up.
func (c *readFolder) readLogs(ctx context.Context, track *tracker) error {
	index := map[string]int{}
	var key []byte
	err := c.eachRow(ctx, logsFile, logColumns, track, func(row *caseRow) {
		key = append(append(append(key[:0], row.cells[1]...), 0), row.cells[2]...)
		at, known := index[string(key)]
		if !known {
			at = len(c.given.Logs)
			index[string(key)] = at
			said := row.cells[4]
			if len(said) == 0 {
				said = row.cells[2]
			}
			c.given.Logs = append(c.given.Logs, rootcause.LogPattern{
				Service: string(row.cells[1]), ID: string(row.cells[2]), Text: redact.Clean(rules.Default(), string(said)),
			})
		}
		c.given.Logs[at].Severe = c.given.Logs[at].Severe || severe(string(row.cells[5]), string(row.cells[4]))
		if !row.missing {
			c.given.Logs[at].Points = append(c.given.Logs[at].Points, rootcause.Point{At: row.at, Value: row.value})
		}
	})
	for i := range c.given.Logs {
		c.given.Logs[i].Points = sorted(c.given.Logs[i].Points, func(sum float64, _ int) float64 { return sum })
	}
	return err
}

// severe tells whether a pattern is about an error, by its level or by that in
// its text.
func severe(level, text string) bool {
	if line := logline.Parse(strings.TrimSpace(strings.ToUpper(level) + " " + text)); line.Level.IsError() {
		return true
	}
	line := logline.Parse(text)
	return line.Level.IsError()
}

// sorted orders points by time and makes one of those of the same time.
func sorted(points []rootcause.Point, join func(sum float64, n int) float64) []rootcause.Point {
	earlier := func(a, b rootcause.Point) int { return a.At.Compare(b.At) }
	if !slices.IsSortedFunc(points, earlier) {
		slices.SortStableFunc(points, earlier)
	}
	out := points[:0]
	for i := 0; i < len(points); {
		at, sum, n := points[i].At, 0.0, 0
		for ; i < len(points) && points[i].At.Equal(at); i++ {
			sum, n = sum+points[i].Value, n+1
		}
		out = append(out, rootcause.Point{At: at, Value: join(sum, n)})
	}
	return out
}

// eachRow reads a CSV file of the case, which may not be there.
func (c *readFolder) eachRow(ctx context.Context, name string, columns caseColumns, track *tracker, take func(*caseRow)) error {
	path := filepath.Join(c.dir, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	source, err := unpacked(&stoppable{ctx, &tracked{f, track}})
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	whole := c.rows.File
	c.rows.File = path // where problems are
	defer func() { c.rows.File = whole }()
	tell, rows := track.rowCounter(), 0
	err = eachCaseRow(source, columns, func() { tell(rows) }, c.rows.note, func(row *caseRow) {
		rows++
		c.rows.Rows++
		switch {
		case row.err != nil:
			c.rows.problem(row.line, row.err.Error())
			return
		case row.missing:
			c.rows.Missing++
		}
		take(row)
	})
	tell(rows)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// readDocument reads a JSON file of the case and tells whether it is there.
func (c *readFolder) readDocument(name string, into any) (bool, error) {
	f, err := os.Open(filepath.Join(c.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	source, err := unpacked(f)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	raw, err := io.ReadAll(io.LimitReader(source, maxCaseDocument+1))
	if err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > maxCaseDocument {
		return false, fmt.Errorf("read %s: it has more than %d bytes", name, maxCaseDocument)
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(raw), string(byteOrderMark))), into); err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	return true, nil
}
