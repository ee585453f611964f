package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// errNoApp says that no app has a Socket Mode connection open.
var errNoApp = errors.New("no app is connected over Socket Mode")

// sockets are the Socket Mode connections. slacktest has a socket too, but it
// sends no pings, so that slack-go drops the connection every 30 seconds, and
// the writer of a dropped connection swallows the next message.
type sockets struct {
	pingEvery time.Duration
	mu        sync.Mutex
	tickets   map[string]bool // of addresses handed out and not used yet
	conns     []*socket       // oldest first
	changed   chan struct{}   // closed and replaced when a connection comes
	waiting   map[string]chan struct{}
	acks      []string // envelope ids in the order of their acknowledgement
	closed    bool
	wg        sync.WaitGroup
}

type socket struct {
	ws   *websocket.Conn
	out  chan []byte
	done chan struct{} // closed when the connection is gone
}

func newSockets(pingEvery time.Duration) *sockets {
	return &sockets{
		pingEvery: pingEvery,
		tickets:   map[string]bool{},
		changed:   make(chan struct{}),
		waiting:   map[string]chan struct{}{},
	}
}

// openConnection serves apps.connections.open: an address that is good once.
func (s *Server) openConnection(w http.ResponseWriter, r *http.Request) {
	if err := checkToken(bearer(r), s.opts.AppToken); err != nil {
		writeAPIError(w, err)
		return
	}
	ticket := rand.Text()
	s.sockets.mu.Lock()
	s.sockets.tickets[ticket] = true
	s.sockets.mu.Unlock()
	writeJSON(w, answer{"ok": true, "url": "ws://" + r.Host + "/ws?ticket=" + ticket})
}

func (h *sockets) serve(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	h.mu.Lock()
	good := h.tickets[ticket] && !h.closed
	delete(h.tickets, ticket)
	h.mu.Unlock()
	if !good {
		http.Error(w, "this address was used already or never handed out", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // slack-go sends Slack's own origin; the ticket is the check
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered.
	}
	c := &socket{ws: ws, out: make(chan []byte, 16), done: make(chan struct{})}
	hello, _ := json.Marshal(answer{ // plain strings and numbers cannot fail
		"type": "hello", "num_connections": 1,
		"connection_info": answer{"app_id": "A0FIREBREAK"},
		"debug_info":      answer{"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
	})
	c.out <- hello
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		_ = ws.Close()
		return
	}
	h.wg.Add(2)
	h.conns = append(h.conns, c)
	close(h.changed)
	h.changed = make(chan struct{})
	h.mu.Unlock()
	go h.write(c)
	go h.read(c)
}

func (h *sockets) write(c *socket) {
	defer h.wg.Done()
	ticker := time.NewTicker(h.pingEvery)
	defer ticker.Stop()
	deadline := func() time.Time { return time.Now().Add(5 * time.Second) }
	// slack-go counts from its own start: the first ping comes at once.
	_ = c.ws.WriteControl(websocket.PingMessage, nil, deadline())
	for {
		var err error
		select {
		case <-c.done:
			return
		case msg := <-c.out:
			_ = c.ws.SetWriteDeadline(deadline())
			err = c.ws.WriteMessage(websocket.TextMessage, msg)
		case <-ticker.C:
			err = c.ws.WriteControl(websocket.PingMessage, nil, deadline())
		}
		if err != nil {
			_ = c.ws.Close() // ends the reader, which clears up
			return
		}
	}
}

func (h *sockets) read(c *socket) {
	defer h.wg.Done()
	defer h.drop(c)
	c.ws.SetReadLimit(maxBody)
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string `json:"envelope_id"`
		}
		if json.Unmarshal(data, &ack) != nil || ack.EnvelopeID == "" {
			continue
		}
		h.mu.Lock()
		h.acks = append(h.acks, ack.EnvelopeID)
		if waiter, ok := h.waiting[ack.EnvelopeID]; ok {
			delete(h.waiting, ack.EnvelopeID)
			close(waiter)
		}
		h.mu.Unlock()
	}
}

func (h *sockets) drop(c *socket) {
	_ = c.ws.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.conns {
		if other == c {
			h.conns = append(h.conns[:i], h.conns[i+1:]...)
			break
		}
	}
	close(c.done)
}

// deliver sends an envelope to the newest connection and waits for its
// acknowledgement; when the connection goes first, the next one gets it.
func (h *sockets) deliver(ctx context.Context, id string, envelope []byte) error {
	acked := make(chan struct{})
	h.mu.Lock()
	h.waiting[id] = acked
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.waiting, id)
		h.mu.Unlock()
	}()
	reached := false
	for {
		c, changed := h.newest()
		if c == nil {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				if reached {
					return errors.New("the app's connection broke before it acknowledged the press")
				}
				return errNoApp
			}
		}
		select {
		case c.out <- envelope:
			reached = true
		case <-c.done:
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-acked:
			return nil
		case <-c.done:
		case <-ctx.Done():
			return errors.New("the app did not acknowledge the press in time")
		}
	}
}

func (h *sockets) newest() (*socket, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.conns) == 0 {
		return nil, h.changed
	}
	return h.conns[len(h.conns)-1], h.changed
}

// send writes raw text to every connection.
func (h *sockets) send(text string) int {
	h.mu.Lock()
	conns := append([]*socket(nil), h.conns...)
	h.mu.Unlock()
	for _, c := range conns {
		select {
		case c.out <- []byte(text):
		case <-c.done:
		}
	}
	return len(conns)
}

func (h *sockets) close() {
	h.mu.Lock()
	h.closed = true
	conns := append([]*socket(nil), h.conns...)
	h.mu.Unlock()
	for _, c := range conns {
		_ = c.ws.Close()
	}
	h.wg.Wait()
}

// Connections counts the open Socket Mode connections.
func (s *Server) Connections() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return len(s.sockets.conns)
}

// Acknowledged returns the ids of the envelopes that the app has acknowledged.
func (s *Server) Acknowledged() []string {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return append([]string(nil), s.sockets.acks...)
}

// SendToWebsocket sends text as it is to every connection, for envelopes that
// nobody should send. It returns how many connections got it.
func (s *Server) SendToWebsocket(text string) int { return s.sockets.send(text) }

// AskReconnect tells the app to open a new connection, as Slack does every few
// hours and before maintenance.
func (s *Server) AskReconnect(reason string) int {
	msg, _ := json.Marshal(answer{"type": "disconnect", "reason": strings.ToLower(reason)}) // strings cannot fail
	return s.sockets.send(string(msg))
}

// CutConnections breaks every Socket Mode connection without a word.
func (s *Server) CutConnections() {
	s.sockets.mu.Lock()
	conns := append([]*socket(nil), s.sockets.conns...)
	s.sockets.mu.Unlock()
	for _, c := range conns {
		_ = c.ws.Close()
	}
}
