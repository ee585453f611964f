package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/runbooks"
)

// brokenCatalogue writes the shipped catalogue with two mistakes into a folder.
func brokenCatalogue(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, runbooks.FS))
	policy, err := fs.ReadFile(runbooks.FS, "policy.yaml")
	require.NoError(t, err)
	broken := append([]byte("surprise: 1\n"), bytes.Replace(policy, []byte("max_attempts: 2"), []byte("max_attempts: two"), 1)...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "policy.yaml"), broken, 0o600))
	return dir
}

func runLint(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"runbooks", "lint"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestLint(t *testing.T) {
	t.Parallel()
	good := t.TempDir()
	require.NoError(t, os.CopyFS(good, runbooks.FS))
	repository := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(repository, "runbooks"), runbooks.FS))
	broken := brokenCatalogue(t)
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout []string
		stderr string
	}{
		{name: "shipped", code: exitDone, stdout: []string{"(shipped): 2 services and 4 runbooks, nothing wrong"}},
		{name: "folder", args: []string{good}, code: exitDone, stdout: []string{good + ": 2 services and 4 runbooks"}},
		{name: "repository", args: []string{repository}, code: exitDone, stdout: []string{filepath.Join(repository, "runbooks") + ": 2 services"}},
		{
			name: "broken", args: []string{broken}, code: exitFailed,
			stdout: []string{
				filepath.Join(broken, "policy.yaml") + ":1: surprise: unknown field",
				`: max_attempts: "two" is not valid here; expected a whole number from 1 to 10`,
			},
			stderr: "2 problems in catalogue",
		},
		{name: "no such folder", args: []string{filepath.Join(good, "none")}, code: exitUsage, stderr: "there is no folder"},
		{name: "too many arguments", args: []string{good, good}, code: exitUsage, stderr: "accepts at most 1 arg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runLint(t, tt.args...)
			require.Equal(t, tt.code, code, stderr)
			for _, want := range tt.stdout {
				require.Contains(t, stdout, want)
			}
			require.Contains(t, stderr, tt.stderr)
		})
	}
}

func TestLintJSON(t *testing.T) {
	t.Parallel()
	broken := brokenCatalogue(t)
	code, stdout, _ := runLint(t, "--json", broken)
	require.Equal(t, exitFailed, code)
	var got linted
	require.NoError(t, json.Unmarshal([]byte(stdout), &got), stdout)
	require.False(t, got.OK)
	require.Equal(t, broken, got.Catalogue)
	require.Len(t, got.Problems, 2)
	require.Equal(t, "policy.yaml", got.Problems[0].File)
	require.Equal(t, 1, got.Problems[0].Line)
	require.Equal(t, "surprise", got.Problems[0].Field)

	code, stdout, _ = runLint(t, "--json")
	require.Equal(t, exitDone, code)
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.True(t, got.OK)
	require.Empty(t, got.Problems)
}

func TestLintDoesNotFollowLinksOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, runbooks.FS))
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	require.NoError(t, os.WriteFile(secret, []byte("password: hunter2"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "services", "link.yaml")))
	code, stdout, _ := runLint(t, dir)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "link.yaml: cannot read the file")
	require.NotContains(t, stdout, "password")
}
