//go:build peers

package peers

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/githost"
)

// repository is our git host with three commits.
type repository struct {
	*githost.Host

	url, withToken string
	commits        []string
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	h := githost.New(githost.Options{})
	r := &repository{Host: h}
	srv := httptest.NewServer(h.Handler())
	t.Cleanup(srv.Close)
	r.url = srv.URL + githost.Path
	r.withToken = strings.Replace(r.url, "http://", "http://anyone:"+h.Token()+"@", 1)
	for i := range 3 {
		r.commit(t, fmt.Sprint("version ", i))
	}
	return r
}

func (r *repository) commit(t *testing.T, text string) string {
	t.Helper()
	hash, err := r.Commit(map[string][]byte{"policy.yaml": []byte(text), "runbooks/restart/runbook.yaml": []byte("name: restart\n")}, text)
	require.NoError(t, err)
	r.commits = append(r.commits, hash)
	return hash
}

// gitBinary runs git in a folder, with no setting of the person who runs this.
type gitBinary struct{ path, home string }

func (g gitBinary) try(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	env := []string{
		"HOME=" + g.home, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "LC_ALL=C",
		"GIT_AUTHOR_NAME=peer", "GIT_AUTHOR_EMAIL=peer@example.com", "GIT_COMMITTER_NAME=peer", "GIT_COMMITTER_EMAIL=peer@example.com",
	}
	said, err := output(t.Context(), env, g.path, append([]string{"-C", dir}, args...)...)
	return strings.TrimSpace(said), err
}

func (g gitBinary) run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	said, err := g.try(t, dir, args...)
	require.NoError(t, err)
	return said
}

func findGit(t *testing.T) (g gitBinary, version, absent string) {
	t.Helper()
	path, version, absent := program(t, "git", "--version")
	return gitBinary{path: path, home: t.TempDir()}, strings.TrimPrefix(version, "git version "), absent
}

func TestGitBinary(t *testing.T) {
	t.Parallel()
	g, version, absent := findGit(t)
	r := results.add("git", version, "client of our git host")
	tests := map[string]func(t *testing.T, g gitBinary){
		"clone and pull": gitCloneAndPull, "references": gitReferences, "wrong token": gitWrongToken, "protocol versions": gitProtocols,
		"shallow": gitShallow, "a commit by its hash": gitCommitByHash, "push": gitPush,
	}
	if absent != "" {
		r.leftOut(t, len(tests), absent)
		return
	}
	for name, run := range tests {
		r.one(t, name, func(t *testing.T) { run(t, g) })
	}
}

func gitCloneAndPull(t *testing.T, g gitBinary) {
	r, dir := newRepository(t), t.TempDir()
	g.run(t, dir, "clone", "--quiet", r.withToken, "copy")
	dir = filepath.Join(dir, "copy")
	require.Equal(t, r.Head(), g.run(t, dir, "rev-parse", "HEAD"))
	require.Equal(t, "main", g.run(t, dir, "rev-parse", "--abbrev-ref", "HEAD"))
	require.Equal(t, "3", g.run(t, dir, "rev-list", "--count", "HEAD"))
	before := g.run(t, dir, "count-objects")
	fourth := r.commit(t, "version 3")
	g.run(t, dir, "-c", "fetch.unpackLimit=1000", "pull", "--quiet")
	require.Equal(t, fourth, g.run(t, dir, "rev-parse", "HEAD"))
	require.Equal(t, "version 3", g.run(t, dir, "show", "HEAD:policy.yaml"))
	g.run(t, dir, "fsck", "--strict")
	var had, has int
	_, err := fmt.Sscan(before, &had)
	require.NoError(t, err)
	_, err = fmt.Sscan(g.run(t, dir, "count-objects"), &has)
	require.NoError(t, err)
	require.Equal(t, 3, has-had, "a commit, its tree and the changed file: what the client has is not sent again")
	g.run(t, dir, "pull", "--quiet") // Nothing to do is no error.
}

func gitReferences(t *testing.T, g gitBinary) {
	r := newRepository(t)
	said := g.run(t, t.TempDir(), "ls-remote", "--symref", r.withToken)
	require.Contains(t, said, "ref: refs/heads/main\tHEAD")
	require.Contains(t, said, r.Head()+"\trefs/heads/main")
}

func gitWrongToken(t *testing.T, g gitBinary) {
	r := newRepository(t)
	_, err := g.try(t, t.TempDir(), "clone", strings.Replace(r.withToken, r.Token(), "wrong", 1), "copy")
	require.ErrorContains(t, err, "Authentication failed")
	_, err = g.try(t, t.TempDir(), "ls-remote", r.withToken+"-missing")
	require.Error(t, err)
}

