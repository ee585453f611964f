package slack

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// view is what the page shows.
type view struct {
	Base, CSRF, Nonce string
	Channels          []Channel
	Channel           Channel
	Users             []User
	As                User
	Roots             []shown
	Thread            []shown
	ThreadTS          string
	Whispers          []shownWhisper
	Notice            string
	Version           int
	Connected         bool
}

type shown struct {
	TS, Author, Clock string
	Edited            bool
	Replies           int
	Selected          bool
	Blocks            []shownBlock
	Text              string
}

// shownBlock is one Block Kit block; the field that is set tells which.
type shownBlock struct {
	Header  string
	Text    template.HTML
	Plain   string
	Fields  []shownBlock
	Context []shownBlock
	Buttons []shownButton
	Divider bool
}

type shownButton struct{ Label, ActionID, Style string }

type shownWhisper struct {
	To, Clock string
	Text      template.HTML
}

func (s *Server) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /page/{secret}", s.own(func(w http.ResponseWriter, r *http.Request) { s.render(w, r, "page") }))
	mux.HandleFunc("GET /page/{secret}/live", s.own(func(w http.ResponseWriter, r *http.Request) {
		// The script asks every second; it gets the content only when it changed.
		if r.URL.Query().Get("have") == s.pageVersion() {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		s.render(w, r, "live")
	}))
	mux.HandleFunc("POST /page/{secret}/press", s.own(s.pressed))
}

// own lets a request pass that knows the page's random address.
func (s *Server) own(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.PathValue("secret")), []byte(s.secret)) != 1 {
			http.NotFound(w, r)
			return
		}
		next(w, r)
	}
}

// permalink serves chat.getPermalink: the address at which the page shows the
// message's thread. Slack's own leads to its client in the same way.
func (s *Server) permalink(form url.Values) (answer, error) {
	channel, ts := form.Get("channel"), form.Get("message_ts")
	if _, known := s.store.channels[channel]; !known { // the channels never change
		return nil, code("channel_not_found")
	}
	at, m, found := s.store.locate(ts)
	if !found || at.ID != channel {
		return nil, code("message_not_found")
	}
	if m.ThreadTimestamp != "" {
		ts = m.ThreadTimestamp
	}
	q := url.Values{"channel": {channel}, "thread": {ts}}
	return answer{"channel": channel, "permalink": s.PageURL() + "?" + q.Encode()}, nil
}

// pressed serves the buttons' form. The token in the form, which another site
// cannot read, says that the person was on this page.
func (s *Server) pressed(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(s.csrf)) != 1 {
		http.Error(w, "this form is not from this page: reload the page and press again", http.StatusForbidden)
		return
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		http.Error(w, "this form was sent by another site", http.StatusForbidden)
		return
	}
	user, ok := s.user(r.PostFormValue("user"))
	if !ok {
		http.Error(w, "no such user", http.StatusBadRequest)
		return
	}
	notice := fmt.Sprintf("%s pressed the button at %s; the app has it.", user.Name, s.store.time().Format(time.TimeOnly))
	if err := s.Press(r.PostFormValue("ts"), r.PostFormValue("action"), user.ID); err != nil {
		notice = "That did not work: " + err.Error() + "."
		if errors.Is(err, errGone) {
			notice = "That button is gone; its message tells how the question ended."
		}
	}
	s.noticeMu.Lock()
	s.notice = notice
	s.noticeMu.Unlock()
	back := url.Values{"channel": {r.PostFormValue("channel")}, "thread": {r.PostFormValue("thread")}, "as": {user.ID}}
	http.Redirect(w, r, "/page/"+s.secret+"?"+back.Encode(), http.StatusSeeOther)
}

func (s *Server) lastNotice() string {
	s.noticeMu.Lock()
	defer s.noticeMu.Unlock()
	return s.notice
}

