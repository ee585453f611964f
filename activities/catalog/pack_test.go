package catalog

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // the pack format's checksum
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
)

// packed is one entry of a pack: its type as git numbers it, the length that
// it declares, and what is compressed.
type packed struct {
	kind    byte
	length  int
	content []byte
}

func pack(objects ...packed) []byte {
	var b bytes.Buffer
	b.WriteString("PACK")
	_ = binary.Write(&b, binary.BigEndian, []uint32{2, uint32(len(objects))})
	for _, o := range objects {
		first, rest := byte(o.length&0x0f)|o.kind<<4, o.length>>4
		for rest > 0 {
			b.WriteByte(first | 0x80)
			first, rest = byte(rest&0x7f), rest>>7
		}
		b.WriteByte(first)
		if o.kind == refDelta {
			b.Write(make([]byte, 20))
		}
		z := zlib.NewWriter(&b)
		_, _ = z.Write(o.content)
		_ = z.Close()
	}
	sum := sha1.Sum(b.Bytes()) //nolint:gosec // as above
	return append(b.Bytes(), sum[:]...)
}

const (
	blob     = 3
	refDelta = 7
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	// A delta says the size of its base and of its result first.
	delta := func(result int) []byte {
		out := []byte{1}
		for result >= 0x80 {
			out = append(out, byte(result)|0x80)
			result >>= 7
		}
		return append(out, byte(result))
	}
	big := delta(1 << 30)
	tests := []struct {
		name  string
		pack  []byte
		large bool
		fails bool
	}{
		{name: "one blob", pack: pack(packed{blob, 5, []byte("hello")})},
		{name: "a small delta", pack: pack(packed{refDelta, 3, delta(1000)})},
		{name: "a blob that says it is huge", pack: pack(packed{blob, 1 << 29, []byte("x")}), large: true},
		{name: "a delta that makes a gigabyte", pack: pack(packed{refDelta, len(big), big}), large: true},
		{name: "a blob that is longer than it says", pack: pack(packed{blob, 2, bytes.Repeat([]byte("x"), 1000)}, packed{blob, 1, []byte("x")}), fails: true},
		{name: "a delta without a size", pack: pack(packed{refDelta, 0, nil}), fails: true},
		{name: "no pack", pack: []byte("hello"), fails: true},
		{name: "cut off", pack: pack(packed{blob, 5, []byte("hello")}, packed{blob, 5, []byte("hello")})[:20], fails: true},
		{name: "too many objects", pack: []byte("PACK\x00\x00\x00\x02\x00\x10\x00\x00"), large: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := measure(tt.pack)
			switch {
			case tt.large:
				require.ErrorIs(t, err, errTooLarge)
			case tt.fails:
				require.Error(t, err)
				require.NotErrorIs(t, err, errTooLarge)
			default:
				require.NoError(t, err)
			}
		})
	}
}

func TestClassifyKnowsGitsWordsForAMissingCommit(t *testing.T) {
	t.Parallel()
	// As answered by git 2.x behind git http-backend.
	err := classify(errors.New("error decoding upload-pack response: upload-pack: not our ref 11"), "get it")
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, incident.ErrorNotFound, app.Type())
	require.True(t, app.NonRetryable())
}
