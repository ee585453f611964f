package logs

import (
	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
)

// Text returns the text of a template of the group, redacted, and whether the
// group has it. An id of before the template grew more general is good as well.
func (g *Group) Text(id template.ID) (redact.Text, bool) {
	t, ok := g.miner.Find(id)
	if !ok {
		return redact.Text{}, false
	}
	return g.clean(t.Text()), true
}
