package logs

const (
	mostSum     = 1e15    // of counts of lines
	mostWaits   = 1 << 20 // minutes
	mostMinutes = 1 << 40 // that anybody has listened
	mostRate    = 1 << 32 // events a minute, which is more than is counted to
)

// check refuses what no rate comes to, and what would make what is expected no
// number.
func (r *Rate) check() error {
	ok := r.Minutes >= 0 && r.Minutes <= mostMinutes && r.Hour.sane() && r.Day.sane() &&
		within(-mostSum, mostSum, float64(r.Busy), float64(r.Spread)) && within(0, 2*burstMinutes*mostRate, r.Lately) &&
		r.Held.sane() && r.Bursts[0].sane() && r.Bursts[1].sane() && r.Waits.sane()
	for i := range r.Runs {
		ok = ok && r.Runs[i].sane()
	}
	if h := r.Hours; h != nil {
		ok = ok && h.sane()
	}
	if e := r.Episode; e != nil {
		ok = ok && e.Turn < turns && within(-mostSum, mostSum, e.Mean, e.Back, e.Reached) && e.Usual[0].sane() && e.Usual[1].sane()
	}
	if !ok {
		return errOdd
	}
	return nil
}

// within tells whether all numbers are in a range, which no NaN is.
func within(low, high float64, all ...float64) bool {
	for _, x := range all {
		if !(x >= low && x <= high) {
			return false
		}
	}
	return true
}

func (l level) sane() bool { return within(0, mostRate, l.Own, l.Rest) }

func (b burst) sane() bool {
	return within(-mostSum, mostSum, float64(b.Short), float64(b.Long), float64(b.Nats), float64(b.Top))
}

// sane asks for minutes as well, by which sums are divided.
func (u *run) sane() bool {
	return within(0, mostSum/4, u.Sum, u.Got, u.Due) && within(-mostSum/4, mostSum/4, u.Total, u.Window, u.Most) && u.Burst.sane() &&
		u.Minutes >= 0 && u.Minutes <= longestRun && (u.Minutes > 0 || u.Sum == 0)
}

func (l lesson) sane() bool {
	most := mostRate * float64(max(1, l.Minutes))
	return l.Minutes >= 0 && l.Minutes <= mostWaits && within(0, min(most, mostSum/4), l.Own, l.Rest) && within(0, mostSum/4, l.Far, l.Came, l.Due)
}

func (h *hours) sane() bool {
	for _, mean := range h.Mean {
		if !within(0, mostRate, float64(mean)) {
			return false
		}
	}
	return h.Now >= 0 && h.N >= 0 && within(0, mostSum, float64(h.Sum))
}
