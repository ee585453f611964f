package detect

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// The number of series is bounded. When one more comes to a full engine, the
// least interesting ones go, in this order:
//
//  1. series that are gone: silent for more than an hour and for many times as
//     long as they ever were; of two the one that has been silent for longer by
//     its own measure,
//  2. young series; of two the one with fewer points, then the one that was
//     always the same, then the one that was heard less recently,
//  3. established series, in the order of the young ones, and only as far as
//     they take up the room that is kept for new ones, an eighth of all.
//
// A series with an open episode or with feedback never goes. So a flood of new
// series, which are all young, makes them displace each other, and takes nothing
// from what has been watched for long. Which of many that are alike go first is
// decided by a hash of their names. A sixteenth of all goes at once, so that a
// look at all of them pays.
const (
	nurseryShare = 8
	evictShare   = 16
	grownBeats   = 120 // points of a metric that is established
	goneAfter    = time.Hour
	goneTimes    = 20.0
)

// worth is how interesting a series is.
type worth struct {
	kept  bool    // it never goes
	gone  float64 // silence in multiples of its longest usual one, when it is gone, else 0
	grown bool    // it is established
	seen  int     // points or lines
	moved bool    // they were not all the same
	last  time.Time
}

// candidate is a series that may go.
type candidate struct {
	worth

	key  string
	hash uint64
}

// rooms are how many new series of each kind are refused without another look,
// because the last one found hardly any that could go.
type rooms struct {
	Metrics int `json:"metrics,omitempty"`
	Logs    int `json:"logs,omitempty"`
	Alarms  int `json:"alarms,omitempty"`
}

// room tells whether one more series fits, after others went for it. A series
// that does not is counted as refused.
func room[V any](d *Detector, series map[string]*V, closed *int, worthOf func(string, *V) worth) bool {
	if len(series) < d.limit {
		return true
	}
	if *closed == 0 {
		freed := evict(series, d.limit, max(1, d.limit/evictShare), worthOf)
		d.stats.Evicted += int64(freed)
		if least := d.limit / evictShare; freed < least {
			*closed = least
		}
		if freed > 0 {
			return true
		}
	} else {
		*closed--
	}
	d.stats.Refused++
	return false
}

// trim makes a union of snapshots fit.
func trim[V any](series map[string]*V, limit int, worthOf func(string, *V) worth) int64 {
	if len(series) <= limit {
		return 0
	}
	return int64(evict(series, limit, len(series)-limit, worthOf))
}

// evict removes the least interesting series, want of them if so many may go,
// and returns how many went.
func evict[V any](series map[string]*V, limit, want int, worthOf func(string, *V) worth) int {
	var gone, young []candidate
	established := 0 // those in trouble among them
	for key, v := range series {
		c := candidate{worth: worthOf(key, v), key: key}
		switch {
		case c.kept:
			established++
		case c.gone > 0:
			gone = append(gone, c)
		case c.grown:
			established++
		default:
			c.hash = hashOf(key)
			young = append(young, c)
		}
	}
	freed := 0
	take := func(from []candidate, most int) {
		slices.SortFunc(from, compareWorth)
		for _, c := range from[:min(len(from), max(most, 0))] {
			delete(series, c.key)
			freed++
		}
	}
	take(gone, want)
	take(young, want-freed)
	over := established - (limit - max(1, limit/nurseryShare))
	if over <= 0 {
		return freed
	}
	var grown []candidate
	for key, v := range series {
		if c := (candidate{worth: worthOf(key, v), key: key}); c.grown && !c.kept && c.gone == 0 {
			c.hash = hashOf(key)
			grown = append(grown, c)
		}
	}
	take(grown, min(over, want-freed))
	return freed
}

// compareWorth puts the least interesting first.
func compareWorth(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(b.gone, a.gone), cmp.Compare(a.seen, b.seen), compareBool(a.moved, b.moved),
		a.last.Compare(b.last), cmp.Compare(a.hash, b.hash), strings.Compare(a.key, b.key),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

func hashOf(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash never fails to write
	return h.Sum64()
}

// goneFor is by how many times the longest usual silence, in seconds, a series
// has been silent, if that makes it gone.
func goneFor(silent, usual float64) float64 {
	if silent < goneAfter.Seconds() || silent < goneTimes*usual {
		return 0
	}
	return silent / max(usual, 1)
}

func (s *state) metricWorth(key string, m *metricState) worth {
	p := &m.Pulse
	_, longest := p.usualPause()
	w := worth{
		kept: m.inEpisode() || s.Feedback[key] != nil, grown: p.Beats >= grownBeats,
		seen: int(p.Beats), moved: p.Moved, last: m.Last,
	}
	if !p.expected(s.mark) {
		w.gone = goneFor(s.mark-unix(m.Last), max(longest, float64(p.Gap)))
	}
	return w
}

func (s *state) logWorth(key string, l *logState) worth {
	lived := unix(l.Last) - unix(l.Began)
	return worth{
		kept: l.inEpisode() || s.Feedback[key] != nil, moved: true,
		grown: l.Lines >= warmLines && lived >= learnTime.Seconds(), seen: l.Lines, last: l.Last,
		// Lines come in bursts: a day is not long for a log group.
		gone: goneFor(s.mark-unix(l.Last), max(lived/float64(max(l.Lines, 1)), 24*time.Hour.Seconds()/goneTimes)),
	}
}

// alarmWorth knows of an alarm that is not in ALARM nothing but its latest state,
// which only tells old events from new ones.
func (s *state) alarmWorth(key string, a *alarmState) worth {
	return worth{kept: a.Episode != nil || s.Feedback[key] != nil, last: a.At}
}
