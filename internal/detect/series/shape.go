package series

import "math"

const (
	shapeLength = 8    // values of a shape, each the mean of two points
	shapeCount  = 24   // prototypes that are learned
	shapeNew    = 1.1  // distance from which a shape is one of its own
	shapeRate   = 0.03 // at which the nearest prototype follows
)

// shapes are the forms that a series is known to take: prototypes of its
// latest values.
type shapes struct {
	Latest    [shapeLength]float32
	Prototype [shapeCount][shapeLength]float32
	Seen      uint32 // values, at most shapeLength
	Known     uint32 // prototypes
	Distance  float64
	Half      float64 // the first of two points, while the second is awaited
	Odd       bool
}

// add takes a squashed residual and returns how far the latest shape is from
// the nearest that is known.
func (s *shapes) add(z float64) float64 {
	if s.Odd = !s.Odd; s.Odd {
		s.Half = z
		return s.Distance
	}
	copy(s.Latest[:], s.Latest[1:])
	s.Latest[shapeLength-1] = float32((s.Half + z) / 2)
	if s.Seen < shapeLength {
		if s.Seen++; s.Seen < shapeLength {
			return 0
		}
	}
	if s.Known == 0 {
		s.Prototype[0], s.Known = s.Latest, 1
		return 0
	}
	nearest, apart := 0, float32(math.Inf(1))
	for i := range s.Known {
		sum := float32(0)
		for j, v := range s.Prototype[i] {
			d := s.Latest[j] - v
			sum += d * d
		}
		if sum < apart {
			nearest, apart = int(i), sum
		}
	}
	s.Distance = math.Sqrt(float64(apart))
	if s.Known < shapeCount && s.Distance > shapeNew {
		s.Prototype[s.Known] = s.Latest
		s.Known++
		return s.Distance
	}
	p := &s.Prototype[nearest]
	for j := range p {
		p[j] += shapeRate * (s.Latest[j] - p[j])
	}
	return s.Distance
}
