// Package githost stands in for a git hosting service: one repository over
// smart HTTP with a token, so that unmodified git clients clone, fetch (also a
// cut history, and only what they have not) and push. It speaks version 0 of
// the protocol, to which clients of version 2 fall back.
package githost

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/server"
	"github.com/go-git/go-git/v5/storage/memory"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/hosts"
)

// Path is where the repository is served below the host's address.
const Path = "/catalog.git"

// Branch is the branch that Commit moves and HEAD points to.
const Branch = "main"

// Service and the operations are what fault rules match.
const (
	Service     = "git"
	ListRefs    = "ListRefs"
	UploadPack  = "UploadPack"
	ReceivePack = "ReceivePack"
)

// Options of a host.
type Options struct {
	Faults *fault.Faults    // nil: no faults
	Now    func() time.Time // for commit dates; nil: time.Now
	Hosts  []string         // names, without port, accepted beside loopback
}

// Host is one repository. It is safe for concurrent use.
type Host struct {
	options   Options
	token     string
	transport transport.Transport

	mu    sync.RWMutex // guards store, which is not safe by itself
	store *memory.Storage
}

// New makes a host with an empty repository and a random token.
func New(o Options) *Host {
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &Host{options: o, token: rand.Text(), store: memory.NewStorage()}
	head := plumbing.NewSymbolicReference(plumbing.HEAD, plumbing.NewBranchReferenceName(Branch))
	_ = h.store.SetReference(head) // a map that cannot fail
	h.transport = server.NewServer(loader{h.store})
	return h
}

// Token is the password of every user.
func (h *Host) Token() string { return h.token }

type loader struct{ store storer.Storer }

func (l loader) Load(*transport.Endpoint) (storer.Storer, error) { return l.store, nil }

// Handler serves the repository at Path, behind the fault switch, the check of
// the Host header and the token.
func (h *Host) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"/info/refs", h.infoRefs)
	mux.HandleFunc("POST "+Path+"/git-upload-pack", h.uploadPack)
	mux.HandleFunc("POST "+Path+"/git-receive-pack", h.receivePack)
	return h.guard(h.options.Faults.Wrap(mux, fault.Endpoint{Service: Service, Operation: operation}))
}

func operation(r *http.Request) string {
	switch {
	case strings.HasSuffix(r.URL.Path, "/git-upload-pack"):
		return UploadPack
	case strings.HasSuffix(r.URL.Path, "/git-receive-pack"):
		return ReceivePack
	default:
		return ListRefs
	}
}

// guard refuses other hosts, which keeps pages in a browser from reaching the
// stand-in by a name of their own (DNS rebinding), and other tokens.
func (h *Host) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Allowed(r, h.options.Hosts) {
			http.Error(w, "this host name is not served here", http.StatusForbidden)
			return
		}
		_, password, ok := r.BasicAuth()
		if !ok || subtle.ConstantTimeCompare([]byte(password), []byte(h.token)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "a token is needed as the password", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
