package series_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/series"
)

func TestEveryFieldOfAModelIsWritten(t *testing.T) {
	t.Parallel()
	// Any bytes are fields of some model, however odd: each has a value of its own
	// here, so that none can be left out or change places.
	raw := make([]byte, binary.Size(series.Model{}))
	for i := range raw {
		raw[i] = byte(i*7 + i/256)
	}
	var odd, run1 series.Model
	_, err := binary.Decode(raw, binary.LittleEndian, &odd)
	require.NoError(t, err)
	run(&run1, 0, 3000, noisy(4))
	for name, m := range map[string]*series.Model{"odd": &odd, "new": {}, "run": &run1} {
		want, err := binary.Append(nil, binary.LittleEndian, m)
		require.NoError(t, err)
		got, err := m.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		require.Equal(t, len(got), cap(got), name)
	}
}

func BenchmarkModel(b *testing.B) {
	var m series.Model
	run(&m, 0, 3000, noisy(4))
	raw, err := m.MarshalBinary()
	require.NoError(b, err)
	b.Run("Append", func(b *testing.B) {
		b.ReportAllocs()
		room := make([]byte, 0, len(raw))
		for b.Loop() {
			if _, err := m.AppendBinary(room); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := m.UnmarshalBinary(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("AppendByReflection", func(b *testing.B) {
		b.ReportAllocs()
		room := make([]byte, 0, len(raw))
		for b.Loop() {
			if _, err := binary.Append(room, binary.LittleEndian, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
