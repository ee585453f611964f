package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// TestATraceIsToldOnceTheWatermarkHasPassedIt: the last line of a stream that goes
// quiet after it is not followed by anything that would say that it was the last.
func TestATraceIsToldOnceTheWatermarkHasPassedIt(t *testing.T) {
	t.Parallel()
	e := engine(detect.Sensitive)
	require.Empty(t, steady(e, 0, 1200))
	const trace = "java.lang.IllegalStateException: no\n\tat com.shop.Cart.add(Cart.java:4)\n\tat com.shop.Main.main(Main.java:1)"
	last := secondsIn(1201.5)
	s := logLine(last, telemetry.LevelError, "cache miss took 5 ms") // is known
	s.Log.Stream, s.Log.Trace = "a", trace
	require.Empty(t, e.Observe(s))
	require.Empty(t, e.Advance(last.Add(1999*time.Millisecond)))
	found := e.Advance(last.Add(2000 * time.Millisecond))
	require.Len(t, found, 1)
	require.Equal(t, incident.EpisodeOpen, found[0].State)
	require.Contains(t, found[0].Rule, detect.RuleLogNew+"/")
	require.Contains(t, found[0].Why.String(), "IllegalStateException")
}
