package slack

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"firebreak/test/stack/fault"
)

// answer is a method's response body, without "ok".
type answer map[string]any

// method serves one Web API method. Its error is Slack's error code.
type method func(form url.Values) (answer, error)

// apiError is an error as the Web API reports it: HTTP 200 with "ok": false.
type apiError struct {
	code   string
	detail []string // response_metadata.messages
	needed string   // scope that missing_scope complains of
}

func (e apiError) Error() string { return e.code }

func code(c string) error { return apiError{code: c} }

// methods are the Web API methods that keep state, by name.
func (s *Server) methods() map[string]method {
	return map[string]method{
		"auth.test":             s.authTest,
		"users.info":            s.userInfo,
		"chat.postMessage":      s.store.postMessage,
		"chat.update":           s.store.updateMessage,
		"chat.postEphemeral":    s.store.postEphemeral,
		"chat.getPermalink":     s.permalink,
		"conversations.history": s.store.history,
		"conversations.replies": s.store.replies,
	}
}

// methodScopes are the scopes that methods ask for; all channels here are public.
var methodScopes = map[string]string{
	"chat.postMessage":      "chat:write",
	"chat.update":           "chat:write",
	"chat.postEphemeral":    "chat:write",
	"conversations.history": "channels:history",
	"conversations.replies": "channels:history",
}

// call decodes the form (or JSON object) of a request, checks the bot token and
// writes the method's answer.
func (s *Server) call(name string, m method) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := formOf(r)
		if err != nil {
			writeAPIError(w, apiError{code: "invalid_form_data"})
			return
		}
		token := bearer(r)
		if token == "" {
			token = form.Get("token")
		}
		if err := checkToken(token, s.opts.BotToken); err != nil {
			writeAPIError(w, err)
			return
		}
		// Slack says in every answer to a good token what it may do.
		w.Header().Set("X-Oauth-Scopes", strings.Join(s.opts.Scopes, ","))
		if scope := methodScopes[name]; scope != "" && !slices.Contains(s.opts.Scopes, scope) {
			writeAPIError(w, apiError{code: "missing_scope", needed: scope})
			return
		}
		body, err := m(form)
		if err != nil {
			writeAPIError(w, err)
			return
		}
		if body == nil {
			body = answer{}
		}
		body["ok"] = true
		writeJSON(w, body)
	}
}

// authorised guards what is passed on to slacktest, which takes any token.
func (s *Server) authorised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := checkToken(bearer(r), s.opts.BotToken); err != nil {
			writeAPIError(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func formOf(r *http.Request) (url.Values, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if err := r.ParseForm(); err != nil {
			return nil, fmt.Errorf("parse the form: %w", err)
		}
		return r.Form, nil
	}
	var object map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
		return nil, fmt.Errorf("parse the JSON body: %w", err)
	}
	form := url.Values{}
	for k, raw := range object {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			form.Set(k, text)
			continue
		}
		form.Set(k, string(raw))
	}
	return form, nil
}

func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

func checkToken(got, want string) error {
	switch {
	case got == "":
		return code("not_authed")
	case subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1:
		return code("invalid_auth")
	default:
		return nil
	}
}

func (s *Server) authTest(url.Values) (answer, error) {
	return answer{
		"url": s.base + "/", "team": "Firebreak sandbox", "team_id": TeamID,
		"user": "firebreak", "user_id": BotUID, "bot_id": BotID,
	}, nil
}

func (s *Server) userInfo(form url.Values) (answer, error) {
	u, ok := s.user(form.Get("user"))
	if !ok {
		return nil, code("user_not_found")
	}
	return answer{"user": answer{"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.Name}}, nil
}

// user finds a declared user, with the home workspace filled in.
func (s *Server) user(id string) (User, bool) {
	for _, u := range s.opts.Users {
		if u.ID == id {
			if u.TeamID == "" {
				u.TeamID = TeamID
			}
			return u, true
		}
	}
	return User{ID: id, Name: id, TeamID: TeamID}, false
}

func writeAPIError(w http.ResponseWriter, err error) {
	e, ok := err.(apiError) //nolint:errorlint // methods return it unwrapped
	if !ok {
		e = apiError{code: "internal_error", detail: []string{err.Error()}}
	}
	body := answer{"ok": false, "error": e.code}
	if e.needed != "" {
		body["needed"], body["provided"] = e.needed, w.Header().Get("X-Oauth-Scopes")
	}
	if len(e.detail) > 0 {
		body["response_metadata"] = answer{"messages": e.detail}
	}
	writeJSON(w, body)
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body) // A client that went away needs no answer.
}

// refuse answers as Slack does: a throttle with 429 and Retry-After in whole
// seconds, an error with a status as it is, and any other with HTTP 200 and
// the code in the body.
func refuse(w http.ResponseWriter, _ *http.Request, r fault.Rule) {
	name := r.Code
	switch {
	case r.Kind == fault.Throttle:
		seconds := int((r.Latency + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
		w.WriteHeader(http.StatusTooManyRequests)
		name = "ratelimited"
	case r.Status != 0:
		w.WriteHeader(r.Status)
	}
	if name == "" {
		name = "internal_error"
	}
	writeJSON(w, answer{"ok": false, "error": name})
}
