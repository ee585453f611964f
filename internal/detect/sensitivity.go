package detect

import "time"

// Sensitivity is how readily an engine speaks, in words.
type Sensitivity string

// Sensitivities. Balanced is for a team that wants to hear of trouble within
// seconds; Quiet for a pager; Sensitive for looking at recorded data.
const (
	Sensitive Sensitivity = "sensitive"
	Balanced  Sensitivity = "balanced"
	Quiet     Sensitivity = "quiet"
)

// Sensitivities lists the known ones, for usage texts and validation.
func Sensitivities() []string { return []string{string(Sensitive), string(Balanced), string(Quiet)} }

// thresholds are what a sensitivity stands for.
type thresholds struct {
	// Tail is how far out a value must be, in multiples of the mean exceedance
	// over the running quantile. With an exponential tail, the chance that a
	// healthy value gets there is tailShare*exp(-Tail): at 12 it is 2.5e-7.
	Tail float64
	// Evidence is a factor on the bar for evidence, and Horizon for how long a
	// series is to cause no alert by chance at that bar.
	Evidence float64
	Horizon  time.Duration
	// Effect scales the least change that matters to people, see effect.go.
	Effect float64
	// Ahead is how many windows of a trend ahead a limit may be to alert.
	Ahead float64
	// Lines is how many error lines with a template never seen before make an
	// anomaly.
	Lines int
}

func (s Sensitivity) thresholds() thresholds {
	switch s {
	case Sensitive:
		return thresholds{Tail: 8, Evidence: 1, Horizon: day, Effect: 0.6, Ahead: 3, Lines: 2}
	case Quiet:
		return thresholds{Tail: 16, Evidence: 1.6, Horizon: week, Effect: 1.5, Ahead: 1.5, Lines: 8}
	default:
		return thresholds{Tail: 12, Evidence: 1.2, Horizon: day, Effect: 1, Ahead: 2, Lines: 4}
	}
}
