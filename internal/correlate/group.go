package correlate

import (
	"slices"
	"time"

	"firebreak/internal/incident"
)

// home is the index of the open incident that a new episode belongs to, or -1:
// one of its own service before one of a service that it calls or that calls
// it, the one that opened first before later ones.
func (r *reducer) home(a incident.Anomaly) int {
	best := -1
	for i, o := range r.Open {
		if !related(o, a) || !r.takes(o, a.Opened) {
			continue
		}
		if best < 0 || closer(o, r.Open[best], a.Service) {
			best = i
		}
	}
	return best
}

// related tells whether an anomaly can be the same trouble as an incident: it
// is of the same service, or one of the two calls the other directly.
func related(o Open, a incident.Anomaly) bool {
	return o.Service == a.Service || slices.Contains(a.DependsOn, o.Service) || slices.Contains(o.DependsOn, a.Service)
}

func closer(o, than Open, service string) bool {
	if (o.Service == service) != (than.Service == service) {
		return o.Service == service
	}
	return o.Opened.Before(than.Opened)
}

// takes tells whether an incident still takes an episode that opened at t.
func (r *reducer) takes(o Open, t time.Time) bool {
	if !r.EventTime {
		return true // until its workflow reports that it closes
	}
	return !o.Started && !t.After(o.quietAt())
}

// quietAt is when an incident is over by its signals alone.
func (o Open) quietAt() time.Time {
	var at time.Time
	for _, e := range o.Episodes {
		end := e.Seen.Add(Stale)
		if e.State == incident.EpisodeClosed {
			end = e.Seen.Add(QuietAfter)
		}
		if end.After(at) {
			at = end
		}
	}
	return at
}

// lastSeen is the event time of the incident's latest signal.
func (o Open) lastSeen() time.Time {
	var at time.Time
	for _, e := range o.Episodes {
		if e.Seen.After(at) {
			at = e.Seen
		}
	}
	return at
}

// release starts the incidents that are over in event time: quiet for long
// enough as far as every shard knows, or nothing more will come.
func (r *reducer) release() {
	if !r.EventTime {
		return
	}
	var low time.Time // up to which every shard is complete
	for i, s := range r.Shards {
		if i == 0 || s.Watermark.Before(low) {
			low = s.Watermark
		}
	}
	for i := range r.Open {
		if o := &r.Open[i]; !o.Started && (r.Flushed || low.After(o.quietAt())) {
			r.complete(o)
		}
	}
}

// complete starts an incident whose signals are all there. It takes no more,
// and counts as ended at its last signal; its entry stays until its workflow
// has closed, so that a backfill waits for it.
func (r *reducer) complete(o *Open) {
	r.start(o)
	r.retire(*o, Ended{At: o.lastSeen()})
}

// boundHeld keeps the anomalies that are held back for starts within bounds by
// starting the oldest incidents early.
func (r *reducer) boundHeld() {
	for {
		total, oldest := 0, -1
		for i, o := range r.Open {
			for _, a := range o.Held {
				total += 1 + len(a.Witnesses)
			}
			if oldest < 0 && !o.Started {
				oldest = i
			}
		}
		if total <= maxHeld {
			return
		}
		r.complete(&r.Open[oldest])
		r.Counters.Evicted++
	}
}

// previous finds the incident that an anomaly's new one recurs from: the last
// that ended on the same service, at most RecurrenceWindow before.
func (r *reducer) previous(a incident.Anomaly) *incident.Previous {
	best := -1
	for i, e := range r.Recent {
		if e.Service == a.Service && a.Opened.Sub(e.At) <= RecurrenceWindow && (best < 0 || !e.At.Before(r.Recent[best].At)) {
			best = i
		}
	}
	// In event time an incident that is over may still be held, because some
	// shard's watermark lags.
	held := -1
	for i, o := range r.Open {
		if r.EventTime && !o.Started && o.Service == a.Service && a.Opened.After(o.quietAt()) && a.Opened.Sub(o.lastSeen()) <= RecurrenceWindow {
			held = i
		}
	}
	switch {
	case held >= 0 && (best < 0 || r.Open[held].lastSeen().After(r.Recent[best].At)):
		return &incident.Previous{IncidentID: r.Open[held].IncidentID}
	case best >= 0:
		e := r.Recent[best]
		return &incident.Previous{IncidentID: e.IncidentID, Thread: e.Thread, Ticket: e.Ticket}
	default:
		return nil
	}
}
