package catalog

import (
	"context"
	"errors"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/runbook"
)

// Source is where catalogues come from: a Store or a Folder.
type Source interface {
	// At returns the catalogue at a commit.
	At(ctx context.Context, commit string) (*runbook.Catalog, error)
	// Latest returns the newest usable catalogue, and why the newest of all
	// could not be used when that is another one.
	Latest(ctx context.Context) (cat *runbook.Catalog, problem, err error)
}

// Options of the activities.
type Options struct {
	Source Source
}

// Activities are the activities of this package.
type Activities struct{ source Source }

// New makes the activities.
func New(o Options) (*Activities, error) {
	if o.Source == nil {
		return nil, errors.New("catalogue activities: no source given")
	}
	return &Activities{source: o.Source}, nil
}

// Limits on what is told of what is wrong with a catalogue, in bytes: in a
// payload, and within the process. It can have hundreds of problems; the linter
// tells all.
const (
	maxProblem = 2000
	maxTold    = 16 << 10
)

// PinCatalog fixes the commit that an incident uses, and tells what the
// catalogue says of the incident's service there. Errors of kind Permission,
// NotFound and Validation are not worth a retry; all others are.
func (a *Activities) PinCatalog(ctx context.Context, in incident.PinCatalogInput) (incident.PinCatalogResult, error) {
	cat, problem, err := a.source.Latest(ctx)
	if err != nil {
		return incident.PinCatalogResult{}, classify(err, "pin the catalogue")
	}
	service, known := cat.Services[in.Service]
	if !known {
		service = incident.Service{Name: in.Service}
	}
	res := incident.PinCatalogResult{Commit: cat.Commit, Service: service, Known: known, Runbooks: told(cat.Options(in.Service))}
	if problem != nil {
		res.Problem = clean(problem).Error()
	}
	return res, nil
}

// told are runbooks as the diagnosis is told of them: people write the texts of a
// catalogue, and sometimes a password into them.
func told(all []incident.RunbookOption) []incident.RunbookOption {
	say := func(text string) string { return redact.Clean(rules.Default(), text).String() }
	for i, o := range all {
		all[i].Summary, all[i].Impact = say(o.Summary), say(o.Impact)
		all[i].Fixes = make([]string, len(o.Fixes))
		for j, fix := range o.Fixes {
			all[i].Fixes[j] = say(fix)
		}
	}
	return all
}
