package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) comments(rich bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		is := s.find(r.PathValue("key"))
		if is == nil {
			notFound(w)
			return
		}
		q := r.URL.Query()
		list := slices.Clone(is.Comments)
		if q.Get("orderBy") == "-created" {
			slices.Reverse(list)
		}
		from, limit := numberOr(q.Get("startAt"), 0), min(numberOr(q.Get("maxResults"), 100), 100)
		from = min(max(from, 0), len(list))
		page := list[from:min(from+limit, len(list))]
		out := make([]object, len(page))
		for i, c := range page {
			out[i] = c.json(s.base, is.ID, rich)
		}
		write(w, http.StatusOK, object{"startAt": from, "maxResults": limit, "total": len(list), "comments": out})
	}
}

func numberOr(v string, other int) int {
	n, err := strconv.Atoi(v)
	if err != nil {
		return other
	}
	return n
}

func (s *Server) addComment(rich bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Body json.RawMessage `json:"body"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			writeErrors(w, http.StatusBadRequest, "There was an error parsing JSON: "+err.Error(), nil)
			return
		}
		text, err := readText(in.Body)
		switch {
		case err != nil:
			writeErrors(w, http.StatusBadRequest, "", map[string]string{"comment": err.Error()})
			return
		case strings.TrimSpace(text) == "":
			writeErrors(w, http.StatusBadRequest, "", map[string]string{"comment": "Comment body can not be empty!"})
			return
		case len([]rune(text)) > maxText:
			writeErrors(w, http.StatusBadRequest, "", map[string]string{"comment": fmt.Sprintf("The entered text is too long. It exceeds the allowed limit of %d characters.", maxText)})
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		is := s.find(r.PathValue("key"))
		if is == nil {
			notFound(w)
			return
		}
		c := is.comment(s.opts.User, text, s.now())
		write(w, http.StatusCreated, c.json(s.base, is.ID, rich))
	}
}

// readText reads a text field: a string in v2, an Atlassian document in v3.
func readText(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var doc node
	if err := json.Unmarshal(raw, &doc); err != nil || doc.Type != "doc" {
		return "", errors.New("Operation value must be a string or an Atlassian Document") //nolint:revive,staticcheck // Jira's words
	}
	var paragraphs []string
	for _, n := range doc.Content {
		paragraphs = append(paragraphs, n.text())
	}
	return strings.Join(paragraphs, "\n"), nil
}

// node is a node of an Atlassian document.
type node struct {
	Type    string `json:"type"`
	Text    string `json:"text"`
	Content []node `json:"content"`
}

func (n node) text() string {
	if n.Type == "hardBreak" {
		return "\n"
	}
	var b strings.Builder
	b.WriteString(n.Text)
	for _, c := range n.Content {
		b.WriteString(c.text())
	}
	return b.String()
}

// textOf shows a text as v2 or v3 does.
func textOf(text string, rich bool) any {
	if !rich {
		return text
	}
	paragraphs := []object{}
	for line := range strings.SplitSeq(text, "\n") {
		content := []object{}
		if line != "" {
			content = append(content, object{"type": "text", "text": line})
		}
		paragraphs = append(paragraphs, object{"type": "paragraph", "content": content})
	}
	return object{"type": "doc", "version": 1, "content": paragraphs}
}
