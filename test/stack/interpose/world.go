package interpose

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"firebreak/test/stack/fault"
)

// Outside is where the outside systems are. AWS is served here and not passed
// on, because its signatures cover the address that the client has.
type Outside struct {
	AWS   http.Handler
	Slack string // base of its API, http://host:port/api/
	Jira  string // http://host:port
}

// World is one worker's way to the outside systems, with a fault switch of its
// own that strikes none but this worker.
type World struct {
	AWS   string // http://host:port
	Slack string // base of its API, http://host:port/api/
	Jira  string // http://host:port

	// Faults strikes by the names of the stand-ins: "ssm" and
	// "StartAutomationExecution", "slack" and "chat.postMessage", "jira" and
	// "issue.create".
	Faults *fault.Faults
	server *http.Server

	mu    sync.Mutex
	heard func(Request)
}

// Request is what a worker asked an outside system.
type Request struct {
	Service, Operation string // as the stand-ins call them
	URI                string
	Body               []byte
}

// Listen has f told of every request from now on, also of those that a fault
// refuses. f is called by several goroutines.
func (w *World) Listen(f func(Request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = f
}

// overhear tells of requests before it passes them on.
func (w *World) overhear(service string, operation func(*http.Request) string, to http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		heard := w.heard
		w.mu.Unlock()
		if heard != nil {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(rw, "the request was cut off", http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			heard(Request{service, operation(r), r.URL.RequestURI(), body})
		}
		to.ServeHTTP(rw, r)
	})
}

// Surround listens on a free loopback port until Close is called.
func Surround(ctx context.Context, real Outside) (*World, error) {
	slack, err := passOn(real.Slack)
	if err != nil {
		return nil, err
	}
	jira, err := passOn(real.Jira)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for requests to the outside systems: %w", err)
	}
	base := "http://" + listener.Addr().String()
	w := &World{AWS: base, Slack: base + slackPath, Jira: base, Faults: fault.New()}
	behind := func(service string, operation func(*http.Request) string, to http.Handler) http.Handler {
		return w.overhear(service, operation, w.Faults.Wrap(to, fault.Endpoint{Service: service, Operation: operation}))
	}
	mux := http.NewServeMux()
	mux.Handle(slackPath, behind("slack", slackMethod, slack))
	mux.Handle(jiraPath, behind("jira", jiraOperation, jira))
	mux.Handle("POST /model/", behind("bedrock", func(*http.Request) string { return "Converse" }, real.AWS))
	mux.Handle("/", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		service, operation := awsOperation(r)
		behind(service, func(*http.Request) string { return operation }, real.AWS).ServeHTTP(rw, r)
	}))
	w.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = w.server.Serve(listener) }() // Close ends it, which is no error
	return w, nil
}

// passOn passes requests on to another address, path and all.
func passOn(to string) (http.Handler, error) {
	target, err := url.Parse(to)
	if err != nil {
		return nil, fmt.Errorf("read the address of a stand-in: %w", err)
	}
	target.Path = "" // requests bring theirs
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}, nil
}

// Close ends every connection and the listener.
func (w *World) Close() { _ = w.server.Close() } // its error has nobody to go to

const (
	slackPath = "/api/"
	jiraPath  = "/rest/"
)

func slackMethod(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, slackPath) }

// jiraOperation names what writes, as the stand-in does; all else is "read".
func jiraOperation(r *http.Request) string {
	if r.Method != http.MethodPost {
		return "read"
	}
	switch last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; last {
	case "issue":
		return "issue.create"
	case "comment":
		return "comments.add"
	case "transitions":
		return "transitions.do"
	default:
		return last
	}
}

// awsOperation reads the header of the JSON protocols, such as
// "AmazonSSM.StartAutomationExecution", or else the path of rpc-v2-cbor,
// "/service/<service>/operation/<operation>".
func awsOperation(r *http.Request) (service, operation string) {
	target := r.Header.Get("X-Amz-Target")
	if prefix, operation, ok := strings.Cut(target, "."); ok {
		return strings.ToLower(strings.TrimPrefix(prefix, "Amazon")), operation
	}
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) == 5 {
		return strings.ToLower(parts[2]), parts[4]
	}
	return "aws", r.URL.Path
}
