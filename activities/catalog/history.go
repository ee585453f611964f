package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/runbook"
)

// refresh asks for the newest commit and reads it, or else an older one.
func (s *Store) refresh(ctx context.Context) (*runbook.Catalog, error, error) {
	r, err := s.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer r.close()
	head, err := r.head(s.options.Branch)
	if err != nil {
		return nil, nil, err
	}
	cat, problem, ok := s.known.get(head.String())
	if !ok {
		if cat, problem, err = s.fetch(ctx, r, head); err != nil {
			return nil, nil, err
		}
		s.options.Log.Info("read the catalogue", "commit", head.String(), "broken", problem != nil)
	}
	if problem == nil {
		return cat, nil, nil
	}
	problem = fmt.Errorf("the newest commit %s is broken: %w", head, redact.Error(rules.Default(), problem, maxTold))
	if good := s.known.latest.cat; good != nil {
		return good, problem, nil
	}
	if cat, err = s.lastGood(ctx, r, head); err != nil {
		return nil, nil, err
	}
	if cat == nil {
		return nil, nil, final(incident.ErrorValidation, problem, "none of the last %d commits is a valid catalogue", walkBack)
	}
	return cat, problem, nil
}

// lastGood walks back from a broken commit to the first good one, nil for none.
func (s *Store) lastGood(ctx context.Context, r *remote, head plumbing.Hash) (*runbook.Catalog, error) {
	objects, err := r.objects(ctx, head, walkBack)
	if err != nil {
		return nil, err
	}
	hash := head
	for range walkBack {
		c, err := object.GetCommit(objects, hash)
		if err != nil {
			return nil, nil //nolint:nilerr // the history ends, or was cut off, here
		}
		cat, problem, err := s.load(objects, hash)
		if err != nil {
			return nil, err
		}
		if problem == nil {
			return cat, nil
		}
		if len(c.ParentHashes) == 0 {
			return nil, nil
		}
		hash = c.ParentHashes[0]
	}
	return nil, nil
}

// fetch gets a commit and reads the catalogue in it.
func (s *Store) fetch(ctx context.Context, r *remote, commit plumbing.Hash) (*runbook.Catalog, error, error) {
	want, depth := commit, 1
	head, err := r.head(s.options.Branch)
	if err != nil {
		return nil, nil, err
	}
	if commit != head && !r.serves() {
		want, depth = head, 0 // somewhere in the branch's history
	}
	objects, err := r.objects(ctx, want, depth)
	if err != nil {
		return nil, nil, err
	}
	return s.load(objects, commit)
}

// load reads the catalogue of a commit and remembers it, problem or not.
func (s *Store) load(objects storer.EncodedObjectStorer, commit plumbing.Hash) (*runbook.Catalog, error, error) {
	c, err := object.GetCommit(objects, commit)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, nil, final(incident.ErrorNotFound, err, "commit %s is not in the history of branch %s", commit, s.options.Branch)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read commit %s: %w", commit, err)
	}
	cat, problem, err := read(c, s.options.Path)
	if err != nil {
		return nil, nil, err
	}
	s.known.put(commit.String(), cat, problem)
	return cat, problem, nil
}

func read(c *object.Commit, root string) (*runbook.Catalog, error, error) {
	files, err := checkout(c, root)
	if problem := new(runbook.Problem); errors.As(err, problem) {
		return nil, *problem, nil
	}
	if err != nil {
		return nil, nil, err
	}
	cat, problem := runbook.Load(files)
	if problem != nil {
		return nil, problem, nil
	}
	cat.Commit = c.Hash.String()
	return cat, nil, nil
}
