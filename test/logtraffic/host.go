package logtraffic

import (
	"fmt"
	"math"
	"time"
)

// host is a machine or a container while it runs one release.
type host struct {
	name     string
	release  int
	version  string
	stream   string
	day      int   // of the stream
	from, to int64 // ms since the epoch between which it writes; to is forever while it runs
}

const forever = math.MaxInt64

func (t *tide) newName() string {
	return fmt.Sprintf("ip-10-0-%d-%d", 1+t.plan.IntN(60), 4+t.plan.IntN(250))
}

// start brings a host up: its first lines are spread over some seconds, and
// then it takes traffic.
func (t *tide) start(name string, at int64) {
	h := &host{name: name, release: t.release, version: t.version}
	for _, l := range t.begin {
		t.later = append(t.later, entry{at: at, line: l, host: h, slow: 1})
		at += 100 + t.plan.Int64N(1500)
	}
	h.from, h.to = at, forever
	t.hosts = append(t.hosts, h)
}

// stop drains a host and takes it away.
func (t *tide) stop(h *host, at int64) {
	h.to = at
	for _, l := range t.end {
		t.later = append(t.later, entry{at: at, line: l, host: h, slow: 1})
		at += 100 + t.plan.Int64N(900)
	}
}

// scale looks every five minutes whether there are enough hosts, and takes one
// away when there have been too many for half an hour.
func (t *tide) scale(at time.Time, traffic float64) {
	if at.Minute()%5 != 0 || len(t.rolling) > 0 {
		return
	}
	ms := at.UnixMilli()
	running := t.running()
	wanted := max(2, int(math.Ceil(float64(t.service.hosts)*traffic*1.1)))
	switch {
	case wanted > len(running):
		t.idle = 0
		for range wanted - len(running) {
			t.start(t.newName(), ms+t.plan.Int64N(50_000))
		}
	case wanted < len(running):
		if t.idle++; t.idle >= 6 {
			t.idle = 0
			t.stop(running[t.plan.IntN(len(running))], ms+t.plan.Int64N(50_000))
		}
	default:
		t.idle = 0
	}
}

// running lists the hosts that nobody has stopped.
func (t *tide) running() []*host {
	var up []*host
	for _, h := range t.hosts {
		if h.to == forever {
			up = append(up, h)
		}
	}
	return up
}

// deploy begins a release, and rolls it over one host after the other.
func (t *tide) deploy(at time.Time) {
	for len(t.releases) > 0 && t.releases[0].at.Before(at.Add(time.Minute)) {
		r := t.releases[0]
		t.releases = t.releases[1:]
		t.release++
		t.version = r.version
		t.change(t.release)
		t.rolling = t.running()
		t.nextRoll = r.at.UnixMilli()
		if t.service.announce {
			t.later = append(t.later, entry{at: t.nextRoll, event: r.version})
		}
	}
	for end := at.Add(time.Minute).UnixMilli(); len(t.rolling) > 0 && t.nextRoll < end; t.nextRoll += 45_000 + t.plan.Int64N(45_000) {
		old := t.rolling[0]
		t.rolling = t.rolling[1:]
		name := old.name
		if t.service.replaced {
			name = t.newName()
			t.start(name, t.nextRoll)
			t.stop(old, t.nextRoll+20_000)
		} else {
			t.stop(old, t.nextRoll)
			t.start(name, t.nextRoll+3_000)
		}
		if t.reset != nil {
			// Whoever had a connection to the host sees it end.
			for range 1 + t.plan.IntN(3) {
				t.reset(old.to + t.plan.Int64N(4000))
			}
		}
	}
}
