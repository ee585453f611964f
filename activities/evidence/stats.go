package evidence

import (
	"math"
	"slices"
	"time"
)

// point is one datapoint; At is the start of its period.
type point struct {
	at    time.Time
	value float64
}

// madScale makes the median absolute deviation an estimate of the standard
// deviation of normal data (1 / 0.6745).
const madScale = 1.4826

// meanScale does the same for the mean absolute deviation (square root of pi/2).
const meanScale = 1.2533

// bandWidth is how many robust deviations around the median count as normal.
const bandWidth = 3

// maxDeviations bounds the fact, for a series that never moved before.
const maxDeviations = 1e6

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// deviation is the robust deviation of values around their median. A series of
// which more than half is one value has a median absolute deviation of 0; there
// the mean absolute deviation speaks, and for one that never moved a twentieth
// of its level, or 1 when that level is 0 (one error where there were none).
func deviation(values []float64) float64 {
	m := median(values)
	apart := make([]float64, len(values))
	var sum float64
	for i, v := range values {
		apart[i] = math.Abs(v - m)
		sum += apart[i]
	}
	d := madScale * median(apart)
	if d == 0 && len(values) > 0 {
		d = meanScale * sum / float64(len(values))
	}
	// Measured values that hardly move would make every later one a wonder.
	d = max(d, 0.01*math.Abs(m))
	if d == 0 {
		return 1
	}
	if sum == 0 {
		return max(d, 0.05*math.Abs(m))
	}
	return d
}

// slope is the Theil-Sen estimate of the change per minute: the median of the
// slopes between all pairs of at most 120 evenly chosen points, which a third
// of outliers cannot move.
func slope(points []point) float64 {
	const most = 120
	if len(points) > most {
		chosen := make([]point, 0, most)
		for i := range most {
			chosen = append(chosen, points[i*(len(points)-1)/(most-1)])
		}
		points = chosen
	}
	var slopes []float64
	for i, a := range points {
		for _, b := range points[i+1:] {
			if minutes := b.at.Sub(a.at).Minutes(); minutes > 0 {
				slopes = append(slopes, (b.value-a.value)/minutes)
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	return median(slopes)
}

func valuesOf(points []point) []float64 {
	out := make([]float64, len(points))
	for i, p := range points {
		out[i] = p.value
	}
	return out
}

// split parts points at a time; the period that contains it counts as after.
func split(points []point, at time.Time, period time.Duration) (before, after []point) {
	i, _ := slices.BinarySearchFunc(points, at, func(p point, t time.Time) int {
		if p.at.Add(period).After(t) {
			return 1
		}
		return -1
	})
	return points[:i], points[i:]
}

// overdue tells whether a series should have had a further datapoint by now:
// detectors see trouble before the first datapoint of its period is due, and
// that is no silence.
func overdue(points []point, period time.Duration, now time.Time) bool {
	return now.Sub(points[len(points)-1].at) > 3*period+settle(period)
}
