// Command decisions runs series through the detectors and writes what they
// decided: which rows an alert would be sent at. It is `starter detect metrics`
// without everything else, so that dozens of variants of the detectors are built
// quickly:
//
//	decisions IN OUT
//
// IN is a folder of timestamp,value files; OUT gets a folder for each sensitivity.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: decisions IN OUT")
		os.Exit(2)
	}
	in, out := os.Args[1], os.Args[2]
	err := filepath.WalkDir(in, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".csv" {
			return err
		}
		name, err := filepath.Rel(in, path)
		if err != nil {
			return err
		}
		return decide(path, out, name)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "decisions:", err)
		os.Exit(1)
	}
}

// decide writes a series' rows for every sensitivity.
func decide(path, out, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if len(rows) < 2 {
		return fmt.Errorf("read %s: %w", path, errors.New("it has no rows"))
	}
	for _, sensitivity := range detect.Sensitivities() {
		if err := write(filepath.Join(out, sensitivity, name), rows[1:], detect.Sensitivity(sensitivity)); err != nil {
			return err
		}
	}
	return nil
}

// write runs the rows through an engine of their own, as the starter does.
func write(path string, rows [][]string, sensitivity detect.Sensitivity) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	watched := incident.WatchedMetric{MetricRef: incident.MetricRef{
		Namespace: "file", Name: "value", Dimensions: map[string]string{"service": "file"}, Stat: "Average",
	}}
	point := telemetry.MetricPoint{Namespace: watched.Namespace, Name: watched.Name, Dimensions: watched.Dimensions, Count: 1}
	signal := telemetry.Signal{Kind: telemetry.KindMetric, Service: "file", Series: "file/file/metric/series", Account: "file", Region: "file", Metric: &point}
	engine := detect.New(detect.Options{
		Inventory: incident.NewInventory([]incident.Service{{Name: "file", Metrics: []incident.WatchedMetric{watched}}}),
		Redactor:  rules.Default(), Sensitivity: sensitivity,
	})
	w := csv.NewWriter(f)
	_ = w.Write([]string{"timestamp", "value", "anomaly_score", "anomaly"}) // a csv.Writer keeps its error
	for i, row := range rows {
		at, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		value, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		found := engine.Advance(at)
		signal.Time, signal.Arrival = at, at
		point.Sum, point.Min, point.Max = value, value, value
		alert := "0"
		for _, a := range append(found, engine.Observe(signal)...) {
			if a.State == incident.EpisodeOpen {
				alert = "1"
			}
		}
		// The decision is the score, too: the scorer then has two thresholds to try
		// and not a hundred thousand. What it says of decisions is the same.
		_ = w.Write([]string{row[0], row[1], alert, alert})
	}
	w.Flush()
	return w.Error()
}
