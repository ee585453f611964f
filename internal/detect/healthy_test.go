package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

func TestHealthyTrafficGivesNoAnomaly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rps   float64
		swing time.Duration
	}{{0.5, 24 * time.Hour}, {5, 24 * time.Hour}, {20, 24 * time.Hour}, {20, 2 * time.Hour}, {80, 4 * time.Hour}} {
		for seed := range uint64(4 / fewer) {
			t.Run(fmt.Sprintf("%g requests a second, swing %s, seed %d", tc.rps, tc.swing, seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(seed, tc.rps)
				w.swing = tc.swing
				found := w.run(engine(detect.Balanced), 2*60*60)
				require.Empty(t, found)
			})
		}
	}
}

func TestSpikesAreFoundWithinSeconds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault  func(*world)
		series string
		rule   string
		within int // seconds
	}{
		"errors":         {func(w *world) { w.errorShare = 0.8 }, series("Errors"), detect.RuleLevel, 5},
		"half the share": {func(w *world) { w.errorShare = 0.4 }, series("Errors"), detect.RuleLevel, 5},
		"success ratio":  {func(w *world) { w.errorShare = 0.8 }, series("Success"), detect.RuleLevel, 5},
		"error lines":    {func(w *world) { w.errorShare = 0.8 }, account + "/" + region + "/log/" + group, detect.RuleLogRate, 5},
		"latency":        {func(w *world) { w.slow = 10 }, series("Latency"), detect.RuleLevel, 5},
		"no traffic":     {func(w *world) { w.drop = 0 }, series("Requests"), detect.RuleLevel, 12},
	} {
		for _, baseline := range []int{45, 60, 600} {
			for seed := range uint64(3) {
				t.Run(fmt.Sprintf("%s after %d s, seed %d", name, baseline, seed), func(t *testing.T) {
					t.Parallel()
					w, e := newWorld(seed, 20), engine(detect.Balanced)
					require.Empty(t, w.run(e, baseline))
					onset := w.now()
					tc.fault(w)
					for _, a := range w.run(e, tc.within+1) {
						require.Equal(t, incident.AnomalyID(a.Rule, a.Series, a.Opened), a.ID)
						// It can be a witness of another series that was found before it.
						seen, ok := sighting(a, tc.series, tc.rule)
						if !ok {
							continue
						}
						require.NotEqual(t, incident.EpisodeClosed, a.State)
						require.WithinRange(t, seen.Opened, onset, onset.Add(time.Duration(tc.within)*time.Second))
						require.WithinRange(t, a.LastSeen, seen.Opened, onset.Add(time.Duration(tc.within)*time.Second))
						require.Equal(t, "checkout", a.Service)
						require.Equal(t, []string{"payments"}, a.DependsOn)
						require.True(t, seen.Unsure == (baseline < 300) || seen.Rule == detect.RuleLogRate)
						require.Less(t, seen.Rarity, 1e-5)
						require.True(t, seen.Observed < seen.Low || seen.Observed > seen.High, "observed %g, band %g to %g", seen.Observed, seen.Low, seen.High)
						return
					}
					t.Fatal("not found")
				})
			}
		}
	}
}

// sighting finds a series among those in which an anomaly shows.
func sighting(a incident.Anomaly, series, rule string) (incident.Witness, bool) {
	for _, w := range a.Sightings() {
		if w.Series == series && w.Rule == rule {
			return w, true
		}
	}
	return incident.Witness{}, false
}
