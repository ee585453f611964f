package telemetry

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Source is what is known of a record beside its data.
type Source struct {
	Partition string    // partition key
	Arrival   time.Time // when the stream took it
	Account   string    // for payloads that do not say whose they are
	Region    string    // likewise
}

// MaxDecompressed bounds what a record may grow to. A Kinesis record holds at
// most 10 MiB; log lines compress about tenfold.
const MaxDecompressed = 64 << 20

// maxProblems bounds how many problems of one record are told one by one, and
// with it the work that a hostile record can cause.
const maxProblems = 20

var (
	// ErrUnknown says that a document is none of the formats.
	ErrUnknown = errors.New("neither a CloudWatch Logs subscription, an EventBridge event nor a metric stream point")
	// ErrTooLarge says that a record grew beyond MaxDecompressed.
	ErrTooLarge = fmt.Errorf("decompresses to more than %d bytes", MaxDecompressed)
	// ErrAggregated says that a record was packed by the Kinesis Producer Library.
	ErrAggregated = errors.New("packed by the Kinesis Producer Library, which is not unpacked here: switch aggregation off at the producer")
)

// kplMagic starts a record that the Kinesis Producer Library aggregated.
var kplMagic = []byte{0xF3, 0x89, 0x9A, 0xC2}

// Decode reads one Kinesis record: one JSON document or several after each
// other, plain or gzip (also several gzip members after each other).
//
// The signals that could be read are returned even when there is an error: a
// record can be partly broken. The error names every document and item that
// could not be read and where it stands; a caller that gets one quarantines the
// record and goes on with the signals. A control message of CloudWatch Logs
// gives neither.
func Decode(data []byte, src Source) ([]Signal, error) {
	if bytes.HasPrefix(data, kplMagic) {
		return nil, ErrAggregated
	}
	body, err := Inflate(data)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the record is empty")
	}
	d := decoder{src: src}
	d.documents(body)
	return d.signals, d.problem()
}

// Inflate undoes gzip where there is any, to at most MaxDecompressed bytes: more
// are ErrTooLarge. Go's reader joins the members of a multi-member file.
func Inflate(data []byte) ([]byte, error) {
	if len(data) < 2 || data[0] != 0x1f || data[1] != 0x8b {
		return data, nil
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read gzip header: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(zr, MaxDecompressed+1))
	if err != nil {
		return nil, fmt.Errorf("read gzip after %d bytes: %w", len(body), err)
	}
	if len(body) > MaxDecompressed {
		return nil, ErrTooLarge
	}
	return body, nil
}

type decoder struct {
	src      Source
	signals  []Signal
	problems []error
	more     int   // problems beyond maxProblems
	unread   error // why the end of the record was not looked at
}

func (d *decoder) fail(err error) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, err)
		return
	}
	d.more++
}

func (d *decoder) problem() error {
	problems := d.problems
	if d.more > 0 {
		problems = append(problems, fmt.Errorf("and %d problems more", d.more))
	}
	return errors.Join(append(problems, d.unread)...)
}

// documents reads one JSON document after the other to the end: a single
// Decode would stop after the first one. After a broken document it goes on at
// the next line, because metric streams put one document on each line.
func (d *decoder) documents(body []byte) {
	for n := 1; ; n++ {
		dec := json.NewDecoder(bytes.NewReader(body))
		for ; ; n++ {
			var raw json.RawMessage
			err := dec.Decode(&raw)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				d.fail(fmt.Errorf("document %d: %w", n, err))
				break
			}
			if err := d.document(raw); err != nil {
				d.fail(fmt.Errorf("document %d: %w", n, err))
			}
		}
		body = bytes.TrimLeft(body[min(dec.InputOffset(), int64(len(body))):], " \t\r\n")
		next := bytes.IndexByte(body, '\n')
		if next < 0 {
			return
		}
		if len(d.problems) == maxProblems {
			d.unread = fmt.Errorf("the %d bytes after document %d were not read", len(body)-next, n)
			return
		}
		body = body[next+1:]
	}
}

// document tells the formats apart by the field that only they have.
func (d *decoder) document(raw json.RawMessage) error {
	var probe struct {
		MessageType *json.RawMessage `json:"messageType"`
		DetailType  *json.RawMessage `json:"detail-type"`
		MetricName  *json.RawMessage `json:"metric_name"`
	}
	if err := json.Unmarshal(raw, &probe); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	switch {
	case probe.MessageType != nil:
		return d.logs(raw)
	case probe.DetailType != nil:
		return d.event(raw)
	case probe.MetricName != nil:
		return d.metric(raw)
	default:
		return ErrUnknown
	}
}

// add completes a signal and keeps it.
func (d *decoder) add(s Signal, what string) {
	s.Account = cut(first(s.Account, d.src.Account), maxName)
	s.Region = cut(first(s.Region, d.src.Region), maxName)
	s.Arrival, s.Partition = d.src.Arrival, d.src.Partition
	s.Time = s.Time.UTC()
	s.Series = SeriesKey(s.Account, s.Region, s.Kind, what)
	d.signals = append(d.signals, s)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// latest bounds event times given in milliseconds; beyond it they are no times.
var latest = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// millis reads a time in milliseconds since 1970.
func millis(ms int64) (time.Time, error) {
	t := time.UnixMilli(ms).UTC()
	if ms <= 0 || !t.Before(latest) {
		return time.Time{}, fmt.Errorf("timestamp %d is not in milliseconds since 1970", ms)
	}
	return t, nil
}
