package correlate

import (
	"slices"

	"firebreak/internal/incident"
)

// rank orders the emissions of an episode: open, growing, closed.
func rank(s incident.EpisodeState) int {
	switch s {
	case incident.EpisodeGrowing:
		return 1
	case incident.EpisodeClosed:
		return 2
	default:
		return 0
	}
}

// episode is what is remembered of an emission.
func episode(a incident.Anomaly) Episode {
	e := Episode{ID: a.ID, State: a.State, Count: a.Count, Seen: a.LastSeen, Wide: a.Breadth() - 1, Back: back(a), Since: a.Again}
	if a.State == incident.EpisodeClosed && a.Closed.After(e.Seen) {
		e.Seen = a.Closed
	}
	if e.Seen.Before(a.Opened) {
		e.Seen = a.Opened
	}
	return e
}

// back counts the series of an anomaly that are known to be back to normal.
func back(a incident.Anomaly) int {
	n := 0
	for _, w := range a.Sightings() {
		if !w.Closed.IsZero() {
			n++
		}
	}
	return n
}

// news tells whether an emission says more than what was passed on already.
// Batches come at least once and not always in order, so that a growing
// emission may come twice, or after the episode has closed.
func news(known Episode, a incident.Anomaly) bool {
	switch have, got := rank(known.State), rank(a.State); {
	case have == rank(incident.EpisodeClosed) || got < have:
		return false
	case got > have:
		return true
	default:
		return a.State == incident.EpisodeGrowing &&
			(a.Count > known.Count || a.LastSeen.After(known.Seen) || a.Breadth()-1 > known.Wide || back(a) > known.Back)
	}
}

// find returns the indices of the open incident and of its episode with this
// anomaly id, or -1, -1.
func (r *reducer) find(anomalyID string) (int, int) {
	for i, o := range r.Open {
		if r.EventTime && o.Started {
			continue // it takes no more and is among the recent ones already
		}
		for j, e := range o.Episodes {
			if e.ID == anomalyID {
				return i, j
			}
		}
	}
	return -1, -1
}

// unacked returns the index of the unacknowledged join of an anomaly, or -1.
func (r *reducer) unacked(anomalyID string) int {
	return slices.IndexFunc(r.Unacked, func(u Unacked) bool { return u.Join.Anomaly.ID == anomalyID })
}

// episodes counts those of all open incidents.
func (r *reducer) episodes() int {
	n := 0
	for _, o := range r.Open {
		n += len(o.Episodes)
	}
	return n
}

// forget drops an episode of an incident that has too many: the oldest that has
// closed, or the oldest of all. Should it be heard of again, it joins anew, and
// the incident knows what it has.
func (o *Open) forget() {
	i := slices.IndexFunc(o.Episodes, func(e Episode) bool { return e.State == incident.EpisodeClosed })
	i = max(i, 0)
	o.Episodes = slices.Delete(o.Episodes, i, i+1)
}

// clone copies everything that a reduction may write to.
func (s State) clone() State {
	s.Shards = slices.Clone(s.Shards)
	s.Open = slices.Clone(s.Open)
	for i := range s.Open {
		s.Open[i].Episodes = slices.Clone(s.Open[i].Episodes)
		s.Open[i].Held = slices.Clone(s.Open[i].Held)
	}
	s.Recent = slices.Clone(s.Recent)
	for i := range s.Recent {
		s.Recent[i].Episodes = slices.Clone(s.Recent[i].Episodes)
	}
	s.Unacked = slices.Clone(s.Unacked)
	return s
}
