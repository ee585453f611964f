package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
)

func TestTableFitsTheTerminalAndTellsEveryEnd(t *testing.T) {
	t.Parallel()
	fault := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return fault.Add(time.Duration(s * float64(time.Second))) }
	longest := scenario.Scenario{Name: "bad-dependency", Status: incident.StatusEscalated, Outcome: incident.OutcomeHandedOver}
	all := []played{
		{scenario.Result{
			Scenario: longest, State: incident.State{Status: incident.StatusEscalated, Outcome: incident.OutcomeHandedOver},
			Fault: fault, Found: at(3.25), Verified: at(119.94), Ended: at(1234.56),
		}, nil},
		{scenario.Result{Scenario: longest, State: incident.State{Status: incident.StatusResolved, Outcome: incident.OutcomeFixed}, Fault: fault, Found: at(1), Ended: at(2), False: 1}, errors.New("other end")},
		{scenario.Result{Scenario: longest, Fault: fault}, errors.New("not found")},
		{scenario.Result{Scenario: longest}, errors.New("not begun")},
	}
	text := table(all, 754*time.Second)
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, len(line)-1, 80, line)
	}
	for _, want := range []string{
		"bad-dependency escalated, handed over escalated, handed over    3.2  119.9 yes\n",
		"bad-dependency resolved, fixed        escalated, handed over    1.0    2.0 no\n",
		"bad-dependency not played to the end  escalated, handed over      -      - no\n",
		"bad-dependency not played             escalated, handed over      -      - no\n",
		"1 of 4 scenarios ended as they should, in 12m34s.",
		"1 incident opened in a healthy shop",
	} {
		require.Contains(t, text, want)
	}
	require.EqualError(t, verdict(all), "3 of 4 scenarios did not end as they should: bad-dependency, bad-dependency, bad-dependency")
	require.NoError(t, verdict(all[:1]))
}

func TestListFitsTheTerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.Zero(t, run(t.Context(), []string{"--list"}, &out, &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, len(scenario.All()))
	for i, sc := range scenario.All() {
		require.LessOrEqual(t, len(lines[i]), 80, lines[i])
		require.Contains(t, lines[i], sc.Name)
		require.Contains(t, lines[i], sc.End())
	}
}
