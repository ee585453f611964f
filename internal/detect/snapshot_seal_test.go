package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// Record is one record of a snapshot, for tests that write their own.
type Record struct {
	Kind  byte
	Key   string
	Value any // nil for a map without entries
}

// Seal makes a snapshot with a good checksum from any records.
func Seal(records []Record) ([]byte, error) {
	w, err := newSnapshotWriter()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if r.Value == nil {
			r.Value = map[string]any{}
		}
		if err := w.record(r.Kind, r.Key, r.Value); err != nil {
			return nil, err
		}
	}
	return w.seal()
}

// SealBody makes a snapshot with a good checksum from any body.
func SealBody(body []byte) []byte {
	return sealSnapshot(append(make([]byte, snapshotHeader), body...), snapshotVersion)
}

// Packed compresses a body as a snapshot does.
func Packed(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zw, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	for _, p := range parts {
		_, err := zw.Write(p)
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())
	return b.Bytes()
}

// Bombs are snapshots that want much more memory than they have bytes.
func Bombs(t testing.TB) map[string][]byte {
	t.Helper()
	huge := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	zeros := make([]byte, 1<<20)
	var gigabyte [][]byte
	for range 1024 {
		gigabyte = append(gigabyte, zeros)
	}
	array := append([]byte{recordHead, 0}, huge(10)...)
	array = append(array, 0x9b, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0) // an array of 2^48 elements
	text := append([]byte{recordHead, 0}, huge(10)...)
	text = append(text, 0x7b, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0) // a text of 2^48 bytes
	nested := append([]byte{recordHead, 0}, huge(1<<19)...)
	nested = append(nested, bytes.Repeat([]byte{0x81}, 1<<19)...)
	return map[string][]byte{
		"a key of 2^60 bytes":    SealBody(Packed(t, append([]byte{recordHead}, huge(1<<60)...))),
		"a record of 2^60 bytes": SealBody(Packed(t, append([]byte{recordHead, 0}, huge(1<<60)...))),
		"a gigabyte of zeros":    SealBody(Packed(t, append([][]byte{append([]byte{recordHead, 0}, huge(1<<30)...)}, gigabyte...)...)),
		"a gigabyte too many":    SealBody(Packed(t, append([][]byte{{recordHead, 0, 1, 0xa0, recordEnd}}, gigabyte...)...)),
		"a huge array":           SealBody(Packed(t, array)),
		"a huge text":            SealBody(Packed(t, text)),
		"arrays in arrays":       SealBody(Packed(t, nested)),
	}
}

// Odd lists the numbers in a snapshot that are none: NaN and infinities.
func Odd(t testing.TB, raw []byte) []string {
	t.Helper()
	r, err := openSnapshot(raw, 1<<30)
	require.NoError(t, err)
	defer r.close()
	var odd []string
	for {
		kind, key, payload, err := r.record()
		if errors.Is(err, io.EOF) {
			return odd
		}
		require.NoError(t, err)
		var v any
		require.NoError(t, decoding.Unmarshal(payload, &v))
		odd = append(odd, oddIn(fmt.Sprintf("%c %.60q", kind, key), v)...)
		if kind == 'm' { // the model is opaque to CBOR
			var m metricState
			require.NoError(t, decoding.Unmarshal(payload, &m))
			odd = append(odd, oddField("model", reflect.ValueOf(m.Signs.Model))...)
		}
	}
}

func oddField(path string, v reflect.Value) (odd []string) {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return oddIn(path, v.Float())
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			odd = append(odd, oddField(fmt.Sprint(path, "[", i, "]"), v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			odd = append(odd, oddField(path+"."+v.Type().Field(i).Name, v.Field(i))...)
		}
	}
	return odd
}

func oddIn(path string, v any) (odd []string) {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			odd = append(odd, fmt.Sprint(path, " is ", v))
		}
	case map[any]any:
		for k, x := range v {
			odd = append(odd, oddIn(fmt.Sprint(path, ".", k), x)...)
		}
	case []any:
		for i, x := range v {
			odd = append(odd, oddIn(fmt.Sprint(path, "[", i, "]"), x)...)
		}
	}
	return odd
}

// Unpack returns the records of a snapshot as they stand in it.
func Unpack(t testing.TB, raw []byte) []byte {
	t.Helper()
	r, err := openSnapshot(raw, 1<<30)
	require.NoError(t, err)
	defer r.close()
	body, err := io.ReadAll(r.in)
	require.NoError(t, err)
	return body
}

// HasFeedback tells whether feedback on a series is kept.
func (d *Detector) HasFeedback(series string) bool {
	_, ok := d.state.Feedback[series]
	return ok
}
