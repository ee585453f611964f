package telemetry

import (
	"strings"

	"firebreak/internal/incident"
)

// Assign sets the signal's service: whose log group, metric, alarm or resource
// it is by the inventory, or incident.Unassigned. What a payload claims about
// its own service counts only when the inventory knows a service of that name.
func Assign(inv *incident.Inventory, s *Signal) {
	s.Service = owner(inv, s)
}

func owner(inv *incident.Inventory, s *Signal) string {
	switch s.Kind {
	case KindMetric:
		return inv.ByMetric(s.Metric.Ref("", 0))
	case KindLog:
		return inv.ByLogGroup(s.Log.Group)
	case KindAlarm:
		if service := inv.ByAlarm(s.Alarm.Name); service != incident.Unassigned {
			return service
		}
		if s.Alarm.Metric != nil {
			return inv.ByMetric(*s.Alarm.Metric)
		}
	case KindEvent:
		for _, r := range s.Event.Resources {
			if service := byResource(inv, r); service != incident.Unassigned {
				return service
			}
		}
		for _, n := range s.Event.Names {
			if service := inv.ByResource(n); service != incident.Unassigned {
				return service
			}
		}
		if _, known := inv.Service(s.Event.Service); known {
			return s.Event.Service
		}
	}
	return incident.Unassigned
}

// byResource looks for the ARN itself and for the id at its end, because a
// service file may name either.
func byResource(inv *incident.Inventory, arn string) string {
	if service := inv.ByResource(arn); service != incident.Unassigned {
		return service
	}
	if i := strings.LastIndexAny(arn, "/:"); i >= 0 {
		return inv.ByResource(arn[i+1:])
	}
	return incident.Unassigned
}
