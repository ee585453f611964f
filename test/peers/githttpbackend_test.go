//go:build peers

package peers

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/activities/catalog"
	"firebreak/runbooks"
	"firebreak/test/stack/githost"
)

// catalogHost is a git host that the catalogue is read from.
type catalogHost struct {
	url, token string
	commit     func(t *testing.T, files map[string][]byte) string
}

// The catalogue as production reads it, from git's own server and from ours.
func TestCatalogFromGitHTTPBackend(t *testing.T) {
	t.Parallel()
	mine := results.add("go-git", "as in go.mod", "the catalogue read from our git host")
	mine.one(t, "ours", func(t *testing.T) { readCatalog(t, ourHost(t)) })

	g, version, absent := findGit(t)
	r := results.add("git http-backend", version, "server, read by the catalogue")
	backend := ""
	if absent == "" {
		backend = filepath.Join(g.run(t, t.TempDir(), "--exec-path"), "git-http-backend")
		if _, err := os.Stat(backend); err != nil {
			absent = "git is installed without git-http-backend"
		}
	}
	if absent != "" {
		r.leftOut(t, 1, absent)
		return
	}
	r.one(t, "http-backend", func(t *testing.T) { readCatalog(t, backendHost(t, g, backend)) })
}

func ourHost(t *testing.T) catalogHost {
	t.Helper()
	h := githost.New(githost.Options{})
	srv := httptest.NewServer(h.Handler())
	t.Cleanup(srv.Close)
	return catalogHost{url: srv.URL + githost.Path, token: h.Token(), commit: func(t *testing.T, files map[string][]byte) string {
		t.Helper()
		hash, err := h.Commit(files, "a version")
		require.NoError(t, err)
		return hash
	}}
}

func backendHost(t *testing.T, g gitBinary, backend string) catalogHost {
	t.Helper()
	root, work := t.TempDir(), t.TempDir()
	bare := filepath.Join(root, "catalog.git")
	g.run(t, root, "init", "--quiet", "--bare", "--initial-branch=main", bare)
	g.run(t, bare, "config", "uploadpack.allowReachableSHA1InWant", "true")
	g.run(t, work, "init", "--quiet", "--initial-branch=main")
	srv := httptest.NewServer(&cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + g.home}})
	t.Cleanup(srv.Close)
	return catalogHost{url: srv.URL + "/catalog.git", commit: func(t *testing.T, files map[string][]byte) string {
		t.Helper()
		for name, content := range files {
			path := filepath.Join(work, filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, content, 0o600))
		}
		g.run(t, work, "add", "--all")
		g.run(t, work, "commit", "--quiet", "-m", "a version")
		g.run(t, work, "push", "--quiet", bare, "main")
		return g.run(t, work, "rev-parse", "HEAD")
	}}
}

// readCatalog reads the newest commit and one that no reference points to.
func readCatalog(t *testing.T, h catalogHost) {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, fs.WalkDir(runbooks.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = runbooks.FS.ReadFile(path)
		return err
	}))
	first := h.commit(t, files)
	files["README.md"] = []byte("more")
	second := h.commit(t, files)
	files["README.md"] = []byte("even more")
	third := h.commit(t, files)

	store, err := catalog.NewStore(catalog.StoreOptions{
		URL: h.url, Insecure: true, Log: slog.New(slog.DiscardHandler), Auth: func(context.Context) (string, string, error) { return "anyone", h.token, nil },
	})
	require.NoError(t, err)
	latest, problem, err := store.Latest(t.Context())
	require.NoError(t, err)
	require.NoError(t, problem)
	require.Equal(t, third, latest.Commit)
	for _, commit := range []string{first, second} {
		c, err := store.At(t.Context(), commit)
		require.NoError(t, err)
		require.Equal(t, commit, c.Commit)
		require.NotEmpty(t, c.Runbooks)
	}
}
