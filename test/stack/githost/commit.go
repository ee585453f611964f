package githost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// File is an entry of a commit's tree with a mode of its own: a symbolic link
// holds its target, a submodule the 40 hex digits of a commit.
type File struct {
	Mode    filemode.FileMode
	Content []byte
}

// Commit makes a commit whose whole tree is files (path to content), puts it on
// the branch and returns its hash, 40 hex digits.
func (h *Host) Commit(files map[string][]byte, message string) (string, error) {
	entries := make(map[string]File, len(files))
	for name, content := range files {
		entries[name] = File{Mode: filemode.Regular, Content: content}
	}
	return h.CommitTree(entries, message)
}

// CommitTree does the same with modes.
func (h *Host) CommitTree(files map[string]File, message string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	tree, err := h.tree(files)
	if err != nil {
		return "", err
	}
	who := object.Signature{Name: "Firebreak", Email: "firebreak@example.com", When: h.options.Now().UTC()}
	commit := &object.Commit{Author: who, Committer: who, Message: message, TreeHash: tree}
	branch := plumbing.NewBranchReferenceName(Branch)
	if head, err := h.store.Reference(branch); err == nil {
		commit.ParentHashes = []plumbing.Hash{head.Hash()}
	}
	hash, err := h.store.SetEncodedObject(h.encode(commit))
	if err != nil {
		return "", fmt.Errorf("store commit %q: %w", message, err)
	}
	if err := h.store.SetReference(plumbing.NewHashReference(branch, hash)); err != nil {
		return "", fmt.Errorf("move branch %s: %w", Branch, err)
	}
	return hash.String(), nil
}

// Head is the hash of the branch's newest commit, empty before the first.
func (h *Host) Head() string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	ref, err := h.store.Reference(plumbing.NewBranchReferenceName(Branch))
	if err != nil {
		return ""
	}
	return ref.Hash().String()
}

func (h *Host) encode(o interface {
	Encode(plumbing.EncodedObject) error
},
) plumbing.EncodedObject {
	out := h.store.NewEncodedObject()
	_ = o.Encode(out) // writes to memory
	return out
}

// tree stores files and returns the hash of the folder that holds them.
func (h *Host) tree(files map[string]File) (plumbing.Hash, error) {
	var entries []object.TreeEntry
	folders := map[string]map[string]File{}
	for name, f := range files {
		if dir, rest, nested := strings.Cut(name, "/"); nested {
			if folders[dir] == nil {
				folders[dir] = map[string]File{}
			}
			folders[dir][rest] = f
			continue
		}
		hash, err := h.entry(f)
		if err != nil {
			return plumbing.ZeroHash, fmt.Errorf("store %s: %w", name, err)
		}
		entries = append(entries, object.TreeEntry{Name: name, Mode: f.Mode, Hash: hash})
	}
	for name, below := range folders {
		hash, err := h.tree(below)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		entries = append(entries, object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: hash})
	}
	slices.SortFunc(entries, func(a, b object.TreeEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	return h.store.SetEncodedObject(h.encode(&object.Tree{Entries: entries}))
}

// sortKey is git's order: a folder sorts as if its name ended in a slash.
func sortKey(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

func (h *Host) entry(f File) (plumbing.Hash, error) {
	if f.Mode == filemode.Submodule {
		return plumbing.NewHash(string(f.Content)), nil
	}
	o := h.store.NewEncodedObject()
	o.SetType(plumbing.BlobObject)
	w, err := o.Writer()
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("open a blob: %w", err)
	}
	if _, err := w.Write(f.Content); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("write a blob: %w", err)
	}
	if err := w.Close(); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("close a blob: %w", err)
	}
	return h.store.SetEncodedObject(o)
}
