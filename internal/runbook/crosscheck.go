package runbook

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// checkServices checks what one service file says of others.
func (l *loader) checkServices(c *Catalog, at map[string]value) {
	owners := map[string]string{}
	claim := func(v value, kind, source, service string) {
		if source == "" {
			return
		}
		key := kind + "\x00" + source
		if first, taken := owners[key]; taken {
			v.problem("%s %s already belongs to service %s", kind, source, first)
			return
		}
		owners[key] = service
	}
	for _, name := range sortedKeys(c.Services) {
		s := c.Services[name]
		f := map[string]value{}
		for _, e := range at[name].entriesQuietly() {
			f[e.key] = e.value
		}
		for _, d := range f["depends_on"].listQuietly() {
			if d.node.Value == name {
				d.problem("a service cannot depend on itself")
			} else if _, ok := c.Services[d.node.Value]; !ok {
				d.problem("there is no service called %q", d.node.Value)
			}
		}
		for _, g := range f["log_groups"].listQuietly() {
			claim(g, "log group", g.node.Value, name)
		}
		for _, r := range f["resources"].listQuietly() {
			claim(r, "resource", r.node.Value, name)
		}
		for _, a := range f["alarms"].listQuietly() {
			claim(a, "alarm", a.node.Value, name)
		}
		for _, n := range f["xray"].listQuietly() {
			claim(n, "X-Ray name", n.node.Value, name)
		}
		for i, m := range f["metrics"].listQuietly() {
			if i < len(s.Metrics) && s.Metrics[i].Name != "" {
				claim(m, "metric", s.Metrics[i].SourceKey(), name)
			}
		}
	}
}

// checkRunbooks checks what a runbook says of its document, of services and of
// other runbooks.
func (l *loader) checkRunbooks(c *Catalog) {
	for _, name := range sortedKeys(c.Runbooks) {
		r := c.Runbooks[name]
		if r.fields == nil {
			continue
		}
		if r.Document.Parameters != nil {
			r.checkParameters()
		}
		r.checkServices(c)
		r.checkUndo(c)
		for _, k := range r.Cases {
			k.check(r, c.Services)
		}
		r.checkCovered(l)
	}
}

// checkParameters compares the parameters of the runbook with those of its document.
func (r Runbook) checkParameters() {
	for _, e := range r.fields["parameters"].entriesQuietly() {
		p, ok := r.Document.Parameters[e.key]
		source := r.Parameters[e.key]
		switch {
		case !ok:
			e.value.problem("automation.yaml declares no parameter called %q", e.key)
		case source.From == "" && source.Constant != "" && !p.List:
			if err := p.Check(source.Constant); err != nil {
				e.value.problem("%s", err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Document.Parameters)) {
		if _, given := r.Parameters[name]; !given && !r.Document.Parameters[name].Optional {
			v := r.fields["parameters"]
			v.report.add(v.file, v.line(), v.child(name, nil).field, "automation.yaml declares the parameter without a default, so it needs a source here")
		}
	}
	for _, t := range r.fields["targets"].listQuietly() {
		if _, ok := r.Parameters[t.node.Value]; !ok {
			t.problem("%q is not one of the runbook's parameters", t.node.Value)
		}
	}
}

// checkServices resolves the runbook for every service that it is written for.
func (r Runbook) checkServices(c *Catalog) {
	for _, v := range r.services {
		s, ok := c.Services[v.node.Value]
		if !ok {
			v.problem("there is no service called %q", v.node.Value)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
			_, declared := r.Document.Parameters[name]
			if source := r.Parameters[name]; !declared || source == (ParameterSource{}) {
				continue // reported already
			}
			if _, err := r.resolveOne(name, s); err != nil {
				r.fields["parameters"].child(name, nodeAt(r.fields["parameters"], name)).problem("for service %s: %s", s.Name, err)
			}
		}
		for i, at := range r.fields["verify"].listQuietly() {
			if rule := r.Verify[i]; rule.Role == "" && rule.Name == "" {
				continue // reported already
			} else if _, err := rule.Resolve(s); err != nil {
				at.problem("%s", err)
			}
		}
	}
}

// checkUndo makes sure that what takes a runbook back can do so wherever the
// runbook may have run.
func (r Runbook) checkUndo(c *Catalog) {
	v := r.fields["undo"]
	if r.Undo == "" {
		return
	}
	at := v.child("runbook", nodeAt(v, "runbook"))
	undo, ok := c.Runbooks[r.Undo]
	switch {
	case r.Undo == r.Name:
		at.problem("a runbook cannot take itself back; if running it again is enough, say so under none")
	case !ok:
		at.problem("there is no runbook called %q", r.Undo)
	default:
		for _, s := range r.Services {
			if !slices.Contains(undo.Services, s) {
				at.problem("runbook %s is not for service %s, so it could not take this one back there", r.Undo, s)
			}
		}
	}
}

// checkCovered wants a case for every service.
func (r Runbook) checkCovered(l *loader) {
	if len(r.Cases) == 0 {
		return // reported where the file was read
	}
	for _, s := range r.Services {
		if !slices.ContainsFunc(r.Cases, func(k Case) bool { return k.Service == s }) {
			l.report.add("runbooks/"+r.Name+"/test.yaml", 0, "cases", "there is no case for service %s", s)
		}
	}
}

// entriesQuietly lists a mapping that has been read once already, without
// reporting its problems a second time.
func (v value) entriesQuietly() []entry {
	quiet := v
	quiet.report = &report{}
	out := quiet.entries()
	for i := range out {
		out[i].value.report = v.report
	}
	return out
}

// listQuietly does the same for a list.
func (v value) listQuietly() []value {
	quiet := v
	quiet.report = &report{}
	out := quiet.list()
	for i := range out {
		out[i].report = v.report
	}
	return out
}

// nodeAt finds the node of a field, or else that of the mapping, so that a
// problem always has a line.
func nodeAt(v value, key string) *yaml.Node {
	for _, e := range v.entriesQuietly() {
		if e.key == key {
			return e.value.node
		}
	}
	return v.node
}
