package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// recordedTables are the tables of the recorded faults, for both histories.
func recordedTables(reports []recallReport, times [][]analysedTime, sturdy [][]string) string {
	var text strings.Builder
	head := []string{"recorded faults", "cases"}
	for _, h := range histories {
		head = append(head, h+": top-1", "top-3", "top-5")
	}
	rows := [][]string{head}
	add := func(name string, pick func(r recallReport) recallGroup) {
		row := []string{name, fmt.Sprint(pick(reports[0]).Cases)}
		for _, r := range reports {
			row = append(row, pick(r).Service.recall().cells()...)
		}
		rows = append(rows, row)
	}
	add("**all**", func(r recallReport) recallGroup { return r.Total })
	for _, s := range slices.Sorted(maps.Keys(reports[0].BySymptom)) {
		add("symptom: "+s, func(r recallReport) recallGroup { return r.BySymptom[s] })
	}
	for _, f := range slices.Sorted(maps.Keys(reports[0].ByFault)) {
		add(f, func(r recallReport) recallGroup { return r.ByFault[f] })
	}
	text.WriteString(table(rows))
	text.WriteString("\nWith something wrong, mean over several draws where it is by chance:\n\n")
	text.WriteString(sturdyTable(sturdy))
	text.WriteString("\n" + timesTable(times) + "\n" + machine() + " " + load() + "\n\n")
	return text.String()
}

// sturdyTable puts the rows of both histories side by side; what was tried with
// the short one only has dashes.
func sturdyTable(sturdy [][]string) string {
	head := []string{"recorded faults"}
	for _, h := range histories {
		head = append(head, h+": top-1", "top-3", "top-5")
	}
	rows := [][]string{head}
	place := map[string]int{}
	for _, r := range sturdy {
		if at, seen := place[r[0]]; seen {
			rows[at] = append(rows[at][:4], r[1:]...)
			continue
		}
		place[r[0]] = len(rows)
		rows = append(rows, append(slices.Clone(r), "-", "-", "-"))
	}
	return table(rows)
}

// timesTable says what a case takes.
func timesTable(times [][]analysedTime) string {
	rows := [][]string{{"a case, one core", "reading, middle", "most", "ranking, middle", "most"}}
	for i, h := range histories {
		var reading, ranking []float64
		for _, t := range times[i] {
			reading, ranking = append(reading, t.Reading), append(ranking, t.Ranking)
		}
		rows = append(rows, []string{
			h, milliseconds(quantile(reading, 0.5)), milliseconds(quantile(reading, 1)),
			milliseconds(quantile(ranking, 0.5)), milliseconds(quantile(ranking, 1)),
		})
	}
	return table(rows)
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.0f ms", 1000*seconds) }
