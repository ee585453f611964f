package detect

import (
	"maps"

	"firebreak/internal/incident"
)

// guardNames takes secrets and personal data out of what an anomaly names things
// by. Whoever may write an alarm, a log group or an event chooses their names, and
// they travel further as plain strings, because queries need them as they are. What
// a service file names was chosen by its owners and stays.
func (d *Detector) guardNames(a *incident.Anomaly) {
	switch a.Kind {
	case incident.KindLog:
		if d.inv.ByLogGroup(a.LogGroup) == incident.Unassigned {
			a.Series, a.LogGroup = d.redactor.Redact(a.Series), d.redactor.Redact(a.LogGroup)
		}
	case incident.KindAlarm, incident.KindEvent:
		a.Series, a.Alarm = d.redactor.Redact(a.Series), d.redactor.Redact(a.Alarm)
	}
	if a.Metric == nil {
		return
	}
	if _, ours := d.inv.Watched(*a.Metric); ours {
		return
	}
	m := *a.Metric
	m.Namespace, m.Name, m.Dimensions = d.redactor.Redact(m.Namespace), d.redactor.Redact(m.Name), maps.Clone(m.Dimensions)
	for name, value := range m.Dimensions {
		// Both together, as the name can say that the value is a secret.
		if pair := name + "=" + value; d.redactor.Redact(pair) != pair {
			delete(m.Dimensions, name)
			m.Dimensions[d.redactor.Redact(name)] = "[redacted:withheld]"
		}
	}
	a.Metric = &m
}
