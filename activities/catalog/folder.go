package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/runbook"
)

// Folder is a catalogue that is not in a repository: a folder on disk or the
// shipped one. Its commit is made of its contents, so that what was pinned can
// be told from what is there now.
type Folder struct {
	files fs.FS
	known *known
}

// NewFolder reads the catalogue from a file system.
func NewFolder(files fs.FS) *Folder { return &Folder{files: files, known: newKnown()} }

// OpenFolder reads the catalogue from a folder on disk. Symbolic links that
// lead out of it are not followed.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open catalogue %s: %w", dir, err)
	}
	return NewFolder(root.FS()), nil
}

// Latest reads the folder as it is now. A broken one is an error, unless a
// good one was read before, which then stands in, with the problem.
func (f *Folder) Latest(context.Context) (cat *runbook.Catalog, problem, err error) {
	cat, err = f.read()
	if err == nil {
		f.known.mu.Lock()
		f.known.latest.cat = cat
		f.known.mu.Unlock()
		return cat, nil, nil
	}
	f.known.mu.Lock()
	defer f.known.mu.Unlock()
	if f.known.latest.cat != nil {
		return f.known.latest.cat, redact.Error(rules.Default(), err, maxTold), nil
	}
	return nil, nil, final(incident.ErrorValidation, err, "the catalogue is broken")
}

// At returns the folder as it was when Latest or At saw it with these
// contents.
func (f *Folder) At(_ context.Context, commit string) (*runbook.Catalog, error) {
	if cat, _, ok := f.known.get(commit); ok {
		return cat, nil
	}
	cat, err := f.read()
	if err != nil {
		return nil, final(incident.ErrorValidation, err, "the catalogue is broken")
	}
	if cat.Commit != commit {
		return nil, final(incident.ErrorNotFound, nil, "the catalogue's folder has changed since %s and holds %s now", commit, cat.Commit)
	}
	return cat, nil
}

func (f *Folder) read() (*runbook.Catalog, error) {
	commit, err := fingerprint(f.files)
	if err != nil {
		return nil, err
	}
	if cat, _, ok := f.known.get(commit); ok {
		return cat, nil
	}
	cat, err := runbook.Load(f.files)
	if err != nil {
		return nil, err
	}
	cat.Commit = commit
	f.known.put(commit, cat, nil)
	return cat, nil
}

// fingerprint is the first 40 hex digits of the SHA-256 over the names and
// contents of the catalogue's files, so that it has the shape of a commit.
func fingerprint(files fs.FS) (string, error) {
	sum := sha256.New()
	for _, root := range []string{"policy.yaml", "runbooks", "services"} {
		err := fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if !strings.HasSuffix(name, ".yaml") {
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Size() > maxFile || !info.Mode().IsRegular() {
				return runbook.Problem{File: name, Message: "this is not a plain file of a size that a catalogue may have"}
			}
			data, err := fs.ReadFile(files, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%s\x00%d\x00", name, len(data))
			sum.Write(data)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // Load reports what is missing
			return "", fmt.Errorf("read the catalogue: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:40], nil
}