// pageVersion changes whenever what the page shows does.
func (s *Server) pageVersion() string {
	version := s.store.currentVersion() * 2
	if s.Connections() > 0 {
		version++
	}
	return strconv.Itoa(version)
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, name string) {
	v := s.view(r.URL.Query())
	v.Nonce = rand.Text()
	var b bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&b, name, v); err != nil {
		s.opts.Logger.Error("render the Slack page", "error", err)
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", strings.ReplaceAll(
		"default-src 'none'; style-src 'nonce-N'; script-src 'nonce-N'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", "N'", v.Nonce+"'"))
	_, _ = w.Write(b.Bytes()) // A browser that went away needs no page.
}

func (s *Server) view(q url.Values) view {
	v := view{
		Base: "/page/" + s.secret, CSRF: s.csrf, Channels: s.opts.Channels, Channel: s.opts.Channels[0],
		Users: s.opts.Users, As: s.opts.Users[0], Notice: s.lastNotice(), Connected: s.Connections() > 0,
	}
	v.Version, _ = strconv.Atoi(s.pageVersion()) // a number by construction
	for _, c := range s.opts.Channels {
		if c.ID == q.Get("channel") {
			v.Channel = c
		}
	}
	if u, ok := s.user(q.Get("as")); ok {
		v.As = u
	}
	roots := s.store.roots(v.Channel.ID)
	v.ThreadTS = q.Get("thread")
	if v.ThreadTS == "" && len(roots) > 0 {
		v.ThreadTS = roots[len(roots)-1].Timestamp
	}
	for _, m := range roots {
		one := showMessage(m)
		one.Selected = m.Timestamp == v.ThreadTS
		v.Roots = append(v.Roots, one)
	}
	for _, m := range s.store.thread(v.Channel.ID, v.ThreadTS) {
		v.Thread = append(v.Thread, showMessage(m))
	}
	for _, e := range s.store.ephemeralsOf(v.Channel.ID) {
		if e.ThreadTS == "" || e.ThreadTS == v.ThreadTS {
			to, _ := s.user(e.User)
			v.Whispers = append(v.Whispers, shownWhisper{To: to.Name, Clock: e.At.Format(time.TimeOnly), Text: mrkdwn(e.Text)})
		}
	}
	return v
}

func showMessage(m slackgo.Message) shown {
	seconds, _, _ := strings.Cut(m.Timestamp, ".")
	at, _ := strconv.ParseInt(seconds, 10, 64) // the store writes it
	out := shown{
		TS: m.Timestamp, Author: m.Username, Clock: time.Unix(at, 0).Format(time.TimeOnly),
		Edited: m.Edited != nil, Replies: m.ReplyCount, Text: plain(m.Text),
	}
	for _, b := range m.Blocks.BlockSet {
		out.Blocks = append(out.Blocks, showBlock(b))
	}
	return out
}

func showBlock(b slackgo.Block) shownBlock {
	var out shownBlock
	switch b := b.(type) {
	case *slackgo.HeaderBlock:
		out.Header = plain(b.Text.Text)
	case *slackgo.DividerBlock:
		out.Divider = true
	case *slackgo.SectionBlock:
		if b.Text != nil {
			out = showText(b.Text)
		}
		for _, f := range b.Fields {
			out.Fields = append(out.Fields, showText(f))
		}
	case *slackgo.ContextBlock:
		for _, e := range b.ContextElements.Elements {
			if t, ok := e.(*slackgo.TextBlockObject); ok {
				out.Context = append(out.Context, showText(t))
			}
		}
	case *slackgo.ActionBlock:
		for _, e := range b.Elements.ElementSet {
			if button, ok := e.(*slackgo.ButtonBlockElement); ok {
				out.Buttons = append(out.Buttons, shownButton{plain(button.Text.Text), button.ActionID, string(button.Style)})
			}
		}
	}
	return out
}

func showText(t *slackgo.TextBlockObject) shownBlock {
	if t.Type == slackgo.PlainTextType {
		return shownBlock{Plain: plain(t.Text)}
	}
	return shownBlock{Text: mrkdwn(t.Text)}
}
