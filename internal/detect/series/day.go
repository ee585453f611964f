package series

import "math"

// A day is remembered in half-hours. Daily shape is what most series of a
// service share; a shape of a week brought nothing on public series (see
// docs/benchmarks.md).
const (
	halfHours  = 48
	secondsDay = 86_400
	// dayMemory is over how many days a half-hour is a mean: a new level is
	// adopted in about so many.
	dayMemory = 14.0
)

// halfHour is what is usual at a time of day.
type halfHour struct {
	Level  float64
	Spread float64 // mean absolute distance from the level
	N      float64 // points learned
}

// learn takes a point. spread is the series', for a half-hour's first point, and
// visit how many points a half-hour has.
func (h *halfHour) learn(x, spread, visit float64) {
	h.N++
	if h.N == 1 {
		h.Level, h.Spread = x, spread
		return
	}
	rate := 1 / (dayMemory * max(visit, 1))
	apart := x - h.Level
	far := math.Abs(apart)
	if h.N > freePoints && h.Spread > 0 {
		far = min(far, clipSpread*h.Spread)
	}
	h.Spread += max(rate, 1/(h.N+1)) * (far - h.Spread)
	h.Level += max(rate, 1/h.N) * apart
}

// A level can be usual in itself and not at this hour. For every hour of the
// day, levels are counted in bands of a third of a squashed spread.
const (
	hours      = 24
	bands      = 12
	bandsUnit  = 3.0
	countLimit = 1 << 15
)

// hourBands counts how often the level of an hour was in each band.
type hourBands [hours][bands]uint16

// add counts a squashed residual z, which is in [-2,2], and returns how
// surprising its band is at this hour, -ln of the smoothed share.
func (h *hourBands) add(hour int64, z float64) float64 {
	row := &h[hour]
	total := 0
	for _, n := range row {
		total += int(n)
	}
	band := min(bands-1, max(0, int((z+2)*bandsUnit)))
	surprise := -math.Log((float64(row[band]) + 0.5) / (float64(total) + bands/2))
	if row[band]++; row[band] >= countLimit {
		for i := range row {
			row[i] /= 2
		}
	}
	return surprise
}
