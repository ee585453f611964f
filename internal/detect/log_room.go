package detect

// Templates of all log groups together are bounded, besides what bounds each.
// When there are too many, those groups that have more than an equal share lose
// what is above it, their least interesting first.

// boundTemplates keeps the bound.
func (d *Detector) boundTemplates() {
	if d.held <= d.most {
		return
	}
	share := max(leastTemplates, (d.most-d.most/evictShare)/max(len(d.state.Logs), 1))
	for _, l := range d.state.Logs {
		if n := l.Group.Templates(); n > share {
			d.stats.TemplatesEvicted += l.Group.Shrink(share)
		}
	}
	d.countTemplates()
}

// countTemplates counts anew how many there are.
func (d *Detector) countTemplates() {
	d.held = 0
	for _, l := range d.state.Logs {
		l.held = l.Group.Templates()
		d.held += l.held
	}
}

// leastTemplates is what a group may always have.
const leastTemplates = 50
