package githost

import (
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// packPlan is what the answer to a fetch consists of.
type packPlan struct {
	common             []plumbing.Hash // what the client has and the host too
	shallow, unshallow []plumbing.Hash // where the client's history ends, and where it no longer does
	objects            []plumbing.Hash
}

// plan finds the objects that a client needs. The caller holds the lock.
func (h *Host) plan(n *negotiation) (*packPlan, error) {
	p := &packPlan{}
	reachable, err := h.everything()
	if err != nil {
		return nil, err
	}
	for _, want := range n.Wants {
		if !reachable[want] {
			return nil, fmt.Errorf("not our ref %s", want)
		}
	}
	for _, have := range n.haves {
		if reachable[have] {
			p.common = append(p.common, have)
		}
	}
	cut := map[plumbing.Hash]bool{} // commits whose parents the client lacks
	for _, hash := range n.Shallows {
		cut[hash] = true
	}
	theirs := &walk{host: h, cut: cut, seen: map[plumbing.Hash]bool{}}
	for _, have := range p.common {
		if err := theirs.from(have); err != nil {
			return nil, err
		}
	}
	wanted := &walk{host: h, cut: cut, seen: map[plumbing.Hash]bool{}}
	if depth := n.depth(); depth > 0 {
		if wanted.cut, err = h.ends(n.Wants, depth); err != nil {
			return nil, err
		}
		for hash := range wanted.cut {
			if !cut[hash] {
				p.shallow = append(p.shallow, hash)
			}
		}
	}
	for _, want := range n.Wants {
		if err := wanted.from(want); err != nil {
			return nil, err
		}
	}
	for _, hash := range n.Shallows {
		if n.depth() > 0 && wanted.seen[hash] && !wanted.cut[hash] {
			p.unshallow = append(p.unshallow, hash)
		}
	}
	for hash := range wanted.seen {
		if !theirs.seen[hash] {
			p.objects = append(p.objects, hash)
		}
	}
	for _, list := range [][]plumbing.Hash{p.shallow, p.unshallow, p.objects} {
		plumbing.HashesSort(list)
	}
	return p, nil
}

// everything is what the references lead to.
func (h *Host) everything() (map[plumbing.Hash]bool, error) {
	refs, err := h.store.IterReferences()
	if err != nil {
		return nil, fmt.Errorf("list the references: %w", err)
	}
	all := &walk{host: h, seen: map[plumbing.Hash]bool{}}
	err = refs.ForEach(func(r *plumbing.Reference) error {
		if r.Type() != plumbing.HashReference {
			return nil
		}
		return all.from(r.Hash())
	})
	return all.seen, err
}

// ends are the commits at which histories of so many commits end, as far as
// they have parents.
func (h *Host) ends(wants []plumbing.Hash, depth int) (map[plumbing.Hash]bool, error) {
	best := map[plumbing.Hash]int{} // how many commits may still follow
	next := slices.Clone(wants)
	for left := depth; left > 0 && len(next) > 0; left-- {
		var parents []plumbing.Hash
		for _, hash := range next {
			if _, known := best[hash]; known {
				continue // reached on a shorter way
			}
			c, err := h.commit(hash)
			if err != nil {
				return nil, err
			}
			if c == nil {
				continue
			}
			best[c.Hash] = left
			parents = append(parents, c.ParentHashes...)
		}
		next = parents
	}
	ends := map[plumbing.Hash]bool{}
	for hash, left := range best {
		if left > 1 {
			continue
		}
		c, err := h.commit(hash)
		if err != nil {
			return nil, err
		}
		if len(c.ParentHashes) > 0 {
			ends[hash] = true
		}
	}
	return ends, nil
}

// commit is the commit of a hash, or of the tag that the hash names; nil for
// anything else.
func (h *Host) commit(hash plumbing.Hash) (*object.Commit, error) {
	o, err := object.GetObject(h.store, hash)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", hash, err)
	}
	switch o := o.(type) {
	case *object.Commit:
		return o, nil
	case *object.Tag:
		return h.commit(o.Target)
	default:
		return nil, nil // What is no commit has no history.
	}
}

// walk collects what objects lead to. It does not go past commits that are cut.
type walk struct {
	host *Host
	cut  map[plumbing.Hash]bool
	seen map[plumbing.Hash]bool
}

func (w *walk) from(root plumbing.Hash) error {
	for next := []plumbing.Hash{root}; len(next) > 0; {
		hash := next[len(next)-1]
		next = next[:len(next)-1]
		if w.seen[hash] {
			continue
		}
		o, err := object.GetObject(w.host.store, hash)
		if err != nil {
			return fmt.Errorf("read object %s: %w", hash, err)
		}
		w.seen[hash] = true
		switch o := o.(type) {
		case *object.Commit:
			next = append(next, o.TreeHash)
			if !w.cut[hash] {
				next = append(next, o.ParentHashes...)
			}
		case *object.Tag:
			next = append(next, o.Target)
		case *object.Tree:
			for _, e := range o.Entries {
				if e.Mode != filemode.Submodule { // That is a commit of another repository.
					next = append(next, e.Hash)
				}
			}
		}
	}
	return nil
}
