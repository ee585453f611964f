package correlate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// calls says which service calls which.
var calls = map[string][]string{"checkout": {"payments"}, "web": {"checkout"}, "search": nil, "payments": nil}

// seen is an emission of an episode: the n-th series of a service, opened at a
// minute of event time.
func seen(service string, n, minute int, state incident.EpisodeState) incident.Anomaly {
	opened := noon.Add(time.Duration(minute) * time.Minute)
	series := fmt.Sprintf("%s/%d", service, n)
	a := incident.Anomaly{
		ID: incident.AnomalyID("level", series, opened), Service: service, DependsOn: calls[service], Series: series,
		State: state, Opened: opened, LastSeen: opened, Count: 1, Why: redact.Literal("many errors"),
	}
	switch state {
	case incident.EpisodeGrowing:
		a.LastSeen, a.Count = opened.Add(time.Minute), 2
	case incident.EpisodeClosed:
		a.LastSeen, a.Closed, a.Count = opened.Add(time.Minute), opened.Add(2*time.Minute), 2
	case incident.EpisodeOpen:
	}
	return a
}

func batch(anomalies ...incident.Anomaly) correlate.Event {
	return correlate.Event{At: noon, Batch: &incident.Batch{Shard: "s", Fence: 1, Anomalies: anomalies}}
}

// shell feeds events to the reducer and keeps what it wants done.
type shell struct {
	state  correlate.State
	mode   correlate.Mode
	starts []correlate.Start
	joins  []correlate.Join
}

func (s *shell) feed(events ...correlate.Event) *shell {
	for _, e := range events {
		var effects []correlate.Effect
		s.state, effects = correlate.Reduce(s.state, s.mode, e)
		for _, f := range effects {
			if f.Start != nil {
				s.starts = append(s.starts, *f.Start)
			} else {
				s.joins = append(s.joins, *f.Join)
			}
		}
	}
	return s
}

func first(a incident.Anomaly) string { return incident.IDFromAnomaly(a.ID) }

func TestWhatMakesOneIncident(t *testing.T) {
	t.Parallel()
	open := incident.EpisodeOpen
	for name, c := range map[string]struct {
		mode   correlate.Mode
		first  incident.Anomaly
		second incident.Anomaly
		joins  bool
	}{
		"same service":                      {correlate.Group, seen("checkout", 1, 0, open), seen("checkout", 2, 5, open), true},
		"a dependency joins its caller":     {correlate.Group, seen("checkout", 1, 0, open), seen("payments", 1, 5, open), true},
		"a caller joins its dependency":     {correlate.Group, seen("payments", 1, 0, open), seen("checkout", 1, 5, open), true},
		"two steps away is another":         {correlate.Group, seen("web", 1, 0, open), seen("payments", 1, 5, open), false},
		"unrelated is another":              {correlate.Group, seen("checkout", 1, 0, open), seen("search", 1, 5, open), false},
		"each episode is one, in mode each": {correlate.Each, seen("checkout", 1, 0, open), seen("checkout", 2, 5, open), false},
		"the mode's default is group":       {"", seen("checkout", 1, 0, open), seen("checkout", 2, 5, open), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&shell{mode: c.mode}).feed(batch(c.first), batch(c.second))
			require.Equal(t, first(c.first), s.starts[0].IncidentID)
			if c.joins {
				require.Len(t, s.starts, 1)
				require.Equal(t, []correlate.Join{{IncidentID: first(c.first), Service: c.first.Service, Anomaly: c.second}}, s.joins)
			} else {
				require.Len(t, s.starts, 2)
				require.Empty(t, s.joins)
			}
		})
	}
}

func TestOwnServiceComesBeforeNeighbours(t *testing.T) {
	t.Parallel()
	s := (&shell{}).feed(batch(seen("web", 1, 0, incident.EpisodeOpen)), batch(seen("payments", 1, 1, incident.EpisodeOpen)))
	require.Len(t, s.starts, 2)
	s.feed(batch(seen("payments", 2, 2, incident.EpisodeOpen)))
	require.Equal(t, "payments", s.joins[0].Service)
	s.feed(batch(seen("checkout", 1, 3, incident.EpisodeOpen)))
	require.Equal(t, "web", s.joins[1].Service, "between neighbours the one that opened first")
}

func TestEmissionsOfAnEpisodeTravelToItsIncident(t *testing.T) {
	t.Parallel()
	open, growing, closed := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 1, 0, incident.EpisodeGrowing), seen("checkout", 1, 0, incident.EpisodeClosed)
	for _, mode := range []correlate.Mode{correlate.Group, correlate.Each} {
		s := (&shell{mode: mode}).feed(batch(open), batch(open), batch(growing), batch(growing), batch(open), batch(closed), batch(closed), batch(growing))
		require.Len(t, s.starts, 1)
		require.Len(t, s.joins, 2, "growing and closed, once each")
		require.Equal(t, incident.EpisodeGrowing, s.joins[0].Anomaly.State)
		require.Equal(t, incident.EpisodeClosed, s.joins[1].Anomaly.State)
		require.Equal(t, 5, s.state.Counters.Duplicates)
		require.Len(t, s.state.Unacked, 1, "a later emission takes the place of an earlier one")
	}
}

