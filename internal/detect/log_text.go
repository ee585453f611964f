package detect

import (
	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
)

// LogTemplate returns the text of a template of a log group, redacted, and
// whether it is known. The rules of log anomalies name templates by their ids.
func (d *Detector) LogTemplate(series string, id template.ID) (redact.Text, bool) {
	l, ok := d.state.Logs[boundedKey(series)]
	if !ok {
		return redact.Text{}, false
	}
	return l.Group.Text(id)
}
