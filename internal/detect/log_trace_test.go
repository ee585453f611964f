package detect_test

import (
	"fmt"
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

// continuations are lines that go on with what another line began.
var continuations = map[string]string{
	"cause": "Caused by: java.io.IOException: broken pipe",
	"frame": "\tat com.shop.Cart.add(Cart.java:4)",
	"blank": "",
}

// TestALineThatContinuesWhatNobodyHeard: reading begins where it begins, also in
// the middle of a stack trace.
func TestALineThatContinuesWhatNobodyHeard(t *testing.T) {
	t.Parallel()
	known := engine(detect.Balanced)
	require.Empty(t, steady(known, 0, 60))
	for name, text := range continuations {
		for when, e := range map[string]*detect.Detector{"first of its group": engine(detect.Balanced), "after a restore": restored(t, snapshotOf(t, known))} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				s := logLine(secondsIn(60), telemetry.LevelError, text)
				s.Log.Stream = "a"
				require.Empty(t, e.Observe(s))
				require.Empty(t, steady(e, 61, 90), "it goes on as ever")
			})
		}
	}
}

// TestAContinuationIsNoSample: it has no template, and that of the line before it
// can be another stream's.
func TestAContinuationIsNoSample(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, steady(e, 0, 60))
	for _, text := range continuations {
		e.Observe(logLine(secondsIn(60.5), telemetry.LevelInfo, "quite another thing"))
		s := logLine(secondsIn(60.5), telemetry.LevelError, text)
		s.Log.Stream = "a"
		e.Observe(s)
	}
	var samples []string
	for i := range 100 {
		for _, a := range e.Observe(logLine(secondsIn(62), telemetry.LevelError, fmt.Sprintf("cache miss took %d ms", i))) {
			for _, sample := range a.Samples {
				samples = append(samples, sample.String())
			}
		}
	}
	require.NotEmpty(t, samples)
	for _, sample := range samples {
		require.Contains(t, sample, "cache miss")
	}
}
