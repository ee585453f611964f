package logs

// hours is what is usual at the hours of a day, UTC.
type hours struct {
	Mean  [24]float32 `json:"mean"`  // events a minute
	Known uint32      `json:"known"` // a bit for each hour that was seen to its end
	Now   int64       `json:"now"`   // present hour, since 1970
	Sum   float32     `json:"sum"`   // of it
	N     int32       `json:"n"`     // minutes
}

const (
	hourRate  = 0.4 // at which an hour's mean follows from day to day
	leastHour = 40  // minutes that an hour must have been seen
)

// learn takes a minute.
func (h *hours) learn(minute int64, own float64) {
	if now := minute / 60; now != h.Now {
		h.close()
		h.Now = now
	}
	h.Sum += float32(own)
	h.N++
}

// close takes the present hour over into the day.
func (h *hours) close() {
	if h.N >= leastHour {
		at, mean := h.Now%24, h.Sum/float32(h.N)
		if h.Known&(1<<at) == 0 {
			h.Mean[at] = mean
		} else {
			h.Mean[at] += hourRate * (mean - h.Mean[at])
		}
		h.Known |= 1 << at
	}
	h.Sum, h.N = 0, 0
}

// at is how many events a minute came at this time of day, by the days before.
// What comes at some hours only counts for the next one as well, because what
// happens every day does not happen at the same minute.
func (h *hours) at(minute int64) (low, high float64, known bool) {
	hour, in := minute/60%24, minute%60
	if h.Known&(1<<hour) == 0 {
		return 0, 0, false
	}
	low = float64(h.Mean[hour])
	high = low
	beside := hour
	switch {
	case in < edge:
		beside = (hour + 23) % 24
	case in >= 60-edge:
		beside = (hour + 1) % 24
	}
	if near := float64(h.Mean[beside]); h.Known&(1<<beside) != 0 && near > stepTimes*high {
		high = near
	}
	return low, high, true
}

const (
	edge      = 15  // minutes at both ends of an hour
	stepTimes = 3.0 // times as much in the hour beside it is no season but a job
)

// pauses tells whether there are hours of the day in which hardly anything comes,
// against a count a minute. When such a thing does not come, that is usual.
func (h *hours) pauses(against float64) bool {
	for hour, mean := range h.Mean {
		if h.Known&(1<<hour) != 0 && float64(mean) < pauseShare*against {
			return true
		}
	}
	return false
}

const pauseShare = 0.05

// none tells whether nothing ever came around the hour of a minute, on the days
// before.
func (h *hours) none(minute int64) bool {
	for _, m := range []int64{minute - 60, minute, minute + 60} {
		if at := (m/60%24 + 24) % 24; h.Known&(1<<at) != 0 && h.Mean[at] < 0.05 {
			return true
		}
	}
	return false
}
