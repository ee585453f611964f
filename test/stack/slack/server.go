// Package slack stands in for Slack: the Web API methods that Firebreak calls,
// Socket Mode with button presses, and a page on which a person sees the
// channel and presses the buttons. What it keeps no state for (conversations.info,
// bots.info, reactions.add and the like) is answered by slack-go's own slacktest.
//
// Everything is in memory and ends with the context that it was started with.
package slack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slacktest"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/hosts"
)

// Service is the name that fault rules match. Operations are Slack's method
// names ("chat.postMessage"), and "press" for a button press on its way to the app.
const Service = "slack"

// Identities that slacktest and this stand-in share.
const (
	TeamID = "T024BE7LD" // workspace that everything happens in
	BotID  = "B0FIREBREAK"
	BotUID = "U0FIREBREAK" // the bot's user id
)

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// User is somebody who can press buttons.
type User struct {
	ID     string
	Name   string
	TeamID string // home workspace; empty means TeamID
}

// Channel is a public channel with the bot in it.
type Channel struct{ ID, Name string }

// Options configure a Server. The zero value is a workspace with the channel
// C0INCIDENTS, one person on call, and random tokens, on a free loopback port.
type Options struct {
	Channels     []Channel
	Users        []User
	Faults       *fault.Faults    // nil never makes a fault
	Now          func() time.Time // nil is time.Now
	Listen       string           // address; empty is 127.0.0.1:0
	AllowedHosts []string         // names, without port, accepted besides the loopback ones
	BotToken     string           // empty is a random xoxb- token
	AppToken     string           // empty is a random xapp- token
	Scopes       []string         // of the bot token; empty is what the README asks for
	PingEvery    time.Duration    // between WebSocket pings; 0 is 10 s (slack-go gives a silent connection up after 30 s)
	AckTimeout   time.Duration    // how long a press waits for the app; 0 is Slack's 3 s
	Logger       *slog.Logger     // nil is slog.Default
}

// Server is a running stand-in.
type Server struct {
	opts    Options
	base    string // http://host:port
	store   *store
	sockets *sockets
	rest    *slacktest.Server
	http    *http.Server
	secret  string // path segment of the page and of response URLs
	csrf    string
	once    sync.Once
	done    chan struct{}

	responses responses
	noticeMu  sync.Mutex
	notice    string // what became of the page's latest press
}

// Start listens and serves until ctx ends or Close is called.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = withDefaults(o)
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the Slack stand-in on %s: %w", o.Listen, err)
	}
	s := &Server{
		opts:      o,
		base:      "http://" + hosts.Dialable(ln.Addr()),
		store:     newStore(o),
		sockets:   newSockets(o.PingEvery),
		rest:      slacktest.NewTestServer(),
		secret:    rand.Text(),
		csrf:      rand.Text(),
		done:      make(chan struct{}),
		responses: responses{open: map[string]*responseTarget{}},
	}
	s.rest.Start()
	s.http = &http.Server{Handler: s.guard(s.routes()), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error("slack stand-in stopped serving", "error", err)
		}
	}()
	stop := context.AfterFunc(ctx, s.Close)
	go func() {
		<-s.done
		stop()
		<-served
	}()
	return s, nil
}

func withDefaults(o Options) Options {
	if len(o.Channels) == 0 {
		o.Channels = []Channel{{ID: "C0INCIDENTS", Name: "incidents"}}
	}
	if len(o.Users) == 0 {
		o.Users = []User{{ID: "U0ONCALL", Name: "Dana (on call)"}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.BotToken == "" {
		o.BotToken = "xoxb-" + rand.Text()
	}
	if o.AppToken == "" {
		o.AppToken = "xapp-" + rand.Text()
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"chat:write", "channels:history"}
	}
	if o.PingEvery == 0 {
		o.PingEvery = 10 * time.Second
	}
	if o.AckTimeout == 0 {
		o.AckTimeout = 3 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Close ends the connections and the listener. It may be called more than once.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.done)
		_ = s.http.Close() // The listener's own error has nobody to go to.
		s.sockets.close()
		s.rest.Stop()
	})
}

// URL is the API's address with a trailing slash, as slack.OptionAPIURL takes it.
func (s *Server) URL() string { return s.base + "/api/" }

// PageURL is the address of the page for people. Whoever has it can press
// buttons; it differs with every run.
func (s *Server) PageURL() string { return s.base + "/page/" + s.secret }

// BotToken is the token that the Web API takes.
func (s *Server) BotToken() string { return s.opts.BotToken }

// AppToken is the token that opens Socket Mode connections.
func (s *Server) AppToken() string { return s.opts.AppToken }

// Client is an unmodified slack-go client of this server, fit for Socket Mode.
func (s *Server) Client() *slackgo.Client {
	return slackgo.New(s.opts.BotToken, slackgo.OptionAPIURL(s.URL()), slackgo.OptionAppLevelToken(s.opts.AppToken))
}

// Messages returns a channel's root messages, oldest first.
func (s *Server) Messages(channel string) []slackgo.Message { return s.store.roots(channel) }

// Thread returns a root message and its replies, oldest first; nil when there
// is no such message.
func (s *Server) Thread(channel, ts string) []slackgo.Message { return s.store.thread(channel, ts) }

// Ephemerals returns what only one person sees in a channel, oldest first.
func (s *Server) Ephemerals(channel string) []Ephemeral { return s.store.ephemeralsOf(channel) }

// SetNow replaces the clock, for tests that need a later time.
func (s *Server) SetNow(now func() time.Time) { s.store.setNow(now) }

func (s *Server) routes() http.Handler {
	api := http.NewServeMux()
	for name, method := range s.methods() {
		api.HandleFunc("/api/"+name, s.call(name, method))
	}
	api.HandleFunc("/api/apps.connections.open", s.openConnection)
	target, _ := url.Parse(strings.TrimSuffix(s.rest.GetAPIURL(), "/")) // its own loopback address
	rest := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/api")
		r.SetURL(target)
	}}
	api.Handle("/api/", s.authorised(rest))

	mux := http.NewServeMux()
	mux.Handle("/api/", s.opts.Faults.Wrap(api, fault.Endpoint{
		Service:   Service,
		Operation: func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/api/") },
		Refuse:    refuse,
	}))
	mux.HandleFunc("GET /ws", s.sockets.serve)
	mux.HandleFunc("POST /response/{secret}/{id}", s.respond)
	s.pageRoutes(mux)
	return mux
}

// guard refuses requests that name another host: a page elsewhere that had its
// name resolved to loopback must not reach the buttons.
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
