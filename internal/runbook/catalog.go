// Package runbook reads a catalogue: the services that there are, the runbooks
// that may be run for them, and the policy. A catalogue comes from a git
// repository that people review; everything in it is checked before any of it
// is used, and every problem is reported with its file, line and field.
package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"firebreak/internal/incident"
)

// Catalog is a whole, valid catalogue at one commit.
type Catalog struct {
	Commit   string // 40 hex digits; whoever loads it sets it
	Services map[string]incident.Service
	Runbooks map[string]Runbook
	Policy   PolicyFile
}

// Limits of a catalogue.
const (
	maxFile     = 256 << 10 // bytes of one YAML file
	maxServices = 500
	maxRunbooks = 200
	maxOptions  = 32 // PinCatalogResult.Runbooks
)

// Inventory indexes the services by what they own.
func (c *Catalog) Inventory() *incident.Inventory {
	return incident.NewInventory(slices.Collect(maps.Values(c.Services)))
}

// Options lists the runbooks that may be chosen for an incident of a service:
// those that the catalogue and its policy allow for the service itself, then
// for what it depends on, nearest first. At most 32.
func (c *Catalog) Options(service string) []incident.RunbookOption {
	var out []incident.RunbookOption
	for _, s := range c.closure(service) {
		for _, name := range sortedKeys(c.Runbooks) {
			r := c.Runbooks[name]
			if r.UndoOnly || !slices.Contains(r.Services, s) || !c.Policy.Allows(name, s) {
				continue
			}
			if len(out) == maxOptions {
				return out
			}
			out = append(out, incident.RunbookOption{Name: name, Service: s, Summary: r.Summary, Fixes: r.Fixes, Impact: r.Impact})
		}
	}
	return out
}

// Reaches tells whether an incident of one service may be answered at another:
// itself, or one that it depends on, directly or through others.
func (c *Catalog) Reaches(service, other string) bool {
	return slices.Contains(c.closure(service), other)
}

// closure is a service and everything that it depends on, nearest first.
func (c *Catalog) closure(service string) []string {
	if _, ok := c.Services[service]; !ok {
		return nil
	}
	reached := []string{service}
	for i := 0; i < len(reached); i++ {
		for _, d := range c.Services[reached[i]].DependsOn {
			if _, ok := c.Services[d]; ok && !slices.Contains(reached, d) {
				reached = append(reached, d)
			}
		}
	}
	return reached
}

// Load reads and checks a catalogue whose root holds services/<name>.yaml,
// runbooks/<name>/{runbook.yaml,automation.yaml,test.yaml} and policy.yaml. The
// error is Problems: all that is wrong, not the first. A file system that
// cannot be read is one too.
func Load(fsys fs.FS) (*Catalog, error) {
	l := &loader{fsys: fsys, report: &report{}}
	c := &Catalog{Services: map[string]incident.Service{}, Runbooks: map[string]Runbook{}}
	at := l.services(c)
	l.runbooks(c)
	if v := l.file("policy.yaml"); v.present() {
		c.Policy = readPolicy(v)
	}
	l.checkServices(c, at)
	l.checkRunbooks(c)
	c.Policy.check(c)
	if err := l.report.err(); err != nil {
		return nil, err
	}
	for name, r := range c.Runbooks { // the trees are not needed any more
		r.fields, r.services = nil, nil
		for i := range r.Cases {
			r.Cases[i].at = nil
		}
		c.Runbooks[name] = r
	}
	c.Policy.at = nil
	return c, nil
}

type loader struct {
	fsys   fs.FS
	report *report
}

// file reads one YAML file; what is wrong with it is reported and the value absent.
func (l *loader) file(name string) value {
	data, ok := l.bytes(name, maxFile)
	if !ok {
		return value{report: l.report, file: name}
	}
	return open(l.report, name, data)
}

func (l *loader) bytes(name string, limit int) ([]byte, bool) {
	info, err := fs.Stat(l.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.report.add(name, 0, "", "the file is missing")
		return nil, false
	case err != nil:
		l.report.add(name, 0, "", "cannot read the file: %s", err)
		return nil, false
	case !info.Mode().IsRegular():
		l.report.add(name, 0, "", "this is not a plain file")
		return nil, false
	case info.Size() > int64(limit):
		l.report.add(name, 0, "", "%d bytes are too many; at most %d are allowed", info.Size(), limit)
		return nil, false
	}
	data, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		l.report.add(name, 0, "", "cannot read the file: %s", err)
		return nil, false
	}
	return data, true
}

func (l *loader) folder(name string, limit int) []fs.DirEntry {
	entries, err := fs.ReadDir(l.fsys, name)
	if err != nil {
		l.report.add(name, 0, "", "cannot read the folder: %s", err)
		return nil
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".md")
	})
	if len(entries) > limit {
		l.report.add(name, 0, "", "%d entries are too many; at most %d are allowed", len(entries), limit)
		return nil
	}
	return entries
}

func (l *loader) services(c *Catalog) map[string]value {
	at := map[string]value{}
	for _, e := range l.folder("services", maxServices) {
		file := path.Join("services", e.Name())
		name, isYAML := strings.CutSuffix(e.Name(), ".yaml")
		if !isYAML || e.IsDir() {
			l.report.add(file, 0, "", "only <service>.yaml files belong here")
			continue
		}
		if v := l.file(file); v.present() {
			c.Services[name] = readService(v, name)
			at[name] = v
		}
	}
	return at
}

func (l *loader) runbooks(c *Catalog) {
	for _, e := range l.folder("runbooks", maxRunbooks) {
		name, dir := e.Name(), path.Join("runbooks", e.Name())
		if !e.IsDir() {
			l.report.add(dir, 0, "", "only folders of runbooks belong here")
			continue
		}
		if !validName(name) {
			l.report.add(dir, 0, "", "%q is not valid as a runbook's name; expected %s, not beginning with %s", name, whatRunbookName, strings.Join(reservedPrefix, ", "))
			continue
		}
		l.strangers(dir)
		v := l.file(path.Join(dir, "runbook.yaml"))
		r := readRunbook(v, name)
		if data, ok := l.bytes(path.Join(dir, "automation.yaml"), MaxDocument); ok {
			sum := sha256.Sum256(data)
			r.Automation, r.SHA256 = data, hex.EncodeToString(sum[:])
			r.Document = readDocument(open(l.report, path.Join(dir, "automation.yaml"), data))
		}
		if t := l.file(path.Join(dir, "test.yaml")); t.present() {
			r.Cases = readCases(t)
		}
		c.Runbooks[name] = r
	}
}

// strangers reports files that look as if they were meant to be read.
func (l *loader) strangers(dir string) {
	known := []string{"runbook.yaml", "automation.yaml", "test.yaml"}
	for _, e := range l.folder(dir, 100) {
		if !slices.Contains(known, e.Name()) {
			l.report.add(path.Join(dir, e.Name()), 0, "", "unknown file; a runbook is made of %s", strings.Join(known, ", "))
		}
	}
}
