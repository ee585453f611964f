package evidence

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// recovered tells whether a run of good datapoints says that the trouble is
// gone, and if not, what it lacks: datapoints, the time that a signal has to be
// good which comes and goes, or room below a limit that it is climbing towards.
func recovered(run []judged, v incident.VerifySpec, period time.Duration) (ok bool, lacks redact.Text) {
	if len(run) < v.Samples {
		return false, redact.Text{}
	}
	if lasted := run[len(run)-1].at.Sub(run[0].at) + period; lasted < v.Quiet.Std() {
		return false, redact.Format(" They have been good for %.0f s; it comes and goes, so that %.0f s are needed.", lasted.Seconds(), float64(v.Quiet))
	}
	if v.Limit <= 0 || v.Headroom <= 0 {
		return true, redact.Text{}
	}
	left, climbs := untilLimit(run, v.Limit)
	switch {
	case !climbs:
		return true, redact.Format(" It is not on the way to its limit of %.6g.", v.Limit)
	case left >= v.Headroom.Std():
		return true, redact.Format(" By its trend it would reach its limit of %.6g in %s, which is far enough.", v.Limit, redact.Name(left.Round(time.Second).String()))
	default:
		return false, redact.Format(" By its trend it reaches its limit of %.6g in %s; %s are needed.", v.Limit, redact.Name(left.Round(time.Second).String()),
			redact.Name(v.Headroom.Std().String()))
	}
}

// longestLead bounds a time that a flat slope makes enormous.
const longestLead = 1000 * time.Hour

// untilLimit is how long it takes the trend of datapoints to reach a limit, and
// whether it goes there at all.
func untilLimit(run []judged, limit float64) (time.Duration, bool) {
	points := make([]point, len(run))
	for i, p := range run {
		points[i] = p.point
	}
	perMinute := slope(points)
	latest := median(valuesOf(points[len(points)-min(len(points), 5):]))
	if perMinute <= 0 {
		return 0, false
	}
	minutes := max(0, limit-latest) / perMinute
	if minutes > longestLead.Minutes() {
		return longestLead, true
	}
	return time.Duration(minutes * float64(time.Minute)), true
}
