package series

import (
	"encoding/binary"
	"math"
)

// A model is written field by field in the order of its declaration, numbers in
// little-endian order and without gaps, as encoding/binary writes it. That does
// it by reflection, at ten times the price, which tells on a snapshot of some
// thousands of series. A test holds the two against each other.

// fields passes over a model's fields, once for both directions.
type fields struct {
	rest []byte // what is read, from the next field on
	out  []byte // what was written
	read bool
}

func (f *fields) byte(v *byte) {
	if f.read {
		*v, f.rest = f.rest[0], f.rest[1:]
		return
	}
	f.out = append(f.out, *v)
}

func (f *fields) uint16(v *uint16) {
	if f.read {
		*v, f.rest = binary.LittleEndian.Uint16(f.rest), f.rest[2:]
		return
	}
	f.out = binary.LittleEndian.AppendUint16(f.out, *v)
}

func (f *fields) uint32(v *uint32) {
	if f.read {
		*v, f.rest = binary.LittleEndian.Uint32(f.rest), f.rest[4:]
		return
	}
	f.out = binary.LittleEndian.AppendUint32(f.out, *v)
}

func (f *fields) uint64(v *uint64) {
	if f.read {
		*v, f.rest = binary.LittleEndian.Uint64(f.rest), f.rest[8:]
		return
	}
	f.out = binary.LittleEndian.AppendUint64(f.out, *v)
}

func (f *fields) float32(v *float32) {
	bits := math.Float32bits(*v)
	f.uint32(&bits)
	*v = math.Float32frombits(bits)
}

func (f *fields) float64s(values ...*float64) {
	for _, v := range values {
		bits := math.Float64bits(*v)
		f.uint64(&bits)
		*v = math.Float64frombits(bits)
	}
}

func (f *fields) int64(v *int64) {
	bits := uint64(*v)
	f.uint64(&bits)
	*v = int64(bits)
}

func (f *fields) bool(v *bool) {
	b := byte(0)
	if *v {
		b = 1
	}
	f.byte(&b)
	*v = b != 0
}

func (f *fields) model(m *Model) {
	f.int64(&m.N)
	f.int64(&m.First)
	f.float64s(&m.Previous, &m.Least, &m.Latest, &m.Slow, &m.Spread, &m.Movement, &m.DayDrift, &m.Drift, &m.Surprise,
		&m.Late, &m.Early)
	for i := range m.Recent {
		f.float32(&m.Recent[i])
	}
	for i := range m.Days {
		h := &m.Days[i]
		f.float64s(&h.Level, &h.Spread, &h.N)
	}
	for i := range m.Bands {
		for j := range m.Bands[i] {
			f.uint16(&m.Bands[i][j])
		}
	}
	f.shapes(&m.Shape)
	for i := range m.Tails {
		f.tail(&m.Tails[i])
	}
	for i := range m.Units {
		f.float32(&m.Units[i])
	}
	f.float64s(&m.Sum, &m.Use, &m.Heat)
	f.tail(&m.Total)
	f.float64s(&m.Evidence)
}

func (f *fields) shapes(s *shapes) {
	for i := range s.Latest {
		f.float32(&s.Latest[i])
	}
	for i := range s.Prototype {
		for j := range s.Prototype[i] {
			f.float32(&s.Prototype[i][j])
		}
	}
	f.uint32(&s.Seen)
	f.uint32(&s.Known)
	f.float64s(&s.Distance, &s.Half)
	f.bool(&s.Odd)
}

func (f *fields) tail(t *tail) {
	f.float64s(&t.Quantile, &t.Spread, &t.Excess)
	f.float32(&t.Exceeded)
	f.uint32(&t.N)
}
