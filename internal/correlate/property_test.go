package correlate_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// disorder sends emissions in batches of random size and in a random order,
// some of them more than once.
func disorder(r *rand.Rand, emissions []incident.Anomaly) []correlate.Event {
	mixed := slices.Clone(emissions)
	for range len(emissions) / 3 {
		mixed = append(mixed, emissions[r.IntN(len(emissions))])
	}
	r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	var events []correlate.Event
	for len(mixed) > 0 {
		n := 1 + r.IntN(min(4, len(mixed)))
		events = append(events, batch(mixed[:n]...))
		mixed = mixed[n:]
	}
	return events
}

// episodes are some emissions of some episodes of the given services.
func episodes(r *rand.Rand, services ...string) []incident.Anomaly {
	var all []incident.Anomaly
	for n := range 12 {
		service, minute := services[r.IntN(len(services))], r.IntN(20)
		all = append(all, seen(service, n, minute, incident.EpisodeOpen))
		if r.IntN(2) == 0 {
			all = append(all, seen(service, n, minute, incident.EpisodeGrowing))
		}
		if r.IntN(2) == 0 {
			all = append(all, seen(service, n, minute, incident.EpisodeClosed))
		}
	}
	return all
}

// homes tells for every anomaly which incident has it.
func homes(s *shell) map[string]string {
	at := map[string]string{}
	for _, start := range s.starts {
		for _, a := range start.Anomalies {
			at[a.ID] = start.IncidentID
		}
	}
	for _, j := range s.joins {
		at[j.Anomaly.ID] = j.IncidentID
	}
	return at
}

// together is the partition of the anomalies into incidents, whatever these are called.
func together(s *shell) []string {
	groups := map[string][]string{}
	for id, home := range homes(s) {
		groups[home] = append(groups[home], id)
	}
	var out []string
	for _, g := range groups {
		slices.Sort(g)
		out = append(out, strings.Join(g, " "))
	}
	slices.Sort(out)
	return out
}

func TestOrderAndDuplicatesDoNotMatterInModeEach(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := episodes(r, "checkout", "payments", "web", "search")
		straight := &shell{mode: correlate.Each}
		for _, a := range all {
			straight.feed(batch(a))
		}
		mixed := (&shell{mode: correlate.Each}).feed(disorder(r, all)...)
		require.Equal(t, sortedIDs(straight.starts), sortedIDs(mixed.starts), "seed %d", seed)
	}
}

// In mode group an incident is named by the anomaly that came first, so that a
// different order gives other names. Which anomalies are together stays the
// same, wherever every two services that can meet are neighbours.
func TestOrderAndDuplicatesDoNotMatterInModeGroup(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		all := episodes(r, "checkout", "payments", "search")
		straight := &shell{}
		for _, a := range all {
			straight.feed(batch(a))
		}
		mixed := (&shell{}).feed(disorder(r, all)...)
		require.Equal(t, together(straight), together(mixed), "seed %d", seed)
	}
}

func TestDuplicatesAndBatchSizesDoNotMatterToEventTime(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		var all []incident.Anomaly
		minute := 0
		for n := range 20 { // an episode after the other, some an hour apart
			minute += []int{1, 5, 70}[r.IntN(3)]
			service := []string{"checkout", "payments", "search", "web"}[r.IntN(4)]
			all = append(all, seen(service, n, minute, incident.EpisodeOpen), seen(service, n, minute, incident.EpisodeClosed))
		}
		play := func(size int, twice bool) *shell {
			s := &shell{state: correlate.State{EventTime: true}}
			for rest := all; len(rest) > 0; {
				n := min(size, len(rest))
				e := batch(rest[:n]...)
				e.Batch.Watermark = rest[n-1].Opened
				s.feed(e)
				if twice {
					s.feed(e)
				}
				rest = rest[n:]
			}
			return s.feed(correlate.Event{Batch: &incident.Batch{Shard: "s", Fence: 1, Flush: true}})
		}
		want := play(2, false)
		for _, size := range []int{4, 10, 40} {
			for _, twice := range []bool{false, true} {
				got := play(size, twice)
				require.Equal(t, sortedIDs(want.starts), sortedIDs(got.starts), "seed %d, batches of %d, twice %v", seed, size, twice)
				require.Equal(t, together(want), together(got), "seed %d, batches of %d, twice %v", seed, size, twice)
			}
		}
		require.Empty(t, want.joins, "in event time an incident starts with all that it has")
	}
}

func TestSameEventsGiveTheSameEffects(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	events := disorder(r, episodes(r, "checkout", "payments", "web", "search"))
	once, twice := (&shell{}).feed(events...), (&shell{}).feed(events...)
	require.Equal(t, once, twice)
}

// Whatever comes, the state stays within bounds: it travels as a payload, which
// Temporal limits to 2 MB.
func TestStateIsBounded(t *testing.T) {
	t.Parallel()
	heavy := func(service string, n, minute int) incident.Anomaly {
		a := seen(service, n, minute, incident.EpisodeOpen)
		a.Account, a.Region, a.Rule = "123456789012", "eu-central-1", "level"
		a.Metric = &incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": service}, Stat: "Sum", Period: 1}
		a.Why = redact.Name(strings.Repeat("w", 300))
		a.Samples = []redact.Text{redact.Name(strings.Repeat("s", 500)), redact.Name(strings.Repeat("s", 500))}
		for range 5 {
			a.Changes = append(a.Changes, incident.Change{Service: service, Kind: "shop.config/Reload", Text: redact.Name(strings.Repeat("c", 300))})
		}
		a.Witnesses = witnesses(n, incident.MaxWitnesses)
		return a
	}
	for _, eventTime := range []bool{false, true} {
		t.Run(fmt.Sprintf("event time %v", eventTime), func(t *testing.T) {
			t.Parallel()
			s := &shell{state: correlate.State{EventTime: eventTime}}
			largest := 0
			for i := range 6_000 {
				e := batch(heavy(fmt.Sprintf("service-%d", i%150), i, i/150))
				e.Batch.Shard = fmt.Sprintf("shard-%d", i%400)
				e.At = noon.Add(time.Duration(i) * time.Second)
				s.feed(e)
				if i%500 == 499 {
					raw, err := json.Marshal(s.state)
					require.NoError(t, err)
					largest = max(largest, len(raw))
				}
			}
			require.Less(t, largest, 1<<20, "half of what a payload may have")
			require.LessOrEqual(t, len(s.state.Open), 100)
			require.LessOrEqual(t, len(s.state.Shards), 256)
			require.LessOrEqual(t, len(s.state.Unacked), 60)
			require.Positive(t, s.state.Counters.Evicted, "nothing is dropped without being counted")
		})
	}
}

