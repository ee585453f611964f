package capacity

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"firebreak/internal/detect"
	"firebreak/internal/detect/backtest"
	"firebreak/internal/redact"
)

// Run back-tests a kind at a period over a number of seeds, each a series.
func Run(k Kind, p Period, seeds int, sensitivity detect.Sensitivity, redactor redact.Redactor) []backtest.Result {
	results := make([]backtest.Result, seeds)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for seed := range seeds {
		g.Go(func() error {
			r := backtest.New(fmt.Sprint("seed ", seed), k.Name, backtest.Options{Limit: Limit, Sensitivity: sensitivity, Redactor: redactor})
			k.Each(p, uint64(seed), func(at time.Time, value float64) { r.Observe(at, value) })
			results[seed] = r.Result()
			return nil
		})
	}
	_ = g.Wait() // replays do not fail
	return results
}
