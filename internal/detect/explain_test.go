package detect

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/series"
)

func TestAnExplanationIsTrueOfThePicture(t *testing.T) {
	t.Parallel()
	var m metricState
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 400 {
		m.Signs.Model.Observe(int64(i)*300, 50+r.NormFloat64())
	}
	m.Signs.Model.Observe(400*300, 90)
	require.Equal(t, series.Step, m.Signs.Model.Strongest())
	for name, tc := range map[string]struct {
		x, low, high float64
		want         string
	}{
		"outside": {90, 45, 55, "value of disk is 90 where 45 to 55 is usual, and jumped there from one point to the next " +
			"(by chance, so much comes less than once in as many points as were seen, 401)"},
		"below": {-90, 45, 55, "value of disk is -90 where 45 to 55 is usual, and jumped there from one point to the next " +
			"(by chance, so much comes less than once in as many points as were seen, 401)"},
		"inside": {90, 0, 95, "value of disk is 90, which is within the 0 to 95 of its usual values, but jumped there from one point to the next " +
			"(by chance, so much comes less than once in as many points as were seen, 401)"},
		"a band without width": {90, 45, 45, "value of disk is 90 where 45 is usual, and jumped there from one point to the next " +
			"(by chance, so much comes less than once in as many points as were seen, 401)"},
	} {
		require.Equal(t, tc.want, m.whyOpened("disk", "value", tc.x, tc.low, tc.high).String(), name)
	}
	require.Equal(t, "value of disk is now 90 where 45 to 55 is usual, and jumped there from one point to the next",
		m.whyGrew("disk", "value", 90, 45, 55).String())

	m.Signs.Model.Evidence = 1
	require.Contains(t, m.whyOpened("disk", "value", 90, 45, 55).String(), "(by chance, so much comes about once in 20 points; 401 were seen)")
}

func TestEveryChannelHasASign(t *testing.T) {
	t.Parallel()
	require.Len(t, signs, int(series.Band)+1)
	seen := map[string]bool{}
	for c, sign := range signs {
		require.NotEmpty(t, sign, "channel %d", c)
		require.False(t, seen[sign], "two channels say %q", sign)
		seen[sign] = true
	}
}

// What hardly ever moves makes a small spike immense in its own spreads, and one
// such spike stretches the tail of a series for weeks.
func TestWhatIsShownAsUsualStaysNearWhatWasSeen(t *testing.T) {
	t.Parallel()
	var m metricState
	const day = 288 // points
	highest := 0.0
	for i := range 20 * day {
		x := 0.0
		if i%101 < 2 {
			x = 20
		}
		m.Signs.Model.Observe(int64(i)*300, x)
		if i > 2*day {
			level, reach := m.Signs.Model.Expected(int64(i) * 300)
			highest = max(highest, level+reach)
		}
	}
	require.Less(t, highest, 100.0)
	require.Greater(t, highest, 1.0, "spikes are known")
}
