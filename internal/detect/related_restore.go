package detect

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// settle makes groups fit the episodes that are open after a restore, given in
// the order of their series. Snapshots of several owners can disagree, and one
// from before there were groups has none. An episode is in one group, that of
// the owner who spoke last. One that no series knows of any more counts as over
// since it was last seen, which is told with the next watermark. And an episode
// of no group makes one, as told, when it belongs to a service.
func (r *related) settle(open []incident.Anomaly, role roles) {
	r.of, r.near, r.next = map[string]*group{}, map[string][]*group{}, time.Time{}
	free := map[string]bool{}
	for _, a := range open {
		free[a.ID] = true
	}
	latest := slices.SortedFunc(maps.Values(r.Groups), func(a, b *group) int {
		return cmp.Or(b.ToldAt.Compare(a.ToldAt), strings.Compare(a.Anomaly.ID, b.Anomaly.ID))
	})
	for _, g := range latest {
		for i := range g.Members {
			m := &g.Members[i]
			switch {
			case !m.Closed.IsZero():
			case free[m.ID]:
				free[m.ID] = false
			default:
				m.Closed = m.LastSeen
				r.owe(g, g.ToldAt)
			}
		}
	}
	for _, g := range latest {
		r.index(g)
	}
	for _, a := range open {
		// What belongs to no service is told as it is, and in no group.
		if free[a.ID] && a.Service != incident.Unassigned {
			r.begin(a, role)
		}
	}
}

// openLogs are the log episodes that are open, in the order of their groups.
func (s *state) openLogs() []incident.Anomaly {
	var open []incident.Anomaly
	for _, key := range sortedKeys(s.Logs) {
		l := s.Logs[key]
		for _, e := range []*episode{l.Rate, l.Pulse.Silent} {
			if e != nil {
				open = append(open, e.Anomaly)
			}
		}
		for _, rule := range sortedKeys(l.Open) {
			open = append(open, l.Open[rule].Anomaly)
		}
	}
	return open
}

// openMetrics are the metric episodes that are open, in the order of their series.
func (s *state) openMetrics() []incident.Anomaly {
	var open []incident.Anomaly
	for _, key := range sortedKeys(s.open) {
		m := s.Metrics[key]
		for _, e := range []*episode{m.Episode, m.Pulse.Silent} {
			if e != nil {
				open = append(open, e.Anomaly)
			}
		}
	}
	return open
}
