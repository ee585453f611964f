package workflows

import (
	"slices"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Of the series of an anomaly, those that are told one by one.
const (
	namedSeries  = 6 // by their names
	brokenSeries = 3 // by what was seen in them
)

// seriesOf names the series in which an anomaly shows, each name once: a metric
// of every shop has one name and as many series as there are shops.
func seriesOf(a incident.Anomaly) redact.Text {
	var names []redact.Text
	var counts []int
	more := a.MoreWitnesses
	for _, w := range a.Sightings() {
		name := w.Name()
		i := slices.Index(names, name)
		switch {
		case i >= 0:
			counts[i]++
		case len(names) == namedSeries:
			more++
		default:
			names, counts = append(names, name), append(counts, 1)
		}
	}
	for i, n := range counts {
		if n > 1 {
			names[i] = redact.Format("%s (%d)", names[i], n)
		}
	}
	if more > 0 {
		names = append(names, redact.Format("%d more", more))
	}
	return redact.Join(names, ", ")
}

// broken says what was seen in the first few of the series that an anomaly did
// not show in before; it is empty when none of them is listed.
func broken(before, now incident.Anomaly) redact.Text {
	known := before.Sightings()
	var words []redact.Text
	for _, w := range now.Witnesses {
		if len(words) < brokenSeries && !slices.ContainsFunc(known, w.Same) {
			words = append(words, w.Words())
		}
	}
	return redact.Join(words, ", ")
}
