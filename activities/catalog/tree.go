package catalog

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/helper/iofs"
	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-billy/v5/util"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"firebreak/internal/runbook"
)

// Limits of a catalogue's tree.
const (
	maxFiles = 2000
	maxBytes = 8 << 20   // of all files
	maxFile  = 512 << 10 // of one
	maxDepth = 6         // folders below one another
)

// checkout copies a commit's tree below root into memory. Whatever is neither
// a folder nor a plain file is refused, so that nothing in a catalogue can
// point out of it. What is wrong is a runbook.Problem.
func checkout(c *object.Commit, root string) (fs.FS, error) {
	tree, err := c.Tree()
	if err != nil {
		return nil, fmt.Errorf("read the tree of %s: %w", c.Hash, err)
	}
	if root != "" {
		if tree, err = tree.Tree(root); err != nil {
			return nil, runbook.Problem{File: root, Message: "the commit has no such folder; check catalog.path"}
		}
	}
	w := &writer{files: memfs.New()}
	if err := w.folder(tree, "", 0); err != nil {
		return nil, err
	}
	return iofs.New(w.files), nil
}

type writer struct {
	files billy.Filesystem
	count int
	bytes int64
}

func (w *writer) folder(tree *object.Tree, at string, depth int) error {
	if depth > maxDepth {
		return runbook.Problem{File: at, Message: fmt.Sprintf("folders stand more than %d deep", maxDepth)}
	}
	for _, e := range tree.Entries {
		name := path.Join(at, e.Name)
		if e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\\\x00") || !fs.ValidPath(name) {
			return runbook.Problem{File: at, Message: fmt.Sprintf("%q is not a file's name", e.Name)}
		}
		if at == "" && !wanted(e.Name) {
			continue
		}
		switch e.Mode {
		case filemode.Dir:
			below, err := tree.Tree(e.Name)
			if err != nil {
				return fmt.Errorf("read folder %s: %w", name, err)
			}
			if err := w.folder(below, name, depth+1); err != nil {
				return err
			}
		case filemode.Regular, filemode.Executable, filemode.Deprecated:
			if err := w.file(tree, &e, name); err != nil {
				return err
			}
		default:
			return runbook.Problem{File: name, Message: "symbolic links and submodules are not allowed in a catalogue"}
		}
	}
	return nil
}

// wanted tells which entries at the root are the catalogue's; a repository may
// hold others.
func wanted(name string) bool {
	return name == "services" || name == "runbooks" || name == "policy.yaml"
}

func (w *writer) file(tree *object.Tree, e *object.TreeEntry, name string) error {
	f, err := tree.TreeEntryFile(e)
	if err != nil {
		return fmt.Errorf("read file %s: %w", name, err)
	}
	w.count++
	w.bytes += f.Size
	switch {
	case f.Size > maxFile:
		return runbook.Problem{File: name, Message: fmt.Sprintf("%d bytes are too many; at most %d are allowed", f.Size, maxFile)}
	case w.count > maxFiles || w.bytes > maxBytes:
		return runbook.Problem{File: name, Message: fmt.Sprintf("the catalogue holds more than %d files or %d bytes", maxFiles, maxBytes)}
	}
	r, err := f.Reader()
	if err != nil {
		return fmt.Errorf("read file %s: %w", name, err)
	}
	defer func() { _ = r.Close() }() // from memory
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read file %s: %w", name, err)
	}
	if err := util.WriteFile(w.files, name, data, 0o600); err != nil {
		return fmt.Errorf("keep file %s: %w", name, err)
	}
	return nil
}
