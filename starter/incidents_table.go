package main

import (
	"slices"
	"strconv"
	"time"

	"firebreak/internal/incident"
)

// wideTable is the width from which a listing has all its columns. In less,
// what matters least at night stays out.
const wideTable = 100

// Most that a narrow listing gives to a service and to a runbook, in columns:
// with the others of their usual widths that makes 80.
const (
	narrowService = 12
	narrowRunbook = 16
)

// listTable is a listing with its head, a row an incident.
func listTable(found []summary, width int, now time.Time) [][]string {
	wide := width >= wideTable
	// Nobody looks for an origin as long as all are live.
	mixed := slices.ContainsFunc(found, func(s summary) bool { return s.Origin != incident.OriginLive })
	cell := func(text string, narrow int) string {
		if wide {
			return orDash(text)
		}
		return shorten(orDash(text), narrow)
	}
	row := func(s summary) []string {
		end := now
		if !s.Closed.IsZero() {
			end = s.Closed
		}
		cells := []string{safe(s.ID), safe(s.standing()), safe(string(s.Severity)), cell(s.Service, narrowService)}
		if wide || !mixed {
			cells = append(cells, cell(s.Runbook, narrowRunbook))
		}
		if mixed {
			cells = append(cells, orDash(string(s.Origin)))
		}
		if wide {
			cells = append(cells, strconv.Itoa(s.Anomalies), stamp(s.Started))
		}
		return append(cells, age(end.Sub(s.Started)))
	}
	head := []string{"ID", "STATUS", "SEV", "SERVICE"}
	if wide || !mixed {
		head = append(head, "RUNBOOK")
	}
	if mixed {
		head = append(head, "ORIGIN")
	}
	if wide {
		head = append(head, "ANOMALIES", "STARTED")
	}
	table := [][]string{append(head, "AGE")}
	for _, s := range found {
		table = append(table, row(s))
	}
	return table
}

// age shows a duration in a narrow column, in its greatest unit.
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d >= 2*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d >= 2*time.Minute:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	default:
		return strconv.Itoa(int(d/time.Second)) + "s"
	}
}
