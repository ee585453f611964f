package detect

import (
	"cmp"
	"container/heap"
	"strings"
	"time"
)

// dueSeries are the series that are waited for, by when they are looked at. A
// point that comes in time touches nothing here: when its turn comes, the series
// is looked at and put back. So a point costs nothing and a watermark costs as
// much as there are series whose turn it is, once in their patience each.
type dueSeries struct {
	entries dueHeap
}

// due is one entry. It holds as long as it agrees with the series' pulse.
type due struct {
	at  float64
	key string
	of  *metricState
}

type dueHeap []due

func (h dueHeap) Len() int { return len(h) }

// Less orders by time and key, so that the order does not depend on how the
// entries came in.
func (h dueHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), strings.Compare(h[i].key, h[j].key)) < 0
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop make dueHeap a heap.Interface. Entries come and go by put and
// take instead, because heap.Push and heap.Pop allocate for each of them.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(due)) }

// Pop is for heap.Interface only, see Push.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = due{}
	*h = (*h)[:last]
	return x
}

// put adds an entry.
func (h *dueHeap) put(e due) {
	*h = append(*h, e)
	heap.Fix(h, len(*h)-1)
}

// take removes the first entry and returns it.
func (h *dueHeap) take() due {
	first, last := (*h)[0], len(*h)-1
	(*h)[0], (*h)[last] = (*h)[last], due{}
	*h = (*h)[:last]
	if last > 0 {
		heap.Fix(h, 0)
	}
	return first
}

// next takes out the first series that is due by now.
func (s *dueSeries) next(now float64, series map[string]*metricState) (string, *metricState, bool) {
	for len(s.entries) > 0 && s.entries[0].at <= now {
		e := s.entries.take()
		if e.holds(series) {
			return e.key, e.of, true
		}
	}
	return "", nil, false
}

func (e due) holds(series map[string]*metricState) bool {
	return e.of.Pulse.Due == e.at && series[e.key] == e.of
}

// await has a series looked at when the watermark reaches a time.
func (d *Detector) await(key string, m *metricState, at float64) {
	m.Pulse.Due = at
	d.due.entries.put(due{at: at, key: key, of: m})
	if n := len(d.due.entries); n > 1000 && n > 2*len(d.state.Metrics) {
		d.awaitAll()
	}
}

// awaitAll builds the entries anew from what the series say.
func (d *Detector) awaitAll() {
	entries := d.due.entries[:0]
	for key, m := range d.state.Metrics {
		if m.Pulse.Due != 0 {
			entries = append(entries, due{at: m.Pulse.Due, key: key, of: m})
		}
	}
	clear(entries[len(entries):cap(entries)])
	d.due.entries = entries
	heap.Init(&d.due.entries)
}

// flow is the rhythm of the whole stream: how far the watermark moves at once.
// When it leaps, nothing was heard of any series, and the first to be heard
// again would make all others look as if they had stopped.
type flow struct {
	Epoch   float64    `json:"epoch,omitempty"`
	Leaps   [2]float32 `json:"leaps,omitempty"`   // the two longest, in seconds, since Epoch
	Former  [2]float32 `json:"former,omitempty"`  // and before
	Left    float64    `json:"left,omitempty"`    // watermark before the latest leap that was out of the ordinary
	Resumed float64    `json:"resumed,omitempty"` // and after it
}

const (
	leastLeap  = 30 // seconds; shorter ones are nothing out of the ordinary
	usualLeaps = 3  // times the usual longest is out of the ordinary
)

// advance takes the watermark further.
func (s *state) advance(to time.Time) {
	s.Flow.advance(s.Watermark, to)
	s.Watermark, s.mark = to, unix(to)
}

// advance takes the step of the watermark.
func (f *flow) advance(from, to time.Time) {
	now := unix(to)
	if from.IsZero() {
		f.Epoch, f.Resumed = now, now
		return
	}
	leap := now - unix(from)
	if now-f.Epoch >= pauseMemory.Seconds() {
		f.Former, f.Leaps, f.Epoch = f.Leaps, [2]float32{}, now
	}
	limit := max(leastLeap, usualLeaps*float64(max(f.Leaps[1], f.Former[1])))
	if leap > limit {
		f.Left, f.Resumed = unix(from), now
		leap = min(leap, 2*limit)
	}
	longest(&f.Leaps, leap)
}

// heard tells whether the stream went on through an hour, as far as a mark tells.
func (f *flow) heard(hour int32, mark float64) bool {
	begin := float64(hour) * 3600
	end := begin + 3600
	return end <= mark && (end <= f.Left || begin >= f.Resumed)
}

// Unheard implements Engine.
func (d *Detector) Unheard() {
	f := &d.state.Flow
	if d.state.mark-f.Resumed > leastLeap {
		f.Left = d.state.mark // the first time for a while
	}
	f.Resumed = d.state.mark
}
