package detect

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
)

// A snapshot is
//
//	magic (8 bytes) | version (2) | length of the body (8) | SHA-256 (32) | body
//
// with numbers in little-endian order. The checksum is over everything else.
// The body is zstd over records, each of them
//
//	kind (1 byte) | length of the key (uvarint) | key | length (uvarint) | CBOR
//
// and a record of kind recordEnd with nothing in it at the end. The head comes
// first. A model that brings its own binary form is a byte string inside of the
// CBOR.
const (
	snapshotMagic = "FBDETECT"
	// snapshotVersion is raised with every change of what is stored, of which a test
	// takes care. Version 1 was a JSON document; version 2 wrote every value of a
	// trend's window with its whole time; version 3 had no templates of log lines.
	snapshotVersion = 7
	snapshotHeader  = len(snapshotMagic) + 2 + 8 + sha256.Size

	recordHead = 'h'
	recordEnd  = 0
)

// Bounds on what is read, so that a snapshot that lies about its sizes cannot
// take the memory: records are read one by one, and none is larger than this.
const (
	maxRecord      = 1 << 20 // bytes of one series; the largest real ones have some tens of thousands
	maxSnapshotKey = 64 << 10
	maxWindow      = 8 << 20 // bytes that decompression looks back

	// typicalRecord is what a series has at most on average.
	typicalRecord = 16 << 10
	// typicalTemplate is what a template of log lines has at most on average.
	typicalTemplate = 8 << 10
)

// errBroken says that the checksum fits and the content does not: whatever
// wrote the snapshot is not an engine of this version.
var errBroken = errors.New("it was not written by an engine of this version, start without it")

var (
	encoding = must(cbor.EncOptions{
		// Times with nanoseconds and zone, floats bit by bit: what is restored must
		// go on exactly as what was saved.
		Time: cbor.TimeRFC3339Nano, ShortestFloat: cbor.ShortestFloatNone,
		NaNConvert: cbor.NaNConvertNone, InfConvert: cbor.InfConvertNone,
		Sort: cbor.SortBytewiseLexical, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
	}.UserBufferEncMode())
	decoding = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 16, MaxArrayElements: 100_000, MaxMapPairs: 100_000,
		// A field that this version does not know would be lost without a word.
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		// No statistic of finite points is anything else, and one that is would
		// never leave a sum or an order again.
		NaN: cbor.NaNDecodeForbidden, Inf: cbor.InfDecodeForbidden,
		// Keys of series are written by others and need not be UTF-8.
		UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode())
)

// must is for options that are constants.
func must[M any](m M, err error) M {
	if err != nil {
		panic(err)
	}
	return m
}

// decodeRecord reads the CBOR of a record. Bytes after it are an error.
func decodeRecord(raw []byte, into any) error {
	if err := decoding.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}

// snapshotWriter collects the records of a snapshot.
type snapshotWriter struct {
	out   bytes.Buffer
	zw    *zstd.Encoder
	plain bytes.Buffer // CBOR of the record that is written
	frame []byte       // what stands before it
}

