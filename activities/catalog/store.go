// Package catalog gets the catalogue of services, runbooks and policy from the
// git repository in which people review it, and pins incidents to commits.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"firebreak/internal/incident"
	"firebreak/internal/runbook"
)

// StoreOptions say where the catalogue is.
type StoreOptions struct {
	URL      string        // of the repository, https
	Branch   string        // whose newest commit is the latest catalogue; empty: main
	Path     string        // folder in the repository; empty: its root
	Refresh  time.Duration // how old an answer about the latest commit may be; 0: one minute
	MaxStale time.Duration // how long the last known commit stands in for an unreachable host; 0: ten minutes
	Insecure bool          // allows http, to loopback only
	// Auth gives the user and the token for every connection, so that a token
	// may be rotated; nil connects without.
	Auth   func(ctx context.Context) (user, token string, err error)
	Client *http.Client     // nil: one with a timeout of 30 s
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: slog.Default
}

// TokenAuth is the Auth of a token that stays. A host that goes by the token
// alone, such as GitHub, takes any user, so an empty one is filled in; without a
// token it is nil.
func TokenAuth(user, token string) func(context.Context) (string, string, error) {
	if token == "" {
		return nil
	}
	if user == "" {
		user = "x-access-token"
	}
	return func(context.Context) (string, string, error) { return user, token, nil }
}

// Store is a catalogue in a git repository. It is safe for concurrent use; only
// one fetch runs at a time.
type Store struct {
	options  StoreOptions
	endpoint *transport.Endpoint
	client   transport.Transport
	gate     chan struct{} // holds one token: who has it may fetch and write
	known    *known
}

const (
	defaultRefresh  = time.Minute
	defaultMaxStale = 10 * time.Minute
	fetchTimeout    = 30 * time.Second
	// walkBack is how many commits are tried when the newest is broken and no
	// good one is known, as after a restart.
	walkBack = 20
)

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// NewStore checks the options. It does not connect.
func NewStore(o StoreOptions) (*Store, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("catalogue: %q is not the address of a repository", redacted(u))
	case u.User != nil:
		return nil, errors.New("catalogue: the address holds a user or a password; give the token by itself")
	case u.Scheme != "https" && (u.Scheme != "http" || !o.Insecure || !loopback(u.Hostname())):
		return nil, fmt.Errorf("catalogue: %s is not https; plain http is for loopback only and must be allowed", redacted(u))
	}
	endpoint, err := transport.NewEndpoint(o.URL)
	if err != nil {
		return nil, fmt.Errorf("catalogue: read address %s: %w", redacted(u), err)
	}
	if o.Branch == "" {
		o.Branch = "main"
	}
	if o.Path = strings.Trim(path.Clean("/"+o.Path), "/"); o.Path == "." {
		o.Path = ""
	}
	if o.Refresh == 0 {
		o.Refresh = defaultRefresh
	}
	if o.MaxStale == 0 {
		o.MaxStale = defaultMaxStale
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: fetchTimeout}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Store{options: o, endpoint: endpoint, client: githttp.NewClient(o.Client), gate: make(chan struct{}, 1), known: newKnown()}
	s.gate <- struct{}{}
	return s, nil
}

func redacted(u *url.URL) string {
	if u == nil {
		return "(unreadable)"
	}
	return u.Redacted()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// At returns the catalogue at a commit, fetching it when it is not known yet.
// Its errors are *temporal.ApplicationError, retryable or not.
func (s *Store) At(ctx context.Context, commit string) (*runbook.Catalog, error) {
	if !commitHash.MatchString(commit) {
		return nil, final(incident.ErrorValidation, nil, "%q is not a commit; expected 40 hex digits", commit)
	}
	if cat, problem, ok := s.known.get(commit); ok {
		return usable(cat, problem, commit)
	}
	doing := "get catalogue at " + commit
	if err := s.enter(ctx); err != nil {
		return nil, classify(err, doing)
	}
	defer s.leave()
	cat, problem, ok := s.known.get(commit) // by whoever was before us
	if !ok {
		r, err := s.connect(ctx)
		if err != nil {
			return nil, classify(err, doing)
		}
		defer r.close()
		if cat, problem, err = s.fetch(ctx, r, plumbing.NewHash(commit)); err != nil {
			return nil, classify(err, doing)
		}
	}
	return usable(cat, problem, commit)
}

func usable(cat *runbook.Catalog, problem error, commit string) (*runbook.Catalog, error) {
	if problem != nil {
		return nil, final(incident.ErrorValidation, problem, "the catalogue at %s is broken", commit)
	}
	return cat, nil
}

// Latest returns the newest catalogue. When the newest commit is broken it is
// the last good one, and problem says what is wrong with the newest; when the
// host cannot be reached it is the last known one for as long as MaxStale, and
// problem says so. Its errors are *temporal.ApplicationError.
func (s *Store) Latest(ctx context.Context) (cat *runbook.Catalog, problem, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, classify(err, "get the latest catalogue")
	}
	defer s.leave()
	now := s.options.Now()
	last := s.known.latest
	if last.cat != nil && now.Sub(last.checked) < s.options.Refresh {
		return last.cat, last.problem, nil
	}
	cat, problem, err = s.refresh(ctx)
	if err != nil {
		err = classify(err, "get the latest catalogue")
		if last.cat == nil || now.Sub(last.checked) > s.options.MaxStale {
			return nil, nil, err
		}
		s.options.Log.Warn("the catalogue's host cannot be reached; the last known commit stands in", "commit", last.cat.Commit, "error", err)
		return last.cat, errors.Join(last.problem, fmt.Errorf("the latest commit is unknown since %s: %w", last.checked.UTC().Format(time.RFC3339), err)), nil
	}
	s.known.latest = latest{cat: cat, problem: problem, checked: now}
	return cat, problem, nil
}

func (s *Store) connect(ctx context.Context) (*remote, error) {
	var auth transport.AuthMethod
	if s.options.Auth != nil {
		user, token, err := s.options.Auth(ctx)
		if err != nil {
			return nil, fmt.Errorf("get the token of the catalogue: %w", err)
		}
		auth = &githttp.BasicAuth{Username: user, Password: token}
	}
	session, err := s.client.NewUploadPackSession(s.endpoint, auth)
	if err != nil {
		return nil, fmt.Errorf("connect to the git host: %w", err)
	}
	refs, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		_ = session.Close() // nothing was opened
		return nil, fmt.Errorf("list the references of the catalogue: %w", err)
	}
	return &remote{session: session, refs: refs}, nil
}

func (r *remote) close() { _ = r.session.Close() } // holds nothing over HTTP

func (s *Store) enter(ctx context.Context) error {
	select {
	case <-s.gate:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for another fetch: %w", ctx.Err())
	}
}

func (s *Store) leave() { s.gate <- struct{}{} }
