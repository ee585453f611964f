package logs

import (
	"math"

	"firebreak/internal/telemetry"
)

// fresh is something that was never said before and may become an anomaly: a
// template or a stack trace.
type fresh struct {
	First   int64   `json:"first"` // ns
	Count   int     `json:"count"`
	Rank    rank    `json:"rank"`
	Gravity gravity `json:"gravity"`
}

// rank is how severe a line says it is, as far as judging goes.
type rank uint8

const (
	unranked rank = iota // the line does not say
	quiet                // debug and info
	warning
	failing
	dying
)

func rankOf(l telemetry.Level) rank {
	switch l {
	case telemetry.LevelInfo, telemetry.LevelDebug:
		return quiet
	case telemetry.LevelWarn:
		return warning
	case telemetry.LevelError:
		return failing
	case telemetry.LevelFatal:
		return dying
	default:
		return unranked
	}
}

const (
	warmTime   = 30 * second  // before that everything is known
	warmLines  = 20           // and so many lines must have come
	learnTime  = 300.0        // seconds in which most templates are heard
	knownHour  = 0.05         // less that is needed, for every doubling of the hours that the group is known
	knownMost  = 0.35         // less than of a group that has been known for an hour
	freshTime  = 170 * second // in which the lines of something new must come, of a group that is known
	freshLeast = 30 * second  // and of one that is not
	freshShare = 10           // what of the time that the group is known it is in between
	newSilence = 120 * second // without its lines closes an episode
)

// needed is how many lines make news, when so many are needed at level error. It
// is 0 for what is none however often it comes: a release brings lines that were
// never said, and most of them are harmless.
func (f *fresh) needed(lines float64) float64 {
	switch f.Rank {
	case dying:
		return 1
	case failing:
		return [...]float64{plain: lines, bad: lines / 2, grave: 1}[f.Gravity]
	case warning:
		return [...]float64{plain: 0, bad: 2 * lines, grave: lines / 2}[f.Gravity]
	case quiet:
		return [...]float64{plain: 0, bad: 4 * lines, grave: 2 * lines}[f.Gravity]
	default:
		return [...]float64{plain: 0, bad: lines, grave: 1}[f.Gravity]
	}
}

// another takes a line and tells whether it is news now. young is by how much more
// is needed because the group has not been listened to for long.
func (f *fresh) another(r rank, text string, lines, young, factor float64) (enough bool, needed float64) {
	if f.Count++; f.Count <= 8 {
		f.Rank = max(f.Rank, r)
		f.Gravity = max(f.Gravity, gravityOf(text))
	}
	needed = f.needed(lines)
	if needed == 0 {
		return false, 0
	}
	if needed > 1 {
		needed = max(2, math.Ceil(needed*young-0.05))
	}
	needed *= factor
	return float64(f.Count) >= needed, needed
}

// window is the time in which the lines of something new must come.
func (f *fresh) window(began int64) int64 {
	return max(freshLeast, min(freshTime, (f.First-began)/freshShare))
}
