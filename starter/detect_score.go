package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
)

// errNothingUsable is the failure of a file without a single usable row.
var errNothingUsable = errors.New("not a single row of it can be used")

// scorer runs one series through an engine of its own.
type scorer struct {
	engine *detect.Detector
	signal telemetry.Signal
	point  telemetry.MetricPoint
	stats  detect.Stats // of the engine, before this row

	score  float64 // latest
	report seriesReport
	curve  *curve // what is drawn; nil where nothing is
	index  map[string]int
}

// newScorer makes an engine that knows one service with one metric: the series.
func newScorer(file string, o detectOptions) *scorer {
	service, metric := seriesName(file)
	watched := fileMetric(service, metric, o.role)
	watched.Limit = o.limit
	inventory := incident.NewInventory([]incident.Service{{Name: service, Metrics: []incident.WatchedMetric{watched}}})
	s := &scorer{
		engine: detect.New(detect.Options{Inventory: inventory, Redactor: rules.Default(), Sensitivity: o.sensitivity}),
		point:  telemetry.MetricPoint{Namespace: watched.Namespace, Name: watched.Name, Dimensions: watched.Dimensions, Count: 1},
		report: seriesReport{File: file, Problems: []badRow{}, Episodes: []episodeReport{}},
		index:  map[string]int{},
	}
	s.signal = telemetry.Signal{Kind: telemetry.KindMetric, Service: service, Series: "file/file/metric/series", Account: "file", Region: "file", Metric: &s.point}
	return s
}

// take runs a row through the engine and returns whether an alert would be sent
// at it. The latest score is in s.score.
func (s *scorer) take(row metricRow) bool {
	s.report.Rows++
	if row.err != nil {
		s.report.problem(row.line, row.err.Error())
		return false
	}
	// Time passes before the value of that time is seen: what a watermark finds,
	// such as a pause in a series that always came, is found on the way to it.
	alert := s.note(s.engine.Advance(row.at), row)
	if row.missing {
		s.report.Missing++
		return alert
	}
	s.signal.Time, s.signal.Arrival = row.at, row.at
	s.point.Sum, s.point.Min, s.point.Max = row.value, row.value, row.value
	if s.note(s.engine.Observe(s.signal), row) {
		alert = true
	}
	before := s.stats
	s.stats = s.engine.Stats()
	switch {
	case s.stats.Late+s.stats.Duplicates > before.Late+before.Duplicates:
		s.report.late(row.line)
		return alert
	case s.stats.Invalid+s.stats.Refused+s.stats.Unwatched > before.Invalid+before.Refused+before.Unwatched:
		s.report.problem(row.line, "the detectors cannot count with this time or value")
		return alert
	}
	s.report.scored(row.at)
	reading, ok := s.engine.Reading(s.signal.Series)
	if ok {
		s.score = reading.Score
	}
	if s.curve != nil {
		s.curve.add(row.at, row.value, reading, ok)
	}
	return alert
}

// scoreRows reads a series and writes a row for every row read. Scores go to
// out, which may be nil.
func (s *scorer) scoreRows(ctx context.Context, in io.Reader, out io.Writer, tell func(rows int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	source, err := unpacked(&stoppable{ctx, in})
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(io.Discard, 64<<10)
	if out != nil {
		w.Reset(out)
	}
	_, _ = w.WriteString("timestamp,value,anomaly_score,anomaly\n") // a bufio.Writer keeps its error
	var line []byte
	err = eachMetricRow(source, func() { tell(s.report.Rows) }, s.report.note, func(row metricRow) {
		alert := s.take(row)
		if out == nil {
			return
		}
		line = appendField(line[:0], row.stamp)
		line = append(line, ',')
		line = appendField(line, row.number)
		line = append(line, ',')
		line = strconv.AppendFloat(line, s.score, 'g', -1, 64)
		if alert {
			line = append(line, ",1\n"...)
		} else {
			line = append(line, ",0\n"...)
		}
		if _, err := w.Write(line); err != nil {
			stop(fmt.Errorf("write scores: %w", err)) // nothing more is worth reading
		}
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	if s.report.Scored == 0 {
		return errNothingUsable
	}
	return nil
}

// appendField writes a CSV field as it was read.
func appendField(line, field []byte) []byte {
	if !bytes.ContainsAny(field, ",\"\r\n") {
		return append(line, field...)
	}
	line = append(line, '"')
	line = append(line, strings.ReplaceAll(string(field), `"`, `""`)...)
	return append(line, '"')
}

// stoppable is a reader that ends with the context's cause.
type stoppable struct {
	ctx context.Context // a reader has no other way to hear of it
	r   io.Reader
}

// Read implements io.Reader.
func (s *stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// unpacked unpacks what begins like a gzip file.
func unpacked(in io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	head, err := r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return r, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return z, nil
}

// note keeps what an engine says and tells whether it opened an episode: that
// is when an alert is sent.
func (s *scorer) note(found []incident.Anomaly, row metricRow) bool {
	opened := false
	for _, a := range found {
		if a.State == incident.EpisodeOpen {
			opened = true
			s.report.Alerts++
			if len(s.report.Episodes) < maxEpisodes {
				s.index[a.ID] = len(s.report.Episodes)
				s.report.Episodes = append(s.report.Episodes, newEpisodeReport(a, row.at, row.line))
			}
			continue
		}
		if i, ok := s.index[a.ID]; ok {
			s.report.Episodes[i].follow(a)
		}
	}
	return opened
}
