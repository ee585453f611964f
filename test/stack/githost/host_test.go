package githost_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-billy/v5/util"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/githost"
)

func start(t *testing.T, o githost.Options) (*githost.Host, string) {
	t.Helper()
	h := githost.New(o)
	srv := httptest.NewServer(h.Handler())
	t.Cleanup(srv.Close)
	return h, srv.URL + githost.Path
}

func TestCloneCommitAndPush(t *testing.T) {
	t.Parallel()
	h, url := start(t, githost.Options{Now: func() time.Time { return time.Unix(1700000000, 0) }})
	first, err := h.Commit(map[string][]byte{"a/b/c.yaml": []byte("one"), "a.yaml": []byte("two"), "a0": []byte("three")}, "first")
	require.NoError(t, err)
	require.Equal(t, first, h.Head())

	auth := &githttp.BasicAuth{Username: "anyone", Password: h.Token()}
	files := memfs.New()
	repo, err := git.CloneContext(t.Context(), memory.NewStorage(), files, &git.CloneOptions{URL: url, Auth: auth})
	require.NoError(t, err)
	head, err := repo.Head()
	require.NoError(t, err)
	require.Equal(t, first, head.Hash().String())
	got, err := util.ReadFile(files, "a/b/c.yaml")
	require.NoError(t, err)
	require.Equal(t, "one", string(got))

	second, err := h.Commit(map[string][]byte{"a.yaml": []byte("changed")}, "second: the whole tree is what is given")
	require.NoError(t, err)
	w, err := repo.Worktree()
	require.NoError(t, err)
	require.NoError(t, w.PullContext(t.Context(), &git.PullOptions{Auth: auth}))
	_, err = files.Stat("a0")
	require.Error(t, err)

	require.NoError(t, util.WriteFile(files, "pushed.yaml", []byte("three"), 0o600))
	_, err = w.Add("pushed.yaml")
	require.NoError(t, err)
	third, err := w.Commit("third", &git.CommitOptions{Author: &object.Signature{Name: "n", Email: "e", When: time.Unix(1700000001, 0)}})
	require.NoError(t, err)
	require.NotEqual(t, second, third.String())
	require.NoError(t, repo.PushContext(t.Context(), &git.PushOptions{Auth: auth}))
	require.Equal(t, third.String(), h.Head())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h, url := start(t, githost.Options{Hosts: []string{"githost"}})
	_, err := h.Commit(map[string][]byte{"a": []byte("b")}, "first")
	require.NoError(t, err)
	refs := url + "/info/refs?service=git-upload-pack"
	at, err := neturl.Parse(url)
	require.NoError(t, err)
	tests := []struct {
		name, url, host, password string
		status                    int
	}{
		{name: "token", url: refs, password: h.Token(), status: 200},
		{name: "named host", url: refs, host: "githost:" + at.Port(), password: h.Token(), status: 200},
		{name: "named host, other port", url: refs, host: "githost:80", password: h.Token(), status: 403},
		{name: "no token", url: refs, status: 401},
		{name: "wrong token", url: refs, password: "x", status: 401},
		{name: "other host", url: refs, host: "evil.example", password: h.Token(), status: 403},
		{name: "dumb client", url: url + "/info/refs", password: h.Token(), status: 403},
		{name: "other path", url: url + "/HEAD", password: h.Token(), status: 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
			require.NoError(t, err)
			req.Host = tt.host
			if tt.password != "" {
				req.SetBasicAuth("u", tt.password)
			}
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer func() { _ = resp.Body.Close() }()
			require.Equal(t, tt.status, resp.StatusCode)
		})
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	h, url := start(t, githost.Options{})
	_, err := h.Commit(map[string][]byte{"a": []byte("b")}, "first")
	require.NoError(t, err)
	for name, body := range map[string]string{
		"empty":        "",
		"no pkt-line":  "hello",
		"bad length":   "zzzz",
		"unknown want": "0032want 1111111111111111111111111111111111111111\n00000009done\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/git-upload-pack", strings.NewReader(body))
			require.NoError(t, err)
			req.SetBasicAuth("u", h.Token())
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer func() { _ = resp.Body.Close() }()
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.True(t, resp.StatusCode == http.StatusBadRequest || strings.Contains(string(answer), "ERR "), "%d %s", resp.StatusCode, answer)
		})
	}
}

func TestFaultsStrike(t *testing.T) {
	t.Parallel()
	faults := fault.New()
	h, url := start(t, githost.Options{Faults: faults})
	_, err := h.Commit(map[string][]byte{"a": []byte("b")}, "first")
	require.NoError(t, err)
	faults.Set(fault.Rule{Service: githost.Service, Operation: githost.UploadPack, Kind: fault.LoseResponse})
	clone := func() error {
		_, err := git.CloneContext(t.Context(), memory.NewStorage(), nil, &git.CloneOptions{URL: url, Auth: &githttp.BasicAuth{Username: "u", Password: h.Token()}})
		return err
	}
	require.Error(t, clone())
	require.Equal(t, 1, faults.Fired(githost.Service, githost.UploadPack, fault.LoseResponse))
	require.NoError(t, clone())
}
