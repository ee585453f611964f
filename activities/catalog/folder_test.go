package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/activities/catalog"
	"firebreak/runbooks"
)

func TestFolderPinsContents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, runbooks.FS))
	f, err := catalog.OpenFolder(dir)
	require.NoError(t, err)
	first, problem, err := f.Latest(t.Context())
	require.NoError(t, err)
	require.NoError(t, problem)
	require.Regexp(t, `^[0-9a-f]{40}$`, first.Commit)

	shippedCat, _, err := catalog.NewFolder(runbooks.FS).Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, shippedCat.Commit, first.Commit, "the same contents have the same commit")

	service := filepath.Join(dir, "services", "checkout.yaml")
	data, err := os.ReadFile(service)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(service, []byte(strings.Replace(string(data), "team: shop", "team: storefront", 1)), 0o600))
	second, _, err := f.Latest(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, first.Commit, second.Commit)
	pinned, err := f.At(t.Context(), first.Commit)
	require.NoError(t, err)
	require.Equal(t, "shop", pinned.Services["checkout"].Team)

	require.NoError(t, os.WriteFile(service, []byte("name: 1"), 0o600))
	stands, problem, err := f.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, second.Commit, stands.Commit)
	require.ErrorContains(t, problem, "services/checkout.yaml:1:")

	fresh, err := catalog.OpenFolder(dir)
	require.NoError(t, err)
	_, _, err = fresh.Latest(t.Context())
	requireKind(t, err, "Validation", false)
	_, err = fresh.At(t.Context(), first.Commit)
	requireKind(t, err, "Validation", false)
	require.NoError(t, os.WriteFile(service, data, 0o600))
	_, err = fresh.At(t.Context(), second.Commit)
	requireKind(t, err, "NotFound", false)
	_, err = fresh.At(t.Context(), first.Commit)
	require.NoError(t, err)
}

func TestFolderStaysInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, runbooks.FS))
	outside := filepath.Join(t.TempDir(), "x.yaml")
	require.NoError(t, os.WriteFile(outside, []byte("secret: 1"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "services", "x.yaml")))
	f, err := catalog.OpenFolder(dir)
	require.NoError(t, err)
	_, _, err = f.Latest(t.Context())
	requireKind(t, err, "Validation", false)
	require.NotContains(t, err.Error(), "secret")

	_, err = catalog.OpenFolder(filepath.Join(dir, "none"))
	require.Error(t, err)
}
