package detect

import (
	"math"

	"firebreak/internal/incident"
)

// A deviation can be certain and still matter to nobody: a latency that went
// from 3.0 to 3.2 ms and has never done so before. An anomaly must be both
// unusual (baseline.go) and large enough for its role.

// trait is how a series of a role is judged.
type trait struct {
	dir    direction
	stat   string  // when the service file names none
	counts bool    // values are counts of events, so their spread is at least Poisson's
	grow   float64 // least change upwards, as a ratio to the level
	fall   float64 // least change downwards, as a ratio to the level
	events float64 // least change in events over the judged stretch, for counts
	strict float64 // factor on the tail threshold
	ease   bool    // its trouble is a step milder than the service's severity
}

var traits = map[incident.MetricRole]trait{
	incident.RoleErrors:     {dir: up, stat: "Sum", counts: true, grow: 1.5, events: 4, strict: 1},
	incident.RoleLatency:    {dir: up, stat: "Average", grow: 1.5, strict: 1},
	incident.RoleSaturation: {dir: up, stat: "Average", grow: 1.25, strict: 1, ease: true},
	incident.RoleHealth:     {dir: down, stat: "Minimum", fall: 0.95, strict: 1},
	// Traffic rises and falls for good reasons: only what is drastic counts.
	incident.RoleRequests: {dir: both, stat: "Sum", counts: true, grow: 3, fall: 0.3, events: 20, strict: 1.3, ease: true},
}

// unknownTrait is for a role that a service file leaves open.
var unknownTrait = trait{dir: both, stat: "Average", grow: 1.5, fall: 0.6, strict: 1.3, ease: true}

func traitOf(role incident.MetricRole, stat string) trait {
	t, ok := traits[role]
	if !ok {
		t = unknownTrait
	}
	if stat != "" {
		t.stat = stat
	}
	if t.stat != "Sum" && t.stat != "SampleCount" {
		t.counts = false
	}
	return t
}

// spreadFloor is the least spread of the series around a level, in the value's
// unit: Poisson's for the mean of points counts, a fiftieth of the level for
// anything else, so that a series that was constant so far is not unusual with
// its first tremor.
func (t trait) spreadFloor(level float64, points int) float64 {
	if t.counts {
		n := float64(max(points, 1))
		return math.Sqrt(max(level, 0)*n+1) / n
	}
	return max(math.Abs(level)/50, 1e-9)
}

// matters tells whether x differs from the level enough for people to care.
// points is over how many points x is the mean.
func (t trait) matters(x, level, effect float64, points int) bool {
	delta := x - level
	if t.counts && math.Abs(delta)*float64(points) < t.events*effect {
		return false
	}
	switch {
	case delta > 0 && t.dir != down:
		return delta >= (t.grow-1)*effect*math.Abs(level) && delta > 0
	case delta < 0 && t.dir != up:
		return -delta >= min((1-t.fall)*effect, 0.9)*math.Abs(level)
	default:
		return false
	}
}

// bar is how far out a value must be, in units of the tail. A count cannot fall
// below zero, however unusual that is: to fall, half as far counts as much.
func (t trait) bar(rules thresholds, falls bool) (units float64) {
	if t.counts && falls {
		return rules.Tail * t.strict / 2
	}
	return rules.Tail * t.strict
}

// inARow is for how many points in a row a value must be out, the mean of so
// many points. Means of neighbours share points, so that they are out together.
func (t trait) inARow(falls bool, points int) int {
	switch {
	case t.counts && falls:
		return 6
	case points > 1:
		return 3
	default:
		return 2
	}
}

// band is what is expected: where a value would alert by the tail alone. A
// direction that is no trouble has the same reach, for display.
func (t trait) band(b *baseline, rules thresholds, points int) (low, high float64) {
	floor := t.spreadFloor(b.Level, points)
	above := t.bar(rules, false)
	below := t.bar(rules, true)
	low, high = b.Level-b.reach(below, floor), b.Level+b.reach(above, floor)
	if b.Level >= 0 && low < 0 {
		low = 0 // what has never been negative is not expected to be
	}
	return low, high
}

// grade is the severity: the service's own, a step milder for what is a
// symptom rather than harm to users, and a step milder when it is barely out.
func grade(service incident.Service, ease bool, units, threshold float64) incident.Severity {
	levels := []incident.Severity{incident.Sev1, incident.Sev2, incident.Sev3, incident.Sev4}
	at := 2
	for i, s := range levels {
		if s == service.Severity {
			at = i
		}
	}
	if ease {
		at++
	}
	if units < 1.5*threshold {
		at++
	}
	return levels[min(at, 3)]
}
