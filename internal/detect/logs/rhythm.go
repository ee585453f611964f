package logs

import "math"

// Rhythm is how regularly the lines of a template come, in time and in lines of
// the group between them: at night both the clock and the other lines say how
// long a silence is. The second longest pause is what is usual, because a single
// one was an outage and no habit.
type Rhythm struct {
	N       uint32     `json:"n"`       // lines
	Last    int64      `json:"last"`    // event time of the newest, ns
	Line    uint64     `json:"line"`    // lines of the group up to it
	Gap     float32    `json:"gap"`     // usual seconds between lines
	Streak  int64      `json:"streak"`  // ns since when there was no pause that would have been missed
	Epoch   int64      `json:"epoch"`   // since when pauses are in Pauses, ns; those before are in Former
	Pauses  [2]float32 `json:"pauses"`  // the longest two, in seconds
	Former  [2]float32 `json:"former"`  //
	Between [2]float32 `json:"between"` // the most lines of the group between two of these
	Earlier [2]float32 `json:"earlier"` //

	Silent bool `json:"silent,omitempty"` // an episode is open
}

const (
	second       = int64(1e9)
	minute       = 60 * second
	gapMemory    = 200.0
	pauseMemory  = 24 * 60 * minute
	leastPause   = 40.0             // seconds that are always waited for
	missedGaps   = 8.0              // usual gaps
	missedTicks  = 4.0              // usual gaps of a timer
	timerPauses  = 2.0              // usual gaps that a timer pauses at most
	leastAlive   = 5                // lines of the group, while a timer does not come
	usualPauses  = 2.2              // times the longest usual pause
	leastBeats   = 100              // lines before one is missed
	leastStreak  = 2 * 60           // minutes of coming regularly before that
	longestGap   = 2 * 60.0         // seconds; what comes less often is not waited for
	youngRhythm  = 100.0            // lines with which it takes twice as long as later
	leastBetween = 12               // lines of the group in the time
	retired      = 24 * 60 * minute // of silence, after which a template is not missed any more
)

// beat takes a line at a time, when the group had so many lines before it.
func (r *Rhythm) beat(at int64, lines uint64) {
	if at <= r.Last {
		// One of several in the same moment, or one that was overtaken.
		r.N++
		r.Line = lines
		return
	}
	if r.N == 0 {
		*r = Rhythm{N: 1, Last: at, Line: lines, Streak: at, Epoch: at}
		return
	}
	gap := float32(float64(at-r.Last) / 1e9)
	between := float32(lines - r.Line)
	r.N++
	if gap > r.Pauses[1] || between > r.Between[1] {
		r.pause(at, gap, between)
	}
	rate := max(1/float32(r.N), 1/gapMemory)
	r.Gap += rate * (min(gap, 5*max(r.Gap, 0.2)) - r.Gap)
	r.Last, r.Line = at, lines
}

// pause takes one of the longest pauses.
func (r *Rhythm) pause(at int64, gap, between float32) {
	if at-r.Epoch >= pauseMemory {
		r.Former, r.Earlier, r.Epoch = r.Pauses, r.Between, at
		r.Pauses, r.Between = [2]float32{}, [2]float32{}
	}
	if r.N > leastBeats && float64(gap) > r.patience(1) {
		if float64(gap) > 3*r.patience(1) {
			r.Streak = at
		}
		// An outage is no habit, but what comes again and again becomes one.
		gap = min(gap, float32(1.5*r.patience(1)))
	}
	longest(&r.Pauses, gap)
	longest(&r.Between, between)
}

func longest(of *[2]float32, x float32) {
	if x > of[0] {
		of[0], of[1] = x, of[0]
	} else if x > of[1] {
		of[1] = x
	}
}

// patience is after how many seconds without a line the template is missed.
func (r *Rhythm) patience(factor float64) float64 {
	usual := float64(max(r.Pauses[1], r.Former[1]))
	young := 1 + youngRhythm/float64(r.N)
	gaps := missedGaps
	if r.timer() {
		gaps = missedTicks
	}
	return max(leastPause, gaps*float64(r.Gap), usualPauses*usual) * young * factor
}

// timer tells whether the lines come by the clock, and not by chance or traffic.
func (r *Rhythm) timer() bool {
	return float64(max(r.Pauses[1], r.Former[1])) < timerPauses*float64(r.Gap)
}

// overdue tells whether the template is missed at a time, when the group has had
// so many lines, and by how many times its patience. Before again nothing could
// be heard of the group for a while.
func (r *Rhythm) overdue(now, again int64, lines uint64, factor float64) (times float64, is bool) {
	if r.N < leastBeats || r.Last-r.Streak < leastStreak*minute || float64(r.Gap) > longestGap {
		return 0, false
	}
	silent := float64(now-max(r.Last, again)) / 1e9
	if patience := r.patience(factor); silent >= patience {
		between := float64(max(r.Between[1], r.Earlier[1]))
		if between = max(leastBetween, usualPauses*between*math.Sqrt(factor)); r.timer() {
			between = leastAlive
		}
		if float64(lines-r.Line) >= between {
			return silent / patience, true
		}
	}
	return 0, false
}
