package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// everyMinute gives the value of the next minute to an engine that knows one
// series of a role.
func everyMinute(role incident.MetricRole) func(v float64) []incident.Anomaly {
	e := detect.New(detect.Options{Inventory: oneMetric(role), Redactor: mask{}, Sensitivity: detect.Balanced})
	at := start
	return func(v float64) []incident.Anomaly {
		at = at.Add(time.Minute)
		return e.Observe(anyPoint(at, v))
	}
}

// People read what was usual before, and a check of the live metric is held
// against it: neither may be of what the trouble itself has made of the band.
func TestTroubleDoesNotWidenTheBandThatItIsHeldAgainst(t *testing.T) {
	t.Parallel()
	next := everyMinute(incident.RoleErrors)
	for range 5 * 24 * 60 {
		require.Empty(t, next(0))
	}
	found := next(300)
	require.Len(t, found, 1)
	require.Equal(t, detect.RuleEvidence, found[0].Rule)
	require.Zero(t, found[0].Low)
	require.Less(t, found[0].High, 0.01, "it has never been anything but 0")
	require.Contains(t, found[0].Why.String(), "Any of checkout is 300 where 0 is usual")
}

// A counter is expected where it was, and what it usually rises by further.
func TestACounterIsExpectedFromWhereItWas(t *testing.T) {
	t.Parallel()
	next := everyMinute("")
	total := 0.0
	for i := range 3000 {
		total += 10 + float64(i%3)
		next(total)
	}
	before := total
	found := next(before + 5000)
	require.Len(t, found, 1)
	require.Greater(t, found[0].Low, before)
	require.Less(t, found[0].High, before+30)
}
