package detect

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// Series of one service that leave their bands together tell of one trouble. So
// the metric episodes of a service that begin at nearly the same time are one
// anomaly: that of the first to be found, which is told at once, with the others
// as its witnesses. This layer stands behind the detectors of the series. What
// goes in are their episodes, what comes out are anomalies; what a series is
// judged by is none of its business. Forecasts, alarms and events speak of other
// things than the state of a series and pass by it.
//
// Nearly the same time is a window around the opening of the anomaly, in event
// time and in both directions, because some series take longer to be found than
// others: three periods of the slower of the two series, at least half a minute,
// at most an hour. It does not move on with those that join: what follows later
// is an anomaly of its own, however long the first one stays open, and so is a
// series of it that was back to normal and leaves its band again. Pauses between
// episodes of a series stay visible that way.
//
// What is found in the log groups of a service is put together in the same way:
// a trouble that makes one kind of line new, others frequent and moves the share
// of errors is one anomaly.
const (
	leastTogether   = 30 * time.Second
	mostTogether    = time.Hour
	periodsTogether = 3

	// togetherLogs is the window for what is found in logs: slow changes are
	// evidence for one kind of line long before they are for another, and a line
	// that is written seldom takes many minutes to be.
	togetherLogs = 2 * time.Hour
	// logLinger is how long after the last of it the anomaly of a service's logs is
	// over: lines pause, and what comes again then is the same trouble. That all of
	// it is back to normal is told at once.
	logLinger = 5 * time.Minute

	// maxTogether is how many series make one anomaly at most.
	maxTogether = 200
)

// The first series of each role is told at once: evidence and plan are made within
// seconds, and slow answers are another thing to check than errors. What else is
// new of an anomaly that is open already is told after a pause since it was last
// told, a short one at first, because the witnesses of a sudden trouble come
// together. Nothing that is new stays untold for longer than the pause, in event
// time.
const (
	firstPause  = time.Second      // doubles with every telling, to
	growthPause = 10 * time.Second // which is also the pause before growth is told
	endPause    = 30 * time.Second // before it is told that one of several series is back
)

// related is what is known of the anomalies that are open.
type related struct {
	Groups map[string]*group `json:"groups,omitempty"` // by the id of the anomaly

	of   map[string]*group   // by the id of an episode that is open
	near map[string][]*group // by place
	next time.Time           // the earliest Due of all; zero when there is none
}

// roles says what a series measures.
type roles func(incident.MetricRef) incident.MetricRole

func (d *Detector) roleOf(m incident.MetricRef) incident.MetricRole {
	w, _ := d.inv.Watched(m)
	return w.Role
}

// relate passes what was found in metrics and log groups through the layer. now is
// the event time up to which it is worked off.
func (d *Detector) relate(found []incident.Anomaly, now time.Time) []incident.Anomaly {
	r := &d.state.Related
	if len(found) == 0 && !r.due(now) {
		return nil
	}
	var out []incident.Anomaly
	for _, a := range found {
		if a.Kind != incident.KindMetric && a.Kind != incident.KindLog || a.Service == incident.Unassigned {
			out = append(out, a)
			continue
		}
		out = append(out, r.take(a, d.roleOf)...)
	}
	out = append(out, r.owed(now)...)
	for i := range out {
		// A change event can come after the trouble that it made, and after the
		// series that this anomaly began with was heard of last. And what came
		// again in logs brings changes from after the anomaly began.
		if len(out[i].Witnesses) > 0 || out[i].Kind == incident.KindLog {
			out[i].Changes = d.state.changesBefore(out[i])
		}
	}
	return out
}

// take takes what an episode of a series has to say, and returns what of it is
// to be told at once: that an anomaly opens, and that all of it is over.
func (r *related) take(a incident.Anomaly, role roles) []incident.Anomaly {
	g, known := r.of[a.ID]
	switch {
	case known:
		return r.again(g, a)
	case a.State != incident.EpisodeOpen:
		return []incident.Anomaly{a} // nobody here has heard of it
	}
	if g := r.home(a); g != nil {
		known := g.roles()
		if g.rejoin(a) {
			r.of[a.ID] = g
			r.owe(g, g.ToldAt.Add(growthPause))
			return nil
		}
		g.join(a, role)
		r.of[a.ID] = g
		if g.roles() > known {
			g.Hasty++
			return []incident.Anomaly{g.tell()}
		}
		r.owe(g, g.ToldAt.Add(g.pause()))
		return nil
	}
	r.begin(a, role)
	return []incident.Anomaly{a}
}

