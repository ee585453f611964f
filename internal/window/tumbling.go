package window

import "time"

// Aggregate is what fell into one window.
type Aggregate struct {
	Count int       `json:"count"`
	Sum   float64   `json:"sum"`
	Min   float64   `json:"min"`
	Max   float64   `json:"max"`
	First time.Time `json:"first,omitzero"` // event time of the earliest
	Last  time.Time `json:"last,omitzero"`  // and of the latest
}

// Window is a closed window, from Start (inclusive) to End (exclusive).
type Window struct {
	Start, End time.Time
	Aggregate
}

// maxEmpty bounds the empty windows of one gap that Advance reports. A gap that is
// longer tells nothing about a rate: the source was not there.
const maxEmpty = 720

// Tumbling sorts values into windows of equal size that follow each other
// without a gap, aligned to 1970. A window closes when the watermark has passed
// its end by Lateness; a value for a closed window is late. The exported fields
// are its state, for snapshots.
type Tumbling struct {
	Size     time.Duration        `json:"size"`
	Lateness time.Duration        `json:"lateness"`
	Open     map[int64]*Aggregate `json:"open,omitempty"` // by start, in nanoseconds since 1970
	Next     int64                `json:"next"`           // start of the first window that is not closed; 0 before the first value
	Late     int                  `json:"late"`           // values that came too late
	Skipped  int                  `json:"skipped"`        // empty windows that a gap left unreported
}

// NewTumbling returns windows of a size, which must be positive.
func NewTumbling(size, lateness time.Duration) *Tumbling {
	return &Tumbling{Size: size, Lateness: lateness}
}

// Add puts a value into its window and returns that window's content so far.
// The result is nil when the value is late; it is then counted in Late and in
// no window.
func (t *Tumbling) Add(at time.Time, value float64) *Aggregate {
	start := t.start(at)
	if t.Next == 0 {
		t.Next = start
	}
	if start < t.Next {
		t.Late++
		return nil
	}
	if t.Open == nil {
		t.Open = map[int64]*Aggregate{}
	}
	a, ok := t.Open[start]
	if !ok {
		a = &Aggregate{Min: value, Max: value, First: at, Last: at}
		t.Open[start] = a
	}
	a.Count++
	a.Sum += value
	a.Min, a.Max = min(a.Min, value), max(a.Max, value)
	if at.Before(a.First) {
		a.First = at
	}
	if at.After(a.Last) {
		a.Last = at
	}
	return a
}

// Begin starts the row of windows at a time without putting anything in, so
// that the windows before the first value are reported as empty. It does
// nothing once the row has begun.
func (t *Tumbling) Begin(at time.Time) {
	if t.Next == 0 {
		t.Next = t.start(at)
	}
}

// Advance closes the windows that the watermark has passed and returns them in
// order, the empty ones between them too.
func (t *Tumbling) Advance(watermark time.Time) []Window {
	if t.Next == 0 || watermark.IsZero() {
		return nil
	}
	size, end := int64(t.Size), t.start(watermark.Add(-t.Lateness))
	var closed []Window
	for t.Next < end {
		a, ok := t.Open[t.Next]
		if !ok {
			// Jump over all but the latest empty windows of a long gap.
			if until := t.nextOpen(end); (until-t.Next)/size > maxEmpty {
				jump := (until-t.Next)/size - maxEmpty
				t.Skipped += int(jump)
				t.Next += jump * size
			}
			a = &Aggregate{}
		}
		delete(t.Open, t.Next)
		closed = append(closed, Window{Start: time.Unix(0, t.Next).UTC(), End: time.Unix(0, t.Next+size).UTC(), Aggregate: *a})
		t.Next += size
	}
	return closed
}

// nextOpen is the start of the earliest window that holds something, or limit.
func (t *Tumbling) nextOpen(limit int64) int64 {
	for start := range t.Open {
		limit = min(limit, start)
	}
	return limit
}

// start is the beginning of the window that a time falls into.
func (t *Tumbling) start(at time.Time) int64 {
	ns, size := at.UnixNano(), int64(t.Size)
	start := ns - ns%size
	if ns < 0 && ns%size != 0 {
		start -= size
	}
	return start
}
