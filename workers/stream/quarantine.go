package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Quarantined is a record that could not be read, or not all of it, as its file
// in the quarantine folder holds it.
type Quarantined struct {
	At           time.Time `json:"at"`
	Reason       string    `json:"reason"` // what could not be read and where; raw
	Stream       string    `json:"stream"`
	Shard        string    `json:"shard"`
	Sequence     string    `json:"sequence"`
	PartitionKey string    `json:"partition_key"`
	Arrival      time.Time `json:"arrival"`
	Data         []byte    `json:"data"` // base64
}

// Bounds of the quarantine folder. When it is full the oldest stay: they show
// how it began.
const (
	maxQuarantineFiles = 2_000
	maxQuarantineBytes = 512 << 20
)

var errQuarantineFull = errors.New("the quarantine folder is full: look through it and empty it")

// quarantine keeps records as one file each, named by shard and sequence, so
// that reading a record again writes the same file again.
type quarantine struct {
	folder, stream string
	files          int
	bytes          int64
}

func openQuarantine(folder, stream string) (*quarantine, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make quarantine folder: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read quarantine folder: %w", err)
	}
	q := &quarantine{folder: folder, stream: stream}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			q.files++
			q.bytes += info.Size()
		}
	}
	return q, nil
}

func (q *quarantine) put(r Quarantined) error {
	r.Stream = q.stream
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("quarantine record: %w", err)
	}
	file := filepath.Join(q.folder, safeName(q.stream+"-"+r.Shard+"-"+r.Sequence)+".json")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	if q.files >= maxQuarantineFiles || q.bytes+int64(len(raw)) > maxQuarantineBytes {
		return errQuarantineFull
	}
	if err := replaceFile(file, raw); err != nil {
		return fmt.Errorf("quarantine record: %w", err)
	}
	q.files++
	q.bytes += int64(len(raw))
	return nil
}
