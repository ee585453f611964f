package detect_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

func TestACounterIsJudgedByItsRise(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rise   func(minute int) float64 // of the counter in a minute, beside the noise
		resets map[int]bool
		found  bool // in the last hour
	}{
		"a steady one":                  {rise: func(int) float64 { return 100 }},
		"one that is restarted":         {rise: func(int) float64 { return 100 }, resets: map[int]bool{900: true, 1500: true, 2000: true, 2850: true}},
		"one that is restarted at once": {rise: func(int) float64 { return 100 }, resets: map[int]bool{40: true, 2850: true}, found: true},
		"one that hardly counts any more": {rise: func(m int) float64 {
			if m >= 2840 {
				return 3
			}
			return 100
		}, found: true},
		"one that counts far too fast": {rise: func(m int) float64 {
			if m >= 2840 {
				return 900
			}
			return 100
		}, found: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, 7))
			e := detect.New(detect.Options{Inventory: oneMetric(""), Redactor: mask{}, Sensitivity: detect.Balanced})
			value, late, reset := 5000.0, 0, 0
			for minute := range 2880 {
				value += max(0, tc.rise(minute)+8*r.NormFloat64())
				if tc.resets[minute] {
					value = 50
				}
				for _, a := range e.Observe(anyPoint(start.Add(time.Duration(minute)*time.Minute), value)) {
					if a.State != incident.EpisodeOpen {
						continue
					}
					require.InDelta(t, value, a.Observed, 0)
					if minute >= 2820 {
						late++
					}
					if tc.resets[minute] {
						reset++
					}
				}
				reading, ok := e.Reading("any")
				require.True(t, ok)
				require.InDelta(t, value, reading.Value, 0)
			}
			require.Equal(t, tc.found, late > 0)
			if !tc.found {
				require.Zero(t, reset)
			}
		})
	}
}
