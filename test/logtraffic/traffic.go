package logtraffic

import (
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"firebreak/internal/telemetry"
)

// Traffic is the logs of the fleet over some days. The same traffic is the same
// lines, to the byte.
type Traffic struct {
	Seed     uint64
	Begin    time.Time // a midnight, UTC
	Days     int
	Troubles []Trouble // on top of what is normal; see Day
}

// entry is a line that will be written.
type entry struct {
	at    int64 // ms since the epoch
	tide  *tide
	line  *line
	host  *host
	slow  float64
	peer  string
	event string // the version that was deployed, instead of a line
}

// tide is the traffic of one service.
type tide struct {
	service  *service
	group    string
	series   string
	rng      *rand.Rand // of the lines
	plan     *rand.Rand // of hosts and releases, so that trouble in lines changes neither
	weather  weather
	slots    []*slot
	added    []*slot // by releases, oldest first
	begin    []*line
	end      []*line
	hosts    []*host
	rolling  []*host // still to be replaced
	nextRoll int64
	idle     int
	releases []release
	release  int
	version  string
	later    []entry
	reset    func(at int64)
	troubles []*Trouble
	batch    [2]int64 // of today, ms
	today    int
	clock    clock
	buf      []byte
}

// Signals yields every line, and the deployments that are announced, in the
// order of their event time. Services are assigned by Inventory. They carry
// no Key and lines no ID: what removes repeated deliveries stands before the
// engine.
func (t Traffic) Signals() iter.Seq[telemetry.Signal] {
	return func(yield func(telemetry.Signal) bool) {
		tides := t.tides()
		var entries []entry
		var order []int64
		for m := range t.Days * 24 * 60 {
			at := t.Begin.Add(time.Duration(m) * time.Minute)
			entries = entries[:0]
			// Whoever is connected to a service sees it restart.
			for _, tide := range tides {
				tide.hosting(at)
			}
			for _, tide := range tides {
				entries = tide.minute(at, entries)
			}
			// By time, and of the same millisecond as they were made. A minute has fewer
			// lines than the 20 bits have room for.
			order = order[:0]
			for i := range entries {
				order = append(order, (entries[i].at-at.UnixMilli())<<20|int64(i))
			}
			slices.Sort(order)
			for _, key := range order {
				e := &entries[key&(1<<20-1)]
				if !e.tide.signals(e, yield) {
					return
				}
			}
		}
	}
}

func (t Traffic) tides() []*tide {
	var all []*tide
	byName := map[string]*tide{}
	for i, s := range fleet() {
		one := &tide{
			service: s, group: s.group(), series: telemetry.SeriesKey(Account, Region, telemetry.KindLog, s.group()),
			rng: rand.New(rand.NewPCG(t.Seed, uint64(2*i))), plan: rand.New(rand.NewPCG(t.Seed, uint64(2*i+1))), today: -1,
		}
		one.version = s.version(one.plan, 0)
		one.releases = s.releases(one.plan, t.Begin, t.Days)
		for _, sh := range s.shapes {
			one.slots = append(one.slots, &slot{shape: sh, variants: []variant{{0, sh.ready()}}})
		}
		for _, sh := range s.begin {
			one.begin = append(one.begin, sh.ready())
		}
		for _, sh := range s.end {
			one.end = append(one.end, sh.ready())
		}
		for range s.hosts {
			one.hosts = append(one.hosts, &host{name: one.newName(), version: one.version, to: forever})
		}
		for i := range t.Troubles {
			if trouble := &t.Troubles[i]; trouble.Service == s.name {
				trouble.shown = nil // of a pass before this one
				one.troubles = append(one.troubles, trouble)
			}
		}
		all, byName[s.name] = append(all, one), one
	}
	for _, one := range all {
		if caller := byName[one.service.callers]; caller != nil {
			lost := shape{level: telemetry.LevelWarn, from: caller.from(), text: "connection to " + one.service.name + " was reset, trying another host"}.ready()
			one.reset = func(at int64) {
				caller.later = append(caller.later, entry{at: at, line: lost, slow: 1})
			}
		}
	}
	return all
}

// hosting decides who runs in the minute that begins at a time, and when the
// nightly job of a new day does.
func (t *tide) hosting(at time.Time) {
	if day := at.YearDay(); day != t.today {
		t.today = day
		begin := at.Truncate(24 * time.Hour).Add(t.service.batch + time.Duration(t.plan.IntN(240))*time.Second).UnixMilli()
		t.batch = [2]int64{begin, begin + int64(float64(t.service.lasts.Milliseconds())*(0.9+0.25*t.plan.Float64()))}
		t.hosts = slices.DeleteFunc(t.hosts, func(h *host) bool { return h.to < at.UnixMilli() })
	}
	t.deploy(at)
	t.scale(at, t.service.season(at))
}

