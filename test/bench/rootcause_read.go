package main

import (
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

// labelled is a case with its answer.
type labelled struct {
	name     string
	fault    string
	services []string // any of them is right; none: the cause is outside
	given    rootcause.Case
}

// decode reads JSON.
func decode(raw []byte, into any) error { return json.Unmarshal(raw, into) }

// readFaults reads recorded faults into memory, sorted by name.
func readFaults(folder string) ([]labelled, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list the cases: %w", err)
	}
	var out []labelled
	for _, e := range entries {
		c, err := readFault(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read case %s: %w", e.Name(), err)
		}
		out = append(out, c)
	}
	return out, nil
}

func readFault(dir string) (labelled, error) {
	c := labelled{name: filepath.Base(dir)}
	var truth struct{ Service, Fault string }
	var symptom struct {
		Service, Metric string
		Start, End      int64
	}
	var graph struct {
		Nodes []string
		Edges [][2]string
	}
	for name, into := range map[string]any{"truth.json": &truth, "symptom.json": &symptom, "graph.json": &graph} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return c, err
		}
		if err := decode(raw, into); err != nil {
			return c, fmt.Errorf("%s: %w", name, err)
		}
	}
	c.services, c.fault = []string{truth.Service}, truth.Fault
	c.given.Symptom = rootcause.Symptom{Service: symptom.Service, Metric: symptom.Metric, Start: time.Unix(symptom.Start, 0).UTC(), End: time.Unix(symptom.End, 0).UTC()}
	c.given.Nodes = graph.Nodes
	for _, e := range graph.Edges {
		c.given.Calls = append(c.given.Calls, rootcause.Call{Caller: e[0], Callee: e[1]})
	}
	return c, c.readMetrics(filepath.Join(dir, "metrics.csv"))
}

func (c *labelled) readMetrics(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	index := map[[2]string]int{}
	for _, row := range rows[1:] {
		at, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return err
		}
		value, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			return err
		}
		key := [2]string{row[1], row[2]}
		i, known := index[key]
		if !known {
			i = len(c.given.Series)
			index[key] = i
			c.given.Series = append(c.given.Series, rootcause.Series{Service: row[1], Metric: row[2]})
		}
		c.given.Series[i].Points = append(c.given.Series[i].Points, rootcause.Point{At: time.Unix(at, 0).UTC(), Value: value})
	}
	for i := range c.given.Series {
		slices.SortStableFunc(c.given.Series[i].Points, func(a, b rootcause.Point) int { return a.At.Compare(b.At) })
	}
	return nil
}
