package detect

import (
	"cmp"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// group is one anomaly with the series in which it shows.
type group struct {
	Anomaly incident.Anomaly `json:"anomaly"`        // of its own series, as last heard
	Members []member         `json:"members"`        // in the order in which they joined, its own series first
	Told    int              `json:"told"`           // how often
	Hasty   int              `json:"hasty"`          // how often of these without a pause
	ToldAt  time.Time        `json:"told_at"`        // event time of what was told last
	Due     time.Time        `json:"due,omitzero"`   // event time at which something new is told; zero when nothing is
	Again   time.Time        `json:"again,omitzero"` // event time at which one of its series that was back to normal came again last
}

// member is the episode of one series.
type member struct {
	incident.Witness

	ID       string            `json:"id"`
	Severity incident.Severity `json:"severity"`
	LastSeen time.Time         `json:"last_seen"`
	Count    int               `json:"count"`
	Before   int               `json:"before,omitempty"` // of earlier episodes of it, in the same anomaly
	Why      redact.Text       `json:"why"`
}

// admits tells whether a further episode may join: the group is still open and
// has room, and the series is not one of it that had been back to normal. What is
// found in logs may come again, until that the group is over has been told.
func (g *group) admits(a incident.Anomaly) bool {
	own := a.Own()
	if a.Kind == incident.KindLog {
		return len(g.Members) < maxTogether || g.closed(own) >= 0
	}
	again := func(m member) bool { return m.Same(own) }
	return len(g.Members) < maxTogether && !g.over() && !slices.ContainsFunc(g.Members, again)
}

// join adds an episode.
func (g *group) join(a incident.Anomaly, role roles) {
	m := member{ID: a.ID, Witness: a.Own()}
	if a.Metric != nil {
		m.Role = role(*a.Metric)
	}
	m.hear(a)
	g.Members = append(g.Members, m)
}

// rejoin takes an episode of what was found in logs before, in this anomaly, and
// was over.
func (g *group) rejoin(a incident.Anomaly) bool {
	if a.Kind != incident.KindLog {
		return false
	}
	i := g.closed(a.Own())
	if i < 0 {
		return false
	}
	m := &g.Members[i]
	m.ID, m.Closed = a.ID, time.Time{}
	m.Before += m.Count
	g.Again = later(g.Again, a.Opened)
	g.hear(a)
	return true
}

// closed finds the series and rule of a sighting among those that are back to
// normal, -1 if it is none of them.
func (g *group) closed(own incident.Witness) int {
	return slices.IndexFunc(g.Members, func(m member) bool { return m.Same(own) && !m.Closed.IsZero() })
}

// hear takes what is new of an episode of the group, and tells whether it makes
// the whole more severe.
func (g *group) hear(a incident.Anomaly) (worse bool) {
	before := g.severity()
	for i := range g.Members {
		if g.Members[i].ID == a.ID {
			g.Members[i].hear(a)
		}
	}
	if a.ID == g.Members[0].ID {
		// Of an own series that came again, too: its anomaly is the one it was.
		a.ID, a.Opened = g.Anomaly.ID, g.Anomaly.Opened
		g.Anomaly = a
	}
	return g.severity().Worse(before)
}

func (m *member) hear(a incident.Anomaly) {
	m.Observed, m.Low, m.High, m.Rarity, m.Unsure = a.Observed, a.Low, a.High, a.Rarity, a.Unsure
	m.Reached, m.Severity, m.Count, m.Why = a.Reached, a.Severity, a.Count, a.Why
	m.LastSeen = later(m.LastSeen, a.LastSeen)
	if a.State == incident.EpisodeClosed {
		m.Closed = a.Closed
	}
}

// over tells whether every series is back to normal.
func (g *group) over() bool {
	return !slices.ContainsFunc(g.Members, func(m member) bool { return m.Closed.IsZero() })
}

func (g *group) severity() incident.Severity {
	var worst incident.Severity
	for _, m := range g.Members {
		if m.Severity.Worse(worst) {
			worst = m.Severity
		}
	}
	return worst
}

// pause is how long after the last telling a further witness is told.
func (g *group) pause() time.Duration { return min(firstPause<<min(g.Told-g.Hasty-1, 10), growthPause) }

// roles counts what the series measure.
func (g *group) roles() int {
	seen := map[incident.MetricRole]bool{}
	for _, m := range g.Members {
		seen[m.Role] = true
	}
	return len(seen)
}

// tell returns the anomaly with all that is new. What it remembers as the time
// is that of the group's own signals: a point of a series whose clock is ahead
// must not keep the next telling waiting.
func (g *group) tell() incident.Anomaly {
	g.Told++
	g.Due = time.Time{}
	for _, m := range g.Members {
		g.ToldAt = later(g.ToldAt, later(m.LastSeen, m.Closed))
	}
	return g.anomaly(incident.EpisodeGrowing)
}

// anomaly is what the group amounts to.
func (g *group) anomaly(state incident.EpisodeState) incident.Anomaly {
	a := g.Anomaly
	a.State, a.Severity, a.Count, a.Closed, a.Again = state, g.severity(), 0, time.Time{}, g.Again
	for _, m := range g.Members {
		a.Count += m.Count + m.Before
		a.LastSeen = later(a.LastSeen, m.LastSeen)
		if state == incident.EpisodeClosed {
			a.Closed = later(a.Closed, m.Closed)
		}
	}
	if own := g.Members[0].Closed; !own.Equal(a.Closed) {
		a.Back = own
	}
	best := g.strongest()
	if a.Why = best.Why; best.ID != g.Members[0].ID {
		a.Feedback = redact.Text{} // Why is about another series
	}
	if others := len(g.Members) - 1; others > 0 {
		a.Why = redact.Format("%s, and %d related series became anomalous with it", a.Why, others)
	}
	a.Witnesses, a.MoreWitnesses = g.witnesses()
	return a
}

// strongest is the most severe series, of equals the one whose value is the
// rarest, and of those the first.
func (g *group) strongest() member {
	best := g.Members[0]
	for _, m := range g.Members[1:] {
		if cmp.Or(cmp.Compare(m.Severity, best.Severity), cmp.Compare(m.Rarity, best.Rarity)) < 0 {
			best = m
		}
	}
	return best
}

// witnesses lists the series besides the anomaly's own, in the order in which
// they joined, but one of each role first: whoever has to make do with a few
// sees every side of the trouble.
func (g *group) witnesses() (listed []incident.Witness, more int) {
	seen := map[incident.MetricRole]bool{g.Members[0].Role: true}
	var others []incident.Witness
	for _, m := range g.Members[1:] {
		if seen[m.Role] {
			others = append(others, m.Witness)
			continue
		}
		seen[m.Role] = true
		listed = append(listed, m.Witness)
	}
	listed = append(listed, others...)
	more = max(0, len(listed)-incident.MaxWitnesses)
	return listed[:len(listed)-more], more
}