// again takes what is new of an episode that belongs to a group.
func (r *related) again(g *group, a incident.Anomaly) []incident.Anomaly {
	worse := g.hear(a)
	switch {
	case a.State != incident.EpisodeClosed:
		if g.Told <= maxGrowth || worse {
			r.owe(g, g.ToldAt.Add(growthPause))
		}
		return nil
	case g.over() && a.Kind == incident.KindLog:
		delete(r.of, a.ID)
		back := g.tell()
		r.owe(g, later(g.ToldAt, a.Closed).Add(logLinger))
		return []incident.Anomaly{back}
	case g.over():
		r.forget(g)
		return []incident.Anomaly{g.anomaly(incident.EpisodeClosed)}
	default:
		delete(r.of, a.ID)
		r.owe(g, later(g.ToldAt, a.Closed).Add(endPause))
		return nil
	}
}

// home is the group that an episode belongs to, or nil: of those that began
// within the window the nearest, the earlier of two.
func (r *related) home(a incident.Anomaly) *group {
	var best *group
	apart := func(g *group) time.Duration { return a.Opened.Sub(g.Anomaly.Opened).Abs() }
	for _, g := range r.near[place(a)] {
		if apart(g) > together(a, g.Anomaly) || !g.admits(a) {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(apart(g), apart(best)), g.Anomaly.Opened.Compare(best.Anomaly.Opened),
			strings.Compare(g.Anomaly.ID, best.Anomaly.ID)) < 0 {
			best = g
		}
	}
	return best
}

// together is the window within which two episodes count as beginning at the
// same time.
func together(a, b incident.Anomaly) time.Duration {
	if a.Kind == incident.KindLog {
		return togetherLogs
	}
	period := 0
	for _, x := range []incident.Anomaly{a, b} {
		if x.Metric != nil {
			period = max(period, x.Metric.Period)
		}
	}
	return min(max(periodsTogether*time.Duration(period)*time.Second, leastTogether), mostTogether)
}

// place is what related series have in common. What is found in logs is told
// besides what is found in metrics: the one has lines to show, the other values.
func place(a incident.Anomaly) string {
	return a.Account + "/" + a.Region + "/" + a.Service + "/" + string(a.Kind)
}

// begin makes a group of an episode that has been told.
func (r *related) begin(a incident.Anomaly, role roles) {
	g := &group{Anomaly: a, ToldAt: a.LastSeen, Told: 1}
	g.join(a, role)
	if r.Groups == nil {
		r.Groups = map[string]*group{}
	}
	r.Groups[a.ID] = g
	r.index(g)
}

// index makes a group found.
func (r *related) index(g *group) {
	if r.of == nil {
		r.of, r.near = map[string]*group{}, map[string][]*group{}
	}
	for _, m := range g.Members {
		if m.Closed.IsZero() {
			r.of[m.ID] = g
		}
	}
	r.near[place(g.Anomaly)] = append(r.near[place(g.Anomaly)], g)
	r.owe(g, g.Due)
}

// forget drops a group that is over.
func (r *related) forget(g *group) {
	for _, m := range g.Members {
		if r.of[m.ID] == g {
			delete(r.of, m.ID)
		}
	}
	at := place(g.Anomaly)
	r.near[at] = slices.DeleteFunc(r.near[at], func(x *group) bool { return x == g })
	if len(r.near[at]) == 0 {
		delete(r.near, at)
	}
	delete(r.Groups, g.Anomaly.ID)
}

// owe notes that a group has something to tell at a time, or earlier if it had
// something to tell earlier.
func (r *related) owe(g *group, at time.Time) {
	if at.IsZero() {
		return
	}
	if g.Due.IsZero() || at.Before(g.Due) {
		g.Due = at
	}
	if r.next.IsZero() || g.Due.Before(r.next) {
		r.next = g.Due
	}
}

// due tells whether a group has something to tell by now.
func (r *related) due(now time.Time) bool { return !r.next.IsZero() && !now.Before(r.next) }

// owed returns what is due, in the order of ids.
func (r *related) owed(now time.Time) []incident.Anomaly {
	if !r.due(now) {
		return nil
	}
	var out []incident.Anomaly
	r.next = time.Time{}
	for _, id := range slices.Sorted(maps.Keys(r.Groups)) {
		g := r.Groups[id]
		switch {
		case g.Due.IsZero():
		case now.Before(g.Due):
			r.owe(g, g.Due)
		case g.over():
			r.forget(g)
			out = append(out, g.anomaly(incident.EpisodeClosed))
		default:
			out = append(out, g.tell())
		}
	}
	return out
}
