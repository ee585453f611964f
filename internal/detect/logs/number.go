package logs

import "math"

// Numbers is what is usual for a numeric parameter: how often its values were of
// which size, in steps of a factor of two. Durations and sizes have long tails,
// so that a single value proves little. A value counts as far out when it is far
// above what nearly all are, and evidence adds up, value by value, that more of
// them are than ever.
type Numbers struct {
	N      uint32          `json:"n"` // values, with what was forgotten
	Base   int16           `json:"base"`
	Counts [octaves]uint32 `json:"counts"`
	Limit  uint8           `json:"limit"`  // octave from which on a value is far out; 0 for none
	Mid    uint8           `json:"mid"`    // octave of the middle
	Since  int64           `json:"since"`  // first minute
	Rare   float32         `json:"rare"`   // evidence in nats of a value that is far out,
	Common float32         `json:"common"` // and of one that is not, which speaks against
	Most   [2]float32      `json:"most"`   // the most evidence that there ever was, lately and before
	Epoch  int64           `json:"epoch"`  // minute since when that is lately

	Sum   float32 `json:"sum"`             // evidence
	Far   uint32  `json:"far,omitempty"`   // values far out in it
	First int64   `json:"first,omitempty"` // event time of the first of them, ns
	Top   float64 `json:"top,omitempty"`   // the greatest of them

	On    bool  `json:"on,omitempty"`
	Heard bool  `json:"heard,omitempty"` // a value was far out in this minute, in an episode
	Calm  uint8 `json:"calm,omitempty"`
	Quiet int64 `json:"quiet,omitempty"`
}

const (
	octaves      = 32
	below        = 12     // octaves of room below the first value
	leastValues  = 200    // before that nothing is far out
	leastAge     = 30     // minutes
	forgetValues = 50_000 // at which all counts are halved
	farAbove     = 4      // octaves above the middle, at least
	aboveMost    = 2      // and above what 99 in 100 values are
	leastFar     = 3      // values
	farShare     = 0.3    // of values in trouble, that evidence is collected for
	leastShare   = 1.0 / 2000
	mostTimes    = 1.5 // times the most evidence that there ever was is news
)

// octave is the bin of a value.
func (n *Numbers) octave(x float64) uint8 {
	if !(x > 0) {
		return 0
	}
	e := int(math.Float64bits(x)>>52&0x7ff) - 1023 - int(n.Base)
	return uint8(max(1, min(e, octaves-1)))
}

// take takes a value and tells whether it makes trouble, when so much evidence
// does.
func (n *Numbers) take(x float64, at int64, bar float64) bool {
	if n.N == 0 && x > 0 {
		n.Base = int16(int(math.Float64bits(x)>>52&0x7ff) - 1023 - below)
	}
	o := n.octave(x)
	n.N++
	if n.Limit == 0 || o < n.Limit {
		if !n.On {
			n.Counts[o]++
		}
		if n.Sum > 0 {
			if n.Sum -= n.Common; n.Sum <= 0 {
				n.Sum, n.Far, n.Top = 0, 0, 0
			}
		}
		return false
	}
	return n.far(x, at, o, bar)
}

// far takes a value that is far out.
func (n *Numbers) far(x float64, at int64, octave uint8, bar float64) bool {
	if n.On {
		n.Heard = true // what is trouble teaches nothing
		return false
	}
	n.Counts[octave]++
	if n.Far == 0 {
		n.First = at
	}
	n.Far++
	n.Top = max(n.Top, x)
	n.Sum = min(n.Sum+n.Rare, 2*float32(bar))
	if n.Far >= leastFar && float64(n.Sum) >= bar && n.Sum >= mostTimes*max(n.Most[0], n.Most[1]) && at/minute >= n.Quiet {
		return true
	}
	n.Most[0] = max(n.Most[0], min(n.Sum, float32(bar)))
	return false
}

// minute takes the end of a minute.
func (n *Numbers) minute(minute int64) {
	if n.Since == 0 {
		n.Since, n.Epoch = minute, minute
	}
	if minute-n.Epoch >= burstDays*dayMinutes {
		n.Most[1], n.Most[0], n.Epoch = n.Most[0], 0, minute
	}
	if n.N >= leastValues && minute-n.Since >= leastAge && (n.Limit == 0 || minute%16 == 0) {
		n.bounds()
	}
}

// bounds finds the middle and the limit anew.
func (n *Numbers) bounds() {
	total := uint32(0)
	for _, c := range n.Counts {
		total += c
	}
	sum, mid, high := uint32(0), -1, 0
	for i, c := range n.Counts {
		sum += c
		if mid < 0 && 2*sum >= total {
			mid = i
		}
		if uint64(sum)*100 < uint64(total)*99 {
			high = i + 1
		}
	}
	n.Mid = uint8(mid)
	limit := max(mid+farAbove, high+aboveMost)
	if limit >= octaves || mid == 0 {
		limit = 0 // nothing is far above zero, or all is
	}
	n.Limit = uint8(limit)
	far := uint32(0)
	for i := limit; i < octaves && limit > 0; i++ {
		far += n.Counts[i]
	}
	share := max(leastShare, (float64(far)+0.5)/float64(total))
	n.Rare, n.Common = float32(math.Log(farShare/share)), float32(math.Log((1-share)/(1-farShare)))
	if total >= forgetValues {
		for i := range n.Counts {
			n.Counts[i] /= 2
		}
	}
}

// value is the lower end of an octave.
func (n *Numbers) value(octave uint8) float64 { return math.Ldexp(1, int(n.Base)+int(octave)) }
