package detect

// Templates of all log groups together are bounded, besides what bounds each.
// When there are too many, those groups that have more than an equal share lose
// what is above it, their least interesting first. What every group may have is
// never taken, so that with very many groups the bound is that of all of them.

// boundTemplates keeps the bound.
func (d *Detector) boundTemplates() {
	if d.held <= max(d.most, leastTemplates*len(d.state.Logs)) {
		return
	}
	share := max(leastTemplates, (d.most-d.most/evictShare)/max(len(d.state.Logs), 1))
	for _, l := range d.state.Logs {
		if n := l.Group.Templates(); n > share {
			l.Group.Shrink(share)
		}
	}
	d.countTemplates()
}

// countTemplates counts anew how many there are.
func (d *Detector) countTemplates() {
	d.held = 0
	for _, l := range d.state.Logs {
		l.held = 0
		d.recount(l)
	}
}

// recount brings up to date what a group adds to the templates that there are, and
// to those that went.
func (d *Detector) recount(l *logState) {
	held, lost := l.Group.Templates(), l.Group.Evicted()
	d.held += held - l.held
	d.stats.TemplatesEvicted += lost - l.lost
	l.held, l.lost = held, lost
}

// leastTemplates is what a group may always have.
const leastTemplates = 50
