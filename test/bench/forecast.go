package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/detect/backtest"
	"firebreak/internal/redact/rules"
	"firebreak/test/bench/capacity"
)

// forecastSeeds is how many series of each kind and period are tried.
const forecastSeeds = 6

// forecastBlock back-tests forecasts on series whose kind is known.
func forecastBlock(ctx context.Context, _ options) (string, error) {
	var text strings.Builder
	rows := [][]string{{"kind", "points of", "reached", "foreseen", "lead, middle", "lead, least", "time wrong by", "forecasts", "false", "false a series and week"}}
	var silent []string
	totals := [][]string{{"preset", "reached", "foreseen", "time wrong by", "forecasts", "false"}}
	for _, sensitivity := range detect.Sensitivities() {
		var all []backtest.Result
		for _, k := range capacity.Kinds() {
			for _, p := range capacity.Periods() {
				if err := ctx.Err(); err != nil {
					return "", err
				}
				results := capacity.Run(k, p, forecastSeeds, detect.Sensitivity(sensitivity), rules.Default())
				if !k.Sudden {
					all = append(all, results...)
				}
				if sensitivity != string(detect.Balanced) {
					continue
				}
				s := backtest.Summarise(results...)
				if s.Crossings == 0 && s.Forecasts == 0 {
					silent = append(silent, fmt.Sprintf("%s (%s)", k.Name, stepName(p.Step)))
					continue
				}
				rows = append(rows, append([]string{k.Name, stepName(p.Step)}, forecastCells(s, p.Step)...))
			}
		}
		s := backtest.Summarise(all...)
		totals = append(totals, []string{sensitivity, fmt.Sprint(s.Crossings), fmt.Sprint(s.Foreseen), share(s.ErrorMedian), fmt.Sprint(s.Forecasts), fmt.Sprint(s.False)})
	}
	fmt.Fprintf(&text, "All kinds but jumps, %d series each:\n\n%s\nBy kind, preset balanced:\n\n%s\nNothing was reached and nothing told in %s.\n", forecastSeeds, table(totals), table(rows), strings.Join(silent, ", "))
	return text.String(), nil
}

func stepName(step time.Duration) string {
	switch step {
	case time.Second:
		return "1 s"
	case time.Minute:
		return "1 min"
	default:
		return fmt.Sprintf("%.0f min", step.Minutes())
	}
}

func forecastCells(s backtest.Summary, step time.Duration) []string {
	return []string{
		fmt.Sprint(s.Crossings), fmt.Sprint(s.Foreseen), lead(s.LeadMedian, step), lead(s.LeadLeast, step), share(s.ErrorMedian),
		fmt.Sprint(s.Forecasts), fmt.Sprint(s.False), fmt.Sprintf("%.2f", *s.FalseWeek),
	}
}

// lead writes a time before a crossing, and how many points that is.
func lead(seconds *float64, step time.Duration) string {
	if seconds == nil {
		return "-"
	}
	d := time.Duration(*seconds * float64(time.Second))
	var text string
	switch {
	case d < 2*time.Minute:
		text = fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		text = fmt.Sprintf("%.0f min", d.Minutes())
	default:
		text = fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%s (%.0f)", text, *seconds/step.Seconds())
}

func share(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100**v)
}
