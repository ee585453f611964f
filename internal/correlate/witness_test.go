package correlate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// witnesses are the n-th anomaly's.
func witnesses(n, many int) []incident.Witness {
	var all []incident.Witness
	for i := range many {
		dimensions := map[string]string{"service": "checkout", "shop": fmt.Sprint(n, "-", i)}
		all = append(all, incident.Witness{
			Rule: "level", Series: fmt.Sprintf("123456789012/eu-central-1/metric/Shop/Latency{service=checkout,shop=%d-%d}", n, i),
			Metric: &incident.MetricRef{Namespace: "Shop", Name: "Latency", Dimensions: dimensions, Stat: "Average", Period: 1, Unit: "Milliseconds"},
			Role:   incident.RoleLatency, Opened: noon, Observed: 812.25, Low: 1.5, High: 45.125, Rarity: 1e-12, Previous: 12.5, Reached: 7.25,
		})
	}
	return all
}

// An emission that brings nothing but a witness, or nothing but the end of one,
// is passed on, once.
func TestWitnessesAreNews(t *testing.T) {
	t.Parallel()
	grown := func(many, back int) incident.Anomaly {
		a := seen("checkout", 1, 0, incident.EpisodeGrowing)
		a.Witnesses = witnesses(1, many)
		for i := range back {
			a.Witnesses[i].Closed = noon.Add(time.Minute)
		}
		return a
	}
	s := (&shell{}).feed(batch(seen("checkout", 1, 0, incident.EpisodeOpen)), batch(grown(0, 0)))
	for i, tc := range []struct {
		a     incident.Anomaly
		joins int
	}{
		{grown(0, 0), 1}, {grown(2, 0), 2}, {grown(2, 0), 2}, {grown(1, 0), 2}, {grown(2, 1), 3}, {grown(2, 0), 3}, {grown(4, 1), 4}, {grown(4, 1), 4},
	} {
		s.feed(batch(tc.a))
		require.Len(t, s.joins, tc.joins, "after emission %d", i)
	}
	require.Len(t, s.joins[3].Anomaly.Witnesses, 4)
	require.Len(t, s.state.Open, 1)
}
