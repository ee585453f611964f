package correlate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
)

// grown is a later emission of the same episode.
func grown(a incident.Anomaly, by int) incident.Anomaly {
	a.State, a.Count, a.LastSeen = incident.EpisodeGrowing, a.Count+by, a.LastSeen.Add(time.Duration(by)*time.Minute)
	return a
}

func gone(j correlate.Join) correlate.Event {
	return correlate.Event{At: noon, JoinFailed: &correlate.JoinFailed{IncidentID: j.IncidentID, AnomalyID: j.Anomaly.ID}}
}

// A terminated incident reports nothing. A join that finds it gone is enough to
// forget it: what it had taken ends with it, what it had not opens another, and
// so does the next anomaly. The guard's report does the same without a join.
func TestTerminatedIncidentIsForgotten(t *testing.T) {
	t.Parallel()
	one, two, three := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 2, 5, incident.EpisodeOpen), seen("checkout", 3, 30, incident.EpisodeOpen)
	reported := correlate.Event{At: noon, Closed: &incident.Closed{IncidentID: first(one), Status: incident.StatusCancelled, Outcome: incident.OutcomeNone, At: noon}}
	for name, c := range map[string]struct {
		after  []correlate.Event // the first incident was opened, and terminated
		starts []string
	}{
		"its own episode grows: a person has ended that":   {[]correlate.Event{batch(grown(one, 1)), gone(correlate.Join{IncidentID: first(one), Anomaly: one}), batch(grown(one, 2)), batch(grown(one, 3))}, nil},
		"another episode opens another incident":           {[]correlate.Event{batch(two), gone(correlate.Join{IncidentID: first(one), Anomaly: two})}, []string{first(two)}},
		"and takes the ones after it":                      {[]correlate.Event{batch(two), gone(correlate.Join{IncidentID: first(one), Anomaly: two}), batch(three)}, []string{first(two)}},
		"its own grows, then another opens":                {[]correlate.Event{batch(grown(one, 1)), gone(correlate.Join{IncidentID: first(one), Anomaly: one}), batch(three)}, []string{first(three)}},
		"reported by the guard, then another opens":        {[]correlate.Event{reported, batch(three)}, []string{first(three)}},
		"reported by the guard while a join is on its way": {[]correlate.Event{batch(two), reported}, []string{first(two)}},
		"reported twice": {[]correlate.Event{reported, reported, batch(three)}, []string{first(three)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&shell{}).feed(batch(one))
			require.Len(t, s.starts, 1)
			s.feed(c.after...)
			var later []string
			for _, start := range s.starts[1:] {
				later = append(later, start.IncidentID)
				require.Equal(t, &incident.Previous{IncidentID: first(one)}, start.Previous, "it recurs, but in a thread and a ticket of its own")
			}
			require.Equal(t, c.starts, later)
			for _, o := range s.state.Open {
				require.NotEqual(t, first(one), o.IncidentID)
			}
		})
	}
}

// A correlator that has lost its state, because it was terminated with its
// incidents, finds that the incident of an episode that goes on exists and is
// gone. Its id comes from that episode and is used up, so that it is tried once
// and not with every further emission.
func TestTerminatedWithTheCorrelator(t *testing.T) {
	t.Parallel()
	one, two := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 2, 30, incident.EpisodeOpen)
	s := (&shell{}).feed(batch(grown(one, 1)))
	require.Len(t, s.starts, 1)
	s.feed(correlate.Event{At: noon, Exists: &correlate.Exists{IncidentID: first(one), Service: "checkout", Anomalies: s.starts[0].Anomalies}})
	require.Len(t, s.joins, 1, "it may still be open")
	s.feed(gone(s.joins[0]))
	require.Empty(t, s.state.Open)
	s.feed(batch(grown(one, 2)), batch(grown(one, 3)))
	require.Len(t, s.starts, 1, "a start that has to be refused")
	require.Len(t, s.joins, 1)
	s.feed(batch(two))
	require.Len(t, s.starts, 2)
	require.Equal(t, first(two), s.starts[1].IncidentID)
}

