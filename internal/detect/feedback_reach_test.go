package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// However often somebody says that it was nothing, the worst that a series can
// be opens an episode, also where the worst is not far: no requests, none that
// succeed, memory at its limit.
func TestNothingThatIsSaidSilencesABreakdown(t *testing.T) {
	t.Parallel()
	for _, sensitivity := range detect.Sensitivities() {
		for name, tt := range map[string]struct {
			healthy func(*rand.Rand) float64
			worst   float64
		}{
			"Success":    {func(r *rand.Rand) float64 { return 1 - 0.25*r.Float64()*r.Float64() }, 0},
			"Requests":   {func(r *rand.Rand) float64 { return float64(poisson(r, 30)) }, 0},
			"MemoryUsed": {func(r *rand.Rand) float64 { return 200 + 10*r.NormFloat64() }, 345},
			"Latency":    {func(r *rand.Rand) float64 { return 20 + 5*r.ExpFloat64() }, 10_000},
			"Errors":     {func(r *rand.Rand) float64 { return float64(poisson(r, 2)) }, 500},
		} {
			t.Run(sensitivity+"/"+name, func(t *testing.T) {
				t.Parallel()
				e, rng := engine(detect.Sensitivity(sensitivity)), rand.New(rand.NewPCG(3, 3))
				at := func(second int, v float64) []incident.Anomaly {
					return e.Observe(shopPoint(name, secondsIn(float64(second)), v))
				}
				for i := range healthyFor {
					at(i, tt.healthy(rng))
				}
				for i := range 20 {
					e.Observe(said(healthyFor, telemetry.Feedback{
						Series: series(name), Verdict: telemetry.FalseAlarm, Anomaly: fmt.Sprint(i), Reached: 1e9, At: start, By: "mallory",
					}))
				}
				require.InDelta(t, 4, factor(t, e), 0)
				var found []incident.Anomaly
				for i := range 60 {
					found = append(found, at(healthyFor+i, tt.worst)...)
				}
				require.NotEmpty(t, found)
				require.GreaterOrEqual(t, found[0].Reached, 0.99, "it is beyond the usual threshold, too")
			})
		}
	}
}