// An incident's input is one payload too.
func TestStartIsSmall(t *testing.T) {
	t.Parallel()
	var all []incident.Anomaly
	for n := range 100 {
		a := seen("checkout", n, n, incident.EpisodeOpen)
		a.Samples = []redact.Text{redact.Name(strings.Repeat("s", 500)), redact.Name(strings.Repeat("s", 500))}
		for range 5 {
			a.Changes = append(a.Changes, incident.Change{Service: "checkout", Kind: "shop.config/Reload", Text: redact.Name(strings.Repeat("c", 300))})
		}
		if n < 4 {
			a.Witnesses = witnesses(n, incident.MaxWitnesses)
		}
		all = append(all, a)
	}
	s := (&shell{}).feed(batch(all...))
	require.Len(t, s.starts, 1)
	require.Len(t, s.starts[0].Anomalies, 50)
	raw, err := json.Marshal(s.starts[0])
	require.NoError(t, err)
	require.Less(t, len(raw), 64<<10)
	require.Len(t, s.joins, 50, "the rest join")
	for _, a := range s.starts[0].Anomalies[:4] {
		require.Empty(t, a.Witnesses)
		require.Equal(t, 1+incident.MaxWitnesses, a.Breadth(), "what has no room is counted")
	}
}

func TestEventTime(t *testing.T) {
	t.Parallel()
	feed := func(events ...correlate.Event) *shell {
		return (&shell{state: correlate.State{EventTime: true}}).feed(events...)
	}
	mark := func(minute int, anomalies ...incident.Anomaly) correlate.Event {
		e := batch(anomalies...)
		e.Batch.Watermark = noon.Add(time.Duration(minute) * time.Minute)
		return e
	}
	open, closed := seen("checkout", 1, 0, incident.EpisodeOpen), seen("checkout", 1, 0, incident.EpisodeClosed)
	t.Run("starts once it has been quiet", func(t *testing.T) {
		t.Parallel()
		s := feed(mark(0, open), mark(2, closed), mark(32))
		require.Empty(t, s.starts, "quiet for exactly half an hour is not over yet")
		s.feed(mark(33))
		require.Len(t, s.starts, 1)
		require.Equal(t, []incident.Anomaly{closed}, s.starts[0].Anomalies, "with what is known in the end")
		require.False(t, s.state.Idle(), "its workflow is still open")
		s.feed(mark(34, seen("checkout", 2, 34, incident.EpisodeOpen)))
		s.feed(correlate.Event{Batch: &incident.Batch{Shard: "s", Fence: 1, Flush: true}})
		require.Len(t, s.starts, 2)
		require.Equal(t, s.starts[0].IncidentID, s.starts[1].Previous.IncidentID)
		for _, x := range s.starts {
			s.feed(correlate.Event{Closed: &incident.Closed{IncidentID: x.IncidentID}})
		}
		require.True(t, s.state.Idle())
	})
	t.Run("waits for the slowest shard", func(t *testing.T) {
		t.Parallel()
		slow := mark(5)
		slow.Batch.Shard = "slow"
		s := feed(mark(0, open), slow, mark(2, closed), mark(60))
		require.Empty(t, s.starts)
		s.feed(mark(60, seen("checkout", 2, 60, incident.EpisodeOpen)))
		slow = mark(61)
		slow.Batch.Shard = "slow"
		s.feed(slow)
		require.Len(t, s.starts, 1)
		s.feed(correlate.Event{Batch: &incident.Batch{Shard: "s", Fence: 1, Flush: true}})
		require.Equal(t, s.starts[0].IncidentID, s.starts[1].Previous.IncidentID, "which was over though not yet released")
	})
	t.Run("an episode that never closes is over after a while", func(t *testing.T) {
		t.Parallel()
		s := feed(mark(0, open), mark(6*60))
		require.Empty(t, s.starts)
		s.feed(mark(6*60 + 1))
		require.Len(t, s.starts, 1)
	})
	t.Run("an earlier run's incident is left alone", func(t *testing.T) {
		t.Parallel()
		s := feed(mark(0, open), correlate.Event{Batch: &incident.Batch{Shard: "s", Fence: 1, Flush: true}})
		x := s.starts[0]
		s.feed(correlate.Event{Exists: &correlate.Exists{IncidentID: x.IncidentID, Service: x.Service, Anomalies: x.Anomalies}})
		require.Empty(t, s.joins)
		require.True(t, s.state.Idle())
	})
	t.Run("only a backfill goes by it", func(t *testing.T) {
		t.Parallel()
		require.True(t, correlate.Begin(incident.BackfillScope("x", "1", "r")).EventTime)
		require.False(t, correlate.Begin(incident.Scope{Account: "1", Region: "r"}).EventTime)
		require.False(t, correlate.Begin(incident.Scope{Prefix: "drill/"}).EventTime)
	})
}
