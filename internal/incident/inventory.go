package incident

import (
	"maps"
	"slices"
	"strings"
)

// Unassigned is the service of signals that no service file claims.
const Unassigned = "unassigned"

// Inventory answers whose signal something is. Build it with NewInventory.
type Inventory struct {
	services  map[string]Service
	logGroups map[string]string
	resources map[string]string
	metrics   map[string]string        // source key -> service
	watched   map[string]WatchedMetric // source key -> how that service describes it
	alarms    map[string]string        // exact names
	prefixes  []alarmPrefix            // names that end in *, longest first
}

type alarmPrefix struct{ prefix, service string }

// NewInventory indexes service files. When two services claim the same source,
// the one whose name sorts first has it.
func NewInventory(services []Service) *Inventory {
	inv := &Inventory{
		services:  map[string]Service{},
		logGroups: map[string]string{},
		resources: map[string]string{},
		metrics:   map[string]string{},
		watched:   map[string]WatchedMetric{},
		alarms:    map[string]string{},
	}
	claim := func(m map[string]string, key, service string) {
		if _, taken := m[key]; !taken {
			m[key] = service
		}
	}
	sorted := slices.SortedFunc(slices.Values(services), func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range sorted {
		inv.services[s.Name] = s
		for _, g := range s.LogGroups {
			claim(inv.logGroups, g, s.Name)
		}
		for _, r := range s.Resources {
			claim(inv.resources, r, s.Name)
		}
		for _, m := range s.Metrics {
			key := m.SourceKey()
			if _, taken := inv.watched[key]; !taken {
				inv.watched[key] = m
			}
			claim(inv.metrics, key, s.Name)
		}
		for _, a := range s.Alarms {
			if prefix, ok := strings.CutSuffix(a, "*"); ok {
				inv.prefixes = append(inv.prefixes, alarmPrefix{prefix, s.Name})
				continue
			}
			claim(inv.alarms, a, s.Name)
		}
	}
	slices.SortStableFunc(inv.prefixes, func(a, b alarmPrefix) int { return len(b.prefix) - len(a.prefix) })
	return inv
}

// Service returns a service's entry and whether there is one.
func (inv *Inventory) Service(name string) (Service, bool) {
	s, ok := inv.services[name]
	return s, ok
}

// Services returns every entry, sorted by name.
func (inv *Inventory) Services() []Service {
	return slices.SortedFunc(maps.Values(inv.services), func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
}

// ByLogGroup returns the service that owns a log group, or Unassigned.
func (inv *Inventory) ByLogGroup(group string) string { return owner(inv.logGroups, group) }

// ByResource returns the service that owns an ARN or a resource id, or Unassigned.
func (inv *Inventory) ByResource(resource string) string { return owner(inv.resources, resource) }

// ByMetric returns the service that owns a series, or Unassigned. Statistic and
// period do not matter.
func (inv *Inventory) ByMetric(m MetricRef) string { return owner(inv.metrics, m.SourceKey()) }

// ByAlarm returns the service that owns an alarm, or Unassigned.
func (inv *Inventory) ByAlarm(name string) string {
	if s, ok := inv.alarms[name]; ok {
		return s
	}
	for _, p := range inv.prefixes {
		if strings.HasPrefix(name, p.prefix) {
			return p.service
		}
	}
	return Unassigned
}

// Watched returns how a service file describes a series, whatever its
// statistic and period, and whether one does.
func (inv *Inventory) Watched(m MetricRef) (WatchedMetric, bool) {
	return inv.WatchedKey(m.SourceKey())
}

// WatchedKey is Watched for the series of a source key.
func (inv *Inventory) WatchedKey(source string) (WatchedMetric, bool) {
	w, ok := inv.watched[source]
	return w, ok
}

func owner(m map[string]string, key string) string {
	if s, ok := m[key]; ok {
		return s
	}
	return Unassigned
}

// SourceKey names the series that CloudWatch stores, whichever statistic is
// read of it: namespace/name{dimension=value,...}, dimensions sorted.
func (m MetricRef) SourceKey() string {
	var b strings.Builder
	b.WriteString(m.Namespace + "/" + m.Name + "{")
	for i, k := range slices.Sorted(maps.Keys(m.Dimensions)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(k + "=" + m.Dimensions[k])
	}
	b.WriteByte('}')
	return b.String()
}
