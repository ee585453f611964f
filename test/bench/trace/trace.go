// Package trace keeps what arrived on a stream in a file, and replays it
// through an engine in event time.
package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// Record is one record of the stream. Its documents stand in it unpacked, so
// that a file as a whole compresses well.
type Record struct {
	PartitionKey string            `json:"partition_key"`
	Arrival      time.Time         `json:"arrival"`
	Documents    []json.RawMessage `json:"documents"`
}

// NewRecord unpacks a record's data: JSON documents one after the other, plain
// or gzip.
func NewRecord(partitionKey string, arrival time.Time, data []byte) (Record, error) {
	r := Record{PartitionKey: partitionKey, Arrival: arrival.UTC()}
	body, err := telemetry.Inflate(data)
	if err != nil {
		return r, fmt.Errorf("unpack a record of %s: %w", partitionKey, err)
	}
	for dec := json.NewDecoder(bytes.NewReader(body)); ; {
		var d json.RawMessage
		switch err := dec.Decode(&d); {
		case errors.Is(err, io.EOF):
			return r, nil
		case err != nil:
			return r, fmt.Errorf("read a record of %s: %w", partitionKey, err)
		}
		r.Documents = append(r.Documents, d)
	}
}

// Write replaces a file by records as gzip JSON lines, in the order in which
// they arrived.
func Write(path string, records []Record) error {
	slices.SortStableFunc(records, func(a, b Record) int { return a.Arrival.Compare(b.Arrival) })
	var packed bytes.Buffer
	zw, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(zw)
	lines.SetEscapeHTML(false)
	for _, r := range records {
		if err := lines.Encode(r); err != nil {
			return fmt.Errorf("write a record of %s: %w", r.PartitionKey, err)
		}
	}
	if err := zw.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

// Read reads what Write has written.
func Read(path string) ([]Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("read the recording %s: %w", path, err)
	}
	var records []Record
	for dec := json.NewDecoder(zr); ; {
		var r Record
		switch err := dec.Decode(&r); {
		case errors.Is(err, io.EOF):
			return records, nil
		case err != nil:
			return nil, fmt.Errorf("read record %d of %s: %w", len(records)+1, path, err)
		}
		records = append(records, r)
	}
}

// Signals decodes records as a consumer does, in the order of their arrival.
func Signals(records []Record, src telemetry.Source) ([]telemetry.Signal, error) {
	var signals []telemetry.Signal
	for i, r := range records {
		var data bytes.Buffer
		for _, d := range r.Documents {
			data.Write(d)
			data.WriteByte('\n')
		}
		src.Partition, src.Arrival = r.PartitionKey, r.Arrival
		decoded, err := telemetry.Decode(data.Bytes(), src)
		if err != nil {
			return nil, fmt.Errorf("decode record %d: %w", i+1, err)
		}
		signals = append(signals, decoded...)
	}
	return signals, nil
}

// Engine is what a recording is replayed through.
type Engine interface {
	Observe(telemetry.Signal) []incident.Anomaly
	Advance(watermark time.Time) []incident.Anomaly
}

// behind is how far the watermark stays behind the newest event: as far as
// signals of several sources may be out of order.
const behind = 2 * time.Second

// Replay runs signals through an engine, the watermark following their event
// times, and returns what it said.
func Replay(e Engine, inv *incident.Inventory, signals []telemetry.Signal) []incident.Anomaly {
	var found []incident.Anomaly
	var newest time.Time
	for _, s := range signals {
		telemetry.Assign(inv, &s)
		found = append(found, e.Observe(s)...)
		if s.Time.After(newest) {
			newest = s.Time
			found = append(found, e.Advance(newest.Add(-behind))...)
		}
	}
	return append(found, e.Advance(newest.Add(behind))...)
}
