package detect

import (
	"math"

	"firebreak/internal/detect/series"
	"firebreak/internal/redact"
)

// signs are what the channels see, in words that are true of the picture: each
// says what was compared, and no more.
var signs = [...]string{
	series.Step:   "jumped there from one point to the next",
	series.Swing:  "is far from the points just before",
	series.Level:  "is far from its level",
	series.Shift:  "its level has shifted",
	series.Stuck:  "moves much less than it did",
	series.Hour:   "is far from the level of this time of day",
	series.Day:    "has been off the level of this time of day for several points",
	series.Shape:  "the latest points have a shape unlike those before",
	series.Drift:  "the latest points lean to one side of its level",
	series.Stairs: "the latest points lie apart from those before",
	series.Band:   "the latest points, taken together, are rare at this hour",
}

// whyOpened says why a series is in trouble: what was seen, what is usual, what
// is unusual about it and how rare that is.
func (m *metricState) whyOpened(service, metric string, x, low, high float64) redact.Text {
	return redact.Join([]redact.Text{redact.Format("%s of %s is", redact.Name(metric), redact.Name(service)), m.compared(x, low, high), m.rare()}, " ")
}

// whyGrew says the same of an episode that has become worse.
func (m *metricState) whyGrew(service, metric string, x, low, high float64) redact.Text {
	return redact.Join([]redact.Text{redact.Format("%s of %s is now", redact.Name(metric), redact.Name(service)), m.compared(x, low, high)}, " ")
}

// compared sets a value against the band. What is unusual about a series need not
// be a single value: then the band holds it, and to give the band as the reason
// would be wrong.
func (m *metricState) compared(x, low, high float64) redact.Text {
	sign := redact.Name(signs[m.Signs.Model.Strongest()])
	switch narrow := high-low <= 1e-3*math.Abs(high); {
	case x >= low && x <= high:
		return redact.Format("%.4g, which is within the %.4g to %.4g of its usual values, but %s", x, low, high, sign)
	case narrow:
		return redact.Format("%.4g where %.4g is usual, and %s", x, high, sign)
	default:
		return redact.Format("%.4g where %.4g to %.4g is usual, and %s", x, low, high, sign)
	}
}

// rare says how often as much evidence is to be expected of a healthy series.
func (m *metricState) rare() redact.Text {
	model := &m.Signs.Model
	if points := 1 / model.Chance(); points < 0.99*float64(model.N) {
		return redact.Format("(by chance, so much comes about once in %.0f points; %d were seen)", points, model.N)
	}
	return redact.Format("(by chance, so much comes less than once in as many points as were seen, %d)", model.N)
}
