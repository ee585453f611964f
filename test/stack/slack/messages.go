package slack

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	slackgo "github.com/slack-go/slack"
)

// postMessage serves chat.postMessage.
func (s *store) postMessage(form url.Values) (answer, error) {
	blocks, md, err := decodeContent(form.Get("text"), form.Get("blocks"), form.Get("metadata"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[form.Get("channel")]
	if !ok {
		return nil, code("channel_not_found")
	}
	m := &slackgo.Message{}
	if parent := form.Get("thread_ts"); parent != "" {
		root := c.find(parent)
		if root == nil || isReply(root) {
			return nil, code("thread_not_found")
		}
		m.ThreadTimestamp = parent
		root.ThreadTimestamp = parent // as Slack does once a message has replies
		root.ReplyCount++
	}
	m.Type, m.Timestamp, m.Text, m.Blocks = "message", s.nextTS(), form.Get("text"), blocks
	m.User, m.BotID, m.Username = BotUID, BotID, "Firebreak"
	if md != nil {
		m.Metadata = *md
	}
	c.messages = append(c.messages, m)
	s.version++
	return answer{"channel": c.ID, "ts": m.Timestamp, "message": cloned(m)}, nil
}

// updateMessage serves chat.update. Metadata that the call leaves out stays as
// it is, as Slack documents.
func (s *store) updateMessage(form url.Values) (answer, error) {
	blocks, md, err := decodeContent(form.Get("text"), form.Get("blocks"), form.Get("metadata"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[form.Get("channel")]
	if !ok {
		return nil, code("channel_not_found")
	}
	m := c.find(form.Get("ts"))
	if m == nil {
		return nil, code("message_not_found")
	}
	m.Text, m.Blocks = form.Get("text"), blocks
	if md != nil {
		m.Metadata = *md
	}
	m.Edited = &slackgo.Edited{User: BotUID, Timestamp: s.nextTS()}
	s.version++
	return answer{"channel": c.ID, "ts": m.Timestamp, "text": m.Text, "message": cloned(m)}, nil
}

// postEphemeral serves chat.postEphemeral.
func (s *store) postEphemeral(form url.Values) (answer, error) {
	if _, _, err := decodeContent(form.Get("text"), form.Get("blocks"), ""); err != nil {
		return nil, err
	}
	s.mu.Lock()
	_, ok := s.channels[form.Get("channel")]
	s.mu.Unlock()
	if !ok {
		return nil, code("channel_not_found")
	}
	if form.Get("user") == "" {
		return nil, code("user_not_in_channel")
	}
	ts := s.addEphemeral(Ephemeral{
		Channel: form.Get("channel"), User: form.Get("user"), Text: form.Get("text"), ThreadTS: form.Get("thread_ts"),
	})
	return answer{"message_ts": ts}, nil
}

// history serves conversations.history: root messages, newest first.
func (s *store) history(form url.Values) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[form.Get("channel")]
	if !ok {
		return nil, code("channel_not_found")
	}
	var found []slackgo.Message
	for _, m := range slices.Backward(c.messages) {
		if !isReply(m) && within(m.Timestamp, form) {
			found = append(found, visible(m, form))
		}
	}
	return page(found, form)
}

// replies serves conversations.replies: the root and its replies, oldest first.
func (s *store) replies(form url.Values) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[form.Get("channel")]
	if !ok {
		return nil, code("channel_not_found")
	}
	root := c.find(form.Get("ts"))
	if root == nil {
		return nil, code("thread_not_found")
	}
	var found []slackgo.Message
	for _, m := range c.messages {
		// Slack sends the root with the replies whatever the range says.
		if m == root || (inThread(m, root.Timestamp) && within(m.Timestamp, form)) {
			found = append(found, visible(m, form))
		}
	}
	return page(found, form)
}

// within applies oldest and latest; timestamps of ten digits compare as text.
func within(ts string, form url.Values) bool {
	oldest, latest, inclusive := form.Get("oldest"), form.Get("latest"), yes(form.Get("inclusive"))
	if oldest != "" && (ts < oldest || (ts == oldest && !inclusive)) {
		return false
	}
	return latest == "" || ts < latest || (ts == latest && inclusive)
}

// yes reads a boolean, which Slack's own libraries write as a word and others
// as a digit.
func yes(v string) bool { return v == "1" || v == "true" }

// visible leaves metadata out unless the call asks for it, as Slack does.
func visible(m *slackgo.Message, form url.Values) slackgo.Message {
	out := cloned(m)
	if !yes(form.Get("include_all_metadata")) {
		out.Metadata = slackgo.SlackMetadata{}
	}
	return out
}

// page cuts a list at limit (100 when absent) and names the next cursor.
func page(found []slackgo.Message, form url.Values) (answer, error) {
	limit, from := 100, 0
	if v := form.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 999 {
			return nil, code("invalid_limit")
		}
		limit = n
	}
	if v := form.Get("cursor"); v != "" {
		if _, err := fmt.Sscanf(v, "at-%d", &from); err != nil || from < 0 || from > len(found) {
			return nil, code("invalid_cursor")
		}
	}
	end := min(from+limit, len(found))
	next := ""
	if end < len(found) {
		next = fmt.Sprintf("at-%d", end)
	}
	out := found[from:end]
	if out == nil {
		out = []slackgo.Message{}
	}
	return answer{"messages": out, "has_more": next != "", "response_metadata": answer{"next_cursor": next}}, nil
}
