package main

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// decidedScript lets the scorer score many folders in one go.
//
//go:embed decided.py
var decidedScript string

// variant is a built variant of the detector, see test/bench/decisions.
type variant struct{ binary string }

// decide writes a folder of rows for every preset.
func (v variant) decide(ctx context.Context, folder, out string) error {
	if said, err := exec.CommandContext(ctx, v.binary, filepath.Join(folder, "data"), out).CombinedOutput(); err != nil {
		return fmt.Errorf("decide on the series of %s: %w: %s", folder, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// figures are what decisions reach, as points of NAB's scale, and how many false
// alarms there were.
type figures struct{ standard, lowFP, lowFN, alarms float64 }

// scoreDecided scores folders of decisions on the series of one source.
func scoreDecided(ctx context.Context, data, folder string, outs []string) ([]figures, error) {
	args := append([]string{"-c", decidedScript, filepath.Join(data, "tools"), folder}, outs...)
	var reports []nabReport
	if err := runPython(ctx, &reports, args...); err != nil {
		return nil, fmt.Errorf("score decisions on %s: %w", folder, err)
	}
	if len(reports) != len(outs) {
		return nil, fmt.Errorf("score decisions on %s: %d reports for %d folders", folder, len(reports), len(outs))
	}
	var all []figures
	for _, r := range reports {
		n := r.Decided
		if n.Standard.Total.Score == nil || n.LowFP.Total.Score == nil || n.LowFN.Total.Score == nil {
			return nil, fmt.Errorf("score decisions on %s: there are no windows", folder)
		}
		all = append(all, figures{*n.Standard.Total.Score, *n.LowFP.Total.Score, *n.LowFN.Total.Score, float64(n.Standard.Total.Alarms)})
	}
	return all, nil
}

// plus adds up, for means.
func (f figures) plus(g figures) figures {
	return figures{f.standard + g.standard, f.lowFP + g.lowFP, f.lowFN + g.lowFN, f.alarms + g.alarms}
}

func (f figures) times(k float64) figures {
	return figures{f.standard * k, f.lowFP * k, f.lowFN * k, f.alarms * k}
}