func gitProtocols(t *testing.T, g gitBinary) {
	r := newRepository(t)
	for _, version := range []string{"0", "1", "2"} {
		dir := t.TempDir()
		g.run(t, dir, "-c", "protocol.version="+version, "clone", "--quiet", r.withToken, "copy")
		require.Equal(t, r.Head(), g.run(t, filepath.Join(dir, "copy"), "rev-parse", "HEAD"), "version %s", version)
	}
}

func gitShallow(t *testing.T, g gitBinary) {
	r, dir := newRepository(t), t.TempDir()
	g.run(t, dir, "clone", "--quiet", "--depth", "1", r.withToken, "copy")
	dir = filepath.Join(dir, "copy")
	count := func() string { return g.run(t, dir, "rev-list", "--count", "HEAD") }
	require.Equal(t, "1", count())
	require.Equal(t, "true", g.run(t, dir, "rev-parse", "--is-shallow-repository"))
	r.commit(t, "version 3")
	g.run(t, dir, "pull", "--quiet")
	require.Equal(t, "2", count(), "what is new comes on top")
	g.run(t, dir, "fetch", "--quiet", "--depth", "1")
	require.Equal(t, "1", count())
	g.run(t, dir, "fetch", "--quiet", "--depth", "2")
	require.Equal(t, "2", count())
	g.run(t, dir, "fetch", "--quiet", "--unshallow")
	require.Equal(t, "4", count())
	require.Equal(t, "false", g.run(t, dir, "rev-parse", "--is-shallow-repository"))
	g.run(t, dir, "fsck", "--strict")
}

func gitCommitByHash(t *testing.T, g gitBinary) {
	r, dir := newRepository(t), t.TempDir()
	g.run(t, dir, "init", "--quiet")
	g.run(t, dir, "fetch", "--quiet", "--depth", "1", r.withToken, r.commits[1])
	require.Equal(t, "version 1", g.run(t, dir, "show", "FETCH_HEAD:policy.yaml"))
	_, err := g.try(t, dir, "fetch", r.withToken, strings.Repeat("1", 40))
	require.ErrorContains(t, err, "not our ref")
}

func gitPush(t *testing.T, g gitBinary) {
	r, dir := newRepository(t), t.TempDir()
	g.run(t, dir, "clone", "--quiet", r.withToken, "copy")
	dir = filepath.Join(dir, "copy")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "new.yaml"), []byte("new"), 0o600))
	g.run(t, dir, "add", "new.yaml")
	g.run(t, dir, "commit", "--quiet", "-m", "from git")
	g.run(t, dir, "push", "--quiet")
	require.Equal(t, g.run(t, dir, "rev-parse", "HEAD"), r.Head())
}

func TestGoGit(t *testing.T) {
	t.Parallel()
	r := results.add("go-git", "as in go.mod", "client of our git host")
	auth := func(h *repository) *githttp.BasicAuth {
		return &githttp.BasicAuth{Username: "anyone", Password: h.Token()}
	}
	count := func(t *testing.T, repo *gogit.Repository) int {
		t.Helper()
		commits, err := repo.CommitObjects()
		require.NoError(t, err)
		n := 0
		for {
			if _, err := commits.Next(); err != nil {
				return n
			}
			n++
		}
	}
	for depth, want := range map[int]int{0: 3, 1: 1, 2: 2} {
		r.one(t, fmt.Sprint("clone of depth ", depth), func(t *testing.T) {
			h := newRepository(t)
			repo, err := gogit.CloneContext(t.Context(), memory.NewStorage(), nil, &gogit.CloneOptions{URL: h.url, Auth: auth(h), Depth: depth})
			require.NoError(t, err)
			head, err := repo.Head()
			require.NoError(t, err)
			require.Equal(t, h.Head(), head.Hash().String())
			require.Equal(t, want, count(t, repo))
			next := h.commit(t, "version 3")
			require.NoError(t, repo.FetchContext(t.Context(), &gogit.FetchOptions{Auth: auth(h)}))
			_, err = repo.CommitObject(plumbing.NewHash(next))
			require.NoError(t, err)
		})
	}
	r.one(t, "references", func(t *testing.T) {
		h := newRepository(t)
		refs, err := gogit.NewRemote(memory.NewStorage(), &config.RemoteConfig{Name: "origin", URLs: []string{h.url}}).ListContext(t.Context(), &gogit.ListOptions{Auth: auth(h)})
		require.NoError(t, err)
		require.Len(t, refs, 2)
	})
	r.one(t, "wrong token", func(t *testing.T) {
		h := newRepository(t)
		_, err := gogit.CloneContext(t.Context(), memory.NewStorage(), nil, &gogit.CloneOptions{URL: h.url, Auth: &githttp.BasicAuth{Username: "anyone", Password: "wrong"}})
		require.ErrorContains(t, err, "authentication required")
	})
}
