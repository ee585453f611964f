package detect_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// babble is an error line that is like no other: some words of chance.
func babble(rng *rand.Rand) string {
	var b strings.Builder
	for range 3 + rng.IntN(6) {
		for range 3 + rng.IntN(6) {
			b.WriteByte('a' + byte(rng.IntN(26)))
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// TestLinesOfWhichNoTwoAreAlikeAreOneAlert: somebody who may write into a log, or
// a program that logs what users type, must not be able to page people all night.
func TestLinesOfWhichNoTwoAreAlikeAreOneAlert(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(rng *rand.Rand, n int) telemetry.LogLine{
		"error lines": func(rng *rand.Rand, _ int) telemetry.LogLine {
			text := babble(rng)
			return telemetry.LogLine{Level: telemetry.LevelError, Message: text, Text: text}
		},
		"panics": func(rng *rand.Rand, _ int) telemetry.LogLine {
			text := "panic: " + babble(rng)
			return telemetry.LogLine{Level: telemetry.LevelFatal, Message: text, Text: text}
		},
		"names": func(rng *rand.Rand, n int) telemetry.LogLine {
			text := fmt.Sprintf("upload of %s.%s to %s.internal failed", babble(rng)[:3], babble(rng)[:3], babble(rng)[:3])
			return telemetry.LogLine{Level: telemetry.LevelInfo, Message: text, Text: text}
		},
		"stack traces": func(rng *rand.Rand, n int) telemetry.LogLine {
			return telemetry.LogLine{
				Level: telemetry.LevelError, Message: "cache miss took 5 ms", Text: "cache miss took 5 ms", Stream: fmt.Sprint("s", n%3),
				Trace: fmt.Sprintf("java.lang.IllegalStateException: no\n\tat com.shop.%s.run(A.java:4)\n\tat com.shop.Main.main(Main.java:1)", strings.Fields(babble(rng))[0]),
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rng := engine(detect.Balanced), rand.New(rand.NewPCG(7, 7))
			require.Empty(t, steady(e, 0, 1200))
			opened, kinds, why := map[string]int{}, map[string]bool{}, ""
			count := func(found []incident.Anomaly) {
				for _, a := range found {
					if rule, _, _ := strings.Cut(a.Rule, "/"); a.State == incident.EpisodeOpen {
						opened[rule]++
					}
					for _, one := range a.Sightings() {
						kinds[one.Rule] = true
						if a.Rule == detect.RuleLogNew+"/several" && a.State == incident.EpisodeOpen {
							why = a.Why.String()
						}
					}
				}
			}
			lines := 0
			for s := 1200; s < 1200+5400/fewer; s++ {
				for range 5 {
					l := write(rng, lines)
					lines++
					sig := logLine(secondsIn(float64(s)), l.Level, "")
					l.Group = sig.Log.Group
					sig.Log = &l
					count(e.Observe(sig))
				}
				count(steady(e, s, s+1))
			}
			t.Log(lines, opened, len(kinds), why)
			if name != "names" { // which are none: what stands there was never the same
				require.NotEmpty(t, opened)
				require.True(t, kinds[detect.RuleLogNew+"/several"])
			}
			if why != "" {
				require.Regexp(t, `[0-9]+ kinds of lines came within .* and [0-9]+ error lines in all`, why)
			}
			require.LessOrEqual(t, opened[detect.RuleLogNew], 3)
			require.LessOrEqual(t, opened[detect.RuleLogValue], 3)
			require.LessOrEqual(t, len(kinds), 24, "also of what stands in the anomaly that was opened")
		})
	}
}
