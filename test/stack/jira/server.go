// Package jira stands in for Jira: the REST calls that a ticket's life takes
// (create, get, edit, transitions, comments, search), with the habits of Jira
// Cloud that make duplicates, and a page on which a person reads an issue.
//
// Everything is in memory and ends with the context that it was started with.
package jira

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	jiraapi "github.com/andygrunwald/go-jira"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/hosts"
)

// Service is the name that fault rules match. Operations are "issue.create",
// "issue.get", "issue.edit", "transitions.list", "transitions.do",
// "comments.list", "comments.add", "search", "myself", "mypermissions",
// "project.get" and "createmeta".
const Service = "jira"

// indexLag is how long the search does not know a new issue or a changed one:
// Jira Cloud's /search/jql has no read-after-write consistency.
const indexLag = 5 * time.Second

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// Options configure a Server. The zero value is the project OPS with the usual
// three statuses and random credentials, on a free loopback port.
type Options struct {
	Project      string           // key; empty is OPS
	IssueTypes   []string         // names; empty is Task and Bug
	Denied       []string         // project permissions that the account lacks, such as ADD_COMMENTS
	Required     []string         // names of further fields that a new issue needs
	Workflow     Workflow         // zero is DefaultWorkflow
	Faults       *fault.Faults    // nil never makes a fault
	Now          func() time.Time // nil is time.Now
	IndexLag     time.Duration    // how long search lags behind; 0 is 5 s
	Listen       string           // address; empty is 127.0.0.1:0
	AllowedHosts []string         // names, without port, accepted besides the loopback ones
	User         string           // e-mail for basic authentication; empty is a made-up one
	Token        string           // API token or personal access token; empty is random
	Logger       *slog.Logger     // nil is slog.Default
}

// Server is a running stand-in.
type Server struct {
	opts  Options
	base  string
	http  *http.Server
	mu    sync.Mutex
	now   func() time.Time
	list  []*Issue // in the order of their creation
	byKey map[string]*Issue
	once  sync.Once
}

// Start listens and serves until ctx ends or Close is called.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = withDefaults(o)
	if err := o.Workflow.check(); err != nil {
		return nil, fmt.Errorf("start the Jira stand-in: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the Jira stand-in on %s: %w", o.Listen, err)
	}
	s := &Server{opts: o, base: "http://" + hosts.Dialable(ln.Addr()), now: o.Now, byKey: map[string]*Issue{}}
	s.http = &http.Server{Handler: s.guard(s.routes()), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, s.Close)
	go func() {
		defer stop()
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error("jira stand-in stopped serving", "error", err)
		}
	}()
	return s, nil
}

func withDefaults(o Options) Options {
	if o.Project == "" {
		o.Project = "OPS"
	}
	if len(o.IssueTypes) == 0 {
		o.IssueTypes = []string{"Task", "Bug"}
	}
	if len(o.Workflow.Statuses) == 0 {
		o.Workflow = DefaultWorkflow()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.IndexLag == 0 {
		o.IndexLag = indexLag
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.User == "" {
		o.User = "firebreak@sandbox.example"
	}
	if o.Token == "" {
		o.Token = rand.Text()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Close ends the connections and the listener. It may be called more than once.
func (s *Server) Close() {
	s.once.Do(func() { _ = s.http.Close() }) // The listener's own error has nobody to go to.
}

// URL is the base address, for clients and for links to /browse/KEY.
func (s *Server) URL() string { return s.base }

// User is the e-mail address that basic authentication takes.
func (s *Server) User() string { return s.opts.User }

// Token is the API token, or the personal access token as a bearer.
func (s *Server) Token() string { return s.opts.Token }

// Project is the key of the one project.
func (s *Server) Project() string { return s.opts.Project }

// Client is an unmodified go-jira client with the run's credentials.
func (s *Server) Client() (*jiraapi.Client, error) {
	auth := jiraapi.BasicAuthTransport{Username: s.opts.User, Password: s.opts.Token}
	return jiraapi.NewClient(auth.Client(), s.base)
}

// SetNow replaces the clock, for tests that need a later time.
func (s *Server) SetNow(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

func (s *Server) routes() http.Handler {
	api := http.NewServeMux()
	for _, v := range []string{"2", "3"} {
		at := "/rest/api/" + v
		rich := v == "3" // v3 speaks the Atlassian Document Format
		api.HandleFunc("GET "+at+"/myself", s.op("myself", s.myself))
		api.HandleFunc("GET "+at+"/mypermissions", s.op("mypermissions", s.permissions))
		api.HandleFunc("GET "+at+"/project/{project}", s.op("project.get", s.project))
		api.HandleFunc("GET "+at+"/issue/createmeta/{project}/issuetypes/{type}", s.op("createmeta", s.createFields))
		api.HandleFunc("POST "+at+"/issue", s.op("issue.create", s.needs("CREATE_ISSUES", s.create)))
		api.HandleFunc("GET "+at+"/issue/{key}", s.op("issue.get", s.get(rich)))
		api.HandleFunc("PUT "+at+"/issue/{key}", s.op("issue.edit", s.edit))
		api.HandleFunc("GET "+at+"/issue/{key}/transitions", s.op("transitions.list", s.transitions))
		api.HandleFunc("POST "+at+"/issue/{key}/transitions", s.op("transitions.do", s.needs("TRANSITION_ISSUES", s.transition)))
		api.HandleFunc("GET "+at+"/issue/{key}/comment", s.op("comments.list", s.comments(rich)))
		api.HandleFunc("POST "+at+"/issue/{key}/comment", s.op("comments.add", s.needs("ADD_COMMENTS", s.addComment(rich))))
		api.HandleFunc("GET "+at+"/search/jql", s.op("search", s.search(rich)))
		api.HandleFunc("POST "+at+"/search/jql", s.op("search", s.search(rich)))
		api.HandleFunc(at+"/search", s.removed)
	}
	mux := http.NewServeMux()
	mux.Handle("/rest/", s.authenticated(api))
	mux.HandleFunc("GET /browse/{key}", s.issuePage)
	mux.HandleFunc("GET /{$}", s.listPage)
	return mux
}

// op puts the fault switch in front of an operation.
func (s *Server) op(name string, next http.HandlerFunc) http.HandlerFunc {
	return s.opts.Faults.Wrap(next, fault.Endpoint{
		Service:   Service,
		Operation: func(*http.Request) string { return name },
		Refuse:    refuse,
	}).ServeHTTP
}

// guard refuses requests that name another host: a page elsewhere that had its
// name resolved to loopback must not read the issues.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Allowed(r, s.opts.AllowedHosts) {
			http.Error(w, "this host is not served here", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// authenticated takes basic authentication (Cloud) and a bearer token (Data Center).
func (s *Server) authenticated(next http.Handler) http.Handler {
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, basic := r.BasicAuth()
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if (basic && same(user, s.opts.User) && same(password, s.opts.Token)) || (!basic && same(bearer, s.opts.Token)) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Jira"`)
		writeErrors(w, http.StatusUnauthorized, "Client must be authenticated to access this resource.", nil)
	})
}