func TestUnknownEpisodes(t *testing.T) {
	t.Parallel()
	s := (&shell{}).feed(batch(seen("checkout", 1, 0, incident.EpisodeClosed)))
	require.Empty(t, s.starts, "what has ended opens nothing")
	require.Equal(t, 1, s.state.Counters.Stray)
	s.feed(batch(seen("checkout", 2, 0, incident.EpisodeGrowing)))
	require.Len(t, s.starts, 1, "a growing one is trouble even if its opening was lost")
}

func TestFenceKeepsTheFormerOwnerOut(t *testing.T) {
	t.Parallel()
	fenced := func(shard string, fence int64, n int) correlate.Event {
		return correlate.Event{Batch: &incident.Batch{Shard: shard, Fence: fence, Anomalies: []incident.Anomaly{seen("checkout", n, n, incident.EpisodeOpen)}}}
	}
	s := (&shell{mode: correlate.Each}).feed(fenced("a", 5, 1), fenced("a", 4, 2), fenced("b", 1, 3), fenced("a", 5, 4), fenced("a", 6, 5), fenced("a", 5, 6))
	require.Len(t, s.starts, 4)
	require.Equal(t, 2, s.state.Counters.Fenced)
	require.Equal(t, int64(6), s.state.Shards[0].Fence)
}

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	a, b := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 2, 1, incident.EpisodeOpen)
	tick := func(after time.Duration) correlate.Event { return correlate.Event{At: noon.Add(after)} }
	s := (&shell{}).feed(batch(a), batch(b))
	require.Len(t, s.joins, 1)
	due, ok := s.state.NextDue()
	require.True(t, ok)
	require.Equal(t, noon.Add(30*time.Second), due)

	s.feed(tick(29 * time.Second))
	require.Len(t, s.joins, 1)
	s.feed(tick(30 * time.Second))
	require.Len(t, s.joins, 2, "sent again")
	s.feed(tick(89 * time.Second))
	require.Len(t, s.joins, 2)
	s.feed(tick(90 * time.Second))
	require.Len(t, s.joins, 3, "after twice the time")

	s.feed(correlate.Event{At: noon, Joined: &incident.JoinAck{IncidentID: "inc-of-another", AnomalyID: b.ID}})
	require.Len(t, s.state.Unacked, 1)
	s.feed(correlate.Event{At: noon, Joined: &incident.JoinAck{IncidentID: first(a), AnomalyID: b.ID, State: b.State}})
	require.Empty(t, s.state.Unacked)
	s.feed(tick(time.Hour))
	require.Len(t, s.joins, 3)

	s.feed(batch(seen("checkout", 2, 1, incident.EpisodeClosed)))
	s.feed(correlate.Event{At: noon, Joined: &incident.JoinAck{IncidentID: first(a), AnomalyID: b.ID, State: incident.EpisodeOpen}})
	require.Len(t, s.state.Unacked, 1, "an acknowledgement of the opening does not settle the closing")

	for range 100 {
		if due, ok := s.state.NextDue(); ok {
			s.feed(correlate.Event{At: due})
		}
	}
	require.Empty(t, s.state.Unacked, "given up in the end")
	require.Equal(t, 1, s.state.Counters.GivenUp)
}

func TestJoinThatFindsNobody(t *testing.T) {
	t.Parallel()
	a, b := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 2, 1, incident.EpisodeOpen)
	failed := func(anomaly incident.Anomaly) correlate.Event {
		return correlate.Event{At: noon.Add(time.Minute), JoinFailed: &correlate.JoinFailed{IncidentID: first(a), AnomalyID: anomaly.ID}}
	}
	t.Run("a new incident with the old one as its previous", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), batch(b), failed(b), failed(b))
		require.Len(t, s.starts, 2)
		require.Equal(t, first(b), s.starts[1].IncidentID)
		require.Equal(t, first(a), s.starts[1].Previous.IncidentID)
		require.Len(t, s.state.Open, 1)
		require.Equal(t, 1, s.state.Counters.Lost)
	})
	t.Run("what it had taken ends with it", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), batch(seen("checkout", 1, 0, incident.EpisodeGrowing)), failed(a))
		require.Len(t, s.starts, 1)
		require.Empty(t, s.state.Open)
		require.Equal(t, 1, s.state.Counters.Late)
	})
	t.Run("a closing needs no home", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), batch(b), batch(seen("checkout", 2, 1, incident.EpisodeClosed)), failed(b))
		require.Len(t, s.starts, 1)
	})
	t.Run("an incident that is full keeps its anomalies", func(t *testing.T) {
		t.Parallel()
		e := failed(b)
		e.JoinFailed.Full = true
		s := (&shell{}).feed(batch(a), batch(b), e)
		require.Len(t, s.starts, 1)
		require.Len(t, s.state.Open, 1)
		require.Empty(t, s.state.Unacked)
	})
}