// minute appends what is written in the minute that begins at a time.
func (t *tide) minute(at time.Time, out []entry) []entry {
	traffic := t.service.season(at) * t.weather.next(t.rng, at)
	begin := at.UnixMilli()
	for _, s := range t.slots {
		factor := traffic
		switch s.drive {
		case steadily:
			if s.rate >= regular {
				out = t.tick(out, s, begin)
				continue
			}
			factor = 1
		case inBatch, onSundays:
			if t.service.lasts == 0 || begin+60_000 <= t.batch[0] || begin >= t.batch[1] || s.drive == onSundays && at.Weekday() != time.Sunday {
				continue
			}
			factor = 1
		}
		mean := 60 * s.rate * factor * s.spell.next(t.rng, s.bursts)
		most := t.most(s, begin)
		for range poisson(t.rng, mean*most) {
			ms := begin + t.rng.Int64N(60_000)
			if most != 1 && t.rng.Float64()*most >= t.factor(s, ms) {
				continue
			}
			if s.drive == inBatch && (ms < t.batch[0] || ms >= t.batch[1]) {
				continue
			}
			out = t.put(out, s, ms)
		}
	}
	out = t.inject(out, begin)
	keep := t.later[:0]
	for _, e := range t.later {
		switch {
		case e.at >= begin+60_000:
			keep = append(keep, e)
		case !t.silent(e.at):
			e.tide = t
			if e.host == nil {
				e.host = t.pick(e.at)
			}
			out = append(out, e)
		}
	}
	t.later = keep
	return out
}

// regular is the rate from which on what comes steadily is a timer's; what is
// rarer comes by chance.
const regular = 1.0 / 3700

// tick adds the lines of a timer: nearly the same time between them.
func (t *tide) tick(out []entry, s *slot, begin int64) []entry {
	interval := 1000 / s.rate
	if s.next == 0 {
		s.next = float64(begin) + t.rng.Float64()*interval
	}
	for ; s.next < float64(begin+60_000); s.next += interval * (0.95 + 0.1*t.rng.Float64()) {
		ms := int64(s.next)
		// More often by a whole factor, or not at all.
		for range int(t.factor(s, ms) + 0.5) {
			out = t.put(out, s, ms)
		}
	}
	return out
}

// put adds a line of a slot, as the host that writes it knows it.
func (t *tide) put(out []entry, s *slot, ms int64) []entry {
	e := entry{at: ms, tide: t, host: t.pick(ms), slow: 1}
	if e.host == nil {
		return out
	}
	if e.line = s.of(e.host.release); e.line == nil {
		return out
	}
	t.touch(s, &e)
	return append(out, e)
}

// pick finds a host that takes traffic; nil when none does.
func (t *tide) pick(ms int64) *host {
	first := t.rng.IntN(len(t.hosts))
	for i := range t.hosts {
		if h := t.hosts[(first+i)%len(t.hosts)]; h.from <= ms && ms < h.to {
			return h
		}
	}
	return nil
}

// signals writes an entry: one signal, or one a line for a stack trace that is
// written line by line.
func (t *tide) signals(e *entry, yield func(telemetry.Signal) bool) bool {
	if e.event != "" {
		return yield(t.deployment(e))
	}
	if e.host == nil {
		return true
	}
	m := &moment{rng: t.rng, host: e.host.name, run: e.host.version, slow: e.slow, peer: e.peer}
	t.buf = e.line.write(t.buf[:0], t.service.layout, &t.clock, e.at, m)
	if !yield(t.signal(e, string(t.buf))) {
		return false
	}
	if !e.line.raw && (t.service.layout == pythonLayout || t.service.layout == jsonLayout) {
		return true
	}
	for _, l := range e.line.trace {
		if !yield(t.signal(e, string(l.write(t.buf[:0], m)))) {
			return false
		}
	}
	return true
}

func (t *tide) signal(e *entry, message string) telemetry.Signal {
	line := &telemetry.LogLine{Group: t.group, Stream: t.stream(e.host), Message: message}
	line.Read()
	return telemetry.Signal{
		Kind: telemetry.KindLog, Service: t.service.name, Series: t.series, Time: time.UnixMilli(e.at).UTC(), Account: Account, Region: Region,
		Log: line,
	}
}

// stream is where a host writes. That of the ledger begins anew every day.
func (t *tide) stream(h *host) string {
	if h.stream == "" || t.service.layout == pythonLayout && h.day != t.today {
		h.day, h.stream = t.today, t.service.name+"/"+h.name
		if t.service.layout == pythonLayout {
			h.stream = string(t.clock.date) + "/" + h.stream
		}
	}
	return h.stream
}

// deployment is the event that tells of a release, as EventBridge has it.
func (t *tide) deployment(e *entry) telemetry.Signal {
	const source, detail = "aws.codedeploy", "CodeDeploy Deployment State-change Notification"
	return telemetry.Signal{
		Kind: telemetry.KindEvent, Service: t.service.name, Time: time.UnixMilli(e.at).UTC(), Account: Account, Region: Region,
		Series: telemetry.SeriesKey(Account, Region, telemetry.KindEvent, source+"/"+detail+"/"+t.service.name),
		Event: &telemetry.Event{
			ID: t.service.name + "-" + e.event, Source: source, DetailType: detail, Names: []string{t.service.name}, Service: t.service.name,
			Class: telemetry.ClassChange, State: "START", Summary: "deployment of " + t.service.name + " " + e.event,
		},
	}
}