func newSnapshotWriter() (*snapshotWriter, error) {
	w := &snapshotWriter{}
	w.out.Write(make([]byte, snapshotHeader)) // filled in by seal
	// One at a time, or there would be goroutines. Faster levels than the default
	// are no smaller trouble here: most of a model is noise that does not pack.
	zw, err := zstd.NewWriter(&w.out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	w.zw = zw
	return w, nil
}

func (w *snapshotWriter) record(kind byte, key string, value any) error {
	w.plain.Reset()
	if err := encoding.MarshalToBuffer(value, &w.plain); err != nil {
		return fmt.Errorf("series %q: %w", key, err)
	}
	if n := w.plain.Len(); n > maxRecord || len(key) > maxSnapshotKey {
		return fmt.Errorf("series %q: its state has %d bytes, more than %d", key[:min(len(key), 200)], n, maxRecord)
	}
	w.frame = append(w.frame[:0], kind)
	w.frame = binary.AppendUvarint(w.frame, uint64(len(key)))
	w.frame = append(w.frame, key...)
	w.frame = binary.AppendUvarint(w.frame, uint64(w.plain.Len()))
	if _, err := w.zw.Write(w.frame); err != nil {
		return err
	}
	_, err := w.zw.Write(w.plain.Bytes())
	return err
}

// seal ends the snapshot and returns it.
func (w *snapshotWriter) seal() ([]byte, error) {
	if _, err := w.zw.Write([]byte{recordEnd}); err != nil {
		return nil, err
	}
	if err := w.zw.Close(); err != nil {
		return nil, err
	}
	return sealSnapshot(w.out.Bytes(), snapshotVersion), nil
}

// sealSnapshot fills in the header in front of a body.
func sealSnapshot(b []byte, version uint16) []byte {
	copy(b, snapshotMagic)
	at := len(snapshotMagic)
	binary.LittleEndian.PutUint16(b[at:], version)
	binary.LittleEndian.PutUint64(b[at+2:], uint64(len(b)-snapshotHeader))
	sum := snapshotSum(b)
	copy(b[at+10:], sum[:])
	return b
}

// snapshotSum is the checksum over everything but itself.
func snapshotSum(b []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(b[:snapshotHeader-sha256.Size])
	h.Write(b[snapshotHeader:])
	return [sha256.Size]byte(h.Sum(nil))
}

// snapshotReader gives the records of a snapshot one after the other.
type snapshotReader struct {
	zr *zstd.Decoder
	in *bufio.Reader
}

// openSnapshot checks that all of a snapshot is there and as it was written,
// before anything of it is decoded. It gives at most so many bytes of records.
func openSnapshot(b []byte, most int64) (*snapshotReader, error) {
	at := len(snapshotMagic)
	switch {
	case len(b) > 0 && b[0] == '{':
		return nil, errors.New("it is a JSON document, of version 1, which cannot be read any more: start without it")
	case len(b) < snapshotHeader || string(b[:at]) != snapshotMagic:
		return nil, fmt.Errorf("%d bytes that are no detector snapshot, start without it", len(b))
	}
	if v := binary.LittleEndian.Uint16(b[at:]); v != snapshotVersion {
		return nil, fmt.Errorf("version %d is not %d, start without it", v, snapshotVersion)
	}
	if n := binary.LittleEndian.Uint64(b[at+2:]); n != uint64(len(b)-snapshotHeader) {
		return nil, fmt.Errorf("it has %d bytes where %d were written, start without it", len(b)-snapshotHeader, n)
	}
	if sum := snapshotSum(b); !bytes.Equal(sum[:], b[at+10:snapshotHeader]) {
		return nil, errors.New("its checksum does not fit, it was changed after it was written: start without it")
	}
	zr, err := zstd.NewReader(bytes.NewReader(b[snapshotHeader:]), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return &snapshotReader{zr: zr, in: bufio.NewReaderSize(io.LimitReader(zr, most+maxRecord), 64<<10)}, nil
}

func (r *snapshotReader) close() { r.zr.Close() }

// record returns the next one, or io.EOF after the last.
func (r *snapshotReader) record() (kind byte, key string, payload []byte, err error) {
	if kind, err = r.in.ReadByte(); err != nil {
		return 0, "", nil, fmt.Errorf("%w: it ends too early", errBroken)
	}
	if kind == recordEnd {
		if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
			return 0, "", nil, fmt.Errorf("%w: something follows its end", errBroken)
		}
		return 0, "", nil, io.EOF
	}
	name, err := r.bytes(maxSnapshotKey)
	if err != nil {
		return 0, "", nil, err
	}
	if payload, err = r.bytes(maxRecord); err != nil {
		return 0, "", nil, err
	}
	return kind, string(name), payload, nil
}

// bytes reads a length and so many bytes.
func (r *snapshotReader) bytes(limit uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil || n > limit {
		return nil, fmt.Errorf("%w: a length of %d where at most %d can be", errBroken, n, limit)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.in, b); err != nil {
		return nil, fmt.Errorf("%w: it ends too early", errBroken)
	}
	return b, nil
}
