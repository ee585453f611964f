package main

// shade is an episode as it is drawn, in seconds since 1970.
type shade struct {
	from, to float64
	alert    float64
	what     string // for whoever points at it
}

// shades are the episodes within a stretch of time.
func (r seriesReport) shades(start, end float64) []shade {
	out := make([]shade, 0, len(r.Episodes))
	for _, e := range r.Episodes {
		out = append(out, e.shade(start, end))
	}
	return out
}

// shade is the episode within a stretch of time. What is open at the end reaches
// to the end.
func (e episodeReport) shade(start, end float64) shade {
	least := (end - start) / 400 // one that is too short to be seen is widened
	s := shade{from: seconds(e.Opened), to: end, alert: seconds(e.Alerted), what: e.line()}
	if e.Closed != nil {
		s.to = min(seconds(*e.Closed), end)
	}
	s.from = max(s.from, start)
	if s.to < s.from+least {
		s.to = min(s.from+least, end)
	}
	return s
}
