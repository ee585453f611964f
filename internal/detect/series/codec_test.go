package series_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/series"
)

func TestARestoredModelGoesOnBitByBit(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{0, 1, 2, 29, 100, 301, 1000, 2500} {
		var one series.Model
		value := noisy(9)
		run(&one, 0, cut, value)
		raw, err := one.MarshalBinary()
		require.NoError(t, err)
		var other series.Model
		require.NoError(t, other.UnmarshalBinary(raw))
		for i := cut; i < cut+600; i++ {
			v := value(i)
			require.Equal(t, math.Float64bits(one.Observe(int64(i)*period, v)), math.Float64bits(other.Observe(int64(i)*period, v)))
		}
		require.Equal(t, one, other)
	}
}

func TestWhatNoModelWroteIsRefused(t *testing.T) {
	t.Parallel()
	var m series.Model
	run(&m, 0, 500, noisy(2))
	good, err := m.MarshalBinary()
	require.NoError(t, err)
	require.LessOrEqual(t, len(good), 8192, "a series takes at most 8 KB")
	for name, bad := range map[string][]byte{
		"nothing": nil, "cut off": good[:len(good)-1], "too long": append(append([]byte(nil), good...), 0),
		"not a number":   with(good, 16, math.NaN()),
		"infinite":       with(good, 32, math.Inf(1)),
		"negative count": with(good, 0, math.Copysign(1, -1)),
	} {
		before := m
		require.Error(t, m.UnmarshalBinary(bad), name)
		require.Equal(t, before, m, name)
	}
}

// with replaces eight bytes.
func with(raw []byte, at int, v float64) []byte {
	out := append([]byte(nil), raw...)
	binary.LittleEndian.PutUint64(out[at:], math.Float64bits(v))
	return out
}

func FuzzUnmarshal(f *testing.F) {
	var m series.Model
	run(&m, 0, 200, noisy(2))
	good, err := m.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m series.Model
		if m.UnmarshalBinary(raw) != nil {
			return
		}
		for i := range 100 {
			if e := m.Observe(int64(i), float64(i%7)); math.IsNaN(e) {
				t.Fatalf("evidence is not a number: %+v", m)
			}
		}
	})
}
