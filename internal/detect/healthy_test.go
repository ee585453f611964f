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
		for seed := range uint64(4) {
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
						if a.Series != tc.series || a.Rule != tc.rule {
							continue
						}
						require.Equal(t, incident.EpisodeOpen, a.State)
						require.Equal(t, incident.AnomalyID(a.Rule, a.Series, a.Opened), a.ID)
						require.WithinRange(t, a.Opened, onset, onset.Add(time.Duration(tc.within)*time.Second))
						require.WithinRange(t, a.LastSeen, a.Opened, onset.Add(time.Duration(tc.within)*time.Second))
						require.Equal(t, "checkout", a.Service)
						require.Equal(t, []string{"payments"}, a.DependsOn)
						require.True(t, a.Unsure == (baseline < 300) || a.Rule == detect.RuleLogRate)
						require.Less(t, a.Rarity, 1e-5)
						require.True(t, a.Observed < a.Low || a.Observed > a.High, "observed %g, band %g to %g", a.Observed, a.Low, a.High)
						return
					}
					t.Fatal("not found")
				})
			}
		}
	}
}
