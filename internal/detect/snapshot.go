package detect

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// snapshotVersion is raised when an older snapshot cannot be read any more.
const snapshotVersion = 1

// state is everything that an engine knows, keyed by series, so that the
// snapshots of several shards can be put together.
type state struct {
	Version   int                     `json:"version"`
	Watermark time.Time               `json:"watermark,omitzero"`
	Metrics   map[string]*metricState `json:"metrics,omitempty"`
	Logs      map[string]*logState    `json:"logs,omitempty"`
	Alarms    map[string]*alarmState  `json:"alarms,omitempty"`
	Events    map[string]*eventState  `json:"events,omitempty"`
	Changes   []change                `json:"changes,omitempty"` // sorted by time and id
	Feedback  map[string]*feedback    `json:"feedback,omitempty"`
	Related   related                 `json:"related"`

	open map[string]struct{} // metric series with an open episode
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
		Version: snapshotVersion, Metrics: map[string]*metricState{}, Logs: map[string]*logState{},
		Alarms: map[string]*alarmState{}, Events: map[string]*eventState{}, Feedback: map[string]*feedback{}, open: map[string]struct{}{},
		Related: related{Groups: map[string]*group{}},
	}
}

// Snapshot implements Engine.
func (d *Detector) Snapshot() ([]byte, error) {
	b, err := json.Marshal(d.state)
	if err != nil {
		return nil, fmt.Errorf("write detector snapshot: %w", err)
	}
	return b, nil
}

// Restore implements Engine.
func (d *Detector) Restore(snapshots ...[]byte) error {
	union := newState()
	for i, raw := range snapshots {
		var s state
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("read detector snapshot %d of %d: %w", i+1, len(snapshots), err)
		}
		if s.Version != snapshotVersion {
			return fmt.Errorf("read detector snapshot %d of %d: version %d is not %d, start without it", i+1, len(snapshots), s.Version, snapshotVersion)
		}
		// A shard may be behind the others: its series are, too.
		if i == 0 || s.Watermark.Before(union.Watermark) {
			union.Watermark = s.Watermark
		}
		merge(union.Metrics, s.Metrics, func(m *metricState) time.Time { return m.Last })
		merge(union.Logs, s.Logs, func(l *logState) time.Time { return l.Last })
		merge(union.Alarms, s.Alarms, func(a *alarmState) time.Time { return a.At })
		merge(union.Events, s.Events, func(e *eventState) time.Time { return e.Episode.Anomaly.LastSeen })
		mergeFeedback(union.Feedback, s.Feedback)
		merge(union.Related.Groups, s.Related.Groups, func(g *group) time.Time { return g.ToldAt })
		for _, c := range s.Changes {
			union.Changes = insertChange(union.Changes, c)
		}
	}
	for _, l := range union.Logs {
		// What was empty when it was written is not there when it is read.
		if l.Seen == nil {
			l.Seen = map[string]time.Time{}
		}
		if l.Fresh == nil {
			l.Fresh = map[string]*fresh{}
		}
	}
	for key, m := range union.Metrics {
		if m.inEpisode() {
			union.open[key] = struct{}{}
		}
	}
	for series := range union.Feedback {
		union.linkFeedback(series)
	}
	union.Related.settle(union.openMetrics(), d.roleOf)
	d.state = union
	return nil
}

func merge[V any](into, from map[string]*V, seen func(*V) time.Time) {
	for key, v := range from {
		if have, ok := into[key]; !ok || seen(have).Before(seen(v)) {
			into[key] = v
		}
	}
}

// retention is how long a series that no longer speaks is remembered. The
// longest daily or weekly pause fits in.
const retention = 8 * 24 * time.Hour

// forget drops series that have been silent for the retention. It looks at
// them only when a map is full, so that it costs nothing otherwise.
func (d *Detector) forget(watermark time.Time) {
	limit := watermark.Add(-retention)
	drop(d.state.Metrics, d.limit, func(m *metricState) bool { return !m.inEpisode() && m.Last.Before(limit) })
	drop(d.state.Logs, d.limit, func(l *logState) bool { return l.Rate == nil && l.New == nil && l.Last.Before(limit) })
	drop(d.state.Alarms, d.limit, func(a *alarmState) bool { return a.Episode == nil && a.At.Before(limit) })
}

func drop[V any](m map[string]*V, limit int, old func(*V) bool) {
	if len(m) >= limit {
		maps.DeleteFunc(m, func(_ string, v *V) bool { return old(v) })
	}
}

// sortedKeys gives the order in which a watermark is worked off: map order
// would make the output differ from run to run.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
