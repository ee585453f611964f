package backtest

import "time"

const (
	// rearmShare is how far below the limit a series must come back, as a share of
	// the limit, before reaching it again counts again.
	rearmShare = 0.05
	// rearmPoints is for how many values in a row.
	rearmPoints = 3
)

// watch finds the moments at which a series reaches its limit. One that begins
// at or above it has to come back first.
type watch struct {
	limit   float64
	started bool
	armed   bool
	below   int // values in a row that were back
}

// reached takes the next value and tells whether the series has just reached
// the limit.
func (w *watch) reached(value float64) bool {
	if !w.started {
		w.started, w.armed = true, value < w.limit
		return false
	}
	if value >= w.limit {
		now := w.armed
		w.armed, w.below = false, 0
		return now
	}
	if value >= w.limit*(1-rearmShare) {
		w.below = 0
		return false
	}
	if w.below++; w.below >= rearmPoints {
		w.armed = true
	}
	return false
}

// Crossing is one moment at which a series reached its limit.
type Crossing struct {
	At       time.Time `json:"at"`
	Value    float64   `json:"value"`
	Outcome  Outcome   `json:"outcome"` // foreseen, missed or repeated
	Lead     float64   `json:"lead_seconds,omitempty"`
	Forecast string    `json:"forecast,omitempty"` // id of the one that said so first
}
