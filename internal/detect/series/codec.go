package series

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// AppendBinary implements encoding.BinaryAppender: every bit of the state, so
// that a model that was read back goes on exactly as this one.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	f := fields{out: b}
	f.model(m)
	return f.out, nil
}

// size is how many bytes a model is written in.
var size = binary.Size(Model{})

// MarshalBinary implements encoding.BinaryMarshaler.
func (m *Model) MarshalBinary() ([]byte, error) {
	return m.AppendBinary(make([]byte, 0, size))
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. What no model can have
// written is refused, and the model is then as it was.
func (m *Model) UnmarshalBinary(b []byte) error {
	if len(b) != size {
		return fmt.Errorf("read the model of a series: %d bytes are not %d", len(b), size)
	}
	var read Model
	f := fields{rest: b, read: true}
	f.model(&read)
	if !read.sound() {
		return errors.New("read the model of a series: it holds numbers that no model comes to")
	}
	*m = read
	return nil
}

// mostSum bounds what a state can hold: points are within +-1e100, and no
// statistic of them is more than that divided by the least spread, and some.
const mostSum = 1e200

// sound tells whether the state is one that points can lead to, as far as
// going on from it depends on that.
func (m *Model) sound() bool {
	ok := m.N >= 0 && m.Shape.Known <= shapeCount && m.Shape.Seen <= shapeLength
	number := func(values ...float64) {
		for _, v := range values {
			ok = ok && !math.IsNaN(v) && math.Abs(v) <= mostSum
		}
	}
	number(m.Previous, m.Least, m.Latest, m.Slow, m.Spread, m.Movement, m.DayDrift, m.Drift, m.Surprise, m.Late, m.Early,
		m.Shape.Distance, m.Shape.Half, m.Sum, m.Use, m.Heat, m.Evidence)
	for _, v := range m.Recent {
		number(float64(v))
	}
	for _, v := range m.Shape.Latest {
		number(float64(v))
	}
	for _, h := range m.Days {
		number(h.Level, h.Spread)
		ok = ok && h.Spread >= 0 && h.N >= 0
	}
	for _, p := range m.Shape.Prototype {
		for _, v := range p {
			number(float64(v))
		}
	}
	for _, t := range append(m.Tails[:], m.Total) {
		number(t.Quantile, t.Spread, t.Excess)
		ok = ok && t.Spread >= 0 && t.Excess >= 0 && t.Exceeded >= 0
	}
	return ok && m.Spread >= 0 && m.Movement >= 0
}