// What comes again once its incident is over is a new trouble, with an incident of
// its own. What came again before that ended with it.
func TestWhatComesAgainAfterItsIncident(t *testing.T) {
	t.Parallel()
	one := seen("checkout", 1, 0, incident.EpisodeOpen)
	again := func(minute int) incident.Anomaly {
		a := grown(one, minute)
		a.Again = noon.Add(time.Duration(minute) * time.Minute)
		return a
	}
	ended := func(id string, minute int) correlate.Event {
		at := noon.Add(time.Duration(minute) * time.Minute)
		return correlate.Event{At: at, Closed: &incident.Closed{IncidentID: id, Status: incident.StatusResolved, Outcome: incident.OutcomeFixed, At: at}}
	}
	exists := func(a incident.Anomaly) correlate.Event {
		return correlate.Event{At: noon, Exists: &correlate.Exists{IncidentID: a.IncidentID(), Service: a.Service, Anomalies: []incident.Anomaly{a.Since(a.Again)}}}
	}
	require.Equal(t, first(one), one.IncidentID())
	require.NotEqual(t, again(20).IncidentID(), again(40).IncidentID())
	for name, c := range map[string]struct {
		events []correlate.Event
		starts []string
		joins  int
	}{
		"while it is open":                       {[]correlate.Event{batch(one), batch(again(5))}, []string{first(one)}, 1},
		"after it":                               {[]correlate.Event{batch(one), ended(first(one), 10), batch(again(20))}, []string{first(one), again(20).IncidentID()}, 0},
		"and goes on":                            {[]correlate.Event{batch(one), ended(first(one), 10), batch(again(20)), batch(again(21))}, []string{first(one), again(20).IncidentID()}, 1},
		"after that, too":                        {[]correlate.Event{batch(one), ended(first(one), 10), batch(again(20)), ended(again(20).IncidentID(), 30), batch(again(40))}, []string{first(one), again(20).IncidentID(), again(40).IncidentID()}, 0},
		"before its end, told late":              {[]correlate.Event{batch(one), ended(first(one), 10), batch(again(5))}, []string{first(one)}, 0},
		"while it ended, not taken":              {[]correlate.Event{batch(one), batch(again(5)), ended(first(one), 10)}, []string{first(one)}, 1},
		"just after its end, on its way":         {[]correlate.Event{batch(one), batch(again(11)), ended(first(one), 10)}, []string{first(one), again(11).IncidentID()}, 1},
		"to a correlator that knows nothing":     {[]correlate.Event{batch(again(20))}, []string{again(20).IncidentID()}, 0},
		"to another that knows nothing of that":  {[]correlate.Event{batch(again(20)), exists(again(20)), gone(correlate.Join{IncidentID: again(20).IncidentID(), Anomaly: one})}, []string{again(20).IncidentID()}, 1},
		"to which it comes once more afterwards": {[]correlate.Event{batch(again(20)), exists(again(20)), gone(correlate.Join{IncidentID: again(20).IncidentID(), Anomaly: one}), batch(again(40))}, []string{again(20).IncidentID(), again(40).IncidentID()}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&shell{}).feed(c.events...)
			var starts []string
			for _, start := range s.starts {
				starts = append(starts, start.IncidentID)
			}
			require.Equal(t, c.starts, starts)
			require.Len(t, s.joins, c.joins)
			for i, start := range s.starts {
				for _, a := range start.Anomalies {
					require.Equal(t, i == 0 && a.Again.IsZero(), a.Opened.Equal(noon), "it begins with its coming again")
				}
			}
			for _, j := range s.joins {
				require.Equal(t, j.IncidentID == first(one), j.Anomaly.Opened.Equal(noon), "and goes on from there")
			}
		})
	}
}
