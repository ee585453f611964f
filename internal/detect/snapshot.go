package detect

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// state is everything that an engine knows, keyed by series, so that the
// snapshots of several shards can be put together.
type state struct {
	head

	Metrics  map[string]*metricState
	Logs     map[string]*logState
	Alarms   map[string]*alarmState
	Events   map[string]*eventState
	Feedback map[string]*feedback // by series
	Related  related

	parts map[string][]templatePart // of a snapshot that is being read, by series

	open map[string]struct{} // metric series with an open episode
	mark float64             // Watermark in seconds since 1970, 0 before there is one
}

// head is what belongs to no series.
type head struct {
	Watermark time.Time `json:"watermark,omitzero"`
	Changes   []change  `json:"changes,omitempty"` // sorted by time and id
	Flow      flow      `json:"flow"`
	Rooms     rooms     `json:"rooms"`
}

type change struct {
	incident.Change

	ID string `json:"id"`
}

func compareChanges(a, b change) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
}

func newState() state {
	return state{
		Metrics: map[string]*metricState{}, Logs: map[string]*logState{},
		Alarms: map[string]*alarmState{}, Events: map[string]*eventState{}, Feedback: map[string]*feedback{},
		Related: related{Groups: map[string]*group{}}, open: map[string]struct{}{}, parts: map[string][]templatePart{},
	}
}

// section is the series of one kind in a snapshot.
type section interface {
	// write adds a record for each series, in the order of their keys: the same
	// state gives the same bytes.
	write(w *snapshotWriter) error
	// read takes one record over, unless the series is known as it was later.
	read(key string, raw []byte, limit int) error
}

// sections lists what a snapshot holds besides its head. The letters are part of
// the format.
func (s *state) sections() map[byte]section {
	return map[byte]section{
		'm':             keyed[metricState]{'m', s.Metrics, (*metricState).check, latest((*metricState).seen)},
		'l':             keyed[logState]{'l', s.Logs, (*logState).check, latest((*logState).seen)},
		'a':             keyed[alarmState]{'a', s.Alarms, (*alarmState).check, latest((*alarmState).seen)},
		'e':             keyed[eventState]{'e', s.Events, (*eventState).check, latest((*eventState).seen)},
		'f':             keyed[feedback]{'f', s.Feedback, (*feedback).check, (*feedback).merge},
		recordTemplates: templateSection{s},

		'g': keyed[group]{'g', s.Related.Groups, (*group).check, latest(func(g *group) time.Time { return g.ToldAt })},
	}
}

func (m *metricState) seen() time.Time { return m.Last }
func (l *logState) seen() time.Time    { return l.Last }
func (a *alarmState) seen() time.Time  { return a.At }
func (e *eventState) seen() time.Time  { return e.Episode.Anomaly.LastSeen }

// latest keeps the state that heard of its series later.
func latest[V any](seen func(*V) time.Time) func(have, other *V) *V {
	return func(have, other *V) *V {
		if seen(have).Before(seen(other)) {
			return other
		}
		return have
	}
}

// keyed is the section of one map.
type keyed[V any] struct {
	letter byte
	series map[string]*V
	check  func(*V) error          // whether a state that was read is one that an engine can have
	unite  func(have, other *V) *V // what two snapshots come to that both have the series
}

func (k keyed[V]) write(w *snapshotWriter) error {
	for _, key := range sortedKeys(k.series) {
		if err := w.record(k.letter, key, k.series[key]); err != nil {
			return err
		}
	}
	return nil
}

func (k keyed[V]) read(key string, raw []byte, limit int) error {
	v := new(V)
	if err := decodeRecord(raw, v); err != nil {
		return err
	}
	if err := k.check(v); err != nil {
		return err
	}
	if have, ok := k.series[key]; ok {
		v = k.unite(have, v)
	} else if len(k.series) >= limit {
		return fmt.Errorf("there are more than %d of kind %q: start without it, or allow for more series", limit, k.letter)
	}
	k.series[key] = v
	return nil
}

