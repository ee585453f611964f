package correlate

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// Reduce takes one event and returns the next state and what has to be done
// now, in order. It never changes the state that it is given.
func Reduce(s State, mode Mode, e Event) (State, []Effect) {
	r := reducer{State: s.clone(), mode: mode, at: e.At}
	switch {
	case e.Batch != nil:
		r.batch(*e.Batch)
	case e.Closed != nil:
		r.closed(*e.Closed)
	case e.Joined != nil:
		r.joined(*e.Joined)
	case e.JoinFailed != nil:
		r.joinFailed(*e.JoinFailed)
	case e.Exists != nil:
		r.exists(*e.Exists)
	}
	r.resend()
	return r.State, r.effects
}

// reducer is one call of Reduce.
type reducer struct {
	State

	mode    Mode
	at      time.Time
	effects []Effect
}

// batch takes what a shard's owner has seen. Owners are told apart by their
// fence: whoever comes back after the shard was given to another is not heard.
func (r *reducer) batch(b incident.Batch) {
	if !r.admit(b) {
		r.Counters.Fenced++
		return
	}
	r.Counters.Batches++
	// Within a batch event time decides, so that an engine that reports several
	// series at once need not sort them.
	anomalies := slices.Clone(b.Anomalies)
	slices.SortStableFunc(anomalies, func(x, y incident.Anomaly) int {
		if c := x.Opened.Compare(y.Opened); c != 0 {
			return c
		}
		if c := strings.Compare(x.ID, y.ID); c != 0 {
			return c
		}
		return rank(x.State) - rank(y.State)
	})
	for _, a := range anomalies {
		r.Counters.Anomalies++
		r.observe(a)
	}
	r.Flushed = r.Flushed || b.Flush
	r.release()
}

// admit keeps the highest fence of each shard and refuses lower ones.
func (r *reducer) admit(b incident.Batch) bool {
	i := slices.IndexFunc(r.Shards, func(s Shard) bool { return s.Name == b.Shard })
	if i < 0 {
		r.Shards = append(r.Shards, Shard{Name: b.Shard, Fence: b.Fence, Watermark: b.Watermark})
		if len(r.Shards) > maxShards {
			// The shard that was heard of first is the likeliest to be closed
			// by a resharding since.
			r.Shards = slices.Delete(r.Shards, 0, 1)
			r.Counters.Evicted++
		}
		return true
	}
	shard := &r.Shards[i]
	if b.Fence < shard.Fence {
		return false
	}
	shard.Fence = b.Fence
	if b.Watermark.After(shard.Watermark) {
		shard.Watermark = b.Watermark
	}
	return true
}

// observe takes one emission of one episode.
func (r *reducer) observe(a incident.Anomaly) {
	if i, j := r.find(a.ID); i >= 0 {
		r.again(&r.Open[i], j, a)
		return
	}
	if r.over(a) {
		r.Counters.Late++
		return
	}
	if i := r.unacked(a.ID); i >= 0 {
		// Its incident closed while the join was on its way. Whether it was
		// taken shows when the join is answered; until then the latest travels.
		r.Unacked[i].Join.Anomaly = a
		return
	}
	if a.State == incident.EpisodeClosed {
		// What has ended opens nothing, and nobody was told that it began.
		r.Counters.Stray++
		return
	}
	r.place(a)
}

// again passes on a further emission of an episode that an open incident has.
func (r *reducer) again(o *Open, j int, a incident.Anomaly) {
	if !news(o.Episodes[j], a) {
		r.Counters.Duplicates++
		return
	}
	known := o.Episodes[j]
	o.Episodes[j] = episode(a)
	o.Episodes[j].Taken, o.Episodes[j].Since = known.Taken, known.Since
	r.pass(o, a.Since(known.Since))
}

// place finds the open incident that a new episode belongs to, or opens one.
func (r *reducer) place(a incident.Anomaly) {
	a = a.Since(a.Again)
	i := -1
	if r.mode != Each {
		i = r.home(a)
	}
	if i < 0 {
		r.open(a)
		return
	}
	o := &r.Open[i]
	if len(o.Episodes) >= maxEpisodes || r.episodes() >= maxEpisodesAll {
		o.forget()
		r.Counters.Evicted++
	}
	o.Episodes = append(o.Episodes, episode(a))
	r.pass(o, a)
}

// open makes a new incident of an anomaly.
func (r *reducer) open(a incident.Anomaly) {
	for len(r.Open) >= maxOpen {
		r.evict()
	}
	r.Open = append(r.Open, Open{
		IncidentID: a.IncidentID(),
		Service:    a.Service,
		DependsOn:  a.DependsOn,
		Opened:     a.Opened,
		Episodes:   []Episode{episode(a)},
		Previous:   r.previous(a),
		Held:       []incident.Anomaly{a},
	})
	if r.EventTime {
		r.boundHeld()
		return
	}
	r.start(&r.Open[len(r.Open)-1])
}

// start asks for an incident's workflow, which gets everything that is held for it.
func (r *reducer) start(o *Open) {
	r.effects = append(r.effects, Effect{Start: &Start{
		IncidentID: o.IncidentID, Service: o.Service, Anomalies: o.Held, Previous: o.Previous,
	}})
	o.Started, o.Held = true, nil
	for j := range o.Episodes {
		o.Episodes[j].Taken = true
	}
	r.Counters.Started++
}

// pass hands an anomaly to its incident: with its start where that is still to
// come, else as a join.
func (r *reducer) pass(o *Open, a incident.Anomaly) {
	if !o.Started {
		o.Held = hold(o.Held, a, &r.Counters)
		r.boundHeld()
		return
	}
	if s := r.starting(o.IncidentID); s != nil && len(s.Anomalies) < maxAnomalies {
		s.Anomalies = hold(s.Anomalies, a, &r.Counters)
		if j := slices.IndexFunc(o.Episodes, func(e Episode) bool { return e.ID == a.ID }); j >= 0 {
			o.Episodes[j].Taken = true
		}
		return
	}
	r.join(Join{IncidentID: o.IncidentID, Service: o.Service, Anomaly: a})
}

// starting returns the incident's Start among the effects of this very call.
func (r *reducer) starting(incidentID string) *Start {
	for _, e := range r.effects {
		if e.Start != nil && e.Start.IncidentID == incidentID {
			return e.Start
		}
	}
	return nil
}

// hold puts an anomaly into a list, in place of its earlier emission if there is one.
func hold(held []incident.Anomaly, a incident.Anomaly, c *Counters) []incident.Anomaly {
	switch i := slices.IndexFunc(held, func(h incident.Anomaly) bool { return h.ID == a.ID }); {
	case i >= 0:
		held[i] = a
	case len(held) >= maxAnomalies:
		c.Evicted++
		return held
	default:
		held = append(held, a)
	}
	incident.Bound(held, maxFull, maxAnomalies)
	return held
}
