package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// chosenTable is what the search came to without each category of nab: a row a
// constant, a column where it began ("start"), one with nothing left out ("all"),
// and one for every category that was left out.
//
//go:embed leftout.csv
var chosenTable []byte

const (
	startColumn = "start"
	allColumn   = "all"
)

// fold is the constants that were chosen without one category, or in one of the
// other two columns.
type fold struct {
	name   string
	values []float64 // in the order of constants()
}

// constants that were searched for, in the order of the table.
func constants() []constant {
	in := func(file, name string) constant { return constant{name, file, `\b` + name + `\s+= `} }
	field := func(name, before, field string) constant {
		return constant{name + " " + field, modelFile, `\b` + name + `\s+= memory\{` + before + field + `: `}
	}
	return []constant{
		in(modelFile, "lateLevel"), in(modelFile, "slowLevel"), in(modelFile, "clipLevel"), in(modelFile, "clipSpread"),
		in(modelFile, "stuckPoints"), in(modelFile, "dayPoints"), in(modelFile, "driftPoints"), in(modelFile, "bandPoints"),
		in(shapeFile, "shapeRate"), in(shapeFile, "shapeNew"),
		field("channelMemory", "", "share"), field("channelMemory", "[^}]*", "rate"), field("channelMemory", "[^}]*", "excess"), field("channelMemory", "[^}]*", "limit"),
		in(tailFile, "prior"), in(tailFile, "clipExcess"),
		in(modelFile, "usualUnits"), in(modelFile, "usePoints"),
		in(modelFile, "evidenceShare"), field("evidenceMemory", "[^}]*", "rate"), field("evidenceMemory", "[^}]*", "excess"),
		in(decideFile, "barBase"), in(decideFile, "barSlope"), in(decideFile, "barLeast"),
	}
}

// readFolds reads the table and checks that it is about the constants.
func readFolds(table []byte) ([]fold, error) {
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the chosen constants: %w", err)
	}
	list := constants()
	if len(rows) != len(list)+1 {
		return nil, fmt.Errorf("read the chosen constants: %d rows and not %d", len(rows), len(list)+1)
	}
	var folds []fold
	for _, name := range rows[0][1:] {
		folds = append(folds, fold{name: name})
	}
	for i, row := range rows[1:] {
		if row[0] != list[i].name {
			return nil, fmt.Errorf("read the chosen constants: row %d is about %s and not %s", i+1, row[0], list[i].name)
		}
		for k, cell := range row[1:] {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return nil, fmt.Errorf("read the chosen constants, %s without %s: %w", row[0], folds[k].name, err)
			}
			folds[k].values = append(folds[k].values, v)
		}
	}
	return folds, nil
}

// edits set every constant to the fold's value.
func (f fold) edits() []edit {
	var edits []edit
	for i, c := range constants() {
		edits = append(edits, c.set(f.values[i]))
	}
	return edits
}

// leftOutBlock scores every category of nab with the constants that were chosen
// without it, all of them together, and lists what was chosen.
func leftOutBlock(ctx context.Context, o options) (string, error) {
	folds, err := readFolds(chosenTable)
	if err != nil {
		return "", err
	}
	dir, remove, err := rowsFolder(o.keep)
	if err != nil {
		return "", err
	}
	defer remove()
	var list []part
	for _, f := range folds {
		list = append(list, part{f.name, f.edits()})
	}
	tried, missed, err := tryAll(ctx, o.data, dir, append(list, part{name: "shipped"}))
	if err != nil || missed != "" {
		return missed, err
	}
	composite, err := compose(ctx, o.data, tried.sets, folds, dir)
	if err != nil {
		return "", err
	}
	text := leftOutTable(folds, tried.trials, composite)
	chosen, err := chosenRows(tried.module, folds)
	return text + "\n" + table(chosen), err
}

// compose scores nab with the rows of every category from the fold without it.
func compose(ctx context.Context, data string, sets []scoredSet, folds []fold, dir string) ([]figures, error) {
	nab := sets[slices.IndexFunc(sets, func(s scoredSet) bool { return s.name == "nab" })]
	var outs []string
	for _, preset := range factorPresets {
		out := filepath.Join(dir, "composite", preset)
		outs = append(outs, out)
		for _, name := range nab.series {
			category := filepath.Dir(name)
			without := slices.IndexFunc(folds, func(f fold) bool { return f.name == category })
			if without < 0 {
				return nil, errors.New("no constants were chosen without " + category)
			}
			rows, err := os.ReadFile(filepath.Join(rowsOf(dir, without), nab.name, preset, name))
			if err != nil {
				return nil, err
			}
			if err := os.MkdirAll(filepath.Join(out, category), 0o755); err != nil {
				return nil, err
			}
			if err := os.WriteFile(filepath.Join(out, name), rows, 0o600); err != nil {
				return nil, err
			}
		}
	}
	return scoreDecided(ctx, data, nab.folder, outs)
}

func leftOutTable(folds []fold, trials []trial, composite []figures) string {
	head := []string{"constants", "factor on the bar", "nab: standard", "low FP", "low FN", "false alarms", "cloud: standard", "low FP"}
	rows := [][]string{head}
	add := func(name string, nab, cloud []figures) {
		for i, n := range nab {
			row := []string{
				name, fmt.Sprintf("%g", factors[i]), fmt.Sprintf("%.1f", n.standard), fmt.Sprintf("%.1f", n.lowFP), fmt.Sprintf("%.1f", n.lowFN),
				fmt.Sprintf("%.0f", n.alarms), "-", "-",
			}
			if cloud != nil {
				row[6], row[7] = fmt.Sprintf("%.1f", cloud[i].standard), fmt.Sprintf("%.1f", cloud[i].lowFP)
			}
			rows = append(rows, row)
		}
	}
	add("every category with those chosen without it", composite, nil)
	for i, f := range folds {
		switch f.name {
		case startColumn:
			add("where the search began", trials[i].nab, trials[i].cloud)
		case allColumn:
			add("the same search, nothing left out", trials[i].nab, trials[i].cloud)
		}
	}
	add("shipped", trials[len(folds)].nab, trials[len(folds)].cloud)
	return table(rows)
}

// chosenRows lists every constant: shipped, and in each fold.
func chosenRows(module string, folds []fold) ([][]string, error) {
	head := []string{"constant", "shipped"}
	for _, f := range folds {
		switch f.name {
		case startColumn:
			head = append(head, "start")
		case allColumn:
			head = append(head, "nothing left out")
		default:
			head = append(head, "without "+f.name)
		}
	}
	rows := [][]string{head}
	for i, c := range constants() {
		shipped, err := c.shipped(module)
		if err != nil {
			return nil, err
		}
		row := []string{c.name, plain(shipped)}
		for _, f := range folds {
			row = append(row, plain(f.values[i]))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func plain(v float64) string { return strings.TrimSpace(strconv.FormatFloat(v, 'g', -1, 64)) }