// Snapshot implements Engine. The same state gives the same bytes.
func (d *Detector) Snapshot() ([]byte, error) {
	w, err := newSnapshotWriter()
	if err != nil {
		return nil, fmt.Errorf("write detector snapshot: %w", err)
	}
	if err := w.record(recordHead, "", d.state.head); err != nil {
		return nil, fmt.Errorf("write detector snapshot: %w", err)
	}
	sections := d.state.sections()
	for _, letter := range sortedKeys(sections) {
		if err := sections[letter].write(w); err != nil {
			return nil, fmt.Errorf("write detector snapshot: %w", err)
		}
	}
	b, err := w.seal()
	if err != nil {
		return nil, fmt.Errorf("write detector snapshot: %w", err)
	}
	return b, nil
}

// Restore implements Engine. When any of the snapshots is refused, the error
// says why and the engine is as it was before.
func (d *Detector) Restore(snapshots ...[]byte) error {
	union := newState()
	for i, raw := range snapshots {
		if err := union.merge(raw, i == 0, crowd*d.limit, crowd*d.most); err != nil {
			return fmt.Errorf("read detector snapshot %d of %d: %w", i+1, len(snapshots), err)
		}
	}
	if err := d.equipLogs(&union); err != nil {
		return fmt.Errorf("read detector snapshot: %w", err)
	}
	for key, m := range union.Metrics {
		if m.inEpisode() {
			union.open[key] = struct{}{}
		}
	}
	for series := range union.Feedback {
		union.linkFeedback(series)
		d.describe(series, union.Metrics[series])
	}
	union.Related.settle(append(union.openMetrics(), union.openLogs()...), d.roleOf)
	d.stats.Evicted += trim(union.Metrics, d.limit, union.metricWorth) +
		trim(union.Logs, d.limit, union.logWorth) + trim(union.Alarms, d.limit, union.alarmWorth)
	d.state = union
	d.countTemplates()
	d.boundTemplates()
	d.awaitAll()
	return nil
}

// crowd is how many times as many series of a kind as fit may come together from
// several snapshots, before some of them go. It bounds what hostile ones take.
const crowd = 4

// merge adds what a snapshot holds, up to a number of series of each kind.
func (s *state) merge(raw []byte, first bool, limit, templates int) error {
	r, err := openSnapshot(raw, int64(limit)*typicalRecord+int64(templates)*typicalTemplate)
	if err != nil {
		return err
	}
	defer r.close()
	sections := s.sections()
	for n := 0; ; n++ {
		letter, key, payload, err := r.record()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case (n == 0) != (letter == recordHead):
			return fmt.Errorf("record %d is of kind %q: %w", n, letter, errBroken)
		case letter == recordHead:
			if err := s.mergeHead(payload, first); err != nil {
				return fmt.Errorf("head: %w", err)
			}
			continue
		}
		section, ok := sections[letter]
		if !ok {
			return fmt.Errorf("record %d is of kind %q: %w", n, letter, errBroken)
		}
		if err := section.read(key, payload, limit); err != nil {
			return fmt.Errorf("series %q: %w", key[:min(len(key), 200)], err)
		}
	}
}

func (s *state) mergeHead(raw []byte, first bool) error {
	var h head
	if err := decodeRecord(raw, &h); err != nil {
		return err
	}
	// A shard may be behind the others: its series are, too.
	if first || h.Watermark.Before(s.Watermark) {
		s.Watermark, s.Flow, s.Rooms = h.Watermark, h.Flow, h.Rooms
		s.mark = 0
		if !h.Watermark.IsZero() {
			s.mark = unix(h.Watermark)
		}
	}
	for _, c := range h.Changes {
		s.Changes = insertChange(s.Changes, c)
	}
	return nil
}

// sortedKeys gives the order in which a map is worked off: its own order would
// make the output differ from run to run.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	if len(m) == 0 {
		return nil // as with most watermarks
	}
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// dueKeys are the keys of what has something to do, sorted. Most watermarks have
// nothing to do for most series, and sorting thousands of keys for each of them
// would be most of the work.
func dueKeys[V any](m map[string]*V, due func(*V) bool) []string {
	var keys []string
	for key, v := range m {
		if due(v) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
