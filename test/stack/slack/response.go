package slack

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A response URL can be used five times within thirty minutes.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responses are the response URLs that were handed out.
type responses struct {
	mu   sync.Mutex
	open map[string]*responseTarget
}

type responseTarget struct {
	channel, ts, user string
	thread            string // of the pressed message, empty outside threads
	left              int
	until             time.Time
}

func (s *Server) responseURL(t responseTarget) string {
	id := rand.Text()
	t.left, t.until = responseUses, s.store.time().Add(responseLife)
	s.responses.mu.Lock()
	defer s.responses.mu.Unlock()
	s.responses.open[id] = &t
	return s.base + "/response/" + s.secret + "/" + id
}

// use counts one use of a response URL and tells where it leads.
func (r *responses) use(id string, now time.Time) (responseTarget, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.open[id]
	if !ok || t.left == 0 || now.After(t.until) {
		return responseTarget{}, false
	}
	t.left--
	return *t, true
}

// respond serves a response URL: an answer that only the person sees, a
// message in the thread for "in_channel", an edit of the pressed message for
// "replace_original".
func (s *Server) respond(w http.ResponseWriter, r *http.Request) {
	t, ok := s.responses.use(r.PathValue("id"), s.store.time())
	if !ok || r.PathValue("secret") != s.secret {
		w.WriteHeader(http.StatusNotFound)
		writeAPIError(w, apiError{code: "expired_url"})
		return
	}
	var body struct {
		Text            string          `json:"text"`
		Blocks          json.RawMessage `json:"blocks"`
		ResponseType    string          `json:"response_type"`
		ReplaceOriginal bool            `json:"replace_original"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		writeAPIError(w, apiError{code: "invalid_payload", detail: []string{err.Error()}})
		return
	}
	form := url.Values{
		"channel": {t.channel}, "user": {t.user}, "ts": {t.ts}, "thread_ts": {t.thread},
		"text": {body.Text}, "blocks": {string(body.Blocks)},
	}
	serve := s.store.postEphemeral
	switch {
	case body.ReplaceOriginal:
		serve = s.store.updateMessage
	case body.ResponseType == "in_channel":
		serve = s.store.postMessage
	}
	if _, err := serve(form); err != nil {
		writeAPIError(w, err)
		return
	}
	writeJSON(w, answer{"ok": true})
}
