package cases

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"firebreak/internal/rootcause"
)

// Write makes the folder of a case below dir, as `starter analyze` reads it, with
// truth.json for the scorer.
func (c Case) Write(dir string) error {
	dir = filepath.Join(dir, c.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of case %s: %w", c.Name, err)
	}
	if err := c.writeAll(dir); err != nil {
		return fmt.Errorf("write case %s: %w", c.Name, err)
	}
	return nil
}

func (c Case) writeAll(dir string) error {
	symptom := map[string]any{"service": c.Symptom.Service, "start": c.Symptom.Start.Unix()}
	if c.Symptom.Metric != "" {
		symptom["metric"] = c.Symptom.Metric
	}
	if !c.Symptom.End.IsZero() {
		symptom["end"] = c.Symptom.End.Unix()
	}
	edges := make([][2]string, 0, len(c.Calls))
	for _, e := range c.Calls {
		edges = append(edges, [2]string{e.Caller, e.Callee})
	}
	changes := make([]map[string]any, 0, len(c.Changes))
	for _, x := range c.Changes {
		changes = append(changes, map[string]any{"at": x.At.Unix(), "service": x.Service, "kind": x.Kind, "text": x.Text})
	}
	truth := map[string]any{
		"service": c.Services, "metric": nil, "fault": c.Fault, "set": c.Set, "outside": c.Outside, "onset": c.Onset.Unix(),
	}
	if len(c.Metrics) > 0 {
		truth["metric"] = c.Metrics
	}
	documents := map[string]any{"symptom.json": symptom, "truth.json": truth}
	if len(c.Nodes)+len(edges) > 0 {
		documents["graph.json"] = map[string]any{"nodes": c.Nodes, "edges": edges}
	}
	if len(changes) > 0 {
		documents["changes.json"] = changes
	}
	for name, document := range documents {
		raw, err := json.MarshalIndent(document, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	if err := writeRows(filepath.Join(dir, "metrics.csv"), []string{"timestamp", "service", "metric", "value"}, c.metricRows()); err != nil {
		return err
	}
	if len(c.Logs) == 0 {
		return nil
	}
	return writeRows(filepath.Join(dir, "logs.csv"), []string{"timestamp", "service", "template_id", "count"}, c.logRows())
}

// row is one row of a file with its time, by which files are sorted.
type row struct {
	at    time.Time
	cells []string
}

func (c Case) metricRows() []row {
	var rows []row
	for _, s := range c.Series {
		rows = append(rows, pointRows(s.Points, s.Service, s.Metric)...)
	}
	return rows
}

func (c Case) logRows() []row {
	var rows []row
	for _, p := range c.Logs {
		rows = append(rows, pointRows(p.Points, p.Service, p.ID)...)
	}
	return rows
}

func pointRows(points []rootcause.Point, service, what string) []row {
	rows := make([]row, len(points))
	for i, p := range points {
		rows[i] = row{p.At, []string{strconv.FormatInt(p.At.Unix(), 10), service, what, strconv.FormatFloat(p.Value, 'g', -1, 64)}}
	}
	return rows
}

// writeRows writes a CSV file, sorted by time.
func writeRows(path string, head []string, rows []row) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	slices.SortStableFunc(rows, func(a, b row) int { return a.at.Compare(b.at) })
	buffer := bufio.NewWriter(f)
	w := csv.NewWriter(buffer)
	if err := w.Write(head); err != nil {
		return err
	}
	for _, r := range rows {
		if err := w.Write(r.cells); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return buffer.Flush()
}