func TestClosedIncident(t *testing.T) {
	t.Parallel()
	a, b := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 2, 1, incident.EpisodeOpen)
	closed := func(at time.Time) correlate.Event {
		return correlate.Event{At: at, Closed: &incident.Closed{
			IncidentID: first(a), At: at, Thread: incident.ThreadRef{Channel: "C", TS: "1.1"}, Ticket: incident.TicketRef{Key: "OPS-1"},
		}}
	}
	later := func(minute int) incident.Anomaly { return seen("checkout", 3, minute, incident.EpisodeOpen) }
	t.Run("clears, and is the previous of what comes within a day", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), closed(noon.Add(10*time.Minute)), batch(later(24*60)))
		require.Len(t, s.starts, 2)
		require.Equal(t, &incident.Previous{IncidentID: first(a), Thread: incident.ThreadRef{Channel: "C", TS: "1.1"}, Ticket: incident.TicketRef{Key: "OPS-1"}}, s.starts[1].Previous)
	})
	t.Run("but not after a day", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), closed(noon.Add(10*time.Minute)), batch(later(24*60+11)))
		require.Nil(t, s.starts[1].Previous)
	})
	t.Run("nor of another service", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), closed(noon), batch(seen("payments", 1, 5, incident.EpisodeOpen)))
		require.Nil(t, s.starts[1].Previous)
	})
	t.Run("its own episodes open nothing again", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), closed(noon), batch(a), batch(seen("checkout", 1, 0, incident.EpisodeGrowing)), batch(seen("checkout", 1, 0, incident.EpisodeClosed)))
		require.Len(t, s.starts, 1)
		require.Equal(t, 3, s.state.Counters.Late)
	})
	t.Run("what it did not take gets another home", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), batch(b), closed(noon))
		require.Len(t, s.starts, 2)
		require.Equal(t, first(b), s.starts[1].IncidentID)
		require.Equal(t, "OPS-1", s.starts[1].Previous.Ticket.Key)
		require.Empty(t, s.state.Unacked)
	})
	t.Run("an acknowledgement that comes after the report still counts", func(t *testing.T) {
		t.Parallel()
		s := (&shell{}).feed(batch(a), closed(noon),
			correlate.Event{Joined: &incident.JoinAck{IncidentID: first(a), AnomalyID: b.ID, State: b.State}}, batch(b))
		require.Len(t, s.starts, 1)
		require.Equal(t, 1, s.state.Counters.Late)
	})
}

func TestIncidentThatWasThereBeforeItsStart(t *testing.T) {
	t.Parallel()
	a, b := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 2, 0, incident.EpisodeOpen)
	s := (&shell{}).feed(batch(a, b))
	started := s.starts[0]
	require.Len(t, started.Anomalies, 2)
	s.feed(correlate.Event{At: noon, Exists: &correlate.Exists{IncidentID: started.IncidentID, Service: started.Service, Anomalies: started.Anomalies}})
	require.Len(t, s.joins, 2, "it may be open and not know of them")
	require.Equal(t, 1, s.state.Counters.Existing)
	for _, x := range started.Anomalies {
		s.feed(correlate.Event{At: noon, JoinFailed: &correlate.JoinFailed{IncidentID: started.IncidentID, AnomalyID: x.ID}})
	}
	require.Len(t, s.starts, 2, "it was not open: the second anomaly never belonged to it")
	require.NotEqual(t, started.IncidentID, s.starts[1].IncidentID, "an id is used once")
}

func TestReduceLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	s := (&shell{}).feed(batch(seen("checkout", 1, 0, incident.EpisodeOpen)), batch(seen("checkout", 2, 1, incident.EpisodeOpen)))
	before := fmt.Sprintf("%#v", s.state)
	kept := s.state
	for _, e := range []correlate.Event{
		batch(seen("checkout", 2, 1, incident.EpisodeClosed)),
		{At: noon.Add(time.Hour)},
		{Closed: &incident.Closed{IncidentID: first(seen("checkout", 1, 0, incident.EpisodeOpen))}},
		{JoinFailed: &correlate.JoinFailed{IncidentID: first(seen("checkout", 1, 0, incident.EpisodeOpen)), AnomalyID: seen("checkout", 2, 1, incident.EpisodeOpen).ID}},
	} {
		correlate.Reduce(kept, correlate.Group, e)
		require.Equal(t, before, fmt.Sprintf("%#v", kept))
	}
}

func sortedIDs(starts []correlate.Start) []string {
	var ids []string
	for _, s := range starts {
		ids = append(ids, s.IncidentID)
	}
	slices.Sort(ids)
	return ids
}
