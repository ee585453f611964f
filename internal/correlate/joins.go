package correlate

import (
	"slices"
	"time"

	"firebreak/internal/incident"
)

// join sends an anomaly to an open incident and remembers it until it is
// acknowledged. A later emission of the same episode takes the place of one
// that is still unacknowledged.
func (r *reducer) join(j Join) {
	r.Counters.Joined++
	r.effects = append(r.effects, Effect{Join: &j})
	u := Unacked{Join: j, Due: r.at.Add(firstResend), Sends: 1}
	if i := r.unacked(j.Anomaly.ID); i >= 0 {
		r.Unacked[i] = u
		return
	}
	if len(r.Unacked) >= maxUnacked {
		// Sent, but not watched: the incident most likely gets it all the same.
		r.Counters.Evicted++
		return
	}
	r.Unacked = append(r.Unacked, u)
}

// resend sends every join again whose acknowledgement is overdue.
func (r *reducer) resend() {
	kept := r.Unacked[:0]
	for _, u := range r.Unacked {
		if u.Due.After(r.at) {
			kept = append(kept, u)
			continue
		}
		if u.Sends >= maxSends {
			r.Counters.GivenUp++
			continue
		}
		r.effects = append(r.effects, Effect{Join: &Join{IncidentID: u.Join.IncidentID, Service: u.Join.Service, Anomaly: u.Join.Anomaly}})
		r.Counters.Resent++
		u.Due = r.at.Add(min(firstResend<<u.Sends, lastResend))
		u.Sends++
		kept = append(kept, u)
	}
	r.Unacked = kept
}

// joined takes an acknowledgement. One for an earlier emission than the last
// that was sent settles nothing but that the incident knows the episode.
func (r *reducer) joined(ack incident.JoinAck) {
	if i := r.unacked(ack.AnomalyID); i >= 0 && r.Unacked[i].Join.IncidentID == ack.IncidentID &&
		rank(ack.State) >= rank(r.Unacked[i].Join.Anomaly.State) {
		r.Unacked = slices.Delete(r.Unacked, i, i+1)
	}
	if i, j := r.find(ack.AnomalyID); i >= 0 && r.Open[i].IncidentID == ack.IncidentID {
		r.Open[i].Episodes[j].Taken = true
		return
	}
	// The incident has closed since; it took the anomaly all the same.
	for i := range r.Recent {
		e := &r.Recent[i]
		if e.IncidentID == ack.IncidentID && !slices.Contains(e.Episodes, ack.AnomalyID) && len(e.Episodes) < maxEpisodes {
			e.Episodes = append(e.Episodes, ack.AnomalyID)
		}
	}
}

// joinFailed clears the entry of an incident that is gone. What it never took
// looks for another home; what it took ends with it.
func (r *reducer) joinFailed(f JoinFailed) {
	i := r.unacked(f.AnomalyID)
	if i < 0 || r.Unacked[i].Join.IncidentID != f.IncidentID {
		return // acknowledged meanwhile, or sent by a former run
	}
	a := r.Unacked[i].Join.Anomaly
	r.Unacked = slices.Delete(r.Unacked, i, i+1)
	if f.Full {
		r.Counters.GivenUp++
		return
	}
	r.Counters.Lost++
	r.end(f.IncidentID, Ended{At: r.at})
	r.rehome(a, f.IncidentID)
}

// closed takes an incident's own report that it ends. It sends the report when
// every acknowledgement of its has been delivered, so that a join which is still
// open then was not taken.
func (r *reducer) closed(c incident.Closed) {
	var orphans []incident.Anomaly
	r.Unacked = slices.DeleteFunc(r.Unacked, func(u Unacked) bool {
		if u.Join.IncidentID != c.IncidentID {
			return false
		}
		orphans = append(orphans, u.Join.Anomaly)
		return true
	})
	r.end(c.IncidentID, Ended{At: c.At, Thread: c.Thread, Ticket: c.Ticket})
	for _, a := range orphans {
		r.rehome(a, c.IncidentID)
	}
}

// rehome finds another home for an anomaly that a closed incident did not take.
// What it had taken before, with an earlier emission, ends with it. And an
// incident's id comes from its first anomaly, which so can never open another.
func (r *reducer) rehome(a incident.Anomaly, from string) {
	r.spend(a, from)
	if r.over(a) || a.State == incident.EpisodeClosed || a.IncidentID() == from {
		r.Counters.Late++
		return
	}
	r.place(a)
}

// exists deals with an incident that was there before its start: in event time
// it is an earlier run's and left alone; live it may still be open, so it is
// told what it might not know.
func (r *reducer) exists(x Exists) {
	i := slices.IndexFunc(r.Open, func(o Open) bool { return o.IncidentID == x.IncidentID })
	if i < 0 {
		return
	}
	r.Counters.Existing++
	r.Counters.Started--
	if r.EventTime {
		r.Open = slices.Delete(r.Open, i, i+1)
		return
	}
	for j := range r.Open[i].Episodes {
		r.Open[i].Episodes[j].Taken = false
	}
	for _, a := range x.Anomalies {
		r.join(Join{IncidentID: x.IncidentID, Service: x.Service, Anomaly: a})
	}
}

// end moves an open incident to the recent ones, or adds what is now known to
// one that is there already.
func (r *reducer) end(incidentID string, as Ended) {
	i := slices.IndexFunc(r.Open, func(o Open) bool { return o.IncidentID == incidentID })
	if i >= 0 {
		o := r.Open[i]
		r.Open = slices.Delete(r.Open, i, i+1)
		if !r.EventTime {
			r.retire(o, as)
			return
		}
	}
	for j := range r.Recent {
		if e := &r.Recent[j]; e.IncidentID == incidentID && !as.Thread.IsZero() {
			e.Thread = as.Thread
		}
		if e := &r.Recent[j]; e.IncidentID == incidentID && !as.Ticket.IsZero() {
			e.Ticket = as.Ticket
		}
	}
}

// retire remembers an incident that takes no more, with the episodes that it took.
func (r *reducer) retire(o Open, as Ended) {
	as.IncidentID, as.Service = o.IncidentID, o.Service
	for _, e := range o.Episodes {
		if e.Taken {
			as.Episodes = append(as.Episodes, e.ID)
		}
	}
	r.Recent = append(r.Recent, as)
	if len(r.Recent) > maxRecent {
		r.Recent = slices.Delete(r.Recent, 0, 1)
		r.Counters.Evicted++
	}
}

// evict makes room for another open incident by letting go of the one that has
// been quiet for longest.
func (r *reducer) evict() {
	oldest := 0
	for i, o := range r.Open {
		if o.lastSeen().Before(r.Open[oldest].lastSeen()) {
			oldest = i
		}
	}
	r.Counters.Evicted++
	o := r.Open[oldest]
	if !o.Started {
		r.complete(&r.Open[oldest])
	} else if !r.EventTime {
		r.retire(o, Ended{At: latest(r.at, o.lastSeen())})
	}
	r.Open = slices.Delete(r.Open, oldest, oldest+1)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
