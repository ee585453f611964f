package jira

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("jira").Funcs(template.FuncMap{
	"wiki":  readable,
	"head":  func(title, nonce string) map[string]string { return map[string]string{"Title": title, "Nonce": nonce} },
	"clock": func(t time.Time) string { return t.Local().Format(time.DateTime) },
}).Parse(pageSource))

var (
	escapedMark = regexp.MustCompile(`\\([\\{}\[\]!|~*_^?+#-])`)
	wikiLink    = regexp.MustCompile(`\[([^|\]\n]+)\|([^\]\n]+)\]`)
	wikiMark    = regexp.MustCompile(`\{(?:color(?::[^}]*)?|quote|noformat)\}`)
)

// readable is what a person reads of wiki markup: links as their label and
// address, marks gone, escaped characters themselves. It is shown as text.
func readable(text string) string {
	const guard = "\x00"
	var kept []string
	text = escapedMark.ReplaceAllStringFunc(text, func(m string) string {
		kept = append(kept, m[1:])
		return guard
	})
	text = wikiLink.ReplaceAllString(text, "$1 ($2)")
	text = wikiMark.ReplaceAllString(text, "")
	var b strings.Builder
	for _, r := range text {
		if string(r) == guard && len(kept) > 0 {
			b.WriteString(kept[0])
			kept = kept[1:]
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (s *Server) issuePage(w http.ResponseWriter, r *http.Request) {
	is, ok := s.Issue(r.PathValue("key"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.render(w, "issue", map[string]any{"Issue": is, "Project": s.opts.Project, "Nonce": rand.Text()})
}

func (s *Server) listPage(w http.ResponseWriter, _ *http.Request) {
	list := s.Issues()
	slices.Reverse(list)
	s.render(w, "list", map[string]any{"Issues": list, "Project": s.opts.Project, "Nonce": rand.Text()})
}

func (s *Server) render(w http.ResponseWriter, name string, data map[string]any) {
	var b bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&b, name, data); err != nil {
		s.opts.Logger.Error("render the Jira page", "error", err)
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	nonce, _ := data["Nonce"].(string) // set above
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	_, _ = w.Write(b.Bytes()) // A browser that went away needs no page.
}
