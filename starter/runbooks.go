package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"firebreak/internal/runbook"
	"firebreak/runbooks"
)

// newRunbooksCommand groups what can be done with a catalogue. None of it needs
// a configuration, Temporal or a particular working directory.
func newRunbooksCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "runbooks", Short: "Check a catalogue of services, runbooks and policy"}
	cmd.AddCommand(newLintCommand())
	return cmd
}

// shippedCatalogue is what a catalogue without a folder is called.
const shippedCatalogue = "(shipped)"

// linted is the JSON document of runbooks lint.
type linted struct {
	Catalogue string            `json:"catalogue"` // folder, or "(shipped)"
	OK        bool              `json:"ok"`
	Services  int               `json:"services"`
	Runbooks  int               `json:"runbooks"`
	Problems  []runbook.Problem `json:"problems"` // files are relative to the catalogue
}

func newLintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint [DIR]",
		Short: "Check every file of a catalogue and say where it is wrong",
		Long: "lint reads a catalogue as a worker would and prints one line a problem, file:line: field: message.\n\n" +
			"DIR is the folder that holds services/, runbooks/ and policy.yaml, or the repository that has it as\n" +
			"runbooks/. Without DIR it is ./runbooks where there is one, else the catalogue shipped with Firebreak.\n\n" +
			"It ends with 0 when there is nothing wrong, 1 when there is, 2 when there is no such folder.",
		Example: "  starter runbooks lint\n  starter runbooks lint ../catalogue --json | jq '.problems[].message'",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			return lint(cmd, dir)
		},
	}
}

func lint(cmd *cobra.Command, dir string) error {
	name, files, done, err := openCatalogue(dir)
	if err != nil {
		return err
	}
	defer done()
	result := linted{Catalogue: name, Problems: []runbook.Problem{}}
	catalog, err := runbook.Load(files)
	var problems runbook.Problems
	switch {
	case errors.As(err, &problems):
		result.Problems = problems
	case err != nil:
		return fmt.Errorf("read catalogue %s: %w", name, err)
	default:
		result.OK, result.Services, result.Runbooks = true, len(catalog.Services), len(catalog.Runbooks)
	}
	if err := printLint(cmd, result); err != nil {
		return err
	}
	if n := len(result.Problems); n > 0 {
		return fmt.Errorf("%d problems in catalogue %s", n, name)
	}
	return nil
}

func printLint(cmd *cobra.Command, r linted) error {
	if wantsJSON(cmd) {
		return printJSON(cmd.OutOrStdout(), r)
	}
	for _, p := range r.Problems {
		if r.Catalogue != shippedCatalogue {
			p.File = filepath.Join(r.Catalogue, p.File) // so that an editor can jump there
		}
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), safe(p.Error())); err != nil {
			return fmt.Errorf("print a problem: %w", err)
		}
	}
	if r.OK {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d services and %d runbooks, nothing wrong\n", safe(r.Catalogue), r.Services, r.Runbooks); err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
	}
	return nil
}

// openCatalogue finds the catalogue that a person means. Symbolic links that
// lead out of it are not followed.
func openCatalogue(dir string) (name string, files fs.FS, done func(), err error) {
	if dir == "" {
		if !isFolder("runbooks") {
			return shippedCatalogue, runbooks.FS, func() {}, nil
		}
		dir = "runbooks"
	}
	if !isFolder(dir) {
		return "", nil, nil, usagef("there is no folder %q", dir)
	}
	if below := filepath.Join(dir, "runbooks"); !isFolder(filepath.Join(dir, "services")) && isFolder(filepath.Join(below, "services")) {
		dir = below
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", nil, nil, fmt.Errorf("open catalogue %s: %w", dir, err)
	}
	return dir, root.FS(), func() { _ = root.Close() }, nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
