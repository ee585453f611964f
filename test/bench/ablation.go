package main

import (
	"context"
	"fmt"
	"strings"
)

func mean(at []figures) figures {
	var sum figures
	for _, f := range at {
		sum = sum.plus(f)
	}
	return sum.times(1 / float64(len(at)))
}

// ablationBlock scores the detector without each of its parts, on every source.
func ablationBlock(ctx context.Context, o options) (string, error) {
	dir, remove, err := rowsFolder(o.keep)
	if err != nil {
		return "", err
	}
	defer remove()
	list := append([]part{{name: "as shipped"}}, parts()...)
	tried, missed, err := tryAll(ctx, o.data, dir, list)
	if err != nil || missed != "" {
		return missed, err
	}
	return ablationTable(list, tried.trials), nil
}

// ablationTable writes means over the factors, and what they differ by from the
// first, which is the shipped detector.
func ablationTable(list []part, trials []trial) string {
	rows := [][]string{{"without, or instead", "nab: standard", "low FP", "low FN", "false alarms", "cloud: standard", "low FP"}}
	nab, cloud := mean(trials[0].nab), mean(trials[0].cloud)
	for i, t := range trials {
		n, c := mean(t.nab), mean(t.cloud)
		cell := func(value, shipped float64) string {
			if i == 0 {
				return fmt.Sprintf("%.1f", value)
			}
			return fmt.Sprintf("%.1f (%+.1f)", value, value-shipped)
		}
		rows = append(rows, []string{
			list[i].name, cell(n.standard, nab.standard), cell(n.lowFP, nab.lowFP), cell(n.lowFN, nab.lowFN),
			fmt.Sprintf("%.0f", n.alarms), cell(c.standard, cloud.standard), cell(c.lowFP, cloud.lowFP),
		})
	}
	var atEach []string
	for i, factor := range factors {
		atEach = append(atEach, fmt.Sprintf("%g: nab %.1f, cloud %.1f", factor, trials[0].nab[i].standard, trials[0].cloud[i].standard))
	}
	return table(rows) + "\nAs shipped, standard profile, at each factor on the bar: " + strings.Join(atEach, "; ") + ".\n"
}
