package githost_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/githost"
)

// history makes a host with some commits of one changing and one lasting file.
func history(t *testing.T, commits int) (h *githost.Host, url string, hashes []string) {
	t.Helper()
	h, url = start(t, githost.Options{})
	for i := range commits {
		hash, err := h.Commit(map[string][]byte{"a/changes": fmt.Append(nil, i), "stays": []byte("x")}, fmt.Sprint("commit ", i))
		require.NoError(t, err)
		hashes = append(hashes, hash)
	}
	return h, url, hashes
}

func objectsOf(t *testing.T, repo *git.Repository) (commits, all int) {
	t.Helper()
	objects, err := repo.Storer.IterEncodedObjects(plumbing.AnyObject)
	require.NoError(t, err)
	require.NoError(t, objects.ForEach(func(o plumbing.EncodedObject) error {
		all++
		if o.Type() == plumbing.CommitObject {
			commits++
		}
		return nil
	}))
	return commits, all
}

func TestAHistoryIsCutOff(t *testing.T) {
	t.Parallel()
	for depth, want := range map[int]int{1: 1, 2: 2, 4: 4, 9: 4, 0: 4} {
		h, url, hashes := history(t, 4)
		auth := &githttp.BasicAuth{Username: "u", Password: h.Token()}
		repo, err := git.CloneContext(t.Context(), memory.NewStorage(), nil, &git.CloneOptions{URL: url, Auth: auth, Depth: depth})
		require.NoError(t, err)
		commits, _ := objectsOf(t, repo)
		require.Equal(t, want, commits, "depth %d", depth)
		shallow, err := repo.Storer.Shallow()
		require.NoError(t, err)
		if want == 4 {
			require.Empty(t, shallow, "a history that ends by itself is not cut")
		} else {
			require.Equal(t, []plumbing.Hash{plumbing.NewHash(hashes[4-want])}, shallow)
		}
		newest, err := object.GetCommit(repo.Storer, plumbing.NewHash(hashes[3]))
		require.NoError(t, err)
		file, err := newest.File("a/changes")
		require.NoError(t, err)
		content, err := file.Contents()
		require.NoError(t, err)
		require.Equal(t, "3", content)
	}
}

func TestAFetchBringsOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	h, url, _ := history(t, 2)
	auth := &githttp.BasicAuth{Username: "u", Password: h.Token()}
	have, err := git.CloneContext(t.Context(), memory.NewStorage(), nil, &git.CloneOptions{URL: url, Auth: auth})
	require.NoError(t, err)
	_, before := objectsOf(t, have)
	next, err := h.Commit(map[string][]byte{"a/changes": []byte("new"), "stays": []byte("x")}, "next")
	require.NoError(t, err)

	head, err := have.Head()
	require.NoError(t, err)
	body := pkt("want "+next+" side-band-64k\n") + "0000" + pkt("have "+head.Hash().String()+"\n") + pkt("have "+strings.Repeat("1", 40)+"\n") + pkt("done\n")
	answer := post(t, h, url, body)
	require.True(t, strings.HasPrefix(answer, pkt("ACK "+head.Hash().String()+"\n")), answer[:50])
	require.Contains(t, answer, "PACK\x00\x00\x00\x02\x00\x00\x00\x04", "four objects: the commit, two folders and the changed file")

	require.NoError(t, have.FetchContext(t.Context(), &git.FetchOptions{Auth: auth}))
	_, after := objectsOf(t, have)
	require.Equal(t, before+4, after)
}

// A commit in the middle of the history is handed out, another repository's or
// none at all is not.
func TestCommitsAreFetchedByTheirHash(t *testing.T) {
	t.Parallel()
	h, url, hashes := history(t, 3)
	auth := &githttp.BasicAuth{Username: "u", Password: h.Token()}
	repo, err := git.Init(memory.NewStorage(), nil)
	require.NoError(t, err)
	remote, err := repo.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{url}})
	require.NoError(t, err)
	require.NoError(t, remote.FetchContext(t.Context(), &git.FetchOptions{Auth: auth, Depth: 1, RefSpecs: []config.RefSpec{config.RefSpec(hashes[1] + ":refs/heads/pinned")}}))
	commits, _ := objectsOf(t, repo)
	require.Equal(t, 1, commits)
	require.Contains(t, post(t, h, url, pkt("want "+strings.Repeat("1", 40)+"\n")+"0000"+pkt("done\n")), "ERR upload-pack: not our ref")
}

func TestQuestionsOfDepth(t *testing.T) {
	t.Parallel()
	h, url, hashes := history(t, 3)
	want := pkt("want " + hashes[2] + " shallow\n")
	// git asks for the end of the history first, by itself.
	require.Equal(t, pkt("shallow "+hashes[2]+"\n")+"0000", post(t, h, url, want+pkt("deepen 1\n")+"0000"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/git-upload-pack", strings.NewReader(want+pkt("deepen-since 1700000000\n")+"0000"+pkt("done\n")))
	require.NoError(t, err)
	req.SetBasicAuth("u", h.Token())
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusBadRequest, resp.StatusCode, "it is not offered either")
}

func pkt(line string) string { return fmt.Sprintf("%04x%s", len(line)+4, line) }

func post(t *testing.T, h *githost.Host, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/git-upload-pack", strings.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth("u", h.Token())
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(answer)
}
