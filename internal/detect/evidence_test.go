package detect_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// minutes is one series of a role, a point a minute around 100, and an engine
// that hears it.
type minutes struct {
	e   *detect.Detector
	rng *rand.Rand
	at  time.Time
}

func byMinute(role incident.MetricRole) *minutes {
	return &minutes{
		e:   detect.New(detect.Options{Inventory: oneMetric(role), Redactor: mask{}, Sensitivity: detect.Balanced}),
		rng: rand.New(rand.NewPCG(5, 9)), at: start,
	}
}

// pass plays minutes in which the series is so many times what it usually is.
func (m *minutes) pass(n int, factor func(i int) float64) []incident.Anomaly {
	var found []incident.Anomaly
	for i := range n {
		m.at = m.at.Add(time.Minute)
		found = append(found, m.point(m.at, 100*factor(i)*math.Exp(0.1*m.rng.NormFloat64()))...)
	}
	return found
}

func (m *minutes) point(at time.Time, v float64) []incident.Anomaly {
	return append(m.e.Observe(anyPoint(at, v)), m.e.Advance(at)...)
}

func times(factor float64) func(int) float64 { return func(int) float64 { return factor } }

func TestAnOutageThatHoldsIsOneEpisode(t *testing.T) {
	t.Parallel()
	for name, ramp := range map[string]int{"sudden": 1, "within ten minutes": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := byMinute(incident.RoleLatency)
			m.pass(4000, times(1))
			found := m.pass(120, func(i int) float64 { return 1 + 2*min(1, float64(i+1)/float64(ramp)) })
			recovered := m.at
			ended := m.pass(60, times(1))
			var closed []incident.Anomaly
			for _, a := range append(found, ended...) {
				require.Equal(t, found[0].ID, a.ID)
				if a.State == incident.EpisodeClosed {
					closed = append(closed, a)
				}
			}
			require.Len(t, closed, 1)
			require.False(t, closed[0].Closed.Before(found[0].Opened.Add(freezes)), "it is not over while it burns")
			require.True(t, closed[0].Closed.Before(recovered.Add(15*time.Minute)))
		})
	}
}

// freezes is for how long an outage is not on its way to being normal.
const freezes = 30 * time.Minute

func TestRecoveryIsNoTrouble(t *testing.T) {
	t.Parallel()
	m := byMinute(incident.RoleLatency)
	m.pass(4000, times(1))
	peak := m.pass(1, times(5))
	require.Len(t, peak, 1)
	require.Equal(t, detect.RuleEvidence, peak[0].Rule)
	require.InDelta(t, 100, peak[0].Previous, 40, "what it was just before")
	after := m.pass(30, times(0.8))
	require.Len(t, after, 1)
	require.Equal(t, incident.EpisodeClosed, after[0].State)
	require.Equal(t, 1, after[0].Count, "back to normal, however suddenly, is not counted")
	require.InDelta(t, peak[0].Observed, after[0].Observed, 0)
	require.True(t, after[0].Closed.Before(peak[0].Opened.Add(10*time.Minute)))
}

func TestAnEpisodeOutlivesItsRole(t *testing.T) {
	t.Parallel()
	m := byMinute(incident.RoleLatency)
	m.pass(3000, times(1))
	found := m.pass(10, func(i int) float64 { return 1 + float64(i) })
	require.NotEmpty(t, found)
	m.e.UseInventory(oneMetric(""))
	m.pass(120, times(1))
	reading, ok := m.e.Reading("any")
	require.True(t, ok)
	require.False(t, reading.Anomalous, "it ends although the series has no role any more")
	require.NotEmpty(t, m.pass(10, times(30)), "and what comes later is told")
}

func TestAnOddPointDoesNotEndForecasts(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]bool{"regular": false, "one point in between": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := byMinute(incident.RoleSaturation)
			m.pass(500, times(4))
			if odd {
				m.point(m.at.Add(5*time.Second), 400)
			}
			m.pass(2500, times(4))
			forecasts := 0
			for range 200 {
				m.at = m.at.Add(time.Minute)
				for _, a := range m.point(m.at, 400+3*float64(m.at.Sub(start)/time.Minute-3000)+5*m.rng.NormFloat64()) {
					if a.Kind == incident.KindForecast {
						forecasts++
					}
				}
			}
			require.Positive(t, forecasts)
		})
	}
}
