package cases

import (
	"math/rand/v2"
)

// trouble is a fault at work in one application.
type trouble struct {
	fault  Fault
	at     int     // which node; -1 for none
	other  int     // the node that cannot be reached, or the other company
	force  float64 // 1: as usual
	ramp   float64 // minutes until it is there in full
	period float64 // minutes, of what comes and goes
	what   int     // which of several forms
}

// strike chooses where a fault strikes. It tells false when the application has
// no such place.
func strike(r *rand.Rand, a *app, fault Fault) (trouble, bool) {
	t := trouble{fault: fault, at: -1, other: -1, force: between(r, 0.7, 1.6), period: between(r, 3, 6), what: r.IntN(3)}
	if r.Float64() < 0.5 {
		t.ramp = between(r, 1, 6)
	}
	var places []int
	for i, n := range a.nodes {
		fits := n.kind == service || n.kind == database
		switch fault {
		case SlowDisk, FullDisk:
			fits = n.kind == database || n.kind == service && r.Float64() < 0.3
		case Lock:
			fits = n.kind == database
		case Exception, BadChange, NoResolution:
			fits = n.kind == service
		case CrashLoop, PartialOutage, PacketLoss, NetworkDelay:
			fits = fits || n.kind == cache
		case ThirdParty:
			fits = n.kind == external
		}
		if fits && len(a.callers(i)) > 0 {
			places = append(places, i)
		} else if fits && r.Float64() < 0.2 {
			places = append(places, i) // the entry itself
		}
	}
	if t.outside() {
		t.at = a.entries[0]
		return t, true
	}
	if len(places) == 0 {
		return t, false
	}
	t.at = places[r.IntN(len(places))]
	switch fault {
	case ThirdParty:
		t.other = t.at
		t.at = a.callers(t.other)[0]
	case NoResolution:
		var callees []int
		for _, c := range a.nodes[t.at].calls {
			if c.vital && !c.async && !c.back {
				callees = append(callees, c.to)
			}
		}
		if len(callees) == 0 {
			return t, false
		}
		t.other = callees[r.IntN(len(callees))]
	}
	return t, true
}

func (t trouble) outside() bool {
	switch t.fault {
	case Surge, LostUsers, Platform, ClientEnd:
		return true
	}
	return false
}

// effects is what the fault does a number of minutes after it began.
func (t trouble) effects(a *app, minute float64, r *rand.Rand) map[int]effect {
	if minute < 0 || t.fault == ClientEnd || t.fault == Surge || t.fault == LostUsers {
		return nil
	}
	x := t.force
	if t.ramp > 0 {
		x *= min(1, (minute+1)/t.ramp)
	}
	if t.fault == Platform {
		all := map[int]effect{}
		for i := range a.nodes {
			all[i] = effect{slow: 1 + 1.5*x, delay: 0.004 * x}
		}
		return all
	}
	n := a.nodes[t.at]
	e := effect{}
	switch t.fault {
	case CPUHog:
		e.hog = n.cores * (0.6 + 0.45*x)
	case MemoryLeak:
		e.leak = n.memory * 0.12 * t.force * minute
		if limit := n.memory * 1.6; e.leak > limit {
			cycle := e.leak / limit
			e.restarts = float64(int(cycle))
			e.leak -= limit * e.restarts
			if cycle-e.restarts < 0.08 {
				e.down = 0.5
			}
		}
		full := e.leak / (n.memory * 1.6)
		e.slow, e.hog = 1+4*full*full, n.cores*0.35*full // collecting
	case SlowDisk:
		e.slow, e.writes = 1+8*x, max(0.25, 1-0.5*x)
		if t.what == 0 {
			e.writes = 1 + 6*x // somebody else writes
		}
	case FullDisk:
		e.failing, e.writes = min(0.95, 0.5*x), 0.05
	case NetworkDelay:
		e.delay = 0.15 * x
	case PacketLoss:
		e.loss = min(0.5, 0.18*x)
	case Exception:
		e.failing, e.early = min(0.98, 0.4*x), t.what != 0
	case BadChange:
		switch t.what {
		case 0:
			e.failing, e.early = min(0.98, 0.5*x), true
		case 1:
			e.slow = 1 + 7*x
		default:
			e.pool = max(0.02, 0.08/x)
		}
	case Lock:
		e.slow, e.hog = 1+20*x, -0.3*n.cores*0.3
	case CrashLoop:
		phase := minute/t.period - float64(int(minute/t.period))
		e.restarts = 1 + float64(int(minute/t.period))
		e.down = min(0.95, 0.5*x)
		if phase > 0.7 {
			e.down *= 0.3
		}
	case NoResolution:
		e.blocked = t.other + 1
	case PartialOutage:
		e.cores, e.pool, e.down = max(0.15, 0.45/x), max(0.15, 0.4/x), 0.06*x*r.Float64()
	case ThirdParty:
		if t.what == 0 {
			e.failing = min(0.9, 0.4*x)
		} else {
			e.slow = 1 + 10*x
		}
		return map[int]effect{t.other: e}
	}
	return map[int]effect{t.at: e}
}

// load is what a fault makes of the requests that arrive.
func (t trouble) load(minute float64) float64 {
	if minute < 0 {
		return 1
	}
	x := 1.0
	if t.ramp > 0 {
		x = min(1, (minute+1)/t.ramp)
	}
	switch t.fault {
	case Surge:
		return 1 + (0.8+1.2*t.force)*x
	case LostUsers:
		return 1 - min(0.9, 0.6*t.force)*x
	}
	return 1
}

// metric is in which quantity the fault shows by itself.
func (t trouble) metric() []quantity {
	switch t.fault {
	case CPUHog:
		return []quantity{qCPU}
	case MemoryLeak:
		return []quantity{qMemory}
	case SlowDisk:
		return []quantity{qDisk, qLatency, qP50, qP99}
	case FullDisk:
		return []quantity{qDisk, qErrors}
	case NetworkDelay, PacketLoss:
		return []quantity{qLatency, qP50, qP99, qNetIn, qNetOut}
	case Exception:
		return []quantity{qErrors}
	case Lock:
		return []quantity{qLatency, qP50, qP99}
	case CrashLoop:
		return []quantity{qRestarts, qErrors}
	}
	return nil
}
