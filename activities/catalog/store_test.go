package catalog_test

import (
	"context"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/catalog"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/githost"
)

// world is a store over a git host, with a clock that only the test moves.
type world struct {
	host   *githost.Host
	faults *fault.Faults
	store  *catalog.Store
	url    string

	mu    sync.Mutex
	now   time.Time
	token string
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) useToken(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token = token
}

func newWorld(t *testing.T, path string) *world {
	t.Helper()
	w := &world{faults: fault.New(), now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	w.host = githost.New(githost.Options{Faults: w.faults, Now: w.clock})
	w.token = w.host.Token()
	srv := httptest.NewServer(w.host.Handler())
	t.Cleanup(srv.Close)
	w.url = srv.URL + githost.Path
	w.store = w.open(t, path)
	return w
}

// open makes another store over the same host, as a worker does that starts.
func (w *world) open(t *testing.T, path string) *catalog.Store {
	t.Helper()
	s, err := catalog.NewStore(catalog.StoreOptions{
		URL: w.url, Path: path, Insecure: true, Now: w.clock,
		Auth: func(context.Context) (string, string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return "firebreak", w.token, nil
		},
	})
	require.NoError(t, err)
	return s
}

func (w *world) commit(t *testing.T, files map[string][]byte) string {
	t.Helper()
	hash, err := w.host.Commit(files, "change the catalogue")
	require.NoError(t, err)
	return hash
}

// shipped is the shipped catalogue as files below a folder.
func shipped(t *testing.T, below string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, fs.WalkDir(runbooks.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(runbooks.FS, name)
		files[below+name] = data
		return err
	}))
	return files
}

func with(files map[string][]byte, name, old, new string) map[string][]byte {
	out := map[string][]byte{}
	maps.Copy(out, files)
	out[name] = []byte(strings.Replace(string(files[name]), old, new, 1))
	return out
}

func requireKind(t *testing.T, err error, kind string, retryable bool) {
	t.Helper()
	require.Error(t, err)
	// The SDK looks at the outermost error only.
	app, ok := err.(*temporal.ApplicationError) //nolint:errorlint // on purpose
	require.True(t, ok, "%T: %v", err, err)
	require.Equal(t, kind, app.Type(), err)
	require.Equal(t, retryable, !app.NonRetryable(), err)
}

func TestStoreReadsPinsAndRefreshes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "runbooks")
	files := shipped(t, "runbooks/")
	files["README.md"] = []byte("elsewhere in the repository")
	first := w.commit(t, files)
	cat, problem, err := w.store.Latest(t.Context())
	require.NoError(t, err)
	require.NoError(t, problem)
	require.Equal(t, first, cat.Commit)
	require.Equal(t, files["runbooks/runbooks/restart-service/automation.yaml"], cat.Runbooks["restart-service"].Automation)

	second := w.commit(t, with(files, "runbooks/services/checkout.yaml", "team: shop", "team: storefront"))
	cat, _, err = w.store.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, cat.Commit, "an answer is good for the refresh time")
	w.pass(time.Minute)
	cat, _, err = w.store.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, second, cat.Commit)
	require.Equal(t, "storefront", cat.Services["checkout"].Team)

	// The old commit stays what it was, known or fetched anew.
	for _, s := range []*catalog.Store{w.store, w.open(t, "runbooks")} {
		cat, err = s.At(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, first, cat.Commit)
		require.Equal(t, "shop", cat.Services["checkout"].Team)
	}
}

func TestStoreKeepsTheLastGoodCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	files := shipped(t, "")
	good := w.commit(t, files)
	_, _, err := w.store.Latest(t.Context())
	require.NoError(t, err)
	broken := w.commit(t, with(files, "policy.yaml", "max_attempts: 2", "max_attempts: many"))
	w.commit(t, with(files, "policy.yaml", "max_attempts: 2", "max_attempts: still many"))
	w.pass(time.Minute)

	// A store that knows the good one, and one that starts with the broken one.
	for name, s := range map[string]*catalog.Store{"running": w.store, "restarted": w.open(t, "")} {
		cat, problem, err := s.Latest(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, good, cat.Commit, name)
		require.ErrorContains(t, problem, "policy.yaml:", name)
		require.ErrorContains(t, problem, "max_attempts", name)
		require.ErrorContains(t, problem, w.host.Head(), name)
	}
	_, err = w.store.At(t.Context(), broken)
	requireKind(t, err, "Validation", false)

	fixed := w.commit(t, with(files, "policy.yaml", "max_attempts: 2", "max_attempts: 3"))
	w.pass(time.Minute)
	cat, problem, err := w.store.Latest(t.Context())
	require.NoError(t, err)
	require.NoError(t, problem)
	require.Equal(t, fixed, cat.Commit)
}

func TestStoreWithoutAnyGoodCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	_, _, err := w.store.Latest(t.Context())
	requireKind(t, err, "NotFound", false) // no commit at all
	w.commit(t, map[string][]byte{"policy.yaml": []byte("a: 1")})
	_, _, err = w.store.Latest(t.Context())
	requireKind(t, err, "Validation", false)
	require.ErrorContains(t, err, "policy.yaml:1: a: unknown field")
}

func TestStoreRefusesTrees(t *testing.T) {
	t.Parallel()
	big := make([]byte, 600<<10)
	tests := map[string]struct {
		name string
		file githost.File
		want string
	}{
		"symbolic link": {name: "services/x.yaml", file: githost.File{Mode: filemode.Symlink, Content: []byte("/etc/passwd")}, want: "services/x.yaml: symbolic links and submodules are not allowed"},
		"submodule":     {name: "runbooks/x", file: githost.File{Mode: filemode.Submodule, Content: []byte(strings.Repeat("1", 40))}, want: "runbooks/x: symbolic links and submodules are not allowed"},
		"large file":    {name: "services/x.yaml", file: githost.File{Mode: filemode.Regular, Content: big}, want: "services/x.yaml: 614400 bytes are too many"},
		"deep folders":  {name: "runbooks/a/b/c/d/e/f/g/h", file: githost.File{Mode: filemode.Regular, Content: []byte("x")}, want: "folders stand more than 6 deep"},
		"backslash":     {name: `services/..\x.yaml`, file: githost.File{Mode: filemode.Regular, Content: []byte("x")}, want: "is not a file's name"},
		"dot dot":       {name: "services/../policy.yaml", file: githost.File{Mode: filemode.Regular, Content: []byte("x")}, want: "is not a file's name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			files := map[string]githost.File{tt.name: tt.file}
			for k, v := range shipped(t, "") {
				files[k] = githost.File{Mode: filemode.Regular, Content: v}
			}
			_, err := w.host.CommitTree(files, "hostile")
			require.NoError(t, err)
			_, _, err = w.store.Latest(t.Context())
			requireKind(t, err, "Validation", false)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestStoreClassifiesErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rule      fault.Rule
		token     string
		commit    string
		kind      string
		retryable bool
		delay     time.Duration
	}{
		"lost list of references": {rule: fault.Rule{Operation: githost.ListRefs, Kind: fault.LoseResponse, Times: fault.Forever}, kind: "Unavailable", retryable: true},
		"lost pack":               {rule: fault.Rule{Operation: githost.UploadPack, Kind: fault.LoseResponse}, kind: "Unavailable", retryable: true},
		"throttled":               {rule: fault.Rule{Kind: fault.Throttle, Latency: 7 * time.Second}, kind: "Throttled", retryable: true, delay: 7 * time.Second},
		"throttled for long":      {rule: fault.Rule{Kind: fault.Throttle, Latency: 24 * time.Hour}, kind: "Throttled", retryable: true, delay: 10 * time.Minute},
		"503":                     {rule: fault.Rule{Kind: fault.Error, Status: 503}, kind: "Unavailable", retryable: true},
		"403":                     {rule: fault.Rule{Kind: fault.Error, Status: 403}, kind: "Permission"},
		"404":                     {rule: fault.Rule{Kind: fault.Error, Status: 404}, kind: "NotFound"},
		"418":                     {rule: fault.Rule{Kind: fault.Error, Status: 418}, kind: "Validation"},
		"wrong token":             {token: "wrong", kind: "Permission"},
		"unknown commit":          {commit: strings.Repeat("1", 40), kind: "NotFound"},
		"no commit":               {commit: "main", kind: "Validation"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			head := w.commit(t, shipped(t, ""))
			if tt.rule.Kind != "" {
				w.faults.Set(tt.rule)
			}
			if tt.token != "" {
				w.useToken(tt.token)
			}
			if tt.commit == "" {
				tt.commit = head
			}
			_, err := w.store.At(t.Context(), tt.commit)
			requireKind(t, err, tt.kind, tt.retryable)
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, tt.delay, app.NextRetryDelay())
			require.NotContains(t, err.Error(), w.host.Token())

			// The next try goes through, when the trouble has passed.
			w.faults.Clear()
			w.useToken(w.host.Token())
			cat, err := w.store.At(t.Context(), head)
			require.NoError(t, err)
			require.Equal(t, head, cat.Commit)
		})
	}
}

func TestStoreStandsInForAnUnreachableHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	head := w.commit(t, shipped(t, ""))
	_, _, err := w.store.Latest(t.Context())
	require.NoError(t, err)
	w.faults.Set(fault.Rule{Kind: fault.LoseResponse, Times: fault.Forever})

	w.pass(5 * time.Minute)
	cat, problem, err := w.store.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, cat.Commit)
	require.ErrorContains(t, problem, "the latest commit is unknown since 2026-03-02T10:00:00Z")

	w.pass(6 * time.Minute)
	_, _, err = w.store.Latest(t.Context())
	requireKind(t, err, "Unavailable", true)
	_, err = w.store.At(t.Context(), head)
	require.NoError(t, err, "a pinned commit needs no host")
}

func TestStoreRefusesOversizedAnswers(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("garbage instead of git"))
	}))
	t.Cleanup(srv.Close)
	s, err := catalog.NewStore(catalog.StoreOptions{URL: srv.URL + "/x.git", Insecure: true})
	require.NoError(t, err)
	_, _, err = s.Latest(t.Context())
	requireKind(t, err, "Unavailable", true)
}

func TestStoreIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	head := w.commit(t, shipped(t, ""))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			cat, err := w.store.At(t.Context(), head)
			if err != nil || cat.Commit != head {
				t.Errorf("at: %v", err)
			}
			if _, _, err := w.store.Latest(t.Context()); err != nil {
				t.Errorf("latest: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestStoreHonoursCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	head := w.commit(t, shipped(t, ""))
	w.faults.Set(fault.Rule{Kind: fault.Latency, Latency: time.Hour, Times: fault.Forever})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := w.store.At(ctx, head)
		failed <- err
	}()
	require.Eventually(t, func() bool { return w.faults.Fired(githost.Service, githost.ListRefs, fault.Latency) == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
}

func TestNewStoreRefusesAddresses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                              "is not the address",
		"git@example.com:a/b.git":       "is not the address",
		"http://example.com/a.git":      "is not https",
		"https://u:secret@example.com/": "holds a user or a password",
		"file:///etc":                   "is not the address",
		"ssh://example.com/a.git":       "is not https",
	} {
		_, err := catalog.NewStore(catalog.StoreOptions{URL: url, Insecure: true})
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := catalog.NewStore(catalog.StoreOptions{URL: "http://127.0.0.1/a.git"})
	require.ErrorContains(t, err, "is not https")
}

func TestProblemsReachThroughTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.commit(t, map[string][]byte{"policy.yaml": []byte("a: 1")})
	_, err := w.store.At(t.Context(), w.host.Head())
	var problems runbook.Problems
	require.ErrorAs(t, err, &problems)
}
