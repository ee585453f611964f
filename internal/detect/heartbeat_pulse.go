package detect

import "math"

// pulse is the rhythm of one series. Times are seconds since 1970.
type pulse struct {
	Beats   uint32     `json:"beats"`            // points so far
	Moved   bool       `json:"moved,omitempty"`  // the value has not always been the same
	First   float64    `json:"first"`            // the first value
	Samples float32    `json:"samples"`          // in the latest point
	Gap     float32    `json:"gap"`              // usual seconds between points
	Began   float64    `json:"began"`            //
	Epoch   float64    `json:"epoch"`            // since when pauses are in Pauses; those before are in Former
	Since   float64    `json:"since"`            // since when they are in Former
	Pauses  [2]float32 `json:"pauses"`           // the two longest, in seconds
	Former  [2]float32 `json:"former"`           //
	Lags    [2]float32 `json:"lags"`             // the two furthest behind the watermark that points came, in seconds, since Epoch
	Lagged  float32    `json:"lagged"`           // the second of those of before
	Hour    int32      `json:"hour"`             // of the latest point, since 1970
	Hours   [3]uint64  `json:"hours"`            // hours of the week before Hour in which a point came
	Due     float64    `json:"due,omitempty"`    // watermark at which it is looked at; 0 for never
	Silent  *episode   `json:"silent,omitempty"` //
}

const weekHours = 7 * 24

// beat takes a point that came at a time, after the one at last, while the
// stream was complete up to a mark.
func (p *pulse) beat(f *flow, last, at, mark, value, samples, factor float64) {
	p.Samples = float32(min(samples, math.MaxFloat32))
	p.visit(int32(at/3600), f, mark)
	if p.Beats == 0 {
		p.Beats, p.First, p.Began, p.Epoch, p.Since = 1, value, at, at, at
		return
	}
	pause, counts := p.pause(last, at, mark, f.Resumed, factor)
	gap := at - last
	if p.Beats++; p.Beats == 2 {
		p.Gap = float32(gap)
	}
	p.Moved = p.Moved || value != p.First
	usual := float64(p.Gap)
	rate := max(1/float64(p.Beats), 1/gapMemory)
	p.Gap += float32(rate * (min(gap, missedBeats*usual) - usual))
	if at-p.Epoch >= max(pauseMemory.Seconds(), pauseBeats*usual) {
		p.Former, p.Pauses = p.Pauses, [2]float32{}
		p.Lagged, p.Lags = p.Lags[1], [2]float32{}
		p.Since, p.Epoch = p.Epoch, at
	}
	if counts {
		longest(&p.Pauses, pause)
	}
	if lag := mark - at; lag > 0 {
		if p.Beats > leastBeats {
			lag = min(lag, 2*(p.lag()+leastSilence.Seconds()))
		}
		longest(&p.Lags, lag)
	}
}

// lag is how far behind the watermark points usually come, in seconds.
func (p *pulse) lag() float64 { return float64(max(p.Lags[1], p.Lagged)) }

// pause is how long the series had not come, in seconds, and whether that is to
// be learned.
func (p *pulse) pause(last, at, mark, resumed, factor float64) (float64, bool) {
	pause := at - last
	if p.Beats < leastBeats || pause < leastSilence.Seconds()/2 {
		return pause, true
	}
	patience := p.patience(factor)
	switch {
	case pause < patience:
		return pause, true
	case mark-last < patience, resumed > last, p.expected(at):
		// Nothing at all was heard in that time, or not of this series, as usual.
		return 0, false
	default:
		// An outage is no habit, but what comes again and again becomes one.
		return min(pause, 2*patience), true
	}
}

// longest keeps the two longest of all, the longest first.
func longest(of *[2]float32, seconds float64) {
	if s := float32(seconds); s > of[0] {
		of[0], of[1] = s, of[0]
	} else if s > of[1] {
		of[1] = s
	}
}

// visit notes that something came in an hour, and nothing in those since the
// latest one, unless nothing came of any series then.
func (p *pulse) visit(hour int32, f *flow, mark float64) {
	if hour <= p.Hour && p.Beats > 0 {
		return
	}
	from := max(p.Hour+1, hour-weekHours+1)
	if p.Beats == 0 {
		from = hour
	}
	for h := from; h <= hour; h++ {
		if bit := uint64(1) << (h % weekHours % 64); f.heard(h, mark) {
			p.Hours[h%weekHours/64] &^= bit
		} else {
			p.Hours[h%weekHours/64] |= bit
		}
	}
	p.Hours[hour%weekHours/64] |= 1 << (hour % weekHours % 64)
	p.Hour = hour
}

// came tells whether a point came in an hour, as far as that is known.
func (p *pulse) came(hour int32) bool {
	if hour > p.Hour || hour <= p.Hour-weekHours || float64(hour)*3600 < p.Began {
		return true
	}
	return p.Hours[hour%weekHours/64]&(1<<(hour%weekHours%64)) != 0
}

// expected tells whether silence at a time is a habit: a day or a week ago there
// was silence, too. Pauses begin and end within an hour, so that the hours
// around it count as well.
func (p *pulse) expected(now float64) bool {
	if float64(p.Gap) > hourly.Seconds() {
		return false // of a series as slow as that, hours say nothing; its pauses do
	}
	hour := int32(now / 3600)
	for _, ago := range []int32{24, weekHours} {
		for h := hour - ago - 1; h <= hour-ago+1; h++ {
			if !p.came(h) {
				return true
			}
		}
	}
	return false
}

// usualPause is the longest pause that is a habit, and longest the longest of
// all, in seconds.
func (p *pulse) usualPause() (usual, longest float64) {
	return float64(max(p.Pauses[1], p.Former[1])), float64(max(p.Pauses[0], p.Former[0]))
}

// patience is after how many seconds without a point the series is missed.
func (p *pulse) patience(factor float64) float64 {
	gap := float64(p.Gap)
	usual, _ := p.usualPause()
	times := max(usualPauses, min(usual/max(gap, 1e-3), wildPauses))
	young := 1 + youngBeats/float64(max(p.Beats, 1))
	return max(leastSilence.Seconds(), missedBeats*gap, times*usual)*young*factor + p.lag()
}
