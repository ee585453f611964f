package detect

// Some series are counters: they only rise, and begin anew when what counts is
// restarted. Their level says nothing, and a restart is no trouble; what a
// counter has risen by since the point before is judged instead.
const (
	counterPoints = 100 // that have never fallen make a counter,
	counterRises  = 60  // if so many of them have risen
	counterReset  = 0.5 // a fall below this share of the value before is a restart
)

// counter tells whether a series is one.
type counter struct {
	Last   float64 `json:"last"`
	Seen   uint8   `json:"seen"`   // points, up to counterPoints
	Rises  uint8   `json:"rises"`  // of them that rose
	Fallen bool    `json:"fallen"` // it is none, for good
}

// is tells whether what is judged is the rise.
func (c *counter) is() bool { return !c.Fallen && c.Seen == counterPoints && c.Rises >= counterRises }

// take takes the next point and returns what is to be judged of it, if anything:
// how far a counter rose in an interval with a restart in it nobody knows.
// changed is set when the series turned out to be a counter, or not to be one
// after all: what was learned of it is then of another kind.
func (c *counter) take(x float64) (judged float64, ok, changed bool) {
	was, rise := c.is(), x-c.Last
	first := c.Seen == 0
	c.Last = x
	switch {
	case c.Fallen:
		return x, true, false
	case first:
		c.Seen = 1
		return x, true, false
	case rise < 0 && was && x >= 0 && x <= counterReset*(x-rise):
		return 0, false, false
	case rise < 0:
		c.Fallen = true
		return x, true, was
	}
	if !was && c.Seen < counterPoints {
		c.Seen++
		if rise > 0 {
			c.Rises++
		}
	}
	if c.is() {
		return rise, true, !was
	}
	return x, true, false
}
