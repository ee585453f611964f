package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// recording is what a folder holds, sorted by event time.
type recording struct {
	signals  []telemetry.Signal
	services []incident.Service // with the series of metric files that no service file names
	rows     int                // rows and records read, good or bad
	missing  int                // rows without a value
	repeated int                // signals delivered again
	problems []badRow
	digest   string // of all content, whatever the files are called
	bar      *progress
}

// reading returns what tells how far the reading of a file has come.
func (rec *recording) reading(file string) func() {
	return func() { rec.bar.reading(filepath.Base(file), rec.rows) }
}

// badRow is a row or record that could not be used, or not all of it.
type badRow struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // 0 for the file as a whole
	Reason string `json:"reason"`
}

func (b badRow) String() string { return fmt.Sprintf("%s:%d: %s", b.File, b.Line, b.Reason) }

// firstProblems joins a few problems into an error.
func firstProblems(problems []badRow) error {
	var errs []error
	for _, p := range problems[:min(len(problems), 10)] {
		errs = append(errs, errors.New(p.String()))
	}
	if more := len(problems) - len(errs); more > 0 {
		errs = append(errs, fmt.Errorf("and %d more", more))
	}
	return errors.Join(errs...)
}

// readRecording reads a whole recording into memory, about 500 bytes a signal.
func readRecording(o backfillOptions, services []incident.Service, bar *progress) (recording, error) {
	rec := recording{services: slices.Clone(services), bar: bar}
	metrics, err := recordingFiles(o.folder, "metrics", ".csv")
	if err != nil {
		return rec, err
	}
	records, err := recordingFiles(o.folder, "records", ".jsonl")
	if err != nil {
		return rec, err
	}
	if len(metrics)+len(records) == 0 {
		return rec, fmt.Errorf("nothing to replay: %s holds neither metrics/<service>__<metric>.csv nor records/*.jsonl", o.folder)
	}
	if err := rec.passOver(o.folder, "metrics", ".csv"); err != nil {
		return rec, err
	}
	if err := rec.passOver(o.folder, "records", ".jsonl"); err != nil {
		return rec, err
	}
	var digests []string
	read := func(file string, reader func(*recording, string, io.Reader, backfillOptions) error) error {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("read recording: %w", err)
		}
		defer f.Close()
		sum := sha256.New()
		if err := reader(&rec, file, io.TeeReader(f, sum), o); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		digests = append(digests, contentName(file)+digestOf(sum))
		return nil
	}
	for _, file := range metrics {
		if err := read(file, readMetricFile); err != nil {
			return rec, err
		}
	}
	for _, file := range records {
		if err := read(file, readRecordFile); err != nil {
			return rec, err
		}
	}
	slices.Sort(digests)
	sum := sha256.Sum256([]byte(strings.Join(digests, "\n")))
	rec.digest = hex.EncodeToString(sum[:])
	rec.order(o.to)
	return rec, nil
}

// passOver reports what lies in a recording's folder and is not read, such as a
// packed file: somebody may believe that it is.
func (rec *recording) passOver(folder, sub, ext string) error {
	entries, err := os.ReadDir(filepath.Join(folder, sub))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list %s: %w", filepath.Join(folder, sub), err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ext) {
			rec.problems = append(rec.problems, badRow{filepath.Join(folder, sub, e.Name()), 0, "is not read; only *" + ext + " is"})
		}
	}
	return nil
}

// contentName is the part of a file's name that means something: a metric file
// is named after its series, a records file after nothing.
func contentName(file string) string {
	if strings.HasSuffix(file, ".csv") {
		return filepath.Base(file) + " "
	}
	return ""
}

func digestOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// order merges everything by event time, whichever file it came from, and drops
// repeated deliveries and what is after the end.
func (rec *recording) order(to time.Time) {
	slices.SortStableFunc(rec.signals, func(a, b telemetry.Signal) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Series, b.Series),
			strings.Compare(a.Key, b.Key), a.Arrival.Compare(b.Arrival), cmp.Compare(amount(a), amount(b)))
	})
	seen := map[string]struct{}{}
	kept := rec.signals[:0]
	for _, s := range rec.signals {
		if !to.IsZero() && !s.Time.Before(to) {
			continue
		}
		if _, again := seen[s.Key]; again && s.Key != "" {
			rec.repeated++
			continue
		}
		seen[s.Key] = struct{}{}
		kept = append(kept, s)
	}
	rec.signals = kept
}

func amount(s telemetry.Signal) float64 {
	if s.Metric == nil {
		return 0
	}
	return s.Metric.Sum
}

// readRecordFile reads stream records, one JSON object a line.
func readRecordFile(rec *recording, file string, in io.Reader, o backfillOptions) error {
	return eachLine(in, rec.reading(file), func(n int, line []byte, err error) {
		rec.rows++
		bad := func(err error) { rec.problems = append(rec.problems, badRow{file, n, err.Error()}) }
		if err != nil {
			bad(err)
			return
		}
		var r struct {
			PartitionKey string    `json:"partition_key"`
			Arrival      time.Time `json:"arrival"`
			Data         []byte    `json:"data"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			bad(fmt.Errorf(`no {"partition_key","arrival","data"}: %w`, err))
			return
		}
		if r.Arrival.IsZero() {
			bad(errors.New("arrival is missing"))
			return
		}
		signals, err := telemetry.Decode(r.Data, telemetry.Source{
			Partition: r.PartitionKey, Arrival: r.Arrival, Account: o.account, Region: o.region,
		})
		if err != nil {
			bad(err)
		}
		rec.signals = append(rec.signals, signals...)
	})
}
