package detect

import (
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// Limits on the changes that are remembered and attached.
const (
	changeReach   = 15 * time.Minute // before the onset
	maxRemembered = 256
	maxAttached   = 5
)

// remember keeps a change event for the anomalies to come. The event id makes
// a repeated delivery harmless.
func (d *Detector) remember(s telemetry.Signal) {
	// Whoever puts an event on the bus chooses its detail type.
	kind := redact.Clean(d.redactor, s.Event.Source+"/"+s.Event.DetailType)
	c := change{ID: s.Key, Change: incident.Change{
		At: s.Time, Service: s.Service, Kind: redact.Name(kind.String()).String(),
		Text: redact.Clean(d.redactor, s.Event.Summary).Cut(300),
	}}
	d.state.Changes = insertChange(d.state.Changes, c)
	for key, l := range d.state.Logs {
		if l.source(key, d).service == s.Service {
			l.Group.Changed = max(l.Group.Changed, s.Time.UnixNano())
		}
	}
}

// insertChange keeps the list sorted by time and id, without repeats, and
// forgets the oldest beyond the limit.
func insertChange(list []change, c change) []change {
	i, found := slices.BinarySearchFunc(list, c, compareChanges)
	if found {
		return list
	}
	list = slices.Insert(list, i, c)
	if len(list) > maxRemembered {
		list = slices.Delete(list, 0, len(list)-maxRemembered)
	}
	return list
}

// changesBefore returns the latest changes of the anomaly's service and of what
// it depends on, from the quarter of an hour before it opened, or came again.
func (s *state) changesBefore(a incident.Anomaly) []incident.Change {
	onset := later(a.Opened, a.Again)
	var out []incident.Change
	for i := len(s.Changes) - 1; i >= 0 && len(out) < maxAttached; i-- {
		c := s.Changes[i]
		if c.At.After(onset) || c.At.Before(onset.Add(-changeReach)) {
			continue
		}
		if c.Service == a.Service || slices.Contains(a.DependsOn, c.Service) {
			out = append(out, c.Change)
		}
	}
	return out
}
