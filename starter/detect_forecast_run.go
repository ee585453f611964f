package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"firebreak/internal/detect/backtest"
	"firebreak/internal/redact/rules"
)

// runForecast back-tests one file or every file of a folder. A file that fails
// does not keep the others from being tested.
func runForecast(cmd *cobra.Command, o forecastOptions) error {
	files, err := o.files()
	if err != nil {
		return err
	}
	track := newTracker(cmd.ErrOrStderr(), "row", "rows", files...)
	series := make([]forecastSeries, len(files))
	err = track.eachFile(cmd.Context(), func(ctx context.Context, i int) {
		series[i] = testForecasts(ctx, o, files[i], cmd.InOrStdin(), track)
	})
	if err != nil {
		return err
	}
	return newForecastReport(o, series).print(cmd, o)
}

// files lists the series: the folder's, or the one file.
func (o forecastOptions) files() ([]string, error) {
	if !o.folder {
		return []string{o.in}, nil
	}
	names, err := filesBelow(o.in, o.out, isSeriesName)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		file := filepath.Join(o.in, name)
		if o.out == "" || !sameFile(file, o.out) {
			files = append(files, file)
			continue
		}
		// The events of an earlier run are no series.
		earlier, err := holdsEvents(file)
		if err != nil {
			return nil, fmt.Errorf("look into --out: %w", err)
		}
		if !earlier {
			return nil, usagef("--out %s: the events would overwrite the series %s", o.out, file)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("nothing to test: no *.csv in or below %s", o.in)
	}
	return files, nil
}

// testForecasts replays one file.
func testForecasts(ctx context.Context, o forecastOptions, file string, stdin io.Reader, track *tracker) forecastSeries {
	defer track.fileDone()
	service, metric := seriesName(file)
	s := forecastSeries{File: file, rows: seriesReport{File: file, Problems: []badRow{}}}
	replay := backtest.New(service, metric, backtest.Options{Limit: o.limit, Sensitivity: o.sensitivity, Redactor: rules.Default()})
	err := readForForecast(ctx, &s, stdin, track, replay)
	s.Result = replay.Result()
	s.Summary = backtest.Summarise(s.Result)
	s.Rows, s.Missing, s.Bad, s.Problems, s.Untold = s.rows.Rows, s.rows.Missing, s.rows.Bad, s.rows.Problems, s.rows.Untold
	if err == nil && s.Points == 0 {
		err = errNothingUsable
	}
	if err != nil {
		s.Error = err.Error()
	}
	return s
}

func readForForecast(ctx context.Context, s *forecastSeries, stdin io.Reader, track *tracker, replay *backtest.Replay) error {
	in, err := openInput(s.File, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	source, err := unpacked(&stoppable{ctx, &tracked{in, track}})
	if err != nil {
		return err
	}
	tell := track.rowCounter()
	err = eachMetricRow(source, func() { tell(s.rows.Rows) }, s.rows.note, func(row metricRow) {
		s.rows.Rows++
		switch {
		case row.err != nil:
			s.rows.problem(row.line, row.err.Error())
		case row.missing:
			s.rows.Missing++
		default:
			if newer := replay.Observe(row.at, row.value); !newer {
				s.rows.late(row.line)
			}
		}
	})
	tell(s.rows.Rows)
	return err
}
